"""What a form carries of its document, what nodes said of it in the person's words, and how many pass through at once."""

import json
from contextlib import ExitStack
from http import HTTPStatus
from typing import TypeVar

import pytest

from chain.hashing import Digest, sha256
from chain.limits import PORTAL_DOCUMENTS_MAX
from portals.forms import Field, Form, Kind, Readers
from portals.keepers import Busy, Keepers
from portals.kept import explain_not_given, explain_not_kept, read_kept
from rpc.client import Unreachable
from rpc.documents import DocumentRefused, Exchange, NotGiven, NotKept
from rpc.requests import BadAnswer, Request
from tests.contracts.ledger import address
from tests.documents.making import make_container

HASH = sha256(b"container")
Answer = TypeVar("Answer")


def test_a_form_without_a_file_carries_its_document_all_the_same() -> None:
    """A proposal's hash is sealed in its envelope, so no argument has it."""
    form = Form(contract="tender", method="submit", fields=(), document=Readers.OWNER)
    kept = json.dumps({"hash": HASH.hex(), "size": 1, "agency": "barat", "is_public": False, "receipts": []})
    record = read_kept(form, {"kept": kept})
    assert record is not None and (record["hash"], record["size"]) == (HASH, 1)
    assert read_kept(form, {}) is None
    plain = Form(contract="tender", method="ask", fields=(Field(name="a", kind=Kind.FILE),))
    assert read_kept(plain, {"kept": kept, "a": HASH.hex()}) is None, "a form that takes no document has none"


def refused(status: HTTPStatus) -> DocumentRefused:
    """What a node says."""
    return DocumentRefused(status, "why")


@pytest.mark.parametrize(
    ("status", "said_by_nodes"),
    [
        (403, (refused(HTTPStatus.NOT_FOUND), refused(HTTPStatus.FORBIDDEN), Unreachable("gone"))),
        (401, (refused(HTTPStatus.UNAUTHORIZED), refused(HTTPStatus.NOT_FOUND))),
        (502, (refused(HTTPStatus.NOT_FOUND), BadAnswer("another hash"))),
        (502, (refused(HTTPStatus.INTERNAL_SERVER_ERROR), Unreachable("gone"))),
        (404, (refused(HTTPStatus.NOT_FOUND), refused(HTTPStatus.NOT_FOUND))),
        (503, (refused(HTTPStatus.NOT_FOUND), Unreachable("gone"))),
        (503, (refused(HTTPStatus.TOO_MANY_REQUESTS),)),
    ],
)
def test_why_a_document_is_not_given(status: int, said_by_nodes: tuple[Exception, ...]) -> None:
    causes = {f"node {number}": cause for number, cause in enumerate(said_by_nodes)}
    assert explain_not_given(NotGiven(causes), is_signed=False)[0] == status


@pytest.mark.parametrize("status", [401, 403, 429, 503])
def test_why_a_document_is_not_kept(status: int) -> None:
    kept = NotKept(1, 2, {"a": None, "b": refused(HTTPStatus(status)), "c": Unreachable("gone")})
    found, text = explain_not_kept(kept)
    assert found == status and (text.values == {"found": 1, "needed": 2}) is (status == 503)


def test_a_portal_that_knows_too_few_nodes_says_so() -> None:
    _, text = explain_not_kept(NotKept(1, 2, {"a": None}))
    assert text.text.startswith("This portal knows nodes of {found} agencies")


def test_places_are_bounded_and_given_back() -> None:
    keepers, who = Keepers(lambda: ()), [address(f"k{number}") for number in range(PORTAL_DOCUMENTS_MAX + 1)]
    with ExitStack() as taken:
        taken.enter_context(keepers.coming(who[0]))
        with pytest.raises(Busy, match="of this key"), keepers.coming(who[0]):
            pass
        for one in who[1:-1]:
            taken.enter_context(keepers.coming(one))
        with pytest.raises(Busy, match="are on their way"), keepers.coming(who[-1]):
            pass
    with keepers.coming(who[-1]), keepers.coming(who[0]):
        pass


class Giving:
    """A node that gives one public document and many that are not."""

    address = "barat"
    public = make_container(is_public=True)

    def __init__(self) -> None:
        self.closed = {sha256(raw): raw for raw in map(make_numbered, range(PORTAL_DOCUMENTS_MAX + 1))}
        self.asked = 0

    async def call(self, request: Request[Answer]) -> Answer:
        raise AssertionError(f"nobody asks for {request.method}")

    async def exchange(self, exchange: Exchange[Answer]) -> Answer:
        self.asked += 1
        hash_ = sha256(self.public)
        if exchange.path.endswith(hash_.hex()):
            return exchange.read(200, self.public)
        found = self.closed.get(Digest(bytes.fromhex(exchange.path.rpartition("/")[2])))
        if found is None:
            raise DocumentRefused(HTTPStatus.NOT_FOUND, "it is not here")
        return exchange.read(200, found)


def make_numbered(number: int) -> bytes:
    """A container that is not public."""
    return make_container(number=number)


@pytest.mark.trio
async def test_so_many_are_sent_at_once_and_a_public_one_is_held_once() -> None:
    node = Giving()
    keepers = Keepers(lambda: (node,))
    public = sha256(node.public)
    held = [await keepers.get(public, None) for _ in range(3 * PORTAL_DOCUMENTS_MAX)]
    assert node.asked == 1 and {one.data for one in held} == {node.public}
    hashes = list(node.closed)
    others = [await keepers.get(hash_, None) for hash_ in hashes[: PORTAL_DOCUMENTS_MAX - 1]]
    with pytest.raises(Busy, match="are on their way"):
        await keepers.get(hashes[-1], None)
    assert await keepers.get(public, None) is held[0], "it takes no place of its own"
    with pytest.raises(Busy):
        await keepers.get(hashes[0], None)  # what is closed is fetched for each who asks: nodes say who may
    del others[0]
    for _ in range(2):
        with pytest.raises(NotGiven):
            await keepers.get(sha256(b"nowhere"), None)
    others.append(await keepers.get(hashes[-1], None))
