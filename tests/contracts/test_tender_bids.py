"""Bids come in sealed: replaced, taken back, and refused from the close on."""

import pytest

from chain.hashing import sha256
from chain.transaction import Call
from sealed.envelope import seal
from tests.contracts.ledger import address, key
from tests.contracts.tendering import (
    AUTHORITY,
    CLOSE_IN_MS,
    DOES_NOT_OPEN,
    INVALID,
    OPENED,
    PRICE,
    SEALED,
    WITHDRAWN,
    Tendering,
    price_document,
)


@pytest.fixture
def ledger() -> Tendering:
    return Tendering()


def test_nothing_of_a_bid_is_seen_before_it_is_opened(ledger: Tendering) -> None:
    tender = ledger.publish()
    ledger.bid(tender, "alfa", 123_456_789)
    bid = ledger.bid_of(tender, "alfa")
    assert (bid["state"], bid["price"], bid["submitted_at"]) == (SEALED, 0, ledger.now_ms)
    number = (123_456_789).to_bytes(16, "big")
    assert not any(number in value for value in ledger.state.rows.values())
    assert (ledger.record(tender)["bidders"], ledger.record(tender)["unopened"]) == (1, 1)


def test_a_later_bid_replaces_the_earlier(ledger: Tendering) -> None:
    tender = ledger.publish()
    ledger.bid(tender, "alfa", 90)
    ledger.wait(5)
    ledger.bid(tender, "alfa", 80, version=4)
    assert (ledger.record(tender)["bidders"], ledger.record(tender)["unopened"]) == (1, 1)
    assert ledger.bid_of(tender, "alfa")["submitted_at"] == ledger.now_ms
    ledger.close(tender)
    earlier = ledger.envelope_key(tender, "alfa", 1, PRICE)
    assert "does not fit" in ledger.refused(key("alfa"), "tender", "reveal_price", tender, earlier)
    assert ledger.reveal(tender, "alfa", version=4) == OPENED
    assert ledger.bid_of(tender, "alfa")["price"] == 80


@pytest.mark.parametrize("version", [0, 1, 2])
def test_versions_only_go_up(ledger: Tendering, version: int) -> None:
    tender = ledger.publish()
    ledger.bid(tender, "alfa", 90, version=2)
    arguments = ledger.bid_arguments(tender, "alfa", price_document(1), version)
    message = ledger.refused(key("alfa"), "tender", "submit", *arguments)
    assert message == f"clause 4.3: a later bid has a version above 2, got {version}"


def test_a_bid_that_was_withdrawn_counts_no_more_until_it_comes_back(ledger: Tendering) -> None:
    tender = ledger.publish()
    for name in ("alfa", "beta"):
        ledger.bid(tender, name, 90)
        ledger.act("withdraw", tender, signer=key(name))
    assert ledger.record(tender)["unopened"] == 0
    ledger.bid(tender, "alfa", 95, version=2)
    assert (ledger.record(tender)["bidders"], ledger.record(tender)["unopened"]) == (2, 1)
    ledger.close(tender)
    ledger.reveal(tender, "alfa", version=2)
    ledger.act("evaluate", tender)
    assert ledger.ranks(tender) == ["alfa"]
    assert ledger.bid_of(tender, "beta")["state"] == WITHDRAWN


def test_the_close_is_kept_to_the_millisecond(ledger: Tendering) -> None:
    tender = ledger.publish()
    early, late = (ledger.bid_arguments(tender, name, price_document(5)) for name in ("alfa", "beta"))
    ledger.wait(CLOSE_IN_MS - 1)
    ledger.do(key("alfa"), "tender", "submit", *early)
    ledger.wait(1)
    closed = f"clause 4.1: the close was at {ledger.now_ms}, the block's time is {ledger.now_ms}"
    assert ledger.refused(key("beta"), "tender", "submit", *late) == closed
    assert ledger.refused(key("alfa"), "tender", "withdraw", tender) == closed
    assert ledger.stage(tender) == "opening"


def test_who_is_barred_bids_again_when_the_term_is_over(ledger: Tendering) -> None:
    tender = ledger.publish()
    ledger.do(AUTHORITY, "registry", "bar", address("alfa"), ledger.now_ms + 100, "palsu")
    arguments = ledger.bid_arguments(tender, "alfa", price_document(5))
    assert "is barred from bidding" in ledger.refused(key("alfa"), "tender", "submit", *arguments)
    ledger.wait(100)
    ledger.do(key("alfa"), "tender", "submit", *arguments)


def test_an_envelope_of_another_bidder_does_not_open(ledger: Tendering) -> None:
    """A copy under the copier's own name, key and all."""
    tender = ledger.publish()
    ledger.bid(tender, "alfa", 90)
    copied = ledger.bid_arguments(tender, "alfa", price_document(90))
    ledger.do(key("beta"), "tender", "submit", *copied)
    ledger.close(tender)
    secret = ledger.envelope_key(tender, "alfa", 1, PRICE)
    assert ledger.reveal(tender, "alfa") == OPENED
    assert ledger.do(key("beta"), "tender", "reveal_price", tender, secret) == INVALID
    assert ledger.flaw(tender, "beta") == (INVALID, DOES_NOT_OPEN)


@pytest.mark.parametrize("wrong", ["bytes", "key length", "version", "number"])
def test_an_envelope_made_for_something_else_does_not_open(ledger: Tendering, wrong: str) -> None:
    tender = ledger.publish()
    secret = b"short" if wrong == "key length" else bytes(range(32))
    version, number = (2 if wrong == "version" else 1), (1 if wrong == "number" else PRICE)
    context = ledger.view("tender", "envelope_context", tender, 1, address("alfa"), version, number)
    assert isinstance(context, bytes)
    sealed = b"nothing" if len(secret) < 32 else seal(price_document(5), secret, context)
    if wrong == "bytes":
        sealed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    ledger.do(key("alfa"), "tender", "submit", tender, 1, 1, b"", b"", sealed, sha256(secret))
    ledger.close(tender)
    assert ledger.do(key("alfa"), "tender", "reveal_price", tender, secret) == INVALID
    assert ledger.flaw(tender, "alfa") == (INVALID, DOES_NOT_OPEN)
    assert ledger.record(tender)["unopened"] == 0


def test_bids_of_one_block_are_in_its_order(ledger: Tendering) -> None:
    """One that is refused leaves the others as they are."""
    tender = ledger.publish()
    transactions = []
    for name, version in (("alfa", 1), ("beta", 1), ("alfa", 1), ("beta", 2)):
        arguments = tuple(ledger.bid_arguments(tender, name, price_document(version), version))
        transactions.append(
            ledger.sign(key(name), Call(contract="tender", method="submit", arguments=arguments))
        )
    results = ledger.execute(transactions).results
    assert [result.is_ok for result in results] == [True, True, False, True]
    assert [ledger.bid_of(tender, name)["version"] for name in ("alfa", "beta")] == [1, 2]
    assert ledger.record(tender)["unopened"] == 2
