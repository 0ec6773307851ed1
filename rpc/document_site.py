"""Documents in and out of a node by HTTP: see `rpc.documents` for what goes over the wire.

Who asks is looked at before a byte of a document is read. Uploads are bounded in number and one of each key at a time, since
each is in memory until it is on disk; answers go out in pieces, so that slow readers hold little. Files are read and written on
threads of their own: a large document never holds up a method.
"""

from collections.abc import AsyncIterator, Callable
from functools import partial
from http import HTTPStatus
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from chain.document import Credential
from chain.hashing import DIGEST_BYTES, Digest
from chain.keys import Address
from chain.limits import DOCUMENTS_COMING_MAX
from rpc.backend import DocumentKeeper
from rpc.documents import DocumentRefused, encode_receipt, encode_refusal, parse_credential

_THREADS = 4
_LENGTH_DIGITS = 12
T = TypeVar("T")
_JSON = "application/json"
_CONTAINER_HEADERS = {
    "content-type": "application/octet-stream",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}


class DocumentSite:
    """The handlers, around one keeper. All of them run on one loop."""

    def __init__(self, keeper: DocumentKeeper) -> None:
        self._keeper = keeper
        self._coming: set[Address] = set()

    def begin(self) -> None:
        """On the loop that will run the handlers, before they do."""
        self._threads = CapacityLimiter(_THREADS)

    async def put(self, request: Request) -> Response:
        """Takes a document and gives a receipt."""
        try:
            hash_, credential = _parse(request)
            if credential is None:
                raise DocumentRefused(
                    HTTPStatus.UNAUTHORIZED, "a document is put by its owner, with a credential"
                )
            size = _parse_length(request.headers.get("content-length"))
            await self._run(lambda: self._keeper.check_put(hash_, credential, size))
            self._begin(credential.address)
            try:
                data = await _read(request, size)
                receipt = await self._run(lambda: self._keeper.put(hash_, credential, data))
            finally:
                self._coming.discard(credential.address)
        except DocumentRefused as refused:
            return _refusal(refused)
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        return Response(encode_receipt(receipt), media_type=_JSON)

    async def get(self, request: Request) -> Response:
        """Gives a document to who may read it."""
        try:
            hash_, credential = _parse(request)
            size = await self._run(lambda: self._keeper.check_get(hash_, credential))
        except DocumentRefused as refused:
            return _refusal(refused)
        headers = {**_CONTAINER_HEADERS, "content-length": str(size)}
        return StreamingResponse(self._pieces(hash_, size), headers=headers)

    async def _run(self, work: Callable[[], T]) -> T:
        return await to_thread.run_sync(work, limiter=self._threads)

    def _begin(self, who: Address) -> None:
        if who in self._coming:
            raise DocumentRefused(
                HTTPStatus.TOO_MANY_REQUESTS,
                "another document of this key is coming; put one after the other",
            )
        if len(self._coming) >= DOCUMENTS_COMING_MAX:
            raise DocumentRefused(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"{DOCUMENTS_COMING_MAX} documents are coming; try again in a minute",
            )
        self._coming.add(who)

    async def _pieces(self, hash_: Digest, size: int) -> AsyncIterator[bytes]:
        """The file's bytes; one that is removed meanwhile ends too early, which its reader sees."""
        offset = 0
        while offset < size:
            try:
                piece = await self._run(partial(self._keeper.piece, hash_, offset))
            except DocumentRefused:
                return
            offset += len(piece)
            yield piece


def _parse(request: Request) -> tuple[Digest, Credential | None]:
    text = request.path_params["hash"]
    if len(text) != 2 * DIGEST_BYTES or any(sign not in "0123456789abcdef" for sign in text):
        raise DocumentRefused(
            HTTPStatus.BAD_REQUEST, f"expected a hash of {2 * DIGEST_BYTES} lower-case hexadecimal digits"
        )
    return Digest(bytes.fromhex(text)), parse_credential(request.headers.get("authorization"))


def _parse_length(text: str | None) -> int:
    if text is None or not text.isdecimal() or len(text) > _LENGTH_DIGITS:
        raise DocumentRefused(HTTPStatus.LENGTH_REQUIRED, "expected the length of the document")
    return int(text)


async def _read(request: Request, size: int) -> bytes:
    """The whole body, which the server ends where its stated length does."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
    if len(body) != size:
        raise DocumentRefused(HTTPStatus.BAD_REQUEST, f"expected {size} bytes, got {len(body)}")
    return bytes(body)


def _refusal(refused: DocumentRefused) -> Response:
    return Response(encode_refusal(refused), media_type=_JSON, status_code=refused.status)
