"""Snapshots in the background: of the right heights, while blocks go on, and never at the cost of the node."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from chain.limits import DISK_FREE_BYTES_MIN
from chain.snapshot import decode_manifest
from machine.faults import DiskFull
from machine.files import DiskFiles
from node.snapshot.maker import Schedule, SnapshotMaker
from node.snapshot.shelf import Shelf
from tests.node.snapshot.making import TRUST, grow, make_chain, make_snapshot, restore
from tests.node.store.chains import Chain

INTERVAL = 4
WAIT_S = 20


class HeadClock:
    """Shows the time of the newest block, and so much more."""

    def __init__(self, chain: Chain, late_ms: int = 0) -> None:
        self._chain = chain
        self._late_ms = late_ms

    def now_ms(self) -> int:
        return self._chain.head.time_ms + self._late_ms


def make_maker(
    chain: Chain,
    shelf: Shelf,
    *,
    interval: int = INTERVAL,
    kept: int = 2,
    late_ms: int = 0,
    get_free_bytes: Callable[[], int] = lambda: 2**40,
) -> SnapshotMaker:
    """On a chain."""
    schedule = Schedule(interval=interval, kept=kept)
    return SnapshotMaker(chain.ledger, shelf, TRUST, schedule, HeadClock(chain, late_ms), get_free_bytes)


@asynccontextmanager
async def running(maker: SnapshotMaker) -> AsyncIterator[None]:
    """The task, until the context ends."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(maker.run)
        yield
        nursery.cancel_scope.cancel()


def commit(maker: SnapshotMaker, chain: Chain) -> None:
    """One block more, and word of it."""
    grow(chain, chain.head.height + 1)
    maker.on_committed(chain.head)


async def until(holds: Callable[[], bool]) -> None:
    """Waits for it."""
    with trio.fail_after(WAIT_S):
        while True:
            if holds():
                return
            await trio.sleep(0.01)


async def test_one_is_made_at_every_interval_while_blocks_go_on(tmp_path: Path) -> None:
    chain, shelf = make_chain(1), Shelf(tmp_path / "shelf", DiskFiles())
    maker = make_maker(chain, shelf)
    expected = {}
    async with running(maker):
        for height in (4, 8, 12):
            while chain.head.height <= height:
                commit(maker, chain)
            expected[height] = make_snapshot(chain.ledger)
            commit(maker, chain)
            await until(lambda: height in shelf.heights and maker._reader is None)  # noqa: B023  # over before the next turn
        await until(lambda: shelf.heights == [12, 8])
    for height in shelf.heights:
        manifest, chunks = expected[height]
        data = shelf.read_manifest(height)
        assert data is not None and decode_manifest(data) == manifest
        assert [shelf.read_chunk(height, digest) for digest in manifest.chunks] == chunks
        assert restore(tmp_path / f"store-{height}", manifest, chunks, trust=TRUST).height == height


@pytest.mark.parametrize(
    ("interval", "late_ms"), [(0, 0), (INTERVAL, 60_000)], ids=["none wanted", "catching up"]
)
async def test_none_is_made(tmp_path: Path, interval: int, late_ms: int) -> None:
    chain, shelf = make_chain(1), Shelf(tmp_path, DiskFiles())
    maker = make_maker(chain, shelf, interval=interval, late_ms=late_ms)
    async with running(maker):
        for _ in range(9):
            commit(maker, chain)
        await trio.testing.wait_all_tasks_blocked()
    assert shelf.heights == []


async def test_a_node_that_ends_leaves_no_half_of_one(tmp_path: Path) -> None:
    chain, shelf = make_chain(INTERVAL), Shelf(tmp_path, DiskFiles())
    maker = make_maker(chain, shelf)
    async with running(maker):
        commit(maker, chain)
        await until(lambda: shelf.place(INTERVAL).exists())
    assert shelf.heights in ([], [INTERVAL])
    assert shelf.place(INTERVAL).exists() is bool(shelf.heights)


async def test_a_disk_without_room_is_left_to_the_ledger(tmp_path: Path) -> None:
    chain, shelf = make_chain(INTERVAL), Shelf(tmp_path, DiskFiles())
    free = [DISK_FREE_BYTES_MIN, DISK_FREE_BYTES_MIN - 1]
    maker = make_maker(chain, shelf, get_free_bytes=lambda: free.pop(0) if free else 2**40)
    async with running(maker):
        commit(maker, chain)
        await until(lambda: not free)
        await until(lambda: not shelf.place(INTERVAL).exists())
        while chain.head.height <= 2 * INTERVAL:
            commit(maker, chain)
        await until(lambda: shelf.heights == [2 * INTERVAL])


async def test_a_fault_of_the_disk_does_not_end_the_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain, shelf = make_chain(INTERVAL), Shelf(tmp_path, DiskFiles())
    maker = make_maker(chain, shelf)
    seen = []

    def fail(*_: object) -> None:
        seen.append(1)
        raise DiskFull(tmp_path, "the disk is full", "Free some space")

    async with running(maker):
        with monkeypatch.context() as patched:
            patched.setattr(shelf, "put_chunk", fail)
            commit(maker, chain)
            await until(lambda: bool(seen))
            await until(lambda: maker._reader is None)
        assert shelf.heights == []
        while chain.head.height <= 2 * INTERVAL:
            commit(maker, chain)
        await until(lambda: shelf.heights == [2 * INTERVAL])
