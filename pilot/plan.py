"""What people will do for one recorded tender: terms to publish, bids to submit, bids to set aside.

Of the recorded outcome only disqualifications and missing prices are taken. Who wins is not here: the
contract ranks and awards. Recorded dates become places between publication and close, from 0 to `SPAN`, so
that the order of bids and their relative distance are kept however long the run gives them; clocks are never
faked.
"""

from dataclasses import dataclass

from chain.hashing import sha256
from pilot.ocds import RecordedBid, Release

SPAN = 1_000_000
"""The close, as a place on the way from publication (0)."""

_TITLE_MAX = 500
_NAME_MAX = 200
_REASON_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedBid:
    """One submission. `version` counts the bids of the same bidder; the last one stands."""

    bidder: str
    name: str
    version: int
    place: int
    price: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderPlan:
    """One tender to run. `set_aside` holds each bidder to disqualify, with the recorded reason."""

    reference: str
    title: str
    agency: str
    currency: str
    estimate: int | None
    envelopes: int
    winners: int
    criteria: str
    documents: bytes
    bids: tuple[PlannedBid, ...]
    set_aside: tuple[tuple[str, str], ...]

    @property
    def ceiling(self) -> int:
        """The budget ceiling: the owner estimate, or without one enough for every bid; the record has none."""
        if self.estimate is not None:
            return self.estimate
        return max((bid.price for bid in self.bids if bid.price is not None), default=1)

    @property
    def standing(self) -> tuple[PlannedBid, ...]:
        """The last bid of each bidder, in order of submission."""
        last = {bid.bidder: bid for bid in self.bids}
        return tuple(bid for bid in self.bids if last[bid.bidder] is bid)


def plan_tender(release: Release, agencies: tuple[str, ...]) -> TenderPlan:
    """The plan of a release; its procuring entity always falls to the same one of `agencies`."""
    recorded = sorted(release.bids, key=lambda bid: (bid.submitted_ms, bid.id))
    last = {bid.bidder_id: bid for bid in recorded}
    number = int.from_bytes(sha256(release.entity_id.encode())[:8], "big")
    return TenderPlan(
        reference=release.ocid,
        title=_cut(release.title, _TITLE_MAX),
        agency=sorted(agencies)[number % len(agencies)],
        currency=release.currency,
        estimate=release.estimate,
        envelopes=release.envelopes,
        winners=release.winners,
        criteria=_cut(f"{release.criteria}; {release.entity_name}", _TITLE_MAX),
        documents=sha256(f"{release.ocid}\x00{release.title}".encode()),
        bids=_planned(release, recorded),
        set_aside=tuple((bid.bidder_id, _reason(bid)) for bid in last.values() if bid.is_disqualified),
    )


def _planned(release: Release, recorded: list[RecordedBid]) -> tuple[PlannedBid, ...]:
    versions: dict[str, int] = {}
    planned = []
    for bid in recorded:
        versions[bid.bidder_id] = versions.get(bid.bidder_id, 0) + 1
        planned.append(
            PlannedBid(
                bidder=bid.bidder_id,
                name=_cut(bid.bidder_name, _NAME_MAX),
                version=versions[bid.bidder_id],
                place=_place(release, bid.submitted_ms),
                price=bid.price,
            )
        )
    return tuple(planned)


def _place(release: Release, submitted_ms: int) -> int:
    elapsed, period = submitted_ms - release.published_ms, release.closes_ms - release.published_ms
    return elapsed * SPAN // period


def _reason(bid: RecordedBid) -> str:
    return _cut(bid.details or "disqualified in the record", _REASON_MAX)


def _cut(text: str, bytes_max: int) -> str:
    """As much of a text as fits so many bytes: the contract counts bytes."""
    return text.encode()[:bytes_max].decode(errors="ignore")
