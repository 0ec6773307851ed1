"""The bids of a supplier, found by what its transactions announced: the ledger numbers tenders, not who bid in them."""

from dataclasses import dataclass

from starlette.responses import Response

from chain.errors import Malformed
from chain.keys import Address, format_address
from portals.ledger import ask_each
from portals.page import Page
from portals.reading.lists import ROWS
from portals.reading.people import zones_of
from portals.reading.tenders import compute_opening_until, find_bid
from portals.reading.views import find_record, get_acts
from portals.supplier.account import find_supplier
from rpc import requests
from rpc.contracts import Record, record_of
from rpc.requests import CallRefused

_ANNOUNCED = "tender.BidSubmitted"
_SEARCHED_PAGES = 3  # of a hundred submissions each; one that replaces another counts too


@dataclass(frozen=True, slots=True, kw_only=True)
class BidRow:
    """A bid with its tender. `opening_until`: until when its envelopes may be opened, once the tender has closed."""

    tender: bytes
    plan: Record
    stage: str
    bid: Record
    acts: tuple[str, ...]
    opening_until: int

    @property
    def is_to_be_opened(self) -> bool:
        """Whether an envelope waits for this supplier's key."""
        return "REVEAL_TECHNICAL" in self.acts or "REVEAL_PRICE" in self.acts


async def list_bids(page: Page) -> Response:
    """The newest bids of this supplier, and what is to be done with them."""
    supplier = await find_supplier(page)
    rows = None if supplier is None else await find_bids(page, supplier)
    zones = await zones_of(page, [row.plan.text("agency") for row in rows or ()])
    return await page.render(
        "supplier/bids.html", rows=rows or (), is_read=rows is not None, you=supplier, zones=zones
    )


async def find_bids(page: Page, supplier: Address) -> tuple[BidRow, ...] | None:
    """The bids in the tenders in which this supplier bid last; None while the node cannot search."""
    try:
        tenders = await _find_tenders(page, supplier)
    except CallRefused:
        return None

    async def read_row(tender: bytes) -> BidRow | None:
        return await _read_row(page, tender, supplier)

    found = await ask_each(tenders, read_row)
    return tuple(row for row in found.values() if row is not None)


async def _find_tenders(page: Page, supplier: Address) -> list[bytes]:
    """Ids of tenders, the newest submission first."""
    query = f"{_ANNOUNCED}.bidder='{format_address(supplier)}'"
    found: dict[bytes, None] = {}
    cursor: str | None = ""
    for _ in range(_SEARCHED_PAGES):
        answer = await page.ledger.call(requests.tx_search(query, cursor=cursor, newest_first=True))
        cursor = answer.next_cursor
        events = [event for tx in answer.txs for event in tx.tx_result.events if event.type == _ANNOUNCED]
        for event in events:
            values = {attribute.key: attribute.value for attribute in event.attributes}
            if values.get("bidder") == format_address(supplier):
                found[_read_hex(values.get("tender", ""))] = None
        if cursor is None or len(found) >= ROWS:
            break
    return list(found)[:ROWS]


def _read_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise Malformed(f"{_ANNOUNCED}.tender: expected hexadecimal digits, got {text[:80]!r}") from None


async def _read_row(page: Page, tender: bytes, supplier: Address) -> BidRow | None:
    bid = await find_bid(page, tender, supplier)
    if bid is None:  # in a round before this one
        return None
    record = await find_record(page, "tender", "tender_record", tender=tender)
    stage = await page.ledger.view("tender", "stage", tender=tender)
    assert isinstance(stage, str) and record is not None, "a tender with a bid is published"
    return BidRow(
        tender=tender,
        plan=record_of(await page.ledger.view("tender", "plan_record", tender=tender)),
        stage=stage,
        bid=bid,
        acts=await get_acts(page, "tender", tender=tender),
        opening_until=await compute_opening_until(page, record),
    )
