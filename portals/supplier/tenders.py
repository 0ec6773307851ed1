"""Pages of tenders: find one, read it, and do what the contract says that this key may do now."""

from starlette.responses import Response

from chain.errors import Malformed
from chain.keys import Address
from portals.forms import Form
from portals.ledger import ViewRefused
from portals.page import Page
from portals.supplier.account import find_supplier
from portals.supplier.forms import ASK, OBJECT, REVEAL_PRICE, REVEAL_TECHNICAL, SUBMIT, WITHDRAW
from rpc.contracts import Named, Record, record_of, records_of

PAGE_ROWS = 50
STAGES = ("planned", "submission", "opening", "prices", "evaluation", "standstill", "awarded", "final")
_OTHER_ENDS = ("failed", "cancelled", "resubmission", "draft")
_REVEALS = {"REVEAL_TECHNICAL": REVEAL_TECHNICAL, "REVEAL_PRICE": REVEAL_PRICE}


async def find(page: Page) -> Response:
    """Tenders, the newest first, a page of them; words and stage narrow them."""
    query = page.request.query_params
    words, stage = query.get("q", "").strip().casefold()[:100], query.get("stage", "")
    count = await page.ledger.view("tender", "tender_count")
    assert isinstance(count, int), count
    last = _read_place(query.get("before", ""), count)
    first = max(1, last - PAGE_ROWS + 1)
    rows = await page.ledger.view("tender", "tender_list", first=first, limit=last - first + 1)
    shown = [row for row in reversed(records_of(rows)) if _fits(row, words, stage)]
    return await page.render(
        "supplier/tenders.html",
        rows=shown,
        words=query.get("q", ""),
        stage=stage,
        stages=(*STAGES, *_OTHER_ENDS),
        before=first - 1,
        is_first_page=last == count,
    )


def _read_place(text: str, count: int) -> int:
    return min(int(text), count) if text.isascii() and text.isdigit() and len(text) < 16 else count


def _fits(row: Record, words: str, stage: str) -> bool:
    told = " ".join(row.text(field) for field in ("title", "reference", "agency")).casefold()
    return all(word in told for word in words.split()) and stage in ("", row["stage"])


async def show(page: Page) -> Response:
    """One tender: where it stands, its terms, questions, bids, and what may be done."""
    tender = tender_of(page)
    plan = record_of(await page.ledger.view("tender", "plan_record", tender=tender))
    stage = await page.ledger.view("tender", "stage", tender=tender)
    acts = await get_acts(page, "tender", tender=tender)
    record = await _find_record(page, tender)
    supplier = await find_supplier(page)
    values: dict[str, object] = {"terms": None, "versions": (), "questions": (), "objections": ()}
    if record is not None:
        values = await _published(page, tender, record)
    return await page.render_all(
        "supplier/tender.html",
        values
        | {
            "tender": tender.hex(),
            "plan": plan,
            "record": record,
            "stage": stage,
            "stages": _stages_of(values["terms"]),
            "acts": acts,
            "bid": None if record is None else await _find_bid(page, tender, supplier),
            "supplier": supplier,
            "ask": ASK,
            "withdraw": WITHDRAW,
            "object_form": OBJECT,
        },
    )


async def _published(page: Page, tender: bytes, record: Record) -> dict[str, object]:
    """What there is to tell of a tender since its publication."""
    view = page.ledger.view
    versions = [
        record_of(await view("tender", "terms_of", tender=tender, version=number))
        for number in range(1, record.number("version") + 1)
    ]
    is_over = record["stage"] not in ("PUBLISHED",)
    return {
        "terms": versions[-1],
        "versions": versions,
        "questions": records_of(await view("tender", "question_list", tender=tender)),
        "objections": records_of(await view("tender", "objection_list", tender=tender)),
        "bids": records_of(await view("tender", "bid_list", tender=tender)),
        "ranking": records_of(await view("tender", "ranking_list", tender=tender)) if is_over else (),
        "winners": records_of(await view("tender", "winner_list", tender=tender)) if is_over else (),
        "estimate": await _find_estimate(page, tender),
    }


async def bid(page: Page) -> Response:
    """The form that seals a bid in the page."""
    tender = tender_of(page)
    record = record_of(await page.ledger.view("tender", "tender_record", tender=tender))
    supplier = await find_supplier(page)
    return await page.render_all(
        "supplier/bid.html",
        await _sealing(page, tender, record, supplier)
        | {
            "form": SUBMIT,
            "earlier": await _find_bid(page, tender, supplier),
            "acts": await get_acts(page, "tender", tender=tender),
        },
    )


async def open_envelope(page: Page) -> Response:
    """The form that opens the envelope that is due: its key is derived in the page."""
    tender = tender_of(page)
    record = record_of(await page.ledger.view("tender", "tender_record", tender=tender))
    supplier = await find_supplier(page)
    acts = await get_acts(page, "tender", tender=tender)
    form: Form | None = next((_REVEALS[act] for act in acts if act in _REVEALS), None)
    return await page.render_all(
        "supplier/open.html",
        await _sealing(page, tender, record, supplier)
        | {
            "form": form,
            "bid": await _find_bid(page, tender, supplier),
            "envelope": 1 if form is REVEAL_TECHNICAL else 2,
        },
    )


async def _sealing(page: Page, tender: bytes, record: Record, supplier: Address | None) -> dict[str, object]:
    """What the page needs to seal or to open: everything that stands in an envelope's context."""
    return {
        "tender": tender.hex(),
        "record": record,
        "terms": record_of(await page.ledger.view("tender", "terms_in_force", tender=tender)),
        "chain_id": (await page.ledger.standing()).chain_id,
        "supplier": None if supplier is None else supplier.hex(),
    }


async def get_acts(page: Page, contract: str, **given: bytes) -> tuple[str, ...]:
    """What this person's key may do now, by the contract's own word; nothing without a key."""
    if page.who is None:
        return ()
    found = await page.ledger.view(contract, "acts", who=page.who, **given)
    assert isinstance(found, tuple), found
    return tuple(str(act) for act in found)


def tender_of(page: Page) -> bytes:
    """The id in the path. Raises `Malformed`."""
    return read_id(page.request.path_params["tender"], "tender")


def read_id(text: str, what: str) -> bytes:
    """An id of 32 bytes as hexadecimal digits. Raises `Malformed`."""
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = b""
    if len(data) != 32:
        raise Malformed(f"{what}: expected an id of 64 hexadecimal digits, got {text[:80]!r}")
    return data


async def _find_record(page: Page, tender: bytes) -> Record | None:
    """A tender's record; None while it is only planned."""
    return await _find(page, "tender_record", tender=tender)


async def _find_bid(page: Page, tender: bytes, supplier: Address | None) -> Record | None:
    """A supplier's bid; None where it has none, or where there is no supplier."""
    return None if supplier is None else await _find(page, "bid_of", tender=tender, bidder=supplier)


async def _find_estimate(page: Page, tender: bytes) -> Record | None:
    return await _find(page, "estimate_of", tender=tender)


async def _find(page: Page, view: str, **given: bytes) -> Record | None:
    try:
        found: Named = await page.ledger.view("tender", view, **given)
    except ViewRefused:
        return None
    return record_of(found)


def _stages_of(terms: object) -> tuple[str, ...]:
    has_one_envelope = isinstance(terms, Record) and terms["envelopes"] == 1
    return tuple(stage for stage in STAGES if not (has_one_envelope and stage == "prices"))
