"""Transactions: form, signature, chain, and both edges of the validity window."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.codec import decode, encode
from chain.errors import BadSignature, Invalid, Malformed, WrongChain
from chain.keys import PublicKey, Signature, is_signed
from chain.limits import TRANSACTION_BYTES_MAX, TRANSACTION_CALLS_MAX
from chain.transaction import check_transaction, decode_transaction, encode_transaction, is_in_window
from tests.chain.making import CHAIN, make_key, make_transaction

_RAW = make_transaction(1, arguments=(b"bytes", "teks", 7, True, (1, (2, 3))))
_ITEMS = decode(_RAW, bytes_max=10_000)


def _altered(position: int, value: object) -> bytes:
    assert isinstance(_ITEMS, tuple)
    return encode([*_ITEMS[:position], value, *_ITEMS[position + 1 :]])  # type: ignore[list-item]  # wrong on purpose


def test_round_trip_and_check() -> None:
    assert encode_transaction(decode_transaction(_RAW)) == _RAW
    checked = check_transaction(_RAW, CHAIN)
    assert checked.transaction.calls[0].arguments == (b"bytes", "teks", 7, True, (1, (2, 3)))
    assert checked.transaction.sender_address == make_key(1_001).address


@given(st.integers(0, len(_RAW) - 1), st.integers(1, 255))
@settings(max_examples=300)
def test_any_altered_byte_is_refused(where: int, flip: int) -> None:
    data = bytearray(_RAW)
    data[where] ^= flip
    with pytest.raises(Invalid):
        check_transaction(bytes(data), CHAIN)


def test_no_byte_before_the_sender_may_be_another() -> None:
    """Version and chain id: a signature is over their values, so that two encodings of one would be two transactions."""
    for where in range(2 + len(CHAIN)):
        for flip in range(1, 256):
            data = bytearray(_RAW)
            data[where] ^= flip
            with pytest.raises(Invalid):
                check_transaction(bytes(data), CHAIN)


MALFORMED = {
    "version": (0, 2, "transaction version: expected 1, got 2"),
    "true as version": (0, True, "transaction version: expected an integer, got a boolean"),
    "chain id": (1, 5, "chain id: expected text, got an integer"),
    "long chain id": (1, "x" * 51, "chain id: expected at most 50 bytes of text, got 51"),
    "short key": (2, b"k", "sender key: expected 32 bytes, got 1"),
    "short nonce": (3, b"n", "nonce: expected 16 bytes, got 1"),
    "negative time": (4, -1, "valid until: expected 0 to 18446744073709551615, got -1"),
    "too much gas": (5, 2**30, "gas limit: expected 0 to 1073741823, got 1073741824"),
    "no calls": (6, (), "calls: expected at least one, got none"),
    "many calls": (
        6,
        (("a", "b", ()),) * (TRANSACTION_CALLS_MAX + 1),
        "calls: expected at most 16 items, got 17",
    ),
    "call shape": (6, (("a", "b"),), "call: expected 3 items, got 2"),
    "long method": (6, (("a", "b" * 65, ()),), "method: expected at most 64 bytes of text, got 65"),
    "many arguments": (6, (("a", "b", (0,) * 33),), "arguments: expected at most 32 items, got 33"),
    "short signature": (7, b"s", "signature: expected 64 bytes, got 1"),
}


@pytest.mark.parametrize(("position", "value", "message"), MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed(position: int, value: object, message: str) -> None:
    with pytest.raises(Malformed) as caught:
        decode_transaction(_altered(position, value))
    assert str(caught.value) == message


def test_wrong_chain_and_bad_signature_have_their_own_types() -> None:
    with pytest.raises(WrongChain, match="expected chain 'other', got 'terang-test'"):
        check_transaction(_RAW, "other")
    with pytest.raises(BadSignature):
        check_transaction(_altered(4, 500_001), CHAIN)


def test_oversized() -> None:
    with pytest.raises(Malformed, match=f"expected at most {TRANSACTION_BYTES_MAX} bytes"):
        check_transaction(bytes(TRANSACTION_BYTES_MAX + 1), CHAIN)


@pytest.mark.parametrize(
    ("valid_until_ms", "expected"),
    [(1_000, False), (1_001, True), (1_600, True), (1_601, False)],
    ids=["ends at block time", "just in time", "far edge", "beyond the window"],
)
def test_window_edges(valid_until_ms: int, expected: bool) -> None:
    assert is_in_window(valid_until_ms, block_time_ms=1_000, window_ms=600) is expected


def test_one_acceptance_rule_for_signatures() -> None:
    key, message = make_key(5), b"message"
    signature = key.sign(message)
    order = 2**252 + 27742317777372353535851937790883648493
    unreduced = int.from_bytes(signature[32:], "little") + order
    assert is_signed(key.public, message, signature)
    assert not is_signed(key.public, b"other", signature)
    assert not is_signed(key.public, message, Signature(signature[:32] + unreduced.to_bytes(32, "little")))
    identity = bytes([1]) + bytes(31)
    assert not is_signed(PublicKey(identity), message, Signature(identity + bytes(32)))
    not_canonical = bytes([0xEE]) + b"\xff" * 30 + b"\x7f"
    assert not is_signed(PublicKey(not_canonical), message, Signature(not_canonical + bytes(32)))
    assert not is_signed(PublicKey(b"short"), message, signature)
    assert not is_signed(key.public, message, Signature(b"short"))
