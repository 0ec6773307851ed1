"""The contract ranks and awards: by price or by score, ties by rule, as many winners as the terms name."""

from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contracts.ledger import STANDSTILL_MS, address, key
from tests.contracts.tendering import (
    ABOVE_ESTIMATE,
    AUTHORITY,
    AWARDED,
    BARRED,
    DISQUALIFIED,
    FAILED,
    GROUP,
    INVALID,
    OFFICER,
    OPENED,
    QUALITY_AND_COST,
    SUPPLIERS,
    TECHNICAL,
    Tendering,
)


@pytest.fixture
def ledger() -> Tendering:
    return Tendering()


def opened(
    ledger: Tendering,
    prices: dict[str, int],
    *,
    apart_ms: int = 0,
    estimate: int | None = None,
    bids_min: int = 1,
    winners: int = 1,
) -> bytes:
    """A tender with one envelope whose bids, a while apart, are all open."""
    tender = ledger.publish(estimate=estimate, bids_min=bids_min, winners=winners)
    for name, price in prices.items():
        ledger.bid(tender, name, price)
        ledger.wait(apart_ms)
    ledger.close(tender)
    for name in prices:
        ledger.reveal(tender, name)
    return tender


def test_from_evaluation_to_the_final_award(ledger: Tendering) -> None:
    tender = opened(ledger, {"alfa": 90, "beta": 80, "citra": 100})
    assert ledger.act("evaluate", tender) == 3
    assert ledger.stage(tender) == "evaluation"
    assert ledger.ranks(tender) == ["beta", "alfa", "citra"]
    assert ledger.ranks(tender, "winner_list") == []
    assert ledger.act("award", tender) == AWARDED
    assert ledger.ranks(tender, "winner_list") == ["beta"]
    assert ledger.stage(tender) == "standstill"
    assert ledger.record(tender)["standstill_until"] == ledger.now_ms + STANDSTILL_MS
    ledger.wait(STANDSTILL_MS - 1)
    assert "clause 7.3: the standstill lasts" in ledger.refused_act("finalise", tender)
    ledger.wait(1)
    assert ledger.stage(tender) == "awarded"
    ledger.act("finalise", tender, signer=OFFICER)
    assert ledger.stage(tender) == "final"
    assert ledger.refused_act("cancel", tender, "terlambat") == "clause 7.4: the tender is over"


@pytest.mark.parametrize("winners", [1, 2, 3, 50])
def test_as_many_win_as_the_terms_name_and_bids_are_there(ledger: Tendering, winners: int) -> None:
    tender = opened(ledger, {"alfa": 90, "beta": 80, "citra": 100}, winners=winners)
    ledger.act("evaluate", tender)
    result = ledger.send(GROUP, "tender", "award", tender)
    assert ledger.ranks(tender, "winner_list") == ["beta", "alfa", "citra"][:winners]
    announced = [dict(event.fields) for event in result.events if event.name == "Awarded"]
    assert [event["rank"] for event in announced] == list(range(1, min(winners, 3) + 1))
    assert announced[0] == {"tender": tender, "rank": 1, "bidder": address("beta"), "price": 80}


def test_ties_go_to_the_earlier_then_to_the_lower_address(ledger: Tendering) -> None:
    tender = opened(ledger, {"eka": 80, "delta": 80, "citra": 80}, apart_ms=1)
    ledger.act("evaluate", tender)
    assert ledger.ranks(tender) == ["eka", "delta", "citra"]
    together = ledger.publish("T-2")
    for name in SUPPLIERS:
        ledger.bid(together, name, 80)
    ledger.close(together)
    for name in SUPPLIERS:
        ledger.reveal(together, name)
    ledger.act("evaluate", together)
    assert ledger.ranks(together) == sorted(SUPPLIERS, key=address)


def test_a_later_version_loses_its_place_in_a_tie(ledger: Tendering) -> None:
    tender = ledger.publish()
    for name, version in (("alfa", 1), ("beta", 1), ("alfa", 2)):
        ledger.bid(tender, name, 80, version)
        ledger.wait(1)
    ledger.close(tender)
    for name, version in (("alfa", 2), ("beta", 1)):
        ledger.reveal(tender, name, version=version)
    ledger.act("evaluate", tender)
    assert ledger.ranks(tender) == ["beta", "alfa"]


def test_above_the_estimate_is_out_and_at_the_estimate_is_in(ledger: Tendering) -> None:
    tender = opened(ledger, {"alfa": 1_000, "beta": 1_001}, estimate=1_000)
    assert ledger.act("evaluate", tender) == 1
    assert ledger.ranks(tender) == ["alfa"]
    assert ledger.flaw(tender, "beta") == (INVALID, ABOVE_ESTIMATE)


def test_who_is_barred_meanwhile_is_not_ranked(ledger: Tendering) -> None:
    tender = opened(ledger, {"alfa": 70, "beta": 80})
    ledger.do(AUTHORITY, "registry", "bar", address("alfa"), ledger.now_ms + 1, "palsu")
    assert ledger.act("evaluate", tender) == 1
    assert ledger.flaw(tender, "alfa") == (INVALID, BARRED)


@pytest.mark.parametrize(
    ("prices", "estimate", "bids_min"),
    [
        ({}, None, 1),
        ({"alfa": 0}, None, 1),
        ({"alfa": 11, "beta": 12}, 10, 1),
        ({"alfa": 9, "beta": 12}, 10, 2),
        ({"alfa": 9, "beta": 10}, None, 3),
    ],
)
def test_too_few_valid_bids_fail_the_tender(
    ledger: Tendering, prices: dict[str, int], estimate: int | None, bids_min: int
) -> None:
    tender = opened(ledger, prices, estimate=estimate, bids_min=bids_min)
    ledger.act("evaluate", tender)
    assert ledger.act("award", tender) == FAILED
    assert ledger.stage(tender) == "failed"
    assert ledger.ranks(tender, "winner_list") == []
    assert ledger.refused_act("award", tender) == "clause 7.1: the tender is not evaluated"
    assert "over" in ledger.refused_act("cancel", tender, "x")
    assert "over" in ledger.refused_act("disqualify", tender, address("alfa"), "x")


