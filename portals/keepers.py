"""The nodes as keepers of documents, for browsers that know only the portal.

A document is in memory while it passes through, since several nodes are handed the same and what one gives is checked before
it goes on. So the number on their way is bounded in each direction, one of each key at a time comes in, and who reads
slowly is let go after a while. Everybody who fetches the same public document meanwhile gets the same bytes in memory: on the
day before a close all want the terms.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from weakref import WeakSet, WeakValueDictionary

import anyio
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from chain.document import Credential, Receipt
from chain.errors import Malformed
from chain.hashing import Digest
from chain.keys import Address, PublicKey
from chain.limits import DOCUMENT_PIECE_BYTES, PORTAL_DOCUMENTS_MAX
from documents.container import cut_header, decode_header
from rpc import documents
from rpc.documents import Exchange, MemberReceipt, Node

PASSING_S = 300.0  # the largest on a line of half a megabit a second
_HEADERS = {"content-type": "application/octet-stream", "cache-control": "no-store"}


class Busy(Exception):
    """So many documents are on their way already, or one of this key is."""


class Fetched:
    """A container in memory; it has a place as long as somebody is being sent it."""

    __slots__ = ("__weakref__", "data")

    def __init__(self) -> None:
        self.data = b""


class Keepers:
    """See the module. One for the whole application."""

    def __init__(self, list_nodes: Callable[[], Sequence[Node]]) -> None:
        self._list_nodes = list_nodes
        self._coming: set[Address] = set()
        self._going: WeakSet[Fetched] = WeakSet()
        self._public: WeakValueDictionary[Digest, Fetched] = WeakValueDictionary()

    @contextmanager
    def coming(self, who: Address) -> Iterator[None]:
        """A place for a document that somebody puts. Raises `Busy`."""
        if who in self._coming:
            raise Busy("another document of this key is on its way")
        if len(self._coming) >= PORTAL_DOCUMENTS_MAX:
            raise Busy(f"{PORTAL_DOCUMENTS_MAX} documents are on their way")
        self._coming.add(who)
        try:
            yield
        finally:
            self._coming.discard(who)

    async def put(
        self, exchange: Exchange[Receipt], members: Mapping[PublicKey, str]
    ) -> tuple[MemberReceipt, ...]:
        """Puts a container at the nodes of more than a third of these members. Raises `NotKept`."""
        return await documents.put_at_members(self._list_nodes(), exchange, members)

    async def get(self, hash_: Digest, credential: Credential | None) -> "Fetched":
        """A container, checked by its hash, from any node. Raises `NotGiven` or `Busy`."""
        known = self._public.get(hash_)
        if known is not None:
            return known
        if len(self._going) >= PORTAL_DOCUMENTS_MAX:
            raise Busy(f"{PORTAL_DOCUMENTS_MAX} documents are on their way")
        fetched = Fetched()
        self._going.add(fetched)
        try:
            fetched.data = await documents.get_from_any(self._list_nodes(), documents.get(hash_, credential))
        finally:
            if not fetched.data:
                self._going.discard(fetched)
        if _is_public(fetched.data):
            self._public[hash_] = fetched
        return fetched


class Passing(StreamingResponse):
    """A container on its way to a browser, until it is there or too slow."""

    def __init__(self, fetched: Fetched) -> None:
        super().__init__(_cut(fetched), headers={**_HEADERS, "content-length": str(len(fetched.data))})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        with anyio.move_on_after(PASSING_S):
            await super().__call__(scope, receive, send)


async def read_body(chunks: AsyncGenerator[bytes], bytes_max: int) -> bytes | None:
    """What comes, up to so many bytes and for so long; None for more, or for longer. As much again is read and dropped, so
    that the browser hears why.
    """
    body, read = bytearray(), 0
    with anyio.CancelScope(deadline=anyio.current_time() + PASSING_S) as waiting:
        async with aclosing(chunks):
            async for chunk in chunks:
                body += chunk[: bytes_max + 1 - len(body)]
                read += len(chunk)
                if read > 2 * bytes_max:
                    break
    return None if waiting.cancelled_caught or read > bytes_max else bytes(body)


async def _cut(fetched: Fetched) -> AsyncIterator[bytes]:
    for start in range(0, len(fetched.data), DOCUMENT_PIECE_BYTES):
        yield fetched.data[start : start + DOCUMENT_PIECE_BYTES]


def _is_public(data: bytes) -> bool:
    try:
        return decode_header(cut_header(data)).public_key is not None
    except Malformed:
        return False
