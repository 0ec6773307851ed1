"""Transactions that wait for their signature: made by one, signed by another."""

import pytest

from chain.errors import Malformed
from chain.transaction import (
    NO_SIGNATURE,
    check_transaction,
    decode_transaction,
    decode_unsigned,
    encode_transaction,
    encode_unsigned,
    sign_unsigned,
)
from tests.chain.making import CHAIN, make_key, make_transaction


def test_signing_what_was_handed_over_gives_the_same_transaction() -> None:
    raw = make_transaction(1)
    signed = decode_transaction(raw)
    unsigned = decode_unsigned(encode_unsigned(signed))
    assert unsigned.signature == NO_SIGNATURE
    key = make_key(1_001)
    assert encode_transaction(sign_unsigned(key, unsigned)) == raw
    assert check_transaction(raw, CHAIN).raw == raw


@pytest.mark.parametrize("content", [b"", b"\xff", make_transaction(1), b"\x87" + b"\x00" * 7])
def test_other_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(Malformed):
        decode_unsigned(content)
