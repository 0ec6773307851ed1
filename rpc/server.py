"""The web application in front of a node: JSON-RPC by POST, reads by GET, events by WebSocket, documents, metrics for
Prometheus.

Handlers only move bytes; methods run on worker threads, since they read from disk. Nothing here knows on
which loop it runs: uvicorn gives it asyncio in a thread of its own, tests give it trio.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import escape

import anyio
import msgspec
from anyio import CapacityLimiter, to_thread
from msgspec import Struct
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from chain.limits import RPC_BODY_BYTES_MAX
from rpc.answers import Empty
from rpc.backend import Backend
from rpc.document_site import DocumentSite
from rpc.errors import Code, RpcError, not_done
from rpc.hub import Hub, Subscriber
from rpc.lines import Line
from rpc.metrics import CONTENT_TYPE, render_metrics
from rpc.openrpc import make_openrpc
from rpc.parameters import Parsed
from rpc.schema import METHODS, SUBSCRIPTION_METHODS, Method
from rpc.service import (
    answer_body,
    answer_get,
    answer_request,
    encode_error,
    encode_result,
    parse_params,
    read_request,
)

JSON_TYPE = "application/json"
READING_THREADS = 8  # more would only wait for the interpreter
WAITING_THREADS = 32  # calls of broadcast_tx_commit that wait for a block at once


_TOLD_ANYWAY = frozenset({"health", "status", "net_info", "genesis", "consensus_state"})
"""What claims nothing about the ledger, or says itself that it is behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskFaults:
    """What a backend raises where its own disk fails it, who tells the operator and gives the words for the client, and why
    nothing of the ledger may be told at all, while that is so; clients are sent to other nodes.
    """

    kinds: tuple[type[Exception], ...]
    tell: Callable[[str, Exception], str]
    find_lack: Callable[[], str | None]


NO_DISK = DiskFaults(kinds=(), tell=lambda _method, fault: str(fault), find_lack=lambda: None)
"""Of a backend in memory."""


def make_app(backend: Backend, disk_faults: DiskFaults = NO_DISK) -> Starlette:
    """The application of one node."""
    site = _Site(backend, disk_faults)
    return Starlette(
        routes=[
            Route("/", site.post, methods=["POST"]),
            Route("/", site.index, methods=["GET"]),
            Route("/metrics", site.metrics, methods=["GET"]),
            Route("/openrpc.json", site.openrpc, methods=["GET"]),
            Route("/documents/{hash}", site.documents.put, methods=["PUT"]),
            Route("/documents/{hash}", site.documents.get, methods=["GET"]),
            WebSocketRoute("/websocket", site.websocket),
            Route("/{method}", site.get, methods=["GET"]),
        ],
        lifespan=site.lifespan,
    )


