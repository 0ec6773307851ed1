"""Hints that a tender deserves a closer look, computed from the record alone. Pure.

A hint is not a finding: each has an innocent explanation, and the page says so. Codes are those of the Open Contracting
Partnership's red flags, where it has one for it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from portals.auditor.search import find_events
from portals.languages import Text, say
from portals.page import Page
from rpc.contracts import Record

SHORT_PERIOD_MS = 15 * 86_400_000
LAST_MINUTES_MS = 10 * 60_000
LATE_ADDENDUM_MS = 3 * 86_400_000
CLOSE_PRICE_BPS = 100
NEAR_ESTIMATE_BPS = 9_800
_SEALED = ("SEALED", "TECHNICAL_OPENED", "OPENED", "DISQUALIFIED", "INVALID")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bid:
    """A bid that was not withdrawn. `price` is 0 while nobody knows it."""

    bidder: bytes
    submitted_at: int
    price: int
    is_set_aside: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What hints are computed from. `addenda`: when each was published; `estimate` and `winning_price` 0 where there is none."""

    published_at: int
    closes_at: int
    is_closed: bool
    is_lowest_price: bool
    addenda: tuple[int, ...]
    bids: tuple[Bid, ...]
    estimate: int
    winners: tuple[bytes, ...]
    winning_price: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """One hint: the code, empty where there is none, and what is seen."""

    code: str
    text: Text


async def read_facts(page: Page, tender: bytes, values: Mapping[str, object]) -> Facts | None:
    """The facts of a tender as `portals.reading.tenders.read_tender` reads it; None before its publication."""
    record, terms = values["record"], values["terms"]
    if not isinstance(record, Record) or not isinstance(terms, Record):
        return None
    bids = [_bid(row) for row in _records(values["bids"]) if row["state"] in _SEALED]
    winners = _records(values["winners"])
    estimate = values["estimate"]
    addenda = await find_events(page, "tender", "AddendumPublished", "tender", tender)
    return Facts(
        published_at=record.number("published_at"),
        closes_at=terms.number("closes_at"),
        is_closed=values["stage"] not in ("submission", "resubmission"),
        is_lowest_price=terms["award_rule"] == "LOWEST_PRICE",
        addenda=tuple(one.time_ms for one in addenda),
        bids=tuple(bids),
        estimate=estimate.number("amount") if isinstance(estimate, Record) else 0,
        winners=tuple(row.data("bidder") for row in winners),
        winning_price=max((row.number("price") for row in winners), default=0),
    )


def _records(value: object) -> tuple[Record, ...]:
    assert isinstance(value, tuple), value
    return value


def _bid(row: Record) -> Bid:
    return Bid(
        bidder=row.data("bidder"),
        submitted_at=row.number("submitted_at"),
        price=row.number("price"),
        is_set_aside=row["state"] == "DISQUALIFIED",
    )


def find_flags(facts: Facts | None) -> list[Flag]:
    """All hints, in the order of the procedure."""
    return [] if facts is None else [*_of_terms(facts), *_of_bids(facts), *_of_award(facts)]


def _of_terms(facts: Facts) -> Iterable[Flag]:
    if facts.closes_at - facts.published_at < SHORT_PERIOD_MS:
        yield Flag(code="R003", text=say("Bids were taken for less than 15 days."))
    if any(facts.closes_at - moment < LATE_ADDENDUM_MS for moment in facts.addenda):
        yield Flag(code="", text=say("The terms were changed in the last three days before the close."))


def _of_bids(facts: Facts) -> Iterable[Flag]:
    if not facts.is_closed:
        return
    if len(facts.bids) == 1:
        yield Flag(code="R018", text=say("There was one bid only."))
    late = sum(facts.closes_at - LAST_MINUTES_MS <= bid.submitted_at < facts.closes_at for bid in facts.bids)
    if late:
        text = say("{count} of {all} bids came in the last ten minutes.", count=late, all=len(facts.bids))
        yield Flag(code="", text=text)
    same = [
        price for price, count in Counter(bid.price for bid in facts.bids if bid.price).items() if count > 1
    ]
    if same:
        yield Flag(code="R028", text=say("Bidders named exactly the same price."))


def _of_award(facts: Facts) -> Iterable[Flag]:
    if not facts.winners:
        return
    others = [bid for bid in facts.bids if bid.bidder not in facts.winners]
    if others and all(bid.is_set_aside for bid in others):
        yield Flag(code="R035", text=say("All bids but the winning one were set aside."))
    priced = [bid for bid in facts.bids if bid.price]
    lowest = min(priced, key=lambda bid: bid.price, default=None)
    if facts.is_lowest_price and lowest is not None and lowest.is_set_aside:
        yield Flag(code="R036", text=say("The lowest bid was set aside, and the lowest price decides."))
    above = [bid.price for bid in others if bid.price > facts.winning_price and not bid.is_set_aside]
    if above and (min(above) - facts.winning_price) * 100_00 < CLOSE_PRICE_BPS * facts.winning_price:
        yield Flag(code="R024", text=say("The second price is within one percent of the winning one."))
    if facts.estimate and facts.winning_price > facts.estimate:
        yield Flag(code="", text=say("The award is above the owner estimate."))
    elif facts.estimate and facts.winning_price * 100_00 >= NEAR_ESTIMATE_BPS * facts.estimate:
        yield Flag(code="", text=say("The award is within two percent of the owner estimate."))
