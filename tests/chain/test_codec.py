"""The codec: one encoding for each value, and a refusal for everything else."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.codec import (
    Value,
    as_array,
    as_bool,
    as_bytes,
    as_hashes,
    as_int,
    as_text,
    as_uint,
    decode,
    encode,
)
from chain.errors import Malformed

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.binary(max_size=40)
    | st.text(max_size=20)
)
VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=5).map(tuple), max_leaves=25)


@given(VALUES)
def test_round_trip(value: Value) -> None:
    assert decode(encode(value), bytes_max=1 << 20) == value


@given(VALUES, st.integers(0, 2**31), st.integers(0, 255))
@settings(max_examples=300)
def test_altered_bytes_are_another_value_or_refused(value: Value, where: int, byte: int) -> None:
    data = bytearray(encode(value))
    data[where % len(data)] = byte
    try:
        decoded = decode(bytes(data), bytes_max=1 << 20)
    except Malformed:
        return
    assert encode(decoded) == bytes(data)


@given(st.binary(max_size=200))
@settings(max_examples=500)
def test_garbage_is_refused_or_canonical(data: bytes) -> None:
    try:
        value = decode(data, bytes_max=200)
    except Malformed:
        return
    assert encode(value) == data


REFUSED = {
    "float 16": "f90000",
    "float 64": "fb3ff0000000000000",
    "map": "a0",
    "map with duplicate keys": "a201020103",
    "indefinite array": "9f01ff",
    "indefinite bytes": "5f4101ff",
    "indefinite text": "7f6161ff",
    "undefined": "f7",
    "simple value": "e0",
    "integer not shortest": "1801",
    "length not shortest": "580161",
    "trailing byte": "0000",
    "truncated": "8201",
    "empty": "",
    "date tag": "c074323031332d30332d32315432303a30343a30305a",
    "epoch tag": "c100",
    "bignum tag": "c249010000000000000000",
    "fraction tag": "c48221196ab3",
    "regular expression tag": "d823612e",
    "shared value tag": "d81c80",
    "set tag": "d9010280",
    "self-described tag": "d9d9f700",
    "unknown tag": "d903e700",
    "invalid UTF-8": "61ff",
    "negative beyond 64 bits": "3bffffffffffffffff",
    "array longer than its bytes": "9b00ffffffffffffff",
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED.keys())
def test_refused(data: str) -> None:
    with pytest.raises(Malformed):
        decode(bytes.fromhex(data), bytes_max=100)


def test_size_is_checked_before_anything_is_built() -> None:
    with pytest.raises(Malformed, match="expected at most 10 bytes, got 11"):
        decode(bytes(11), bytes_max=10)


def test_depth_is_bounded() -> None:
    assert decode(b"\x81" * 15 + b"\x01", bytes_max=100) is not None
    with pytest.raises(Malformed):
        decode(b"\x81" * 5_000 + b"\x01", bytes_max=10_000)


def test_field_readers_name_the_field_and_what_came() -> None:
    cases: list[tuple[Callable[[], object], str]] = [
        (lambda: as_array(5, "calls"), "calls: expected an array, got an integer"),
        (lambda: as_array((1,), "pair", 2), "pair: expected 2 items, got 1"),
        (lambda: as_array((1, 2), "few", length_max=1), "few: expected at most 1 items, got 2"),
        (lambda: as_uint("x", "height"), "height: expected an integer, got text"),
        (lambda: as_uint(True, "height"), "height: expected an integer, got a boolean"),
        (lambda: as_uint(-1, "height", 9), "height: expected 0 to 9, got -1"),
        (lambda: as_int(None, "offset"), "offset: expected an integer, got null"),
        (lambda: as_bytes(b"ab", "nonce", 3), "nonce: expected 3 bytes, got 2"),
        (lambda: as_bytes(b"ab", "body", length_max=1), "body: expected at most 1 bytes, got 2"),
        (lambda: as_hashes(bytes(64), "ids", length_max=1), "ids: expected at most 32 bytes, got 64"),
        (lambda: as_hashes(bytes(33), "ids"), "ids: expected hashes of 32 bytes, got 33 bytes"),
        (lambda: as_text("åå", "name", length_max=3), "name: expected at most 3 bytes of text, got 4"),
        (lambda: as_bool(1, "flag"), "flag: expected true or false, got an integer"),
    ]
    for read, message in cases:
        with pytest.raises(Malformed) as caught:
            read()
        assert str(caught.value) == message


def test_joined_hashes_come_apart() -> None:
    hashes = (bytes(32), bytes(range(32)))
    assert as_hashes(b"".join(hashes), "ids", length_max=2) == hashes and as_hashes(b"", "ids") == ()
