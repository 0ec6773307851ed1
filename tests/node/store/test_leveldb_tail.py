"""A power cut in LevelDB's own log: what was synced is there, a torn batch is not there at all, damage is refused."""

from pathlib import Path

import pytest

from machine.faults import Damaged
from node.store.leveldb import LevelStore
from node.store.store import Batch

CACHE_BYTES = 1024 * 1024
ROWS = 60


def write_batch(store: LevelStore, number: int) -> None:
    """A batch of about 48 kB, so that it lies in more than one of the log's blocks of 32 kB."""
    batch = Batch()
    for row in range(ROWS):
        batch.put(bytes([number, row]), bytes([number]) * 800)
    store.write(batch, sync=True)


def find_log(path: Path) -> Path:
    (log,) = path.glob("*.log")
    return log


def count_rows(path: Path) -> list[int]:
    """How many rows of each batch are there after opening."""
    store = LevelStore(path, cache_bytes=CACHE_BYTES)
    counts = [len(store.iterate(bytes([n]), bytes([n + 1]), limit=100)) for n in (1, 2)]
    store.close()
    return counts


@pytest.fixture
def written(tmp_path: Path) -> tuple[Path, bytes, int]:
    """A store of two batches: its directory, its log, and where the second begins."""
    path = tmp_path / "store"
    store = LevelStore(path, cache_bytes=CACHE_BYTES)
    write_batch(store, 1)
    middle = find_log(path).stat().st_size
    write_batch(store, 2)
    store.close()
    return path, find_log(path).read_bytes(), middle


PARTS = [0.0, 0.0001, 0.1, 0.5, 0.7, 0.9, 0.9999]


@pytest.mark.parametrize("part", PARTS)
def test_torn_batch_is_gone_as_a_whole(written: tuple[Path, bytes, int], part: float) -> None:
    path, log, middle = written
    find_log(path).write_bytes(log[: middle + int((len(log) - middle) * part)])
    assert count_rows(path) == [ROWS, 0]
    assert count_rows(path) == [ROWS, 0]


@pytest.mark.parametrize("part", PARTS)
def test_unwritten_tail_is_gone_or_refused_but_never_half_there(
    written: tuple[Path, bytes, int], part: float
) -> None:
    """LevelDB cannot tell sectors that were never written from damage, and then rather refuses."""
    path, log, middle = written
    end = middle + int((len(log) - middle) * part)
    find_log(path).write_bytes(log[:end] + bytes(len(log) - end))
    try:
        counts = count_rows(path)
    except Damaged as refusal:
        assert "mends its store from its peers" in str(refusal)
    else:
        assert counts == [ROWS, 0]


@pytest.mark.parametrize("place", [0.2, 0.8])
def test_damage_to_what_was_acknowledged_is_refused(written: tuple[Path, bytes, int], place: float) -> None:
    path, log, middle = written
    data = bytearray(log)
    data[int(middle * place)] ^= 1
    find_log(path).write_bytes(data)
    with pytest.raises(Damaged, match="Start the node: it mends its store"):
        count_rows(path)
