"""From a form to a committed transaction: prepared here, decoded, shown and signed in the browser, sent from here.

    prepare   a form comes; unsigned bytes go out, on a page that decodes these very bytes. A document that came with the
              form and is not recorded yet is recorded by the same transaction, before the form's own call
    send      signed bytes come; they go to f+1 nodes, as often as they come, and are one transaction
    show      what became of it, in the person's words

The other way is the command line: the same page shows the bytes as text and takes the signed text back.
"""

from collections.abc import Mapping
from dataclasses import asdict

from starlette.responses import JSONResponse, Response

from chain.errors import Invalid, Malformed
from chain.keys import address_of, format_address
from chain.transaction import Call, TxId
from portals.compose import compose, parse_nonce, parse_signed, write_base64
from portals.forms import Form, Local, add_row, read_form, read_local
from portals.kept import read_kept
from portals.languages import Text, say
from portals.ledger import NotTaken
from portals.outbox import Posted
from portals.page import Page
from portals.refusals import NOT_TAKEN, explain_result
from portals.words import describe_method, script_texts
from rpc import requests

_WAIT_S = 4.0  # two or three blocks; the page goes on looking by itself
_RECORD_GAS = 1_000_000  # for the receipts of a document: 34 of 100 members take 540,000
NO_KEY = say("Make a key or choose one first: without it nobody can tell who asks.")
_ANOTHER_KEY = say(
    "You act with another key now than when this page was made: it was changed, perhaps in another tab. Go back and load the "
    "page again."
)
_REFUSED = say("The network did not take this transaction.")


async def prepare(page: Page) -> Response:
    """The page that shows what is to be signed; or the form again, with what does not fit."""
    form = page.portal.forms.get(
        f"{page.request.path_params['contract']}.{page.request.path_params['method']}"
    )
    if form is None:
        raise Malformed("this portal does not prepare such a call")
    posted = await page.read_post()
    local = read_local(posted)
    if posted.get("more"):
        return await _ask_again(page, form, add_row(form, posted), {}, local)
    if page.key is None:
        return await page.render("problem.html", code=409, text=NO_KEY, detail="")
    if posted.get("actor", "") not in ("", format_address(address_of(page.key))):
        return await page.render("problem.html", code=409, text=_ANOTHER_KEY, detail="")
    filled = read_form(form, posted, local)
    if filled.problems:
        return await _ask_again(page, form, posted, filled.problems, local)
    call = (await page.ledger.contract(form.contract)).call(form.method, **filled.given)
    nonce, back = parse_nonce(posted.get("nonce", "")), _path_only(posted.get("back", ""))
    earlier = page.ledger.outbox.find(page.key, nonce, call)
    if earlier is not None and await _still_counts(page, earlier):
        return page.redirect(f"/tx/{earlier.id.hex()}?until={earlier.valid_until_ms}&back={back}")
    recording = await _record_document(page, form, posted)
    standing = await page.ledger.standing()
    content = compose(
        [*recording, call],
        sender=page.key,
        chain_id=standing.chain_id,
        nonce=nonce,
        gas_limit=form.gas_limit + _RECORD_GAS * len(recording),
        now_ms=page.ledger.now_ms(),
    )
    return await page.render(
        "sign.html",
        form=form,
        content=write_base64(content),
        back=back,
        currency=local.currency,
        zone=local.zone,
        chain_id=standing.chain_id,
        problem=None,
    )


async def _still_counts(page: Page, earlier: Posted) -> bool:
    """Whether what was sent before is done or may still be: then it is not to be done again."""
    standing = await page.ledger.standing()
    result = (await page.ledger.fate(earlier.id)).result
    return standing.time_ms < earlier.valid_until_ms if result is None else result.is_ok


async def _record_document(page: Page, form: Form, posted: Mapping[str, str]) -> tuple[Call, ...]:
    """The call that records the form's document: none where no document came with it, or where it is recorded."""
    record = read_kept(form, posted)
    if record is None or await page.ledger.view("documents", "is_recorded", hash=record["hash"]):
        return ()
    return ((await page.ledger.contract("documents")).call("record", **record),)


async def _ask_again(
    page: Page, form: Form, posted: Mapping[str, str], problems: dict[str, Text], local: Local
) -> Response:
    return await page.render(
        "form.html",
        code=400 if problems else 200,
        form=form,
        values=posted,
        problems=problems,
        back=_path_only(posted.get("back", "")),
        currency=local.currency,
        zone=local.zone,
    )


