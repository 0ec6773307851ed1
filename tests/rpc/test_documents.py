"""Documents over a real socket: put, got, refused, bounded; and asked of several nodes, some of which fail."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from http import HTTPStatus

import httpx2
import pytest
import trio

from chain.codec import Value
from chain.document import Action, Credential, Receipt, sign_receipt
from chain.hashing import Digest, sha256
from chain.keys import PublicKey
from chain.limits import DOCUMENT_BYTES_MAX, DOCUMENT_CONTAINER_BYTES_MAX
from documents.container import parse_container
from rpc import documents
from rpc.client import Client
from rpc.documents import DocumentRefused, Exchange, NotGiven, NotKept
from rpc.requests import Answer, BadAnswer, Request, Unreachable
from rpc.run import RpcThread
from rpc.server import make_app
from tests.contracts.ledger import CHAIN, key
from tests.documents.making import OWNER, make_container
from tests.node.keeping import NODE_KEY, OTHER, Keeping
from tests.rpc.memory import MemoryBackend

RAW = make_container()
HASH = sha256(RAW)
MEMBERS = {key(f"node {name}").public: name for name in ("barat", "selatan", "timur", "utara")}


@dataclass(frozen=True, slots=True)
class Served:
    """A keeper behind a real server."""

    keeping: Keeping
    address: str

    def put(self, raw: bytes = RAW) -> Exchange[Receipt]:
        """The owner's request."""
        credential = self.keeping.credential(OWNER, Action.PUT, sha256(raw))
        return documents.put(raw, parse_container(raw).facts, CHAIN, credential)

    def get(self, hash_: Digest = HASH) -> Exchange[bytes]:
        """The owner's request."""
        return documents.get(hash_, self.keeping.credential(OWNER, Action.GET, hash_))


@pytest.fixture
def served() -> Iterator[Served]:
    """A node's HTTP side with a keeper over real contracts."""
    backend, keeping = MemoryBackend(), Keeping()
    backend.documents = keeping.keeper
    thread = RpcThread(make_app(backend), "127.0.0.1", 0)
    thread.start()
    yield Served(keeping, f"http://127.0.0.1:{thread.port}")
    thread.stop()


async def test_a_document_goes_there_and_back(served: Served) -> None:
    async with Client([served.address]) as client:
        receipt = await client.exchange(served.put())
        assert receipt.node_key == NODE_KEY.public
        assert await client.exchange(served.get()) == RAW


async def test_the_largest_one_too(served: Served) -> None:
    raw = make_container(bytes(DOCUMENT_BYTES_MAX), is_public=True)
    async with Client([served.address]) as client:
        await client.exchange(served.put(raw))
        assert await client.exchange(documents.get(sha256(raw))) == raw


async def test_refusals_carry_the_nodes_words(served: Served) -> None:
    async with Client([served.address]) as client:
        with pytest.raises(DocumentRefused, match="does not keep") as caught:
            await client.exchange(served.get())
        assert caught.value.status == HTTPStatus.NOT_FOUND
        await client.exchange(served.put())
        credential = served.keeping.credential(OTHER, Action.GET, HASH)
        with pytest.raises(DocumentRefused, match=r"clause 3\.1") as caught:
            await client.exchange(documents.get(HASH, credential))
        assert caught.value.status == HTTPStatus.FORBIDDEN


async def test_what_is_no_request(served: Served) -> None:
    async with httpx2.AsyncClient(base_url=served.address, trust_env=False) as http:
        place = f"/documents/{HASH.hex()}"
        good = documents.format_credential(served.keeping.credential(OWNER, Action.PUT, HASH))

        async def status(verb: str, path: str, content: bytes | None = None, **headers: str) -> int:
            answer = await http.request(verb, path, content=content, headers=headers)
            assert answer.json()["error"]
            return answer.status_code

        assert await status("PUT", "/documents/abc", RAW, **good) == HTTPStatus.BAD_REQUEST
        assert await status("GET", place.upper().replace("DOCUMENTS", "documents")) == HTTPStatus.BAD_REQUEST
        assert await status("PUT", place, RAW) == HTTPStatus.UNAUTHORIZED
        for text in ("Basic abc", "Terang", "Terang abc", "Terang %%%", "Terang " + "A" * 136):
            assert await status("PUT", place, RAW, authorization=text) == HTTPStatus.UNAUTHORIZED
        assert await status("PUT", place, RAW[:-1], **good) == HTTPStatus.BAD_REQUEST
        assert await status("PUT", place, b"", **good) == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        assert (await http.post(place)).status_code == HTTPStatus.METHOD_NOT_ALLOWED

        async def unmeasured() -> AsyncIterator[bytes]:
            yield RAW

        answer = await http.put(place, content=unmeasured(), headers=good)
        assert answer.status_code == HTTPStatus.LENGTH_REQUIRED
    assert served.keeping.disk.content == {}


