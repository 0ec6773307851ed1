"""The HTTP thread: uvicorn with its own loop, so that no request ever runs on the consensus loop.

The socket is bound before the thread starts, so that a port in use is an error of the caller and not of a
thread.
"""

import errno
import socket
import threading

import uvicorn
from starlette.applications import Starlette

from chain.limits import RPC_CONNECTIONS_MAX, RPC_FRAME_BYTES_MAX
from rpc.connections import BoundedHttp, BoundedWebSocket

BACKLOG = 512
STOP_S = 5.0  # longer than a graceful end takes; the thread is a daemon anyway
GRACE_S = 1


class NoAddress(Exception):
    """The address cannot be bound; the message says which and why. `is_in_use` is for an address that another has."""

    def __init__(self, message: str, *, is_in_use: bool) -> None:
        super().__init__(message)
        self.is_in_use = is_in_use


class RpcThread:
    """One running HTTP server. `start` binds and returns when it serves; `stop` ends it."""

    def __init__(self, app: Starlette, host: str, port: int) -> None:
        self._socket = _bind(host, port)
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                loop="uvloop",
                http=BoundedHttp,
                ws=BoundedWebSocket,
                ws_max_size=RPC_FRAME_BYTES_MAX,
                ws_per_message_deflate=False,
                lifespan="on",
                log_config=None,
                access_log=False,
                limit_concurrency=RPC_CONNECTIONS_MAX,
                timeout_graceful_shutdown=GRACE_S,
                server_header=False,
            )
        )
        self._thread = threading.Thread(target=self._serve, name="rpc", daemon=True)

    @property
    def port(self) -> int:
        """The port that is bound, where 0 was asked for."""
        port: int = self._socket.getsockname()[1]
        return port

    def start(self) -> None:
        """Begins to serve; requests that come before the loop is up wait in the socket."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the server and waits for its thread; where it was never started, only gives the port back."""
        self._server.should_exit = True
        if self._thread.ident is None:
            self._socket.close()
        else:
            self._thread.join(STOP_S)

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        raise NoAddress(
            f"rpc address {host}:{port}: {error.strerror}", is_in_use=error.errno == errno.EADDRINUSE
        ) from error
    return bound