@pytest.mark.parametrize("envelopes", [1, 2])
def test_a_disqualification_makes_the_ranking_void(ledger: Tendering, envelopes: int) -> None:
    tender = ledger.publish(envelopes=envelopes)
    for name, price in (("alfa", 70), ("beta", 80)):
        ledger.bid(tender, name, price, envelopes=envelopes)
    if envelopes == 2:
        ledger.open_technical(tender, "alfa", "beta")
    ledger.close(tender)
    for name in ("alfa", "beta"):
        ledger.reveal(tender, name)
    ledger.act("evaluate", tender)
    ledger.act("disqualify", tender, address("alfa"), "jaminan palsu")
    assert ledger.refused_act("award", tender) == "clause 7.1: the tender is not evaluated"
    assert ledger.act("evaluate", tender) == 1
    assert ledger.ranks(tender) == ["beta"]
    ledger.act("award", tender)
    assert ledger.ranks(tender, "winner_list") == ["beta"]
    assert (ledger.bid_of(tender, "alfa")["state"], ledger.bid_of(tender, "alfa")["reason"]) == (
        DISQUALIFIED,
        "jaminan palsu",
    )


def test_a_tender_is_cancelled_until_its_award_is_final(ledger: Tendering) -> None:
    names = [f"T-{number}" for number in range(3)]
    tenders = [ledger.publish(name) for name in names]
    ledger.close(tenders[0])
    ledger.act("cancel", tenders[0], "anggaran dicabut")
    assert ledger.stage(tenders[0]) == "cancelled"
    assert ledger.record(tenders[0])["reason"] == "anggaran dicabut"
    assert "over" in ledger.refused_act("cancel", tenders[0], "lagi")
    assert "not being evaluated" in ledger.refused_act("evaluate", tenders[0])
    ledger.act("evaluate", tenders[1])
    ledger.act("cancel", tenders[1], "salah syarat")
    assert "not evaluated" in ledger.refused_act("award", tenders[1])


def test_nobody_bids_where_the_tender_was_cancelled(ledger: Tendering) -> None:
    tender = ledger.publish()
    ledger.bid(tender, "alfa", 80)
    ledger.act("cancel", tender, "anggaran dicabut")
    arguments = ledger.bid_arguments(tender, "beta", b"x")
    for signer, method, values in (
        (key("beta"), "submit", arguments),
        (key("alfa"), "withdraw", [tender]),
    ):
        assert "clause 1.2" in ledger.refused(signer, "tender", method, *values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A bid as the model has it."""

    name: str
    price: int
    quality: int
    order: int


def half_up(value: Fraction) -> int:
    """Rounded to a whole number, a half upwards."""
    return (value + Fraction(1, 2)).__floor__()


def model(offers: list[Offer], weight: int | None) -> list[tuple[str, int]]:
    """Names and scores in the order of clauses 6.5 and 6.6."""
    lowest = min((offer.price for offer in offers), default=1)

    def score(offer: Offer) -> int:
        if weight is None:
            return 0
        price_points = half_up(Fraction(lowest * 10_000, offer.price))
        return half_up(Fraction(offer.quality * weight, 10_000)) + half_up(
            Fraction(price_points * (10_000 - weight), 10_000)
        )

    ranked = sorted(offers, key=lambda o: (-score(o), o.price, o.order, address(o.name)))
    return [(offer.name, score(offer)) for offer in ranked]


prices = st.sampled_from([99, 100]) | st.integers(1, 300) | st.integers(2**100, 2**128 - 1)
offer_lists = st.lists(
    st.tuples(prices, st.integers(0, 10_000), st.integers(0, 1)), min_size=1, max_size=len(SUPPLIERS)
)


@settings(max_examples=25, deadline=None)
@given(offer_lists, st.none() | st.integers(0, 10_000))
def test_ranking_is_that_of_the_model(rows: list[tuple[int, int, int]], weight: int | None) -> None:
    offers = [
        Offer(name=name, price=price, quality=quality, order=order)
        for name, (price, quality, order) in zip(SUPPLIERS, rows, strict=False)
    ]
    ledger = Tendering()
    if weight is None:
        tender = ledger.publish(envelopes=2)
    else:
        tender = ledger.publish(envelopes=2, award_rule=QUALITY_AND_COST, quality_weight_bps=weight)
    for offer in sorted(offers, key=lambda found: found.order):
        ledger.now_ms = max(ledger.now_ms, 1_700_000_001_000 + offer.order)
        ledger.bid(tender, offer.name, offer.price, envelopes=2)
    ledger.close(tender)
    for offer in offers:
        ledger.reveal(tender, offer.name, TECHNICAL)
        if weight is not None:
            ledger.act("score", tender, address(offer.name), offer.quality, "metode")
    ledger.act("open_prices", tender)
    for offer in offers:
        assert ledger.reveal(tender, offer.name) == OPENED
    ledger.act("evaluate", tender)
    rows_found = ledger.view("tender", "ranking_list", tender)
    assert isinstance(rows_found, tuple)
    scores = [row[3] for row in rows_found]  # type: ignore[index]  # rows are records
    assert list(zip(ledger.ranks(tender), scores, strict=True)) == model(offers, weight)
