"""The client that everything of ours uses: several addresses, whichever answers; one for trio and one that
blocks.

A node that does not answer, or says that it has too much to do, costs one try: the next address is asked, and stays the
first choice while it answers. An answer has a bound in size and, where calls are awaited, in time, however slowly it
drips. What a node says is its own word; who must not trust one node asks for proofs. Requests and how their answers are
read stand in `rpc.requests`.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, TypeVar

import anyio
import httpx2
import msgspec
import trio
from websockets.exceptions import WebSocketException
from websockets.trio.client import ClientConnection as Connection
from websockets.trio.client import connect as connect_websocket

from chain.limits import RPC_ANSWER_BYTES_MAX
from rpc.documents import Exchange
from rpc.requests import (
    BadAnswer,
    CallRefused,
    PrunedThere,
    Request,
    Unreachable,
    decode_answer,
    encode_request,
    status,
)

__all__ = ["BadAnswer", "CallRefused", "Client", "SyncClient", "Unreachable", "normalise_address"]

TIMEOUT_S = 10.0  # a node that is busy answers within a block or two
CONNECT_TIMEOUT_S = 2.0
ANSWER_TIMEOUT_S = 30.0  # a large answer on a slow line
DOCUMENT_TIMEOUT_S = 60.0  # the largest document on a slow line, and the disk of who keeps it
_OVERLOADED = 503

Answer = TypeVar("Answer")
_TIMEOUT = httpx2.Timeout(TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
_HEADERS = {"content-type": "application/json"}
_PLAIN = {"accept-encoding": "identity"}
"""Nothing is unpacked, which may be a thousand times what came: a bound in size is one of what comes."""


def normalise_address(address: str) -> str:
    """`http://host:port` of what people write: with or without http:// or tcp://."""
    for scheme in ("tcp://", "http://"):
        if address.startswith(scheme):
            return "http://" + address.removeprefix(scheme).rstrip("/")
    return address.rstrip("/") if address.startswith("https://") else "http://" + address.rstrip("/")


class _NotServing(Exception):
    """The node says that it has too much to do."""


_FAILURES = (httpx2.RequestError, httpx2.InvalidURL, TimeoutError, _NotServing)
"""What one try at one address may end with."""


class _Addresses:
    """Which address is asked first, and why the others were left. Calls that run at once share it."""

    def __init__(self, addresses: Sequence[str]) -> None:
        assert addresses, "a client needs at least one address"
        self._addresses = [normalise_address(address) for address in addresses]
        self._reasons: dict[str, str] = {}

    @property
    def first(self) -> str:
        """The address that is asked now."""
        return self._addresses[0]

    def in_order(self) -> tuple[str, ...]:
        """All of them as they are tried now; who asks at the same time may change what comes first meanwhile."""
        return tuple(self._addresses)

    def turn_away(self, left: str, reason: str = "turned away") -> None:
        """An address goes to the end: another one is the first, if this one was."""
        self._addresses.remove(left)
        self._addresses.append(left)
        self._reasons[left] = reason

    def unreachable(self) -> Unreachable:
        """What to raise when all were tried."""
        told = "; ".join(
            f"{address}: {self._reasons.get(address, '?')}" for address in sorted(self._addresses)
        )
        return Unreachable(f"no node answers ({told})")


class Subscription:
    """Events of one query, one after another."""

    def __init__(self, socket: Connection) -> None:
        self._socket = socket

    async def receive(self) -> dict[str, Any]:
        """The next event, as the decoded `result`. Raises `Unreachable` when the node goes away, `BadAnswer` for nonsense."""
        while True:
            try:
                message = await self._socket.recv()
            except (OSError, WebSocketException) as error:
                raise Unreachable(f"the node ended the subscription: {error}") from error
            try:
                document = msgspec.json.decode(_bytes_of(message))
            except (msgspec.DecodeError, RecursionError) as error:
                raise BadAnswer(f"event: {error}") from error
            if isinstance(document, dict) and isinstance(document.get("result"), dict):
                result: dict[str, Any] = document["result"]
                return result


