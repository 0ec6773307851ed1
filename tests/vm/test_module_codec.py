"""Modules come from anywhere: changed bytes are another sound module or are refused, and nothing else happens."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.codec import Value, decode, encode
from chain.errors import Invalid, Malformed
from chain.limits import MODULE_BYTES_MAX
from tests.vm.test_verify import SOURCE
from vm.deployment import decode_verified
from vm.language.compile import compile_contract
from vm.module_codec import code_hash, encode_module


@cache
def sound() -> bytes:
    """A module with a little of everything."""
    return compile_contract(SOURCE, "case").code


def check(data: bytes) -> None:
    """What is accepted has one form; all else is theirs."""
    try:
        module = decode_verified(data)
    except Invalid:
        return
    assert encode_module(module) == data


edits = st.lists(
    st.tuples(st.integers(0, 10_000), st.sampled_from(["flip", "cut", "insert"]), st.integers(0, 255)),
    min_size=1,
    max_size=3,
)


@settings(max_examples=300, deadline=None)
@given(edits)
def test_changed_bytes(changes: list[tuple[int, str, int]]) -> None:
    data = bytearray(sound())
    for place, kind, byte in changes:
        index = place % len(data)
        if kind == "flip":
            data[index] ^= byte
        elif kind == "cut":
            del data[index : index + 1 + byte % 3]
        else:
            data.insert(index, byte)
    check(bytes(data))


leaves = (
    st.none()
    | st.booleans()
    | st.integers(-1, 70)
    | st.sampled_from([2**32, 2**64 - 1])
    | st.binary(max_size=33)
    | st.text(max_size=3)
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_changed_parts(data: st.DataObject) -> None:
    """Canonical bytes whose structure is wrong somewhere: a part is replaced, left out or doubled."""
    whole = decode(sound(), bytes_max=MODULE_BYTES_MAX)
    check(encode(changed(whole, data)))


def changed(value: Value, data: st.DataObject) -> Value:
    """The value with one part of it, at some depth, another."""
    if not isinstance(value, tuple) or not value or data.draw(st.integers(0, 9)) == 0:
        return data.draw(leaves)
    index = data.draw(st.integers(0, len(value) - 1))
    match data.draw(st.integers(0, 9)):
        case 0:
            return value[:index] + value[index + 1 :]
        case 1:
            return (*value[:index], value[index], *value[index:])
        case _:
            return (*value[:index], changed(value[index], data), *value[index + 1 :])


def test_true_is_not_one() -> None:
    """A record's type is [1, number], and nothing that only equals it."""
    whole = decode(sound(), bytes_max=MODULE_BYTES_MAX)
    text = encode(whole)
    place = text.index(encode((2, (1, 0), 4)))
    wrong = text[:place] + encode((2, (True, 0), 4)) + text[place + len(encode((2, (1, 0), 4))) :]
    assert len(wrong) == len(text)
    with pytest.raises(Malformed, match="expected an integer"):
        decode_verified(wrong)


def test_the_hash_is_of_the_bytes() -> None:
    assert code_hash(sound()) == compile_contract(SOURCE, "case").code_hash
    assert code_hash(sound()) != code_hash(sound() + b"\x00")
