"""Documents in a portal's pages: what a browser needs to encrypt one, the way to the nodes and back, and the page of one.

    GET  /sealing?agency=NAME            for whom and under whom the page encrypts
    POST /documents/{hash}               a container with its owner's credential; what to record it with comes back
    GET  /documents/{hash}               the page of a document, which fetches, checks and opens it
    GET  /documents/{hash}/container     the container, for who may read it
    GET  /proposals/{tender}/{bidder}    the page of a proposal whose envelope is open

Encrypted and opened in the browser: what passes here are containers, and no key but that of a proposal which its bidder has
revealed to everybody. Who is asked looks at credentials again; they are looked at here so that strangers hold no place.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

from chain.document import Action, Credential, is_request_signed
from chain.errors import Malformed
from chain.hashing import Digest
from chain.keys import Address, PublicKey, parse_address
from chain.limits import DOCUMENT_CONTAINER_BYTES_MAX
from documents.container import parse_container
from documents.proposal import Proposal, decode_proposal
from portals.keepers import Busy, Passing, read_body
from portals.kept import encode_kept, explain_not_given, explain_not_kept
from portals.languages import Text, say
from portals.ledger import ViewRefused
from portals.page import Page
from portals.reading.people import names_of, zone_of
from portals.reading.tenders import tender_in
from portals.reading.views import find_record, read_id
from portals.refusals import explain_text
from portals.signing import NO_KEY
from rpc.client import Unreachable
from rpc.contracts import records_of
from rpc.documents import DocumentRefused, NotGiven, NotKept, parse_credential
from rpc.documents import put as put_document
from rpc.requests import CallRefused

_TYPE = "application/octet-stream"
_NO_STORE = {"cache-control": "no-store"}
_TECHNICAL = 1
_NO_PART = say("This key has no part on the ledger yet, and nodes keep documents only for who has one.")
_UNREACHABLE = say("No node of the network answers this portal now. Nothing is lost: try again in a minute.")


class Told(Exception):
    """Why a script does not get what it asked for: HTTP's status, and what the person reads."""

    def __init__(self, status: HTTPStatus, text: Text, detail: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.text = text


# --- For scripts --------------------------------------------------------------------------------------------------


def _for_scripts(handler: Callable[[Page], Awaitable[Response]]) -> Callable[[Page], Awaitable[Response]]:
    """A handler whose refusals are JSON: `said` to the person, `detail` for who helps."""

    async def answer(page: Page) -> Response:
        try:
            return await handler(page)
        except Told as told:
            status, said, detail = told.status, page.language.say(told.text), str(told)
        except ViewRefused as refused:
            status, detail = HTTPStatus.CONFLICT, str(refused)
            said = explain_text(detail, page.language).said
        except (Unreachable, CallRefused) as error:
            status, said, detail = HTTPStatus.SERVICE_UNAVAILABLE, page.language.say(_UNREACHABLE), str(error)
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        return JSONResponse({"said": said, "detail": detail}, status_code=status, headers=_NO_STORE)

    return answer


async def _tell_sealing(page: Page) -> Response:
    """What a page needs to encrypt a document of this person for an agency."""
    if page.key is None or page.who is None:
        raise Told(HTTPStatus.CONFLICT, NO_KEY)
    view = page.ledger.view
    agency = page.request.query_params.get("agency", "")
    await view("governance", "member_record", name=agency)
    owner = await _find_owner(page, page.who)
    reader = await view("registry", "document_key_of", agency=agency)
    assert isinstance(reader, bytes), reader
    standing = await page.ledger.standing()
    return JSONResponse(
        {
            "chain_id": standing.chain_id,
            "agency": agency,
            "key": page.key.hex(),
            "owner": owner.hex(),
            "reader": reader.hex(),
            "now_ms": page.ledger.now_ms(),
        },
        headers=_NO_STORE,
    )


async def _keep(page: Page) -> Response:
    """Puts a container at the nodes, and tells with which receipts it can be recorded."""
    hash_, credential = _hash_in(page), _credential_of(page)
    if page.request.headers.get("content-type") != _TYPE:
        raise Told(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, say("This is no document."), f"expected {_TYPE}")
    chain_id = (await page.ledger.standing()).chain_id
    if credential is None or not is_request_signed(credential, chain_id, Action.PUT, hash_):
        raise Told(HTTPStatus.UNAUTHORIZED, say("A document is signed by who puts it; this one is not."))
    await _find_owner(page, credential.address)
    try:
        with page.ledger.keepers.coming(credential.address):
            return await _put(page, hash_, credential, chain_id)
    except Busy as busy:
        raise Told(
            HTTPStatus.TOO_MANY_REQUESTS,
            say("Another document is on its way. Try again in a minute."),
            str(busy),
        ) from busy


async def _put(page: Page, hash_: Digest, credential: Credential, chain_id: str) -> Response:
    data = await read_body(page.request.stream(), DOCUMENT_CONTAINER_BYTES_MAX)
    if data is None:
        raise Told(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            say("This file is larger than 16 MB, or it came too slowly. Put it in parts."),
        )
    try:
        container = parse_container(data)
    except Malformed as error:
        raise Told(HTTPStatus.BAD_REQUEST, say("This is no document."), str(error)) from error
    if container.hash != hash_:
        raise Told(HTTPStatus.BAD_REQUEST, say("The document changed on its way. Try again."))
    rows = records_of(await page.ledger.view("governance", "member_list"))
    members = {PublicKey(row.data("node_key")): row.text("name") for row in rows}
    try:
        receipts = await page.ledger.keepers.put(
            put_document(data, container.facts, chain_id, credential), members
        )
    except NotKept as refused:
        raise Told(*explain_not_kept(refused), str(refused)) from refused
    return Response(encode_kept(container.facts, receipts), media_type="application/json", headers=_NO_STORE)


async def _give(page: Page) -> Response:
    """A container from any node, for who may read it."""
    hash_, credential = _hash_in(page), _credential_of(page)
    try:
        return Passing(await page.ledger.keepers.get(hash_, credential))
    except NotGiven as refused:
        raise Told(*explain_not_given(refused, is_signed=credential is not None), str(refused)) from refused
    except Busy as busy:
        raise Told(
            HTTPStatus.TOO_MANY_REQUESTS,
            say("Many documents are on their way. Try again in a minute."),
            str(busy),
        ) from busy


tell_sealing, keep, give = map(_for_scripts, (_tell_sealing, _keep, _give))


async def _find_owner(page: Page, who: Address) -> Address:
    """Under whom somebody owns documents."""
    owner = await page.ledger.view("documents", "owner_of", who=who)
    assert isinstance(owner, bytes), owner
    if not await page.ledger.view("documents", "is_owner", who=who, owner=owner):
        raise Told(HTTPStatus.FORBIDDEN, _NO_PART)
    return Address(owner)


def _hash_in(page: Page) -> Digest:
    try:
        return Digest(read_id(page.request.path_params["hash"], "document"))
    except Malformed as error:
        raise Told(HTTPStatus.BAD_REQUEST, say("This is no document."), str(error)) from error


def _credential_of(page: Page) -> Credential | None:
    try:
        return parse_credential(page.request.headers.get("authorization"))
    except DocumentRefused as refused:
        raise Told(
            HTTPStatus.UNAUTHORIZED,
            say("A document is signed by who puts it; this one is not."),
            str(refused),
        ) from refused


# --- For people ---------------------------------------------------------------------------------------------------


async def show(page: Page) -> Response:
    """The page of a document."""
    return await _show(page, read_id(page.request.path_params["hash"], "document"), None)


async def show_proposal(page: Page) -> Response:
    """The page of a bid's technical proposal, as soon as its envelope is open. Raises `ViewRefused` before."""
    bidder = parse_address(page.request.path_params["bidder"])
    held = await page.ledger.view(
        "tender", "opened_document", tender=tender_in(page), bidder=bidder, number=_TECHNICAL
    )
    assert isinstance(held, bytes), held
    proposal = decode_proposal(held)
    if proposal is None:
        text = say("This envelope holds no document: the bidder sealed something else in it.")
        return await page.render("problem.html", code=404, text=text, detail=held[:200].hex())
    return await _show(page, proposal.hash, proposal)


async def _show(page: Page, hash_: bytes, proposal: Proposal | None) -> Response:
    record = await find_record(page, "documents", "document_record", hash=hash_)
    owners = [] if record is None else [record.data("owner")]
    values: dict[str, object] = {} if record is None else {"zone": await zone_of(page, record.text("agency"))}
    return await page.render_all(
        "document.html",
        values
        | {
            "hash": hash_.hex(),
            "record": record,
            "names": await names_of(page, owners),
            "content_key": "" if proposal is None else proposal.content_key.hex(),
            "chain_id": (await page.ledger.standing()).chain_id,
            "now_ms": page.ledger.now_ms(),
        },
    )
