"""Time-outs that consensus asked for: one task, one heap, and nothing running while nothing is due.

A time-out is never cancelled. The core ignores one that it has outgrown, so the heap only has to forget those of
heights that are over.
"""

import heapq
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Generic, TypeVar

import trio

T = TypeVar("T")


class Timers(Generic[T]):
    """Items that are delivered after their delay, in order of their deadlines."""

    def __init__(self, deliver: Callable[[T], Awaitable[None]]) -> None:
        self._deliver = deliver
        self._heap: list[tuple[float, int, T]] = []
        self._order = count()
        self._changed = trio.Event()

    def schedule(self, item: T, delay_ms: int) -> None:
        """Delivers `item` after `delay_ms`."""
        heapq.heappush(self._heap, (trio.current_time() + delay_ms / 1000, next(self._order), item))
        self._changed.set()

    def forget(self, is_over: Callable[[T], bool]) -> None:
        """Drops the items that nobody waits for any more."""
        self._heap = [entry for entry in self._heap if not is_over(entry[2])]
        heapq.heapify(self._heap)
        self._changed.set()

    async def run(self) -> None:
        """Delivers for ever; sleeps without a timer while nothing is scheduled."""
        while True:
            self._changed = trio.Event()
            if not self._heap:
                await self._changed.wait()
                continue
            deadline, _, item = self._heap[0]
            if deadline > trio.current_time():
                with trio.move_on_at(deadline):
                    await self._changed.wait()
                continue
            heapq.heappop(self._heap)
            await self._deliver(item)
