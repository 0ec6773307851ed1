"""The first page: where the network stands, what happened lately, and what it comes to."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from portals.auditor.evidence import Proofs
from portals.auditor.nodes import read_nodes
from portals.auditor.procurements import STATES
from portals.page import Page
from portals.reading.lists import read_newest
from portals.reading.people import names_of, zones_of
from portals.reading.tenders import OTHER_STAGES, STAGES
from rpc.contracts import Record

_COUNTED_MAX = 2_000
_LATELY = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """Payment orders of a state in a currency: how many, and what they come to, net where it is known."""

    state: str
    currency: str
    count: int
    amount: int


async def show(page: Page, proofs: Proofs) -> Response:
    """Counts and sums look at the newest two thousand of each; the page says so where there are more."""
    tenders = await _read_all(page, "tender", "tender")
    orders = await _read_all(page, "payment", "order")
    agreements = await _read_all(page, "agreement", "agreement")
    stages = Counter(row.text("stage") for row in tenders)
    lately = tenders[:_LATELY]
    return await page.render(
        "auditor/overview.html",
        nodes=await read_nodes(page.ledger),
        has_genesis=proofs.lineage.anchor is not None,
        stages=[(stage, stages[stage]) for stage in (*STAGES, *OTHER_STAGES) if stages[stage]],
        tenders=len(tenders),
        values=_values_of(agreements),
        sums=compute_sums(orders),
        lately=lately,
        zones=await zones_of(page, [row.text("agency") for row in lately]),
        orders=orders[:_LATELY],
        order_zones=await zones_of(page, [row.text("agency") for row in orders[:_LATELY]]),
        names=await names_of(page, [row.data("supplier") for row in orders[:_LATELY]]),
        counted_max=_COUNTED_MAX if max(len(tenders), len(orders), len(agreements)) >= _COUNTED_MAX else 0,
    )


async def _read_all(page: Page, contract: str, what: str) -> tuple[Record, ...]:
    """The newest rows of a list, as many as are counted."""
    listed = await read_newest(page, contract, what, lambda row: True, rows_max=_COUNTED_MAX)
    return listed.rows


def compute_sums(orders: Sequence[Record]) -> list[Sum]:
    """Orders by state and currency, in the order of their way."""
    found: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for order in orders:
        found[order.text("state"), order.text("currency")].append(order)
    return [
        Sum(
            state=state,
            currency=currency,
            count=len(found[state, currency]),
            amount=sum(order.number("net") or order.number("gross") for order in found[state, currency]),
        )
        for state in STATES
        for currency in sorted({currency for known, currency in found if known == state})
    ]


def _values_of(agreements: Sequence[Record]) -> list[tuple[str, int, int, int]]:
    """For each currency how many contracts there are, what they are worth, and what was accepted of them."""
    currencies = sorted({row.text("currency") for row in agreements})
    return [
        (
            currency,
            len(own := [row for row in agreements if row["currency"] == currency]),
            sum(row.number("value") for row in own),
            sum(row.number("accepted") for row in own),
        )
        for currency in currencies
    ]