async def test_a_body_that_is_too_long_is_refused_before_it_is_read(served: Served) -> None:
    credential = documents.format_credential(served.keeping.credential(OWNER, Action.PUT, HASH))
    head = (
        f"PUT /documents/{HASH.hex()} HTTP/1.1\r\nhost: x\r\n"
        f"content-length: {DOCUMENT_CONTAINER_BYTES_MAX + 1}\r\nauthorization: {credential['authorization']}\r\n\r\n"
    )
    host, _, port = served.address.removeprefix("http://").partition(":")
    with trio.fail_after(10):
        async with await trio.open_tcp_stream(host, int(port)) as stream:
            await stream.send_all(head.encode())
            assert (await stream.receive_some()).startswith(b"HTTP/1.1 413")


async def test_one_document_of_a_key_comes_at_a_time(served: Served) -> None:
    credential = documents.format_credential(served.keeping.credential(OWNER, Action.PUT, HASH))
    head = (
        f"PUT /documents/{HASH.hex()} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(RAW)}\r\n"
        f"expect: 100-continue\r\nauthorization: {credential['authorization']}\r\n\r\n"
    )
    host, _, port = served.address.removeprefix("http://").partition(":")
    with trio.fail_after(10):
        async with Client([served.address]) as client, await trio.open_tcp_stream(host, int(port)) as stream:
            await stream.send_all(head.encode())
            assert (await stream.receive_some()).startswith(b"HTTP/1.1 100")  # its body is being read
            with pytest.raises(DocumentRefused, match="one after the other") as caught:
                await client.exchange(served.put())
            assert caught.value.status == HTTPStatus.TOO_MANY_REQUESTS
            await stream.send_all(RAW)
            assert (await stream.receive_some()).startswith(b"HTTP/1.1 200")
            await client.exchange(served.put())


class Answering:
    """A node that keeps everything and answers with a receipt of its own, or as it is told to."""

    def __init__(self, name: str, fault: Exception | None = None, content: bytes = RAW) -> None:
        self.address = name
        self.fault = fault
        self.content = content
        self.asked = 0

    async def call(self, request: Request[Answer]) -> Answer:
        raise AssertionError(f"nobody asks for {request.method}")

    async def exchange(self, exchange: Exchange[Answer]) -> Answer:
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        if exchange.verb == "GET":
            return exchange.read(200, self.content)
        facts = parse_container(exchange.body).facts
        return exchange.read(
            200, documents.encode_receipt(sign_receipt(key(f"node {self.address}"), CHAIN, facts, 5))
        )


def owners_put() -> Exchange[Receipt]:
    """A request to put."""
    credential = Credential(public=PublicKey(bytes(32)), at_ms=0, signature=OWNER.sign(b""))
    return documents.put(RAW, parse_container(RAW).facts, CHAIN, credential)


async def test_it_is_put_at_more_than_a_third_of_the_members() -> None:
    nodes = [
        Answering("barat", Unreachable("gone")),
        Answering("selatan"),
        Answering("selatan"),
        Answering("auditor"),
        Answering("timur", BadAnswer("nonsense")),
        Answering("utara"),
        Answering("barat"),
    ]
    found = await documents.put_at_members(nodes, owners_put(), MEMBERS)
    assert [one.member for one in found] == ["selatan", "utara"]
    assert nodes[-1].asked == 0
    given: Value = found[0].as_argument()["at"]
    assert given == 5


async def test_too_few_are_named_with_their_reasons() -> None:
    full = DocumentRefused(HTTPStatus.INSUFFICIENT_STORAGE, "this node has no room for it")
    nodes = [Answering("barat"), Answering("selatan", full), Answering("auditor")]
    with pytest.raises(NotKept, match=r"1 of 2 .*selatan: this node has no room.*auditor: .*no member"):
        await documents.put_at_members(nodes, owners_put(), MEMBERS)


async def test_any_node_may_give_it_and_none_may_change_it() -> None:
    changed = Answering("barat", content=RAW[:-1] + b"\x00")
    denied = Answering("selatan", DocumentRefused(HTTPStatus.FORBIDDEN, "clause 3.1"))
    assert await documents.get_from_any([changed, denied, Answering("timur")], documents.get(HASH)) == RAW
    with pytest.raises(NotGiven, match=r"barat: .*expected one of hash.*selatan: clause 3\.1"):
        await documents.get_from_any([changed, denied], documents.get(HASH))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"{}"),
        (200, b'{"node_key":"","at":"1","signature":""}'),
        (200, b"x"),
        (404, b"x"),
        (299, b'{"error":""}'),
    ],
)
def test_nonsense_is_no_receipt(status: int, body: bytes) -> None:
    with pytest.raises(BadAnswer):
        owners_put().read(status, body)


def test_a_receipt_for_something_else_is_none() -> None:
    facts = parse_container(make_container(number=1)).facts
    with pytest.raises(BadAnswer, match="signed"):
        owners_put().read(200, documents.encode_receipt(sign_receipt(NODE_KEY, CHAIN, facts, 5)))
