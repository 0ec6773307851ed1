"""Keys are revealed after the close and in time, technical envelopes first; what does not open does not count."""

import pytest

from chain.hashing import sha256
from sealed.envelope import seal
from tests.contracts.ledger import OPENING_MS, address, key
from tests.contracts.tendering import (
    DISQUALIFIED,
    INVALID,
    LOW_QUALITY,
    NO_PRICE,
    NOT_REVEALED,
    OPENED,
    PRICE,
    PROPOSAL,
    QUALITY_AND_COST,
    SECOND_MEMBER,
    TECHNICAL,
    TECHNICAL_OPENED,
    Tendering,
    price_document,
)


@pytest.fixture
def ledger() -> Tendering:
    return Tendering()


def test_the_opening_lasts_as_long_as_the_rules_say_for_everybody(ledger: Tendering) -> None:
    """Also where the selection group waits: it cannot let a late bidder in."""
    tender = ledger.publish()
    for name in ("alfa", "beta"):
        ledger.bid(tender, name, 50)
    ledger.close(tender)
    ledger.wait(-1)
    message = ledger.refused(key("alfa"), "tender", "reveal_price", tender, b"")
    assert message.startswith("clause 5.1: the close is at")
    ledger.wait(OPENING_MS)
    assert "clause 5.5" in ledger.refused_act("evaluate", tender)
    ledger.reveal(tender, "alfa")
    ledger.wait(1)
    late = ledger.envelope_key(tender, "beta", 1, PRICE)
    message = ledger.refused(key("beta"), "tender", "reveal_price", tender, late)
    assert message.startswith("clause 5.5: envelopes could be opened until")
    assert ledger.act("evaluate", tender) == 1
    assert ledger.flaw(tender, "beta") == (INVALID, NOT_REVEALED)


def test_nobody_waits_when_all_are_open(ledger: Tendering) -> None:
    tender = ledger.publish()
    for name in ("alfa", "beta", "citra"):
        ledger.bid(tender, name, 50)
    ledger.act("withdraw", tender, signer=key("citra"))
    ledger.close(tender)
    ledger.reveal(tender, "alfa")
    assert "1 envelopes may still be opened" in ledger.refused_act("evaluate", tender)
    ledger.act("disqualify", tender, address("beta"), "berkas tidak lengkap")
    assert ledger.act("evaluate", tender) == 1


def test_a_wrong_key_is_refused_and_the_right_one_still_opens(ledger: Tendering) -> None:
    tender = ledger.publish()
    ledger.bid(tender, "alfa", 50)
    ledger.close(tender)
    for wrong in (b"", bytes(32), ledger.envelope_key(tender, "alfa", 1, TECHNICAL)):
        message = ledger.refused(key("alfa"), "tender", "reveal_price", tender, wrong)
        assert message.startswith("clause 5.1: the key does not fit its commitment")
    assert ledger.reveal(tender, "alfa") == OPENED
    message = ledger.refused(
        key("alfa"), "tender", "reveal_price", tender, ledger.envelope_key(tender, "alfa", 1, 2)
    )
    assert (
        message
        == f"clause 5.2: the bid of {address('alfa').hex().upper()} is in state 2 and not to be opened"
    )


@pytest.mark.parametrize(
    ("document", "price"),
    [
        (price_document(1), 1),
        (price_document(2**128 - 1), 2**128 - 1),
        (price_document(7) + b" dan lampiran", 7),
        (price_document(0), None),
        (b"", None),
        (price_document(7)[:16], None),
        (b"\x02" + price_document(7)[1:], None),
        (b"harga: tujuh rupiah saja", None),
    ],
)
def test_a_price_is_read_from_a_price_document_only(
    ledger: Tendering, document: bytes, price: int | None
) -> None:
    tender = ledger.publish()
    ledger.do(key("alfa"), "tender", "submit", *ledger.bid_arguments(tender, "alfa", document))
    ledger.close(tender)
    ledger.reveal(tender, "alfa")
    assert ledger.flaw(tender, "alfa") == ((INVALID, NO_PRICE) if price is None else (OPENED, 0))
    found = ledger.bid_of(tender, "alfa")["price"]
    assert found == ((price or 0) if (price or 0) < 2**64 else (2**128 - 1).to_bytes(32, "big"))


