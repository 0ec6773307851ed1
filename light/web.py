"""The methods of a node over HTTP, each answer with the trusted block on which it rests.

It stands in a header beside the answer, `terang-trusted: HEIGHT/BLOCK ID`, since the answers have the shapes that other
programs know. Events and metrics are a node's: who follows along asks for `committed`, block by block.
"""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from light.backend import LightBackend
from machine.faults import DiskFault
from rpc.server import DiskFaults, make_app

HEADER = "terang-trusted"
_METRICS = "/metrics"
_NOT_SERVED = 1008  # RFC 6455: the policy of who answers


def make_light_app(backend: LightBackend, tell: Callable[[str], None]) -> Starlette:
    """The application of one light client."""

    def tell_of(_method: str, fault: Exception) -> str:
        tell(str(fault))
        return "this light client cannot read its own disk; its log says why"

    app = make_app(backend, DiskFaults(kinds=(DiskFault,), tell=tell_of, find_lack=lambda: None))
    app.add_middleware(_Resting, basis=backend.basis)
    return app


class _Resting:
    """Puts beside each answer what it rests on."""

    def __init__(self, app: ASGIApp, basis: Callable[[], str]) -> None:
        self._app = app
        self._basis = basis

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "websocket":
            await WebSocketClose(code=_NOT_SERVED, reason="a light client tells no events")(
                scope, receive, send
            )
            return
        if scope["type"] == "http" and scope["path"] == _METRICS:
            told = PlainTextResponse("a light client counts nothing: ask a node\n", status_code=404)
            await told(scope, receive, send)
            return

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (HEADER.encode(), self._basis().encode())]
            await send(message)

        await self._app(scope, receive, send_on)
