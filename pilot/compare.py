"""The contract's award beside the recorded one: equal, or exactly one reason why not, found in the record.

The list of reasons is closed. First the contract itself is held to its rule, by arithmetic of our own: a
winner that is not among the lowest valid prices is no difference to explain but an `UNEXPLAINED` one,
whatever the record says.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from pilot.acts import Outcome
from pilot.ending import Ending, find_ending
from pilot.ocds import RecordedBid, Release


class Verdict(Enum):
    """Equal, or why not. The value is what people read."""

    EQUAL = "equal to the record"
    TIE = "tie: the record chose another of the same lowest price"
    SEVERAL_AWARDS = "several awards: the record has more or fewer winners than the terms name"
    NO_VALID_PRICE = "no valid price: every bid is disqualified or has no price in the record"
    ABOVE_ESTIMATE = "above estimate: the record awards above the owner estimate"
    WINNER_NOT_VALID = "winner not valid: the record awards a bid that it disqualifies or that has no price"
    LOWER_REJECTED = "lower bid rejected: the record rejects every lower bid for financial reasons"
    LOWER_PASSED_OVER = (
        "lower bid passed over: the record awards a higher price and states no disqualification"
    )
    NO_RECORDED_AWARD = "no recorded award: the record names no winner"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One tender's verdict, with the winners that the ledger and the record name, and how far it came. `outcome` is None where
    it did not come to its end.
    """

    ocid: str
    verdict: Verdict
    ledger: tuple[str, ...]
    record: tuple[str, ...]
    ending: Ending
    outcome: Outcome | None
    detail: str = ""


def compare(release: Release, outcome: Outcome) -> Comparison:
    """What the ledger decided against what was recorded."""
    winners = tuple(winner.bidder for winner in outcome.winners)
    fault = find_fault(release, outcome)
    verdict = Verdict.UNEXPLAINED if fault is not None else _verdict(release, winners)
    return Comparison(
        ocid=release.ocid,
        verdict=verdict,
        ledger=winners,
        record=release.awarded,
        ending=find_ending(outcome),
        outcome=outcome,
        detail=fault or "",
    )


def unexplained(release: Release, detail: str) -> Comparison:
    """A tender that did not come to its end, with what stopped it."""
    return Comparison(
        ocid=release.ocid,
        verdict=Verdict.UNEXPLAINED,
        ledger=(),
        record=release.awarded,
        ending=Ending.UNFINISHED,
        outcome=None,
        detail=detail,
    )


def find_fault(release: Release, outcome: Outcome) -> str | None:
    """How the ledger broke its rule: the lowest valid prices up to the estimate win, as many as are named."""
    prices = {bid.bidder_id: bid.price for bid in _valid(release) if _is_affordable(release, bid.price)}
    lowest = sorted(price for price in prices.values() if price is not None)[: release.winners]
    if not lowest:
        return None if outcome.stage == "failed" else f"no bid is valid, yet the tender is {outcome.stage}"
    if outcome.stage != "final":
        return f"bids are valid, yet the tender is {outcome.stage}"
    if [winner.price for winner in outcome.winners] != lowest:
        return f"expected the prices {lowest}, got {[winner.price for winner in outcome.winners]}"
    if len({winner.bidder for winner in outcome.winners}) != len(lowest):
        return "a bidder won twice"
    strangers = [winner for winner in outcome.winners if prices.get(winner.bidder) != winner.price]
    return f"{strangers[0].bidder} did not bid {strangers[0].price}" if strangers else None


def _verdict(release: Release, winners: tuple[str, ...]) -> Verdict:
    """Why a rightly decided tender differs, if it does; the order of the questions is the order of the
    reasons.
    """
    if set(winners) == set(release.awarded):
        return Verdict.EQUAL
    if not release.awarded:
        return Verdict.NO_RECORDED_AWARD
    valid = {bid.bidder_id: bid for bid in _valid(release)}
    if not valid:
        return Verdict.NO_VALID_PRICE
    recorded = [valid[bidder].price for bidder in release.awarded if bidder in valid]
    if len(recorded) < len(release.awarded):
        return Verdict.WINNER_NOT_VALID
    if not all(_is_affordable(release, price) for price in recorded):
        return Verdict.ABOVE_ESTIMATE
    if len(release.awarded) != len(winners):
        return Verdict.SEVERAL_AWARDS
    if sorted(_prices(recorded)) == sorted(_prices(valid[bidder].price for bidder in winners)):
        return Verdict.TIE
    return _verdict_of_higher_price(release, max(_prices(recorded)), valid)


def _verdict_of_higher_price(release: Release, price: int, valid: dict[str, RecordedBid]) -> Verdict:
    lower = [
        bid
        for bid in valid.values()
        if _prices([bid.price])[0] < price and bid.bidder_id not in release.awarded
    ]
    if not lower:
        return Verdict.UNEXPLAINED
    is_financial = all("financ" in bid.details.lower() for bid in lower)
    return Verdict.LOWER_REJECTED if is_financial else Verdict.LOWER_PASSED_OVER


def _prices(prices: Iterable[int | None]) -> list[int]:
    return [price for price in prices if price is not None]


def _valid(release: Release) -> list[RecordedBid]:
    """The last bid of each bidder, where it has a price and is not disqualified."""
    ordered = sorted(release.bids, key=lambda bid: (bid.submitted_ms, bid.id))
    last = {bid.bidder_id: bid for bid in ordered}
    return [bid for bid in last.values() if bid.price is not None and not bid.is_disqualified]


def _is_affordable(release: Release, price: int | None) -> bool:
    return release.estimate is None or (price is not None and price <= release.estimate)
