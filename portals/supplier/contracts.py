"""Pages of what was won: contracts, deliveries, and the money that follows from them."""

from starlette.responses import Response

from chain.keys import Address
from portals.page import Page
from portals.reading.agreements import agreement_in, list_agreements, read_agreement
from portals.reading.lists import read_newest
from portals.reading.people import zones_of
from portals.reading.views import get_acts
from portals.supplier.account import find_supplier
from portals.supplier.forms import REPORT_DELIVERY, SIGN
from rpc.contracts import Record, records_of

_AGREEMENTS_MAX = 1_000_000  # sums are over all; the ledger's own list is the bound


async def list_contracts(page: Page) -> Response:
    """The contracts of this supplier."""
    supplier = await find_supplier(page)
    values = await list_agreements(page, lambda row: row["supplier"] == supplier)
    return await page.render_all("supplier/contracts.html", values)


async def show(page: Page) -> Response:
    """One contract: its parties, milestones, deliveries and payments."""
    agreement = agreement_in(page)
    return await page.render_all(
        "supplier/contract.html",
        await read_agreement(page, agreement)
        | {
            "acts": await get_acts(page, "agreement", agreement=agreement),
            "sign": SIGN,
            "report": REPORT_DELIVERY,
            "you": await find_supplier(page),
            "paid": await page.ledger.view("payment", "paid_total", agreement=agreement),
        },
    )


async def follow_money(page: Page) -> Response:
    """Every payment order of this supplier, the newest first, and what they come to."""
    supplier = await find_supplier(page)
    orders: list[Record] = []
    for row in () if supplier is None else await agreements_of(page, supplier):
        orders += records_of(await page.ledger.view("payment", "orders_of", agreement=row.data("id")))
    orders.sort(key=lambda order: -order.number("number"))
    zones = await zones_of(page, [order.text("agency") for order in orders])
    return await page.render("supplier/money.html", orders=orders, totals=_totals(orders), zones=zones)


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


async def agreements_of(page: Page, supplier: Address) -> tuple[Record, ...]:
    """A supplier's agreements, the newest first."""
    listed = await read_newest(
        page,
        "agreement",
        "agreement",
        lambda row: row["supplier"] == supplier,
        rows_max=_AGREEMENTS_MAX,
        looked_max=_AGREEMENTS_MAX,
    )
    return listed.rows
