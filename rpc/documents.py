"""Documents over HTTP: what is asked of a node, how its answer is read, and how f+1 nodes are asked.

    PUT /documents/{hash}    the container; the owner's credential             200: a receipt
    GET /documents/{hash}    a reader's credential, unless it is public        200: the container

A credential stands in the header `authorization: Terang BASE64`, over the 104 bytes of `chain.document`. Any other answer is
`{"error": …}` with a status that says whose turn it is. Whoever asks checks all: receipts by their signature, containers by
their hash. What is sent to several nodes is the same, signed once, so that it may be signed in a browser.
"""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Generic, Protocol, TypeVar

import msgspec
from msgspec import Struct

from chain.document import Credential, DocumentFacts, Receipt, decode_credential, is_receipt_signed
from chain.errors import Malformed
from chain.hashing import Digest, sha256
from chain.keys import PublicKey, Signature
from chain.limits import DOCUMENT_ANSWER_BYTES_MAX, DOCUMENT_CONTAINER_BYTES_MAX
from rpc import requests
from rpc.contracts import Contract, records_of
from rpc.requests import BadAnswer, Request, Unreachable

Answer = TypeVar("Answer")
_SCHEME = "Terang "


class DocumentRefused(Exception):
    """A node does not keep or give a document: HTTP's status, and why."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class NotKept(Exception):
    """Too few members keep a document: `found` of the `needed`. The message has what each node said, `causes` too."""

    def __init__(self, found: int, needed: int, said: Mapping[str, Exception | None]) -> None:
        told = "; ".join(
            f"{address}: {error or 'it keeps the document, and is the node of no member'}"
            for address, error in said.items()
        )
        super().__init__(f"{found} of {needed} members keep it ({told or 'no more nodes are known'})")
        self.found = found
        self.needed = needed
        self.causes = tuple(error for error in said.values() if error is not None)


class NotGiven(Exception):
    """No node gives a document. The message has what each node said, `causes` too."""

    def __init__(self, said: Mapping[str, Exception]) -> None:
        told = "; ".join(f"{address}: {error}" for address, error in said.items())
        super().__init__(f"no node gives the document ({told})")
        self.causes = tuple(said.values())


class ReceiptJson(Struct, frozen=True):
    """A receipt as JSON has it: hexadecimal digits, and the time as text."""

    node_key: str
    at: str
    signature: str


class ErrorJson(Struct, frozen=True):
    """Why not."""

    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange(Generic[Answer]):
    """One request for a document, and how its answer is read. `read` raises `DocumentRefused` and `BadAnswer`."""

    verb: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    answer_bytes_max: int
    read: Callable[[int, bytes], Answer]


class Node(Protocol):
    """One node of the network; `rpc.client.Client` is one."""

    @property
    def address(self) -> str:
        """Where it is."""
        ...

    async def call(self, request: Request[Answer]) -> Answer:
        """See `rpc.client.Client.call`."""
        ...

    async def exchange(self, exchange: Exchange[Answer]) -> Answer:
        """See `rpc.client.Client.exchange`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberReceipt:
    """A receipt as the ledger takes it."""

    member: str
    receipt: Receipt

    def as_argument(self) -> dict[str, str | bytes | int]:
        """A `Receipt` of the contract `documents`, by its fields."""
        return {"member": self.member, "signature": self.receipt.signature, "at": self.receipt.at_ms}


# --- One node -----------------------------------------------------------------------------------------------


def put(data: bytes, facts: DocumentFacts, chain_id: str, credential: Credential) -> Exchange[Receipt]:
    """Hands a container to a node; its receipt, checked against these facts."""
    return Exchange(
        verb="PUT",
        path=document_path(facts.hash),
        headers={"content-type": "application/octet-stream", **format_credential(credential)},
        body=data,
        answer_bytes_max=DOCUMENT_ANSWER_BYTES_MAX,
        read=lambda status, body: _read_receipt(status, body, chain_id, facts),
    )


def get(hash_: Digest, credential: Credential | None = None) -> Exchange[bytes]:
    """A container, checked by its hash; without a credential a public one."""
    return Exchange(
        verb="GET",
        path=document_path(hash_),
        headers={} if credential is None else format_credential(credential),
        body=b"",
        answer_bytes_max=DOCUMENT_CONTAINER_BYTES_MAX,
        read=lambda status, body: _read_container(status, body, hash_),
    )


