"""What waits to be sent to one WebSocket, bounded in number and in bytes.

Events are put in line at once: one that finds no room breaks the line, since its reader is too slow. Answers wait for
room, and their connection is not read meanwhile. An event is turned into bytes when its turn comes, so that a hundred
subscribers who wait for the same block hold it once.
"""

from collections import deque
from dataclasses import dataclass

import anyio
import msgspec

from chain.limits import RPC_WAITING_BYTES_MAX, RPC_WAITING_MAX
from rpc.service import Id
from rpc.subscriptions import ChainEvent


@dataclass(frozen=True, slots=True)
class Told:
    """An event as one query's answer."""

    id: Id
    query: str
    event: ChainEvent

    def __len__(self) -> int:
        return len(self.event.value)

    def __bytes__(self) -> bytes:
        result = {"query": self.query, "data": self.event.value, "events": self.event.tags}
        return msgspec.json.encode({"jsonrpc": "2.0", "id": self.id, "result": result})


class Line:
    """A queue with one reader."""

    def __init__(self) -> None:
        self._waiting: deque[bytes | Told] = deque()
        self._bytes = 0
        self._is_broken = False
        self._changed = anyio.Event()

    def _has_room(self, size: int) -> bool:
        """Whether one more fits; an empty line takes anything, since nothing else is larger than a block."""
        fits = len(self._waiting) < RPC_WAITING_MAX and self._bytes + size <= RPC_WAITING_BYTES_MAX
        return fits or not self._waiting

    def offer(self, message: Told) -> None:
        """Puts an event in line; without room for it the line breaks and what waits is dropped."""
        if self._is_broken:
            return
        if self._has_room(len(message)):
            self._append(message)
        else:
            self._is_broken = True
            self._waiting.clear()
            self._tell()

    async def put(self, message: bytes) -> None:
        """Puts an answer in line when there is room; a broken line swallows it."""
        while not self._is_broken and not self._has_room(len(message)):
            await self._changed.wait()
        if not self._is_broken:
            self._append(message)

    async def get(self) -> bytes | None:
        """The next message; None when the line is broken."""
        while not self._waiting and not self._is_broken:
            await self._changed.wait()
        if self._is_broken:
            return None
        message = self._waiting.popleft()
        self._bytes -= len(message)
        self._tell()
        return bytes(message)

    def _append(self, message: bytes | Told) -> None:
        self._waiting.append(message)
        self._bytes += len(message)
        self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()
