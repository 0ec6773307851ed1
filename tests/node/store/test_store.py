"""The laws of a store, over both of them, and LevelDB's own errors."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import shake_128
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from machine.faults import Damaged, DiskFull, InUse, Unusable
from node.store.leveldb import LevelStore, compute_store_fault, copy_store
from node.store.memory import MemoryStore
from node.store.store import Batch, Store

CACHE_BYTES = 1024 * 1024


@pytest.fixture(params=["memory", "leveldb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    kinds: dict[str, Callable[[], Store]] = {
        "memory": MemoryStore,
        "leveldb": lambda: LevelStore(tmp_path / "store", cache_bytes=CACHE_BYTES),
    }
    opened = kinds[request.param]()
    yield opened
    opened.close()


def write(store: Store, rows: dict[bytes, bytes | None]) -> None:
    batch = Batch()
    for key, value in rows.items():
        if value is None:
            batch.delete(key)
        else:
            batch.put(key, value)
    store.write(batch, sync=True)


def test_what_was_put_is_read(store: Store) -> None:
    write(store, {b"a": b"1", b"b": b""})
    assert store.get(b"a") == b"1"
    assert store.get(b"b") == b""
    assert store.get(b"c") is None


def test_later_operation_of_a_batch_counts(store: Store) -> None:
    batch = Batch()
    batch.put(b"a", b"1")
    batch.delete(b"a")
    batch.delete(b"b")
    batch.put(b"b", b"2")
    store.write(batch, sync=False)
    assert (store.get(b"a"), store.get(b"b")) == (None, b"2")


def test_iteration_is_half_open_in_order_and_limited(store: Store) -> None:
    write(store, {key: key for key in (b"d", b"a", b"c", b"b\x00", b"b")})
    keys = [key for key, _ in store.iterate(b"a", b"d", limit=10)]
    assert keys == [b"a", b"b", b"b\x00", b"c"]
    assert [key for key, _ in store.iterate(b"b", b"e", limit=2)] == [b"b", b"b\x00"]
    assert [key for key, _ in store.iterate(b"a", b"d", reverse=True, limit=2)] == [b"c", b"b\x00"]
    assert store.iterate(b"d", b"a", limit=10) == []
    assert store.iterate(b"a", b"d", limit=0) == []


def test_snapshot_does_not_move(store: Store) -> None:
    write(store, {b"a": b"1", b"b": b"1"})
    with store.snapshot() as before:
        write(store, {b"a": b"2", b"b": None, b"c": b"3"})
        assert before.get(b"a") == b"1"
        assert before.iterate(b"a", b"z", limit=9) == [(b"a", b"1"), (b"b", b"1")]
        assert store.iterate(b"a", b"z", limit=9) == [(b"a", b"2"), (b"c", b"3")]


def test_compaction_keeps_content(store: Store) -> None:
    write(store, {bytes([n]): b"x" * 1000 for n in range(200)})
    write(store, {bytes([n]): None for n in range(100)})
    store.compact(b"", b"\xff")
    assert [key[0] for key, _ in store.iterate(b"\x00", b"\xff", limit=500)] == list(range(100, 200))
    assert store.approximate_size(b"\x00", b"\xff") > 0


KEYS = st.binary(min_size=1, max_size=3)


@settings(max_examples=60, deadline=None)
@given(
    batches=st.lists(st.lists(st.tuples(KEYS, st.none() | st.binary(max_size=4)), max_size=8), max_size=5),
    start=KEYS,
    end=KEYS,
    reverse=st.booleans(),
    limit=st.integers(0, 9),
)
def test_both_stores_agree(
    tmp_path_factory: pytest.TempPathFactory,
    batches: list[list[tuple[bytes, bytes | None]]],
    start: bytes,
    end: bytes,
    reverse: bool,
    limit: int,
) -> None:
    memory, disk = MemoryStore(), LevelStore(tmp_path_factory.mktemp("store"), cache_bytes=CACHE_BYTES)
    for operations in batches:
        batch = Batch()
        for key, value in operations:
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        memory.write(batch, sync=False)
        disk.write(batch, sync=False)
    expected = memory.iterate(start, end, reverse=reverse, limit=limit)
    assert disk.iterate(start, end, reverse=reverse, limit=limit) == expected
    assert memory.get(start) == disk.get(start)
    disk.close()


def test_rows_survive_reopening(tmp_path: Path) -> None:
    store = LevelStore(tmp_path / "store", cache_bytes=CACHE_BYTES)
    write(store, {b"a": b"1"})
    store.close()
    again = LevelStore(tmp_path / "store", cache_bytes=CACHE_BYTES)
    assert again.get(b"a") == b"1"
    again.close()


def test_second_opening_is_refused(tmp_path: Path) -> None:
    store = LevelStore(tmp_path / "store", cache_bytes=CACHE_BYTES)
    with pytest.raises(InUse, match="in use by another process"):
        LevelStore(tmp_path / "store", cache_bytes=CACHE_BYTES)
    store.close()


def test_store_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("not a directory")
    with pytest.raises(Unusable, match="File exists"):
        LevelStore(tmp_path / "store", cache_bytes=CACHE_BYTES)


def make_tables(path: Path) -> None:
    """Rows that do not compress, so that a flipped bit is not found by decompression already."""
    store = LevelStore(path, cache_bytes=CACHE_BYTES)
    write(store, {n.to_bytes(4, "big"): shake_128(n.to_bytes(4, "big")).digest(400) for n in range(2_000)})
    store.compact(b"", b"\xff")
    store.close()


def scan(store: Store) -> None:
    store.iterate(b"\x00", b"\xff", limit=5_000)


def get_each(store: Store) -> None:
    for number in range(2_000):
        store.get(number.to_bytes(4, "big"))


@pytest.mark.parametrize("read", [scan, get_each])
def test_flipped_bit_in_a_table_is_named(tmp_path: Path, read: Callable[[Store], None]) -> None:
    make_tables(tmp_path / "store")
    table = max((tmp_path / "store").glob("*.ldb"), key=lambda path: path.stat().st_size)
    data = bytearray(table.read_bytes())
    data[len(data) // 2] ^= 0x10
    table.write_bytes(data)
    store = LevelStore(tmp_path / "store", cache_bytes=CACHE_BYTES)
    with pytest.raises(Damaged, match=r"store.*damaged.*mends its store from its peers"):
        read(store)
    store.close()


@pytest.mark.parametrize("pattern", ["CURRENT", "MANIFEST-*", "*.ldb"])
def test_missing_file_is_named(tmp_path: Path, pattern: str) -> None:
    make_tables(tmp_path / "store")
    next((tmp_path / "store").glob(pattern)).unlink()
    with pytest.raises(Damaged):
        LevelStore(tmp_path / "store", cache_bytes=CACHE_BYTES)


def test_cut_manifest_is_named(tmp_path: Path) -> None:
    make_tables(tmp_path / "store")
    manifest = next((tmp_path / "store").glob("MANIFEST-*"))
    manifest.write_bytes(b"\x01" * len(manifest.read_bytes()))
    with pytest.raises(Damaged):
        LevelStore(tmp_path / "store", cache_bytes=CACHE_BYTES)


def test_full_disk_has_its_own_error() -> None:
    fault = compute_store_fault("b'IO error: 000005.log: No space left on device'", False, Path("store"))
    assert isinstance(fault, DiskFull)
    assert "Free some space" in str(fault)
    fault = compute_store_fault("b'IO error: 000005.log: File too large'", False, Path("store"))
    assert isinstance(fault, DiskFull)
    assert "ulimit" in str(fault)


def test_a_table_that_is_cut_short_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "store"
    opened = LevelStore(path, cache_bytes=CACHE_BYTES)
    write(opened, {b"a": bytes(10_000)})
    opened.close()
    LevelStore(path, cache_bytes=CACHE_BYTES).close()  # writes the log into a table
    (table,) = path.glob("*.ldb")
    for length in (table.stat().st_size // 2, 0):
        os.truncate(table, length)
        with pytest.raises(Damaged, match="cut short"):
            LevelStore(path, cache_bytes=CACHE_BYTES).get(b"a")


def test_single_row_is_found_backwards(store: Store) -> None:
    write(store, {b"a": b"1", b"b": b"2", b"c": b"3"})
    assert store.iterate(b"b", b"c", reverse=True, limit=9) == [(b"b", b"2")]


def test_a_copy_on_another_disk_has_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_source: Path, _target: Path) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    rows = [(bytes([number]), bytes(100)) for number in range(200)]
    with closing(LevelStore(tmp_path / "one", cache_bytes=1024 * 1024)) as store:
        batch = Batch()
        for key, value in rows:
            batch.put(key, value)
        store.write(batch, sync=False)
        store.compact(b"", b"\xff")
    copy_store(tmp_path / "one", tmp_path / "linked")
    monkeypatch.setattr(os, "link", refuse)
    copy_store(tmp_path / "one", tmp_path / "copied")
    for name in ("linked", "copied"):
        with closing(LevelStore(tmp_path / name, cache_bytes=1024 * 1024)) as store:
            assert store.iterate(b"", b"\xff", limit=1_000) == rows
