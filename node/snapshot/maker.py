"""Makes snapshots while the node goes on: at every so many blocks one, of a database that stands still for it.

The moment is that of the commit, so that all nodes make theirs of the same heights and a newcomer can ask any of them for
any chunk. What follows takes its time: a chunk on a thread, then a rest of three times as long. A node that catches up makes
none, and neither does one whose disk would be left without room; a fault of the disk ends the one under way and is told.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass

import structlog
import trio

from chain.limits import DISK_FREE_BYTES_MIN
from chain.snapshot_check import Trust
from machine.clock import Clock
from machine.faults import DiskFault
from node.head import Head
from node.snapshot.making import Making, NoSnapshot, write_snapshot
from node.snapshot.shelf import Shelf
from node.store.ledger import Ledger
from node.store.reading import LedgerReader

log = structlog.get_logger("snapshots")
_REST = 3  # times as long as the work before it: at most a quarter of one core
_BEHIND_MS = 60_000  # a block so old was not decided now: the node catches up


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Every how many blocks a snapshot is made, 0 for never, and how many are kept."""

    interval: int
    kept: int


class SnapshotMaker:
    """`on_committed` and `run` belong to the loop; `get_free_bytes` says what the disk of the snapshots has left."""

    def __init__(
        self,
        ledger: Ledger,
        shelf: Shelf,
        trust: Trust,
        schedule: Schedule,
        clock: Clock,
        get_free_bytes: Callable[[], int],
    ) -> None:
        self._ledger = ledger
        self._shelf = shelf
        self._trust = trust
        self._schedule = schedule
        self._clock = clock
        self._get_free_bytes = get_free_bytes
        self._wanted = trio.Event()
        self._opened = ExitStack()
        self._reader: LedgerReader | None = None

    def on_committed(self, head: Head) -> None:
        """Holds the database still for a snapshot of the height before the head, if one is due and none is under way."""
        if self._reader is not None or not self._is_due(head):
            return
        reader = self._opened.enter_context(self._ledger.snapshot())
        if reader.head.height != head.height:  # several blocks were written at once
            self._opened.close()
            return
        self._reader = reader
        self._wanted.set()

    def _is_due(self, head: Head) -> bool:
        interval, height = self._schedule.interval, head.height - 1
        is_time = interval > 0 and height > 0 and height % interval == 0
        return is_time and self._clock.now_ms() - head.time_ms < _BEHIND_MS

    async def run(self) -> None:
        """Makes what is wanted, for ever."""
        with self._opened:
            while True:
                await self._wanted.wait()
                self._wanted = trio.Event()
                assert self._reader is not None, "it is wanted of a reader"
                await self._make(self._reader)
                self._opened.close()
                self._reader = None

    async def _make(self, reader: LedgerReader) -> None:
        height, started = reader.head.height - 1, trio.current_time()
        try:
            if height not in self._shelf.heights:
                await self._write(Making(reader, self._trust.genesis_hash))
                log.info("snapshot made", height=height, seconds=round(trio.current_time() - started, 1))
            await trio.to_thread.run_sync(self._shelf.keep_newest, self._schedule.kept)
        except NoSnapshot as reason:
            log.warning("no snapshot", height=height, reason=str(reason))
        except DiskFault as fault:
            log.error("no snapshot", height=height, reason=str(fault))

    async def _write(self, making: Making) -> None:
        with closing(write_snapshot(making, self._shelf, self._trust)) as steps:
            while True:
                seconds = await trio.to_thread.run_sync(self._take_step, steps)
                if seconds is None:
                    return
                await trio.sleep(_REST * seconds)

    def _take_step(self, steps: Iterator[int]) -> float | None:
        """One chunk; how long it took, None where there was none left."""
        started = time.monotonic()
        free = self._get_free_bytes()
        if free < DISK_FREE_BYTES_MIN:
            raise NoSnapshot(
                f"the disk has {free} bytes left, {DISK_FREE_BYTES_MIN} are to stay for the ledger: free some space, "
                "or set snapshots.kept or snapshots.interval"
            )
        return None if next(steps, None) is None else time.monotonic() - started
