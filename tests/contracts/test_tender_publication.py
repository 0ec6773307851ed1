"""Tenders become known: estimate, terms, addenda, and the close that only moves away."""

import hashlib

import pytest

from chain.codec import Value
from chain.limits import UINT64_MAX
from tests.contracts.ledger import CHAIN, NOTICE_MS, PUBLICATION_MIN_MS, address, key
from tests.contracts.tendering import CLOSE_IN_MS, GROUP, OFFICER, PRICE, QUALITY_AND_COST, Tendering


@pytest.fixture
def ledger() -> Tendering:
    return Tendering()


def test_a_tender_is_known_by_agency_and_reference(ledger: Tendering) -> None:
    tender = ledger.publish("T/2026/1")
    assert tender == hashlib.sha256(b"barat\x00T/2026/1").digest()
    assert ledger.view("tender", "tender_id", "barat", "T/2026/1") == tender
    record = ledger.record(tender)
    assert record | {"agency": "barat", "reference": "T/2026/1", "currency": "IDR", "version": 1} == record
    assert record["published_by"] == GROUP.address
    assert record["opening_from"] == ledger.now_ms + CLOSE_IN_MS
    assert ledger.stage(tender) == "submission"


def test_an_estimate_may_change_until_publication(ledger: Tendering) -> None:
    tender = ledger.plan("T-1")
    ledger.act("set_estimate", "T-1", 500, "IDR", signer=OFFICER)
    ledger.act("set_estimate", "T-1", 700, "IDR", signer=OFFICER)
    assert ledger.view("tender", "estimate_of", tender) == (700, "IDR", OFFICER.address, ledger.now_ms)
    assert ledger.act("publish", "T-1", "IDR", ledger.terms()) == tender
    message = ledger.refused(OFFICER, "tender", "set_estimate", "T-1", 900, "IDR")
    assert message == "clause 2.2: T-1 is published, and its estimate stays"
    assert ledger.view("tender", "has_estimate", tender) is True
    assert ledger.view("tender", "has_estimate", ledger.publish("T-2")) is False


@pytest.mark.parametrize(("early_ms", "is_published"), [(0, True), (1, False)])
def test_the_least_time_to_bid_is_kept_to_the_millisecond(
    ledger: Tendering, early_ms: int, is_published: bool
) -> None:
    ledger.plan()
    closes_at = ledger.now_ms + PUBLICATION_MIN_MS - early_ms
    result = ledger.send(GROUP, "tender", "publish", "T-1", "IDR", ledger.terms(closes_at=closes_at))
    assert result.is_ok is is_published


@pytest.mark.parametrize(("late_ms", "is_published"), [(0, True), (1, False)])
def test_no_tender_stays_open_for_ever(ledger: Tendering, late_ms: int, is_published: bool) -> None:
    ledger.plan()
    closes_at = ledger.now_ms + 366 * 86_400_000 + late_ms
    result = ledger.send(GROUP, "tender", "publish", "T-1", "IDR", ledger.terms(closes_at=closes_at))
    assert result.is_ok is is_published


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "x" * 500},
        {"title": "é" * 250},
        {"criteria": ""},
        {"criteria": "x" * 2_000},
        {"bids_min": 500, "winners": 50},
        {"envelopes": 2},
        {
            "envelopes": 2,
            "award_rule": QUALITY_AND_COST,
            "quality_weight_bps": 10_000,
            "quality_min_bps": 10_000,
        },
        {"envelopes": 2, "award_rule": QUALITY_AND_COST},
    ],
)
def test_terms_up_to_their_walls_are_published(ledger: Tendering, changes: dict[str, Value]) -> None:
    tender = ledger.publish_with(changes)
    assert ledger.view("tender", "terms_in_force", tender) == ledger.terms(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"title": ""},
        {"title": "x" * 501},
        {"title": "é" * 251},
        {"documents": bytes(31)},
        {"criteria": "x" * 2_001},
        {"envelopes": 0},
        {"envelopes": 3},
        {"bids_min": 0},
        {"bids_min": 501},
        {"winners": 0},
        {"winners": 51},
        {"envelopes": 2, "quality_weight_bps": 1},
        {"envelopes": 2, "quality_min_bps": 1},
        {"envelopes": 1, "award_rule": QUALITY_AND_COST},
        {"envelopes": 2, "award_rule": QUALITY_AND_COST, "quality_weight_bps": 10_001},
        {"envelopes": 2, "award_rule": QUALITY_AND_COST, "quality_min_bps": UINT64_MAX},
    ],
)
def test_terms_beyond_their_walls_are_not(ledger: Tendering, changes: dict[str, Value]) -> None:
    message = ledger.refused(GROUP, "tender", "publish", "T-1", "IDR", ledger.terms(**changes))
    assert message.startswith(("clause 2.3", "clause 2.5"))


def test_an_addendum_is_a_new_version_and_the_old_stays(ledger: Tendering) -> None:
    tender = ledger.publish()
    first = ledger.view("tender", "terms_in_force", tender)
    changed = ledger.terms(title="Jembatan dua lajur", winners=2, closes_at=ledger.now_ms + CLOSE_IN_MS)
    assert ledger.act("publish_addendum", tender, changed) == 2
    assert ledger.view("tender", "terms_of", tender, 1) == first
    assert ledger.view("tender", "terms_of", tender, 2) == changed
    assert ledger.view("tender", "terms_in_force", tender) == changed
    assert ledger.record(tender)["version"] == 2


def test_a_late_addendum_moves_the_close_away(ledger: Tendering) -> None:
    tender = ledger.publish()
    closes_at = ledger.now_ms + CLOSE_IN_MS
    ledger.wait(CLOSE_IN_MS - 1)
    ledger.act("publish_addendum", tender, ledger.terms(closes_at=closes_at))
    assert ledger.record(tender)["opening_from"] == ledger.now_ms + NOTICE_MS
    terms = ledger.view("tender", "terms_in_force", tender)
    assert isinstance(terms, tuple)
    assert terms[-1] == ledger.now_ms + NOTICE_MS
    ledger.wait(NOTICE_MS - 1)
    ledger.bid(tender, "alfa", 5)
    ledger.wait(1)
    assert "clause 4.1: the close was at" in ledger.refused(key("alfa"), "tender", "withdraw", tender)


def test_a_bid_for_the_earlier_terms_stands(ledger: Tendering) -> None:
    """Also its seal, which names the version that it was made for."""
    tender = ledger.publish()
    ledger.bid(tender, "alfa", 70)
    ledger.act("publish_addendum", tender, ledger.terms(closes_at=ledger.now_ms + CLOSE_IN_MS))
    ledger.bid(tender, "beta", 80)
    ledger.close(tender)
    ledger.reveal(tender, "alfa")
    ledger.reveal(tender, "beta")
    ledger.act("evaluate", tender)
    assert ledger.ranks(tender) == ["alfa", "beta"]
    assert [ledger.bid_of(tender, name)["terms_version"] for name in ("alfa", "beta")] == [1, 2]


def test_what_an_envelope_is_bound_to(ledger: Tendering) -> None:
    tender = ledger.publish()
    parts = (3).to_bytes(32, "big"), address("alfa"), (7).to_bytes(32, "big"), PRICE.to_bytes(32, "big")
    bound = hashlib.sha256(CHAIN.encode()).digest() + tender + b"".join(parts)
    context = ledger.view("tender", "envelope_context", tender, 3, address("alfa"), 7, PRICE)
    assert context == hashlib.sha256(bound).digest()
