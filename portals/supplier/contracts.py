"""Pages of what was won: contracts, deliveries, and the money that follows from them."""

from starlette.responses import Response

from chain.keys import Address
from portals.page import Page
from portals.supplier.account import find_supplier
from portals.supplier.forms import REPORT_DELIVERY, SIGN
from portals.supplier.tenders import get_acts, read_id
from rpc.contracts import Record, record_of, records_of

_LIST = 100


async def list_contracts(page: Page) -> Response:
    """The contracts of this supplier."""
    supplier = await find_supplier(page)
    rows = () if supplier is None else await _agreements_of(page, supplier)
    return await page.render("supplier/contracts.html", rows=rows, supplier=supplier)


async def show(page: Page) -> Response:
    """One contract: its parties, milestones, deliveries and payments."""
    agreement = read_id(page.request.path_params["agreement"], "agreement")
    view = page.ledger.view
    record = record_of(await view("agreement", "agreement_record", agreement=agreement))
    newest = record.number("newest")
    milestones = await view("agreement", "milestone_list", agreement=agreement, version=newest)
    signed = {
        party: await view("agreement", "is_signed", agreement=agreement, version=newest, party=party)
        for party in ("AGENCY", "SUPPLIER")
    }
    return await page.render(
        "supplier/contract.html",
        agreement=agreement.hex(),
        record=record,
        version=record_of(await view("agreement", "version_record", agreement=agreement, version=newest)),
        milestones=records_of(milestones),
        deliveries=records_of(await view("agreement", "delivery_list", agreement=agreement)),
        orders=records_of(await view("payment", "orders_of", agreement=agreement)),
        signed=signed,
        acts=await get_acts(page, "agreement", agreement=agreement),
        sign=SIGN,
        report=REPORT_DELIVERY,
    )


async def follow_money(page: Page) -> Response:
    """Every payment order of this supplier, the newest first, and what they come to."""
    supplier = await find_supplier(page)
    orders: list[Record] = []
    for row in () if supplier is None else await _agreements_of(page, supplier):
        orders += records_of(await page.ledger.view("payment", "orders_of", agreement=row.data("id")))
    orders.sort(key=lambda order: -order.number("number"))
    return await page.render("supplier/money.html", orders=orders, totals=_totals(orders), supplier=supplier)


def _totals(orders: list[Record]) -> list[tuple[str, int, int]]:
    """For each currency what was paid and what is on its way."""
    currencies = sorted({order.text("currency") for order in orders})
    return [
        (currency, _sum(orders, currency, "SETTLED"), _on_its_way(orders, currency))
        for currency in currencies
    ]


def _sum(orders: list[Record], currency: str, *states: str) -> int:
    chosen = [order for order in orders if order["currency"] == currency and order["state"] in states]
    return sum(order.number("net") for order in chosen)


def _on_its_way(orders: list[Record], currency: str) -> int:
    """Released and sent; what is only requested has no net yet."""
    return _sum(orders, currency, "APPROVED", "SENT")


async def _agreements_of(page: Page, supplier: Address) -> tuple[Record, ...]:
    """A supplier's agreements, the newest first."""
    count = await page.ledger.view("agreement", "agreement_count")
    assert isinstance(count, int), count
    found: list[Record] = []
    for first in range(1, count + 1, _LIST):
        rows = await page.ledger.view("agreement", "agreement_list", first=first, limit=_LIST)
        found += [row for row in records_of(rows) if row["supplier"] == supplier]
    return tuple(reversed(found))
