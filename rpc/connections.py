"""uvicorn's two protocols with the bounds that they lack: how large the head of a request is, how long a request takes to
come, and how long an answer takes to be read.

Without them a stranger takes all places with connections that say nothing, and fills memory with a head that never ends
or with answers that it never reads. A connection that exceeds a bound is cut off.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from chain.limits import RPC_HEAD_BYTES_MAX, RPC_READING_SECONDS, RPC_REQUEST_SECONDS


class _Deadline:
    """Cuts a connection off unless it is stopped in time."""

    def __init__(self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport, seconds: float) -> None:
        self._loop = loop
        self._transport = transport
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begins anew."""
        self.stop()
        self._timer = self._loop.call_later(self._seconds, self._transport.abort)

    def stop(self) -> None:
        """It was in time."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class BoundedHttp(HttpToolsProtocol):
    """One HTTP connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """The first request is due."""
        super().connection_made(transport)
        self._request = _Deadline(self.loop, transport, RPC_REQUEST_SECONDS)
        self._reader = _Deadline(self.loop, transport, RPC_READING_SECONDS)
        self._head_bytes: int | None = 0
        self._request.start()

    def connection_lost(self, exc: Exception | None) -> None:
        """No deadline is left behind."""
        self._request.stop()
        self._reader.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Counts what comes before a head is whole."""
        super().data_received(data)
        if self._head_bytes is not None:
            self._head_bytes += len(data)
            if self._head_bytes > RPC_HEAD_BYTES_MAX:
                self.transport.abort()

    def on_message_begin(self) -> None:
        """The rest is due."""
        super().on_message_begin()
        self._head_bytes = 0
        self._request.start()

    def on_headers_complete(self) -> None:
        """The body is bounded by whoever reads it."""
        super().on_headers_complete()
        self._head_bytes = None

    def on_message_complete(self) -> None:
        """It came in time."""
        super().on_message_complete()
        self._request.stop()

    def handle_websocket_upgrade(self) -> None:
        """From here on the other protocol has its own bounds."""
        self._request.stop()
        self._reader.stop()
        super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        """An answer waits for its reader."""
        super().pause_writing()
        self._reader.start()

    def resume_writing(self) -> None:
        """It was read."""
        super().resume_writing()
        self._reader.stop()


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """One WebSocket."""

    def connection_made(self, transport: Any) -> None:
        """Nothing waits yet."""
        super().connection_made(transport)
        self._reader = _Deadline(self.loop, transport, RPC_READING_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """No deadline is left behind."""
        self._reader.stop()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """A message waits for its reader."""
        super().pause_writing()
        self._reader.start()

    def resume_writing(self) -> None:
        """It was read."""
        super().resume_writing()
        self._reader.stop()