class Client:
    """For trio, and but for `subscribe` for any loop that anyio knows. Use it as an async context manager."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = _Addresses(addresses)
        self._http = httpx2.AsyncClient(timeout=_TIMEOUT, headers=_PLAIN, trust_env=False)

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    @property
    def address(self) -> str:
        """The node that is asked now."""
        return self._addresses.first

    def turn_away(self) -> None:
        """Ask another node from now on: this one answers, but does not serve."""
        self._addresses.turn_away(self._addresses.first)

    async def call(self, request: Request[Answer]) -> Answer:
        """Sends a request to the first node that answers; to the next one too for what that one has let go.

        Raises:
            Unreachable: none did.
            CallRefused: the node says no.
            BadAnswer: it says something else.
        """
        body = encode_request(request)
        pruned: PrunedThere | None = None
        for address in self._addresses.in_order():
            try:
                with anyio.fail_after(ANSWER_TIMEOUT_S):
                    _, answer = await self._send("POST", address, body, _HEADERS, _bound(request))
            except _FAILURES as error:
                self._addresses.turn_away(address, _reason(error))
                continue
            try:
                return decode_answer(request, answer)
            except PrunedThere as error:
                pruned = error
        raise pruned or self._addresses.unreachable()

    async def exchange(self, exchange: Exchange[Answer]) -> Answer:
        """Puts or gets a document at the first node that answers.

        Raises:
            Unreachable: none did.
            DocumentRefused: the node says no.
            BadAnswer: it says something else.
        """
        for address in self._addresses.in_order():
            url = address + exchange.path
            try:
                with anyio.fail_after(DOCUMENT_TIMEOUT_S):
                    status_code, answer = await self._send(
                        exchange.verb, url, exchange.body, exchange.headers, exchange.answer_bytes_max
                    )
            except _FAILURES as error:
                self._addresses.turn_away(address, _reason(error))
                continue
            return exchange.read(status_code, answer)
        raise self._addresses.unreachable()

    async def _send(
        self, verb: str, url: str, body: bytes, headers: Mapping[str, str], bytes_max: int
    ) -> tuple[int, bytes]:
        answer = bytearray()
        with anyio.CancelScope() as reading:
            async with self._http.stream(verb, url, content=body, headers=dict(headers)) as response:
                _check_serving(response)
                async for piece in response.aiter_raw():
                    answer += piece
                    if len(answer) > bytes_max:
                        reading.cancel()  # unlike an exception here, it ends the library's generators in order
        _check_size(answer, bytes_max)
        return response.status_code, bytes(answer)

    @asynccontextmanager
    async def subscribe(self, query: str) -> AsyncIterator[Subscription]:
        """Events of a query from the first node.

        Raises:
            Unreachable: the node does not take the connection.
            CallRefused: the query is not understood.
        """
        url = "ws" + self._addresses.first.removeprefix("http") + "/websocket"
        request = Request(method="subscribe", params={"query": query}, read=lambda result: result)
        is_taken = False
        try:
            connecting = connect_websocket(
                url, open_timeout=TIMEOUT_S, max_size=RPC_ANSWER_BYTES_MAX, proxy=None
            )
            async with connecting as socket:
                await socket.send(encode_request(request).decode())
                with trio.fail_after(TIMEOUT_S):
                    answer = await socket.recv()
                decode_answer(request, _bytes_of(answer))
                is_taken = True
                yield Subscription(socket)
        except (OSError, WebSocketException, trio.TooSlowError) as error:
            if is_taken:  # an error of whoever listens
                raise
            raise Unreachable(f"{url}: {error}") from error


def _bytes_of(message: str | bytes) -> bytes:
    return message.encode() if isinstance(message, str) else message


class SyncClient:
    """For commands and scripts: the same, blocking. Use it as a context manager."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = _Addresses(addresses)
        self._http = httpx2.Client(timeout=_TIMEOUT, headers=_PLAIN, trust_env=False)

    def __enter__(self) -> "SyncClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    @property
    def address(self) -> str:
        """The node that is asked now."""
        return self._addresses.first

    def call(self, request: Request[Answer]) -> Answer:
        """Sends a request to the first node that answers; raises like `Client.call`."""
        body = encode_request(request)
        pruned: PrunedThere | None = None
        for address in self._addresses.in_order():
            try:
                answer = self._post(address, body, _bound(request))
            except _FAILURES as error:
                self._addresses.turn_away(address, _reason(error))
                continue
            try:
                return decode_answer(request, answer)
            except PrunedThere as error:
                pruned = error
        raise pruned or self._addresses.unreachable()

    def _post(self, address: str, body: bytes, bytes_max: int) -> bytes:
        answer = bytearray()
        with self._http.stream("POST", address, content=body, headers=_HEADERS) as response:
            _check_serving(response)
            for piece in response.iter_raw():
                answer += piece
                _check_size(answer, bytes_max)
        return bytes(answer)


def _bound(request: Request[Any]) -> int:
    return min(request.answer_bytes_max, RPC_ANSWER_BYTES_MAX)


def _check_serving(response: httpx2.Response) -> None:
    if response.status_code == _OVERLOADED:
        raise _NotServing("it has too much to do")


def _check_size(answer: bytearray, bytes_max: int) -> None:
    if len(answer) > bytes_max:
        raise BadAnswer(f"expected an answer of at most {bytes_max} bytes, got more")


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


async def wait_until_answering(client: Client, timeout_s: float) -> None:
    """Waits for a node that is starting; raises `Unreachable` when it takes longer."""
    with trio.move_on_after(timeout_s):
        while True:
            try:
                await client.call(status())
            except Unreachable:
                await trio.sleep(0.1)
            else:
                return
    raise Unreachable(f"no node answers within {timeout_s} s")