async def send(page: Page) -> Response:
    """Hands a signed transaction on and shows what became of it."""
    posted = await page.read_post()
    standing = await page.ledger.standing()
    try:
        checked = parse_signed(posted.get("signed", ""), standing.chain_id)
        sent = await page.ledger.send(checked.raw)
    except NotTaken as error:
        text = say(NOT_TAKEN[error.code]) if error.code in NOT_TAKEN else _REFUSED
        return await page.render("problem.html", code=409, text=text, detail=str(error))
    except Invalid as error:
        text = say("This is not a transaction that was signed for this network.")
        return await page.render("problem.html", code=400, text=text, detail=str(error))
    page.ledger.outbox.remember(checked.transaction, sent.id)
    await page.ledger.wait(sent.id, _WAIT_S)
    back = _path_only(posted.get("back", ""))
    until = checked.transaction.valid_until_ms
    told = f"taken={sent.taken}&needed={sent.needed}&until={until}&back={back}"
    return page.redirect(f"/tx/{sent.id.hex()}?{told}")


async def show(page: Page) -> Response:
    """What became of a transaction."""
    is_past = await _is_past(page)
    fate = await page.ledger.fate(_id_of(page))
    result = fate.result
    return await page.render(
        "tx.html",
        id=fate.id.hex(),
        height=fate.height,
        until=_number_in(page, "until"),
        is_over=is_past and fate.height is None,
        is_done=result is not None and result.is_ok,
        explained=None if result is None or result.is_ok else explain_result(result, page.language),
        back=_path_only(page.request.query_params.get("back", "")),
        taken=_number_in(page, "taken"),
        needed=_number_in(page, "needed"),
    )


async def state(page: Page) -> Response:
    """For the page that waits: whether a block has it, or none can have it any more."""
    is_past = await _is_past(page)
    fate = await page.ledger.fate(_id_of(page))
    is_committed = fate.height is not None
    told = {"committed": is_committed, "over": is_past and not is_committed}
    return JSONResponse(told, headers={"cache-control": "no-store"})


async def _is_past(page: Page) -> bool:
    """Whether the last block is later than the transaction is valid, as far as the address says. It is asked before the
    transaction's fate, so that no block comes between them unseen.
    """
    until = _number_in(page, "until")
    return until is not None and (await page.ledger.standing()).time_ms >= until


def _number_in(page: Page, name: str) -> int | None:
    """A number in the address; None for anything else, so that an address puts no words of its own into a page."""
    text = page.request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


async def receipt(page: Page) -> Response:
    """A file to keep: the transaction, its block, and the proof that it stands in it."""
    id_ = _id_of(page)
    found = await page.ledger.call(requests.tx(id_, prove=True))
    standing = await page.ledger.standing()
    proof = found.proof
    assert proof is not None, "a proof was asked for"
    content = {
        "terang": "receipt",
        "version": 1,
        "chain_id": standing.chain_id,
        "id": found.hash,
        "height": found.height,
        "index": found.index,
        "transaction": found.tx,
        "result_code": found.tx_result.code,
        "transactions_root": proof.root_hash,
        "total": proof.proof.total,
        "aunts": proof.proof.aunts,
    }
    disposition = f'attachment; filename="terang-{found.hash[:12]}.json"'
    return JSONResponse(content, headers={"content-disposition": disposition})


async def describe(page: Page) -> Response:
    """What the page needs to name what it decoded: parameters, records and enums, with their labels."""
    contract = await page.ledger.contract(page.request.path_params["contract"])
    described = describe_method(contract, page.request.path_params["method"], page.language)
    return JSONResponse(asdict(described))


async def texts(page: Page) -> Response:
    """The texts of the scripts, in the person's language."""
    return JSONResponse(script_texts(page.language))


def _id_of(page: Page) -> TxId:
    try:
        data = bytes.fromhex(page.request.path_params["id"])
    except ValueError:
        data = b""
    if len(data) != 32:
        raise Malformed("transaction: expected an id of 64 hexadecimal digits")
    return TxId(data)


def _path_only(text: str) -> str:
    """A way back inside this portal; anything else is none."""
    is_inside = text.startswith("/") and not text.startswith("//") and "\\" not in text
    return text if is_inside and text.isascii() and text.isprintable() and len(text) <= 200 else ""
