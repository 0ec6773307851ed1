"""Damage that somebody met while the node runs: it ends the node's tasks, so that the store is mended before more is told.

A damaged table cannot be mended under its readers, and what LevelDB cannot read it cannot compact either: sooner or later
the next commit would fail. So the node goes down, repairs, and comes back by itself.
"""

from pathlib import Path

import trio

from machine.faults import Damaged


class Harm:
    """Of one run of the node, and its store."""

    def __init__(self, store: Path, token: trio.lowlevel.TrioToken) -> None:
        self._store = store
        self._token = token
        self._met = trio.Event()
        self._fault: Damaged | None = None

    def report(self, fault: Exception) -> None:
        """Somebody, on whatever thread, met a fault; only damage of the store counts."""
        if isinstance(fault, Damaged) and fault.path == self._store:
            self._fault = self._fault or fault
            self._token.run_sync_soon(self._met.set, idempotent=True)

    async def run(self) -> None:
        """Waits for the first; raises `Damaged`."""
        await self._met.wait()
        assert self._fault is not None, "it was reported"
        raise self._fault
