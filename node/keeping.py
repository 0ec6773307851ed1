"""Who may put documents at this node and fetch them from it: the ledger's contract says, this asks it.

The owner that a header names is the one under which the asker owns on the ledger, so a container is put by its owner alone. A
credential is good for a short while around this node's clock; a key that has lost its part on the ledger is refused at once,
since views are asked on the last committed block. What this node writes to its log has hashes and sizes, never a name.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

import structlog

from chain.codec import Value
from chain.document import Action, Credential, Receipt, is_request_signed, sign_receipt
from chain.errors import Malformed
from chain.hashing import Digest
from chain.keys import Address, SigningKey, format_address
from chain.limits import DOCUMENT_CONTAINER_BYTES_MAX, DOCUMENT_PIECE_BYTES, DOCUMENT_REQUEST_MS_MAX
from documents.container import parse_container
from machine.clock import Clock
from machine.faults import DiskFault, DiskFull
from node.documents import DocumentStore, Lack
from rpc.backend import Refused
from rpc.documents import DocumentRefused
from rpc.values import ViewAnswer

log = structlog.get_logger("documents")
_CONTRACT = "documents"
_LACKS = {
    Lack.ROOM: (HTTPStatus.INSUFFICIENT_STORAGE, "this node has no room for it"),
    Lack.DAY: (HTTPStatus.TOO_MANY_REQUESTS, "this owner has put its share of the day here; try tomorrow"),
}

Query = Callable[[str, str, tuple[Value, ...]], ViewAnswer]


class Keeper:
    """See `rpc.backend.DocumentKeeper`."""

    def __init__(
        self, *, store: DocumentStore, chain_id: str, node_key: SigningKey, clock: Clock, query: Query
    ) -> None:
        self._store = store
        self._chain_id = chain_id
        self._node_key = node_key
        self._clock = clock
        self._query = query

    def check_put(self, hash_: Digest, credential: Credential, size: int) -> None:
        """See `DocumentKeeper`."""
        if not 0 < size <= DOCUMENT_CONTAINER_BYTES_MAX:
            raise DocumentRefused(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"expected 1 to {DOCUMENT_CONTAINER_BYTES_MAX} bytes, got {size}",
            )
        self._check_credential(credential, Action.PUT, hash_)
        owner = self._find_owner(credential.address)
        with _told(hash_):
            self._check_lack(self._store.find_lack(owner, size, self._clock.now_ms()))

    def put(self, hash_: Digest, credential: Credential, data: bytes) -> Receipt:
        """See `DocumentKeeper`. Asked after `check_put`, which has seen the credential."""
        try:
            container = parse_container(data)
        except Malformed as error:
            raise DocumentRefused(HTTPStatus.BAD_REQUEST, str(error)) from error
        if container.hash != hash_:
            raise DocumentRefused(
                HTTPStatus.BAD_REQUEST,
                f"expected a document of hash {hash_.hex()}, got {container.hash.hex()}",
            )
        owner = self._find_owner(credential.address)
        if container.header.owner != owner:
            raise DocumentRefused(
                HTTPStatus.FORBIDDEN,
                f"expected a document of {format_address(owner)}, got one of "
                f"{format_address(container.header.owner)}",
            )
        now_ms = self._clock.now_ms()
        with _told(hash_):
            self._check_lack(self._store.keep(container, data, now_ms))
        log.info("document kept", hash=hash_.hex(), size=len(data))
        return sign_receipt(self._node_key, self._chain_id, container.facts, now_ms)

    def check_get(self, hash_: Digest, credential: Credential | None) -> int:
        """See `DocumentKeeper`."""
        with _told(hash_):
            measured, header = self._store.measure(hash_), self._store.header(hash_)
        if measured is None:
            raise DocumentRefused(HTTPStatus.NOT_FOUND, f"this node does not keep {hash_.hex()}")
        if header is not None and header.public_key is None:
            self._check_reader(hash_, credential, header.owner, header.agency)
        with _told(hash_):
            is_whole = header is not None and self._store.is_whole(hash_)
        if not is_whole:
            log.error("a document is damaged", hash=hash_.hex())
            raise DocumentRefused(
                HTTPStatus.INTERNAL_SERVER_ERROR,
                f"this node's copy of {hash_.hex()} is damaged; ask another node",
            )
        return measured.size

    def piece(self, hash_: Digest, offset: int) -> bytes:
        """See `DocumentKeeper`."""
        with _told(hash_):
            found = self._store.read_part(hash_, offset, DOCUMENT_PIECE_BYTES)
        if not found:
            raise DocumentRefused(HTTPStatus.NOT_FOUND, f"{hash_.hex()} was removed meanwhile")
        return found

    def _check_reader(
        self, hash_: Digest, credential: Credential | None, owner: Address, agency: str
    ) -> None:
        if credential is None:
            raise DocumentRefused(HTTPStatus.UNAUTHORIZED, "this document is given to its readers alone")
        self._check_credential(credential, Action.GET, hash_)
        if not self._ask("is_reader", credential.address, owner, agency, False):
            raise DocumentRefused(
                HTTPStatus.FORBIDDEN,
                f"clause 3.1: {format_address(credential.address)} is neither owner, nor officer of {agency}, "
                "nor auditor",
            )

    def _check_credential(self, credential: Credential, action: Action, hash_: Digest) -> None:
        now_ms = self._clock.now_ms()
        if abs(now_ms - credential.at_ms) > DOCUMENT_REQUEST_MS_MAX:
            raise DocumentRefused(
                HTTPStatus.UNAUTHORIZED,
                f"signed at {credential.at_ms}, and it is {now_ms}: a signature is good for "
                f"{DOCUMENT_REQUEST_MS_MAX} ms",
            )
        if not is_request_signed(credential, self._chain_id, action, hash_):
            raise DocumentRefused(
                HTTPStatus.UNAUTHORIZED, "the signature is not of this key for this document"
            )

    def _find_owner(self, who: Address) -> Address:
        owner = self._ask("owner_of", who)
        assert isinstance(owner, bytes), owner
        if not self._ask("is_owner", who, owner):
            raise DocumentRefused(
                HTTPStatus.FORBIDDEN, f"clause 3.2: {format_address(who)} holds no part on the ledger"
            )
        return Address(owner)

    def _ask(self, view: str, *arguments: Value) -> Value:
        try:
            with _told(None):
                return self._query(_CONTRACT, view, arguments).value
        except Refused as refused:
            raise DocumentRefused(HTTPStatus.FORBIDDEN, str(refused)) from refused

    @staticmethod
    def _check_lack(lack: Lack | None) -> None:
        if lack is not None:
            raise DocumentRefused(*_LACKS[lack])


@contextmanager
def _told(hash_: Digest | None) -> Iterator[None]:
    """A fault of this node's disk is told to its operator, and the asker is sent to another node."""
    try:
        yield
    except DiskFault as fault:
        log.error("the disk fails a document", hash=None if hash_ is None else hash_.hex(), fault=str(fault))
        status = (
            HTTPStatus.INSUFFICIENT_STORAGE
            if isinstance(fault, DiskFull)
            else HTTPStatus.INTERNAL_SERVER_ERROR
        )
        raise DocumentRefused(status, "this node's disk fails it; ask another node") from fault
