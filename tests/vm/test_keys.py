"""Keys of the state: their byte order is the order of what they name, and they come back whole."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.limits import STATE_KEY_BYTES_MAX
from vm.keys import contract_key, decode_parts, encode_parts, end_of_prefix, storage_prefix
from vm.traps import Stop
from vm.types import INT_MAX, INT_MIN, UINT_MAX, EnumType, RuntimeValue, Scalar, Type

STAGE = EnumType(name="Stage", members=tuple(f"S{number}" for number in range(256)))

values_of: dict[Type, st.SearchStrategy[RuntimeValue]] = {
    Scalar.UINT: st.integers(0, UINT_MAX) | st.integers(0, 300) | st.sampled_from([2**64 - 1, 2**64]),
    Scalar.INT: st.integers(INT_MIN, INT_MAX) | st.integers(-300, 300),
    Scalar.BOOL: st.booleans(),
    Scalar.ADDR: st.binary(min_size=20, max_size=20),
    Scalar.BYTES: st.lists(st.sampled_from([0, 1, 254, 255]), max_size=5).map(bytes),
    Scalar.STR: st.text(alphabet="\x00\x01a\u00ff\uffff\U0001f600", max_size=5),
    STAGE: st.integers(0, 255),
}
kinds = st.lists(st.sampled_from(list(values_of)), min_size=1, max_size=4)


def order(value: RuntimeValue) -> "int | bytes":
    """What a part is ordered by: texts by their bytes."""
    assert isinstance(value, int | bytes | str)
    return value.encode() if isinstance(value, str) else value


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_bytes_are_in_the_order_of_values(data: st.DataObject) -> None:
    parts = data.draw(kinds)
    first, second = ([data.draw(values_of[kind]) for kind in parts] for _ in range(2))
    if data.draw(st.booleans()):
        second[0] = first[0]
    ordered = [[order(value) for value in values] for values in (first, second)]
    encoded = [encode_parts(parts, values) for values in (first, second)]
    assert (encoded[0] < encoded[1]) == (ordered[0] < ordered[1])
    assert (encoded[0] == encoded[1]) == (ordered[0] == ordered[1])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_parts_come_back(data: st.DataObject) -> None:
    parts = data.draw(kinds)
    values = [data.draw(values_of[kind]) for kind in parts]
    assert decode_parts(parts, encode_parts(parts, values)) == values


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_prefix_of_parts_bounds_its_keys_and_no_others(data: st.DataObject) -> None:
    parts = data.draw(kinds)
    length = data.draw(st.integers(0, len(parts)))
    wanted = [data.draw(values_of[kind]) for kind in parts[:length]]
    key = [data.draw(values_of[kind]) for kind in parts]
    if data.draw(st.booleans()):
        key[:length] = wanted
    start = storage_prefix("tender", 3) + encode_parts(parts, wanted)
    inside = start <= storage_prefix("tender", 3) + encode_parts(parts, key) < end_of_prefix(start)
    assert inside == (key[:length] == wanted)


def test_storages_and_contracts_never_meet() -> None:
    prefixes = [storage_prefix(name, number) for name in ("a", "ab", "b") for number in (0, 1, 255)]
    ranges = sorted((prefix, end_of_prefix(prefix)) for prefix in prefixes)
    assert all(one[1] <= other[0] for one, other in pairwise(ranges))
    assert not any(start <= contract_key("a") < end for start, end in ranges)


def test_a_key_that_is_too_long_traps() -> None:
    fitting = bytes(range(1, 255))[: STATE_KEY_BYTES_MAX - 2]
    assert len(encode_parts([Scalar.BYTES], [fitting])) == STATE_KEY_BYTES_MAX
    for wrong in (fitting + b"x", bytes(128)):
        with pytest.raises(Stop, match="a key has at most"):
            encode_parts([Scalar.BYTES], [wrong])