def document_path(hash_: Digest) -> str:
    """Where a document is at every node."""
    return f"/documents/{hash_.hex()}"


def format_credential(credential: Credential) -> dict[str, str]:
    """The header with a credential."""
    return {"authorization": _SCHEME + b64encode(credential.encode()).decode()}


def parse_credential(header: str | None) -> Credential | None:
    """The inverse, None where there is no such header. Raises `DocumentRefused`."""
    if header is None:
        return None
    try:
        if not header.startswith(_SCHEME):
            raise Malformed(f"authorization: expected {_SCHEME}and 104 bytes as base64")
        return decode_credential(b64decode(header.removeprefix(_SCHEME), validate=True))
    except (Malformed, NotBase64, ValueError) as error:
        raise DocumentRefused(HTTPStatus.UNAUTHORIZED, str(error)) from error


def encode_receipt(receipt: Receipt) -> bytes:
    """What a node answers."""
    return msgspec.json.encode(
        ReceiptJson(node_key=receipt.node_key.hex(), at=str(receipt.at_ms), signature=receipt.signature.hex())
    )


def encode_refusal(refused: DocumentRefused) -> bytes:
    """What a node answers instead."""
    return msgspec.json.encode(ErrorJson(error=str(refused)))


def _read_receipt(status: int, body: bytes, chain_id: str, facts: DocumentFacts) -> Receipt:
    _check_status(status, body)
    try:
        found = msgspec.json.decode(body, type=ReceiptJson)
        receipt = Receipt(
            node_key=PublicKey(bytes.fromhex(found.node_key)),
            at_ms=int(found.at),
            signature=Signature(bytes.fromhex(found.signature)),
        )
        is_signed = is_receipt_signed(receipt, chain_id, facts)
    except (msgspec.DecodeError, ValueError, OverflowError) as error:
        raise BadAnswer(f"receipt: {error}") from error
    if not is_signed:
        raise BadAnswer("receipt: expected one that its node signed for this document")
    return receipt


def _read_container(status: int, body: bytes, hash_: Digest) -> bytes:
    _check_status(status, body)
    if sha256(body) != hash_:
        raise BadAnswer(f"document: expected one of hash {hash_.hex()}, got {sha256(body).hex()}")
    return body


def _check_status(status: int, body: bytes) -> None:
    if status == HTTPStatus.OK:
        return
    try:
        raise DocumentRefused(HTTPStatus(status), msgspec.json.decode(body, type=ErrorJson).error)
    except (msgspec.DecodeError, ValueError) as error:
        raise BadAnswer(f"document: expected a reason, got status {status}") from error


# --- Several nodes ------------------------------------------------------------------------------------------


async def list_members(node: Node) -> dict[PublicKey, str]:
    """Names of the members by the keys of their nodes, as this node's ledger has them."""
    governance = Contract(await node.call(requests.abi("governance")))
    rows = records_of(await node.call(governance.view("member_list")))
    return {PublicKey(row.data("node_key")): row.text("name") for row in rows}


async def put_at_members(
    nodes: Sequence[Node], exchange: Exchange[Receipt], members: Mapping[PublicKey, str]
) -> tuple[MemberReceipt, ...]:
    """Hands a container to one node after the other until more than a third of the members keep it.

    Raises:
        NotKept: too few do. What was handed over stays there, and the same may be handed over again.
    """
    found: dict[str, MemberReceipt] = {}
    said: dict[str, Exception | None] = {}
    for node in nodes:
        address = node.address
        try:
            receipt = await node.exchange(exchange)
        except (DocumentRefused, BadAnswer, Unreachable) as error:
            said[address] = error
            continue
        member = members.get(receipt.node_key)
        if member is None:
            said[address] = None
            continue
        found[member] = MemberReceipt(member=member, receipt=receipt)
        if 3 * len(found) > len(members):
            return tuple(found.values())
    raise NotKept(len(found), len(members) // 3 + 1, said)


async def get_from_any(nodes: Sequence[Node], exchange: Exchange[bytes]) -> bytes:
    """A container from the first node that gives it. Raises `NotGiven`."""
    said: dict[str, Exception] = {}
    for node in nodes:
        address = node.address
        try:
            return await node.exchange(exchange)
        except (DocumentRefused, BadAnswer, Unreachable) as error:
            said[address] = error
    raise NotGiven(said)
