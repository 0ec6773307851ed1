"""Pages of tenders: find one, read it, and do what the contract says that this key may do now."""

from starlette.responses import Response

from chain.keys import Address
from portals.forms import Form
from portals.page import Page
from portals.reading.people import zone_of
from portals.reading.tenders import find_bid, list_tenders, read_tender, tender_in
from portals.reading.views import get_acts
from portals.supplier.account import find_barring, find_supplier
from portals.supplier.forms import ASK, OBJECT, REVEAL_PRICE, REVEAL_TECHNICAL, SUBMIT, WITHDRAW
from rpc.contracts import Record, record_of

_REVEALS = {"REVEAL_TECHNICAL": REVEAL_TECHNICAL, "REVEAL_PRICE": REVEAL_PRICE}


async def find(page: Page) -> Response:
    """Tenders, the newest first, a page of them; words and stage narrow them."""
    return await page.render_all("supplier/tenders.html", await list_tenders(page))


async def show(page: Page) -> Response:
    """One tender: where it stands, its terms, questions, bids, and what may be done."""
    tender = tender_in(page)
    values = await read_tender(page, tender)
    supplier = await find_supplier(page)
    return await page.render_all(
        "supplier/tender.html",
        values
        | {
            "acts": await get_acts(page, "tender", tender=tender),
            "bid": None if values["record"] is None else await find_bid(page, tender, supplier),
            "you": supplier,
            "barring": await find_barring(page, supplier),
            "ranks": _ranks_of(values["ranking"]),
            "won": {row["bidder"] for row in _rows_of(values["winners"])},
            "ask": ASK,
            "withdraw": WITHDRAW,
            "object_form": OBJECT,
        },
    )


def _rows_of(value: object) -> tuple[Record, ...]:
    assert isinstance(value, tuple), value
    return value


def _ranks_of(ranking: object) -> dict[bytes, int]:
    return {row.data("bidder"): rank for rank, row in enumerate(_rows_of(ranking), 1)}


async def bid(page: Page) -> Response:
    """The form that seals a bid in the page."""
    tender = tender_in(page)
    record = record_of(await page.ledger.view("tender", "tender_record", tender=tender))
    supplier = await find_supplier(page)
    return await page.render_all(
        "supplier/bid.html",
        await _sealing(page, tender, record, supplier)
        | {
            "form": SUBMIT,
            "earlier": await find_bid(page, tender, supplier),
            "acts": await get_acts(page, "tender", tender=tender),
        },
    )


async def open_envelope(page: Page) -> Response:
    """The form that opens the envelope that is due: its key is derived in the page."""
    tender = tender_in(page)
    record = record_of(await page.ledger.view("tender", "tender_record", tender=tender))
    supplier = await find_supplier(page)
    acts = await get_acts(page, "tender", tender=tender)
    form: Form | None = next((_REVEALS[act] for act in acts if act in _REVEALS), None)
    return await page.render_all(
        "supplier/open.html",
        await _sealing(page, tender, record, supplier)
        | {
            "form": form,
            "bid": await find_bid(page, tender, supplier),
            "envelope": 1 if form is REVEAL_TECHNICAL else 2,
        },
    )


async def _sealing(page: Page, tender: bytes, record: Record, supplier: Address | None) -> dict[str, object]:
    """What the page needs to seal or to open: everything that stands in an envelope's context."""
    return {
        "tender": tender.hex(),
        "record": record,
        "zone": await zone_of(page, record.text("agency")),
        "terms": record_of(await page.ledger.view("tender", "terms_in_force", tender=tender)),
        "chain_id": (await page.ledger.standing()).chain_id,
        "supplier": None if supplier is None else supplier.hex(),
    }
