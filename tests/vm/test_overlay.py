"""Layers of writes behave as one dictionary, whatever was written where."""

from hypothesis import given, settings
from hypothesis import strategies as st

from vm.overlay import MemoryState, Overlay

keys = st.binary(min_size=1, max_size=2).map(lambda key: bytes(byte % 4 for byte in key))
values = st.none() | st.binary(max_size=1)
writes = st.lists(st.tuples(keys, values), max_size=12)


def apply(model: dict[bytes, bytes], rows: list[tuple[bytes, bytes | None]]) -> dict[bytes, bytes]:
    """The dictionary after some writes."""
    after = dict(model)
    for key, value in rows:
        if value is None:
            after.pop(key, None)
        else:
            after[key] = value
    return after


def write(layer: Overlay, rows: list[tuple[bytes, bytes | None]]) -> None:
    """Writes rows in order."""
    for key, value in rows:
        layer.set(key, value)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(keys, st.binary(max_size=1)), writes, writes, keys, keys, st.integers(1, 9))
def test_two_layers_read_as_one_dictionary(
    below: dict[bytes, bytes],
    lower: list[tuple[bytes, bytes | None]],
    upper: list[tuple[bytes, bytes | None]],
    start: bytes,
    end: bytes,
    limit: int,
) -> None:
    block = Overlay(MemoryState(below))
    write(block, lower)
    own = Overlay(block)
    write(own, upper)
    model = apply(apply(below, lower), upper)
    assert {key: own.get(key) for key in {start, end, *model}} == {
        key: model.get(key) for key in {start, end, *model}
    }
    rows = sorted((key, value) for key, value in model.items() if start <= key < end)
    assert list(own.iterate(start, end, limit)) == rows[:limit]
    removed = [key for layer in (lower, upper) for key, value in dict(layer).items() if value is None]
    if start <= end:
        assert own.count_removed(start, end) == sum(start <= key < end for key in removed)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(keys, st.binary(max_size=1)), writes, writes)
def test_a_merged_layer_is_written_and_a_dropped_one_never_was(
    below: dict[bytes, bytes],
    lower: list[tuple[bytes, bytes | None]],
    upper: list[tuple[bytes, bytes | None]],
) -> None:
    state = MemoryState(below)
    block = Overlay(state)
    write(block, lower)
    before = block.sorted_writes()
    own = Overlay(block)
    write(own, upper)
    assert block.sorted_writes() == before
    assert len(own) == len({key for key, _ in upper})
    own.merge_into(block)
    found = block.sorted_writes()
    assert [key for key, _ in found] == sorted({key for key, _ in found})
    assert all(below.get(key) != value for key, value in found)
    state.apply(found)
    assert state.rows == apply(apply(below, lower), upper)