def test_prices_of_those_who_did_not_pass_stay_closed(ledger: Tendering) -> None:
    tender = ledger.publish(envelopes=2)
    for name in ("alfa", "beta", "citra"):
        ledger.bid(tender, name, 50, envelopes=2)
    ledger.close(tender)
    assert ledger.reveal(tender, "alfa", TECHNICAL) == TECHNICAL_OPENED
    message = ledger.refused(
        key("alfa"), "tender", "reveal_price", tender, ledger.envelope_key(tender, "alfa", 1, PRICE)
    )
    assert message == "clause 5.2: price envelopes are not being opened"
    ledger.reveal(tender, "beta", TECHNICAL)
    ledger.act("disqualify", tender, address("beta"), "metode tidak memenuhi syarat")
    ledger.wait(OPENING_MS)
    assert ledger.act("open_prices", tender) == 1
    assert ledger.flaw(tender, "citra") == (INVALID, NOT_REVEALED)
    assert ledger.bid_of(tender, "beta")["state"] == DISQUALIFIED
    for name in ("beta", "citra"):
        secret = ledger.envelope_key(tender, name, 1, PRICE)
        assert "not to be opened" in ledger.refused(key(name), "tender", "reveal_price", tender, secret)
    assert ledger.reveal(tender, "alfa") == OPENED


def test_prices_have_an_opening_time_of_their_own(ledger: Tendering) -> None:
    tender = ledger.publish(envelopes=2)
    for name in ("alfa", "beta"):
        ledger.bid(tender, name, 50, envelopes=2)
    ledger.open_technical(tender, "alfa", "beta")
    assert ledger.stage(tender) == "prices"
    ledger.reveal(tender, "beta")
    ledger.wait(OPENING_MS - 1)
    assert "clause 5.5" in ledger.refused_act("evaluate", tender)
    ledger.wait(1)
    secret = ledger.envelope_key(tender, "alfa", 1, PRICE)
    assert "clause 5.5" in ledger.refused(key("alfa"), "tender", "reveal_price", tender, secret)
    assert ledger.act("evaluate", tender) == 1
    assert ledger.flaw(tender, "alfa") == (INVALID, NOT_REVEALED)


def test_who_is_set_aside_while_prices_open_is_not_waited_for(ledger: Tendering) -> None:
    tender = ledger.publish(envelopes=2)
    for name in ("alfa", "beta"):
        ledger.bid(tender, name, 50, envelopes=2)
    ledger.open_technical(tender, "alfa", "beta")
    ledger.reveal(tender, "beta")
    assert ledger.record(tender)["unopened"] == 1
    ledger.act("disqualify", tender, address("alfa"), "keterangan palsu")
    assert ledger.act("evaluate", tender) == 1


def test_a_technical_envelope_that_does_not_open_ends_the_bid(ledger: Tendering) -> None:
    tender = ledger.publish(envelopes=2)
    arguments = ledger.bid_arguments(tender, "alfa", price_document(5), envelopes=2)
    context = ledger.view("tender", "envelope_context", tender, 1, address("alfa"), 1, PRICE)
    assert isinstance(context, bytes)
    arguments[3:5] = [seal(b"metode", bytes(32), context), sha256(bytes(32))]
    ledger.do(key("alfa"), "tender", "submit", *arguments)
    ledger.close(tender)
    assert ledger.act("reveal_technical", tender, bytes(32), signer=key("alfa")) == INVALID
    assert ledger.record(tender)["unopened"] == 0
    assert ledger.act("open_prices", tender) == 0


def test_quality_is_the_mean_rounded_down_and_too_little_is_out(ledger: Tendering) -> None:
    tender = ledger.publish(
        envelopes=2, award_rule=QUALITY_AND_COST, quality_weight_bps=6_000, quality_min_bps=7_000
    )
    for name in ("alfa", "beta"):
        ledger.bid(tender, name, 50, envelopes=2)
    ledger.close(tender)
    for name, first, second in (("alfa", 7_000, 7_001), ("beta", 6_999, 7_000)):
        ledger.reveal(tender, name, TECHNICAL)
        ledger.act("score", tender, address(name), first, "metode")
        ledger.act("score", tender, address(name), second, "personel", signer=SECOND_MEMBER)
    assert ledger.act("open_prices", tender) == 1
    assert ledger.bid_of(tender, "alfa")["quality_bps"] == 7_000
    assert ledger.bid_of(tender, "beta")["quality_bps"] == 6_999
    assert ledger.flaw(tender, "beta") == (INVALID, LOW_QUALITY)
    assert ledger.record(tender)["unopened"] == 1


def test_what_was_opened_is_read_by_everybody(ledger: Tendering) -> None:
    tender = ledger.publish(envelopes=2)
    ledger.bid(tender, "alfa", 50, envelopes=2)
    ledger.open_technical(tender, "alfa")
    assert ledger.view("tender", "opened_document", tender, address("alfa"), TECHNICAL) == PROPOSAL
    ledger.reveal(tender, "alfa")
    assert ledger.view("tender", "opened_document", tender, address("alfa"), PRICE) == price_document(50)
