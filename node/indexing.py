"""The task that keeps the index of events up to the ledger: after each commit, in slices on a thread, never in its way."""

import structlog
import trio

from chain.limits import INDEX_SLICE_MS
from machine.faults import DiskFault
from node.search import SearchIndex
from rpc.backend import Refused

log = structlog.get_logger("node")


class Indexing:
    """Follows the ledger while it runs; what it has not done when it ends, the next start does."""

    def __init__(self, index: SearchIndex) -> None:
        self._index = index
        self._committed = trio.Event()

    def on_committed(self) -> None:
        """There is a block more."""
        self._committed.set()

    async def run(self) -> None:
        """Rests as long as it works. What the disk refuses is told, and tried again with the next block."""
        if not self._index.is_kept:
            return
        while True:
            self._committed = trio.Event()
            if await self._advance():
                await self._committed.wait()
            else:
                await trio.sleep(INDEX_SLICE_MS / 1000)

    async def _advance(self) -> bool:
        """A slice of work; whether there is nothing to do before the next block."""
        try:
            return await trio.to_thread.run_sync(self._index.advance)
        except (Refused, DiskFault) as fault:
            log.error("the index of events does not follow", reason=str(fault))
            return True