class _Site:
    """The handlers, around one backend."""

    def __init__(self, backend: Backend, disk_faults: DiskFaults) -> None:
        self._backend = backend
        self._disk_faults = disk_faults
        self._hub = Hub(backend)
        self.documents = DocumentSite(backend.documents)

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        """While the application runs, one task follows the chain for all subscribers. Limiters belong to its loop."""
        self._reading = CapacityLimiter(READING_THREADS)
        self._waiting = CapacityLimiter(WAITING_THREADS)
        self.documents.begin()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._hub.follow)
            yield
            tasks.cancel_scope.cancel()

    async def run(self, method: Method, given: Mapping[str, Parsed]) -> Struct:
        """Does a method on a worker thread."""
        lack = None if method.name in _TOLD_ANYWAY else self._disk_faults.find_lack()
        if lack is not None:
            raise not_done(lack)
        limiter = self._waiting if method.waits else self._reading
        try:
            return await to_thread.run_sync(method.run, self._backend, given, limiter=limiter)
        except self._disk_faults.kinds as fault:
            raise not_done(self._disk_faults.tell(method.name, fault)) from None

    async def post(self, request: Request) -> Response:
        """A request, a notification or a batch."""
        try:
            body = await _read_body(request)
        except RpcError as error:
            return Response(encode_error(None, error), media_type=JSON_TYPE, status_code=413)
        except ClientDisconnect:
            return Response(status_code=400)
        if not body:
            return Response(
                encode_error(None, RpcError(Code.INVALID_REQUEST, "empty body")), media_type=JSON_TYPE
            )
        answer = await answer_body(body, self.run)
        return Response(status_code=204) if answer is None else Response(answer, media_type=JSON_TYPE)

    async def get(self, request: Request) -> Response:
        """A method by its path, parameters in the query."""
        name = request.path_params["method"]
        if name not in METHODS:
            return PlainTextResponse("404 page not found\n", status_code=404)
        answer, is_result = await answer_get(name, request.query_params, self.run)
        return Response(answer, media_type=JSON_TYPE, status_code=200 if is_result else 500)

    async def index(self, _request: Request) -> Response:
        """All methods, as links."""
        rows = [
            f'<li><a href="/{method.name}">{method.name}</a>({_names(method)}): {escape(method.text)}</li>'
            for method in METHODS.values()
        ]
        return HTMLResponse(f"<!doctype html><title>Terang RPC</title><ul>{''.join(rows)}</ul>")

    async def metrics(self, _request: Request) -> Response:
        """For Prometheus."""
        text = await to_thread.run_sync(render_metrics, self._backend, limiter=self._reading)
        return Response(text, media_type=CONTENT_TYPE)

    async def openrpc(self, _request: Request) -> Response:
        """The methods as an OpenRPC document."""
        document = make_openrpc(self._backend.info.version)
        return Response(msgspec.json.encode(document), media_type=JSON_TYPE)

    async def websocket(self, socket: WebSocket) -> None:
        """Requests and events of one connection."""
        await socket.accept()
        try:
            with self._hub.subscriber() as subscriber:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(_send_all, socket, subscriber.line, tasks.cancel_scope)
                    await self._receive_all(socket, subscriber)
                    tasks.cancel_scope.cancel()
        except RpcError as error:
            await socket.send_text(encode_error(None, error).decode())
            await socket.close(code=1013)

    async def _receive_all(self, socket: WebSocket, subscriber: Subscriber) -> None:
        """Answers requests in their order until the connection ends."""
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            body = message.get("bytes") or (message.get("text") or "").encode()
            answer = await self._answer_message(body, subscriber)
            if answer is not None:
                await subscriber.line.put(answer)

    async def _answer_message(self, body: bytes, subscriber: Subscriber) -> bytes | None:
        try:
            request = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return await answer_body(body, self.run)
        method = request.get("method") if isinstance(request, dict) else None
        if isinstance(method, str) and method in SUBSCRIPTION_METHODS:
            return _change_subscription(request, subscriber)
        if isinstance(request, list):
            return await answer_body(body, self.run)
        return await answer_request(request, self.run)


def _change_subscription(request: dict[str, object], subscriber: Subscriber) -> bytes | None:
    """Subscribes or unsubscribes; the request's id is the id of the events. A notification, which may not be answered, does
    nothing."""
    if "id" not in request:
        return None
    id_ = None
    try:
        id_, name, params = read_request(request)
        given = parse_params(SUBSCRIPTION_METHODS[name][0], params)
        query = given.get("query")
        match name:
            case "subscribe":
                subscriber.subscribe(id_, str(query))
            case "unsubscribe":
                subscriber.unsubscribe(str(query))
            case _:
                subscriber.unsubscribe_all()
        return encode_result(id_, Empty())
    except RpcError as error:
        return encode_error(id_, error)


async def _send_all(socket: WebSocket, line: Line, scope: anyio.CancelScope) -> None:
    """Writes what waits, until the line is broken because its reader is too slow."""
    try:
        while (message := await line.get()) is not None:
            await socket.send_text(message.decode())
        await socket.close(code=1008, reason="events were not read in time")
    except (WebSocketDisconnect, RuntimeError):  # Starlette's word for a connection that is gone
        pass
    scope.cancel()


async def _read_body(request: Request) -> bytes:
    """The whole body; refused as soon as it is too long."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > RPC_BODY_BYTES_MAX:
            raise RpcError(Code.INVALID_REQUEST, f"expected at most {RPC_BODY_BYTES_MAX} bytes")
    return bytes(body)


def _names(method: Method) -> str:
    return ", ".join(parameter.name for parameter in method.parameters)
