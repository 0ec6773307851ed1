"""What the light client kept is verified again before it is used: it goes on after a restart, and no flipped bit is served."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from chain.hashing import sha256
from chain.record import Decided
from light.store import HeaderStore
from machine.faults import Damaged, DiskFault, WrongLedger
from tests.light.lying import ANCHOR, following
from tests.portals.making import AnsweringNode
from tests.portals.test_lineage import SETS, Changing

STORY = "aaabbbcccccc"
HEAD = len(STORY) - 1


def decided_of(backend: Changing, height: int) -> Decided:
    """A block as it was verified."""
    found, validators = backend.chain[height - 1], backend.validators(height)
    assert validators is not None
    return Decided(header=found.block.header, certificate=found.certificate, validators=validators)


async def fill(path: Path) -> Changing:
    """A store that has followed a whole ledger."""
    backend = Changing(STORY)
    with following(path, [AnsweringNode(backend, "jujur")]) as (follower, _):
        await follower.step()
        for height in range(1, HEAD):
            await follower.decided(height)
    return backend


@pytest.mark.trio
async def test_it_goes_on_where_it_was_without_asking(tmp_path: Path) -> None:
    backend = await fill(tmp_path)
    node = AnsweringNode(backend, "jujur")
    with following(tmp_path, [node]) as (follower, _):
        assert follower.head == decided_of(backend, HEAD)
        for height in range(1, HEAD + 1):
            assert await follower.decided(height) == decided_of(backend, height)
        assert node.asked == []
        await follower.step()
        assert node.asked == ["commit"]
    with HeaderStore(tmp_path / "headers.sqlite", ANCHOR) as store:
        assert [reign.since for reign in store.reigns] == [1, 4, 7]
        assert [reign.validators for reign in store.reigns] == [SETS[name][0] for name in "abc"]


@pytest.mark.trio
async def test_no_flipped_bit_is_served(tmp_path: Path) -> None:
    """In every blob of the file, one bit in the middle and one at each end."""
    backend = await fill(tmp_path)
    path = tmp_path / "headers.sqlite"
    places = 0
    for table, column in (
        ("headers", "header"),
        ("headers", "certificate"),
        ("reigns", "header"),
        ("reigns", "certificate"),
        ("reigns", "validators"),
    ):
        for key, blob in read_blobs(path, table, column):
            for offset in (0, len(blob) // 2, len(blob) - 1):
                flipped = bytearray(blob)
                flipped[offset] ^= 1
                write_blob(path, table, column, key, bytes(flipped))
                assert_nothing_false(path, backend)
                places += 1
            write_blob(path, table, column, key, blob)
    assert places == 3 * (2 * HEAD + 3 * 2)
    with HeaderStore(path, ANCHOR) as store:
        assert store.head() == decided_of(backend, HEAD)


def assert_nothing_false(path: Path, backend: Changing) -> None:
    """Each header is the right one, or the file is named as damaged."""
    damages = 0
    try:
        with HeaderStore(path, ANCHOR) as store:
            for height in range(1, HEAD + 1):
                try:
                    assert store.get(height) == decided_of(backend, height)
                except Damaged as damaged:
                    assert damaged.path == path
                    damages += 1
    except Damaged:
        damages += 1
    assert damages == 1


def read_blobs(path: Path, table: str, column: str) -> list[tuple[int, bytes]]:
    """All of a column, with the rows' numbers."""
    database = sqlite3.connect(path)
    found = database.execute(f"SELECT rowid, {column} FROM {table}").fetchall()
    database.close()
    return found


def write_blob(path: Path, table: str, column: str, key: int, blob: bytes) -> None:
    """Puts a blob in its place."""
    database = sqlite3.connect(path)
    with database:
        database.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (blob, key))
    database.close()


def test_rows_of_another_height_or_form_are_damage(tmp_path: Path) -> None:
    backend = Changing(STORY)
    path = tmp_path / "headers.sqlite"
    with HeaderStore(path, ANCHOR) as store:
        store.put(decided_of(backend, 1))
        store.put(decided_of(backend, 2))
    database = sqlite3.connect(path)
    database.execute("UPDATE headers SET height = 3 WHERE height = 2")
    database.execute("UPDATE headers SET header = 'text', certificate = 'text' WHERE height = 1")
    database.commit()
    database.close()
    with HeaderStore(path, ANCHOR) as store:
        for height in (1, 3):
            with pytest.raises(Damaged):
                store.get(height)


def test_what_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "headers.sqlite"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(Damaged, match="Remove it and start again"):
        HeaderStore(path, ANCHOR)
    with pytest.raises(DiskFault, match="cannot be used"):
        HeaderStore(tmp_path / "missing" / "headers.sqlite", ANCHOR)


@pytest.mark.parametrize(
    "changes",
    [
        {"genesis_hash": sha256(b"lain")},
        {"since": 5},
        {"block_id": sha256(b"x")},
        {"validators": SETS["b"][0]},
    ],
)
def test_of_another_network_it_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    path = tmp_path / "headers.sqlite"
    with HeaderStore(path, ANCHOR):
        pass
    with pytest.raises(WrongLedger, match="Give another directory with --home"):
        HeaderStore(path, replace(ANCHOR, **changes))  # type: ignore[arg-type]  # passed on as given


def test_it_is_bounded_and_keeps_the_head(tmp_path: Path) -> None:
    backend = Changing("a" * 30)
    with HeaderStore(tmp_path / "headers.sqlite", ANCHOR, headers_max=5) as store:
        store.put(decided_of(backend, 29))
        for height in range(1, 20):
            store.put(decided_of(backend, height))
        kept = [height for height in range(1, 30) if store.get(height) is not None]
        assert kept == [15, 16, 17, 18, 19, 29]
        head = store.head()
        assert head is not None and head.header.height == 29
