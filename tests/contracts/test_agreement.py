"""Agreements: drafted after the award, signed by both, amended, delivered in parts, and every refusal by its words."""

from collections.abc import Callable

import pytest

from chain.codec import Value
from chain.keys import SigningKey
from tests.contracts.agreeing import (
    CLOSED,
    DRAFTED,
    IN_FORCE,
    IN_TIME_MS,
    PRICE,
    SUPPLIER,
    TERMINATED,
    Agreeing,
    shown,
)
from tests.contracts.ledger import PENALTY_BPS, PENALTY_MAX_BPS, Refusal, key
from tests.contracts.tendering import GROUP, OFFICER

DAY_MS = 86_400_000
SIGN, AMEND, REPORT_DELIVERY, DECIDE_DELIVERY, CLOSE, TERMINATE = range(6)


def test_an_agreement_is_in_force_when_both_have_signed() -> None:
    ledger = Agreeing()
    ledger.draft()
    assert (ledger.record()["stage"], ledger.record()["version"]) == (DRAFTED, 0)
    assert ledger.acts(SUPPLIER) == (SIGN,)
    assert ledger.do(SUPPLIER, "agreement", "sign", ledger.agreement, 1) == DRAFTED
    assert ledger.acts(SUPPLIER) == ()
    assert ledger.do(OFFICER, "agreement", "sign", ledger.agreement, 1) == IN_FORCE
    record = ledger.record()
    assert (record["stage"], record["version"], record["value"]) == (IN_FORCE, 1, PRICE)
    assert record["in_force_at"] == ledger.now_ms
    assert ledger.acts(SUPPLIER) == (REPORT_DELIVERY,)
    assert ledger.acts(OFFICER) == (AMEND, TERMINATE)
    assert ledger.acts(GROUP) == ()


def test_a_milestone_is_delivered_in_parts() -> None:
    ledger = Agreeing()
    ledger.agree(400_000, 600_000)
    first, second = ledger.deliver(1, 150_000), ledger.deliver(1, 250_000)
    assert ledger.acts(OFFICER) == (AMEND, DECIDE_DELIVERY)
    ledger.officer_does("reject", ledger.agreement, second, "rusak")
    ledger.accept(first)
    again = ledger.deliver(1, 250_000)
    ledger.accept(again)
    rows = ledger.view("agreement", "milestone_list", ledger.agreement, 1)
    assert isinstance(rows, tuple)
    assert [row[-2:] for row in rows] == [(0, 400_000), (0, 0)]  # type: ignore[index]  # records
    deliveries = ledger.view("agreement", "delivery_list", ledger.agreement)
    assert isinstance(deliveries, tuple)
    assert [row[7] for row in deliveries] == [1, 2, 1]  # type: ignore[index]  # accepted, rejected, accepted
    assert ledger.record()["accepted"] == 400_000


def test_all_delivered_it_is_closed_with_a_rating() -> None:
    ledger = Agreeing()
    ledger.agree(400_000, 600_000)
    for milestone, amount in ((1, 400_000), (2, 600_000)):
        ledger.accept(ledger.deliver(milestone, amount))
    assert ledger.acts(OFFICER) == (AMEND, CLOSE, TERMINATE)
    ledger.officer_does("close", ledger.agreement, 5, "tepat waktu")
    assert (ledger.record()["stage"], ledger.record()["rating"]) == (CLOSED, 5)
    assert ledger.acts(OFFICER) == ledger.acts(SUPPLIER) == ()


def test_it_ends_early_and_what_was_accepted_stays_ordered() -> None:
    ledger = Agreeing()
    order = ledger.ordered()
    ledger.officer_does("terminate", ledger.agreement, "wanprestasi")
    assert ledger.record()["stage"] == TERMINATED
    assert ledger.order(order)["gross"] == 400_000
    assert (
        ledger.refused(SUPPLIER, "agreement", "report_delivery", ledger.agreement, 2, 1, "", b"")
        == "clause 4.1: the agreement is not in force"
    )


@pytest.mark.parametrize(
    ("late_ms", "bps"),
    [
        (0, 0),
        (1, PENALTY_BPS),
        (DAY_MS, PENALTY_BPS),
        (DAY_MS + 1, 2 * PENALTY_BPS),
        (400 * DAY_MS, PENALTY_MAX_BPS),
    ],
)
def test_each_day_begun_costs_until_the_bound(late_ms: int, bps: int) -> None:
    ledger = Agreeing()
    ledger.agree(400_000, 600_000)
    ledger.wait(IN_TIME_MS + late_ms)
    delivery = ledger.deliver(1, 150_005)
    ledger.wait(DAY_MS)
    expected = (150_005 * bps + 5_000) // 10_000
    assert ledger.view("agreement", "penalty_now", ledger.agreement, delivery) == expected
    assert ledger.order(ledger.accept(delivery))["penalty"] == expected


def test_an_amendment_takes_effect_when_both_signed_it() -> None:
    ledger = Agreeing()
    ledger.agree(400_000, 600_000)
    ledger.accept(ledger.deliver(1, 400_000))
    wanted = ledger.milestones(400_000, 500_000, 200_000)
    assert ledger.officer_does("propose_amendment", ledger.agreement, wanted, "tambah pekerjaan") == 2
    assert ledger.record()["version"] == 1
    assert ledger.acts(SUPPLIER) == (SIGN, REPORT_DELIVERY)
    ledger.deliver(2, 500_000)
    ledger.both_sign(2)
    record = ledger.record()
    assert (record["version"], record["value"], record["milestones"]) == (2, 1_100_000, 3)
    ledger.deliver(3, 200_000)
    assert ledger.view("agreement", "version_record", ledger.agreement, 2) == (
        1_100_000,
        3,
        OFFICER.address,
        ledger.now_ms,
        "tambah pekerjaan",
    )


def test_views_tell_signatures_and_lists() -> None:
    ledger = Agreeing()
    ledger.draft()
    ledger.do(SUPPLIER, "agreement", "sign", ledger.agreement, 1)
    assert ledger.view("agreement", "is_signed", ledger.agreement, 1, 0) is True
    assert ledger.view("agreement", "is_signed", ledger.agreement, 1, 1) is False
    assert ledger.view("agreement", "signature_record", ledger.agreement, 1, 0) == (
        SUPPLIER.address,
        ledger.now_ms,
    )
    assert ledger.view("agreement", "agreement_count") == 1
    (row,) = ledger.view("agreement", "agreement_list", 1, 10)  # type: ignore[misc,str-unpack]  # one record
    assert row == (ledger.agreement, 1, ledger.tender, SUPPLIER.address, "barat", "IDR", PRICE, DRAFTED, 0)
    assert ledger.view("agreement", "agreements_of_tender", ledger.tender) == (row,)
    assert ledger.view("agreement", "agreement_list", 2, 10) == ()


# --- Refusals -------------------------------------------------------------------------------------------------------

Attempt = Callable[[Agreeing], Refusal]


def drafting(amounts: tuple[int, ...] = (PRICE,), **changes: Value) -> Attempt:
    """A draft of which something is another."""

    def attempt(ledger: Agreeing) -> Refusal:
        title, due_at = changes.get("title", "Termin"), changes.get("due_at", 1)
        wanted = tuple((title, amount, due_at) for amount in amounts)
        supplier = changes.get("supplier", SUPPLIER.address)
        return ledger.officer_is_refused("draft", changes.get("tender", ledger.tender), supplier, wanted)

    return attempt


def by(signer: SigningKey, method: str, *arguments: Value) -> Attempt:
    """An act under an agreement in force, of milestones of 400 and 600 thousand."""

    def attempt(ledger: Agreeing) -> Refusal:
        ledger.agree(400_000, 600_000)
        return ledger.refused(signer, "agreement", method, ledger.agreement, *arguments)

    return attempt


def reporting(
    milestone: int = 1, amount: int = 1, note: str = "", documents: bytes = b"", who: SigningKey = SUPPLIER
) -> Attempt:
    """A report of a delivery."""
    return by(who, "report_delivery", milestone, amount, note, documents)


def amending(*amounts: int, reason: str = "perlu") -> Attempt:
    """An amendment after 300 thousand of the first milestone were accepted."""

    def attempt(ledger: Agreeing) -> Refusal:
        ledger.agree(400_000, 600_000)
        ledger.accept(ledger.deliver(1, 300_000))
        wanted = ledger.milestones(*amounts)
        return ledger.officer_is_refused("propose_amendment", ledger.agreement, wanted, reason)

    return attempt


def _drafting_for_the_unfinished(ledger: Agreeing) -> Refusal:
    wanted = ledger.milestones(PRICE)
    return ledger.officer_is_refused("draft", ledger.unfinished, SUPPLIER.address, wanted)


def _drafting_by_another(ledger: Agreeing) -> Refusal:
    wanted = ledger.milestones(PRICE)
    return ledger.refused(GROUP, "agreement", "draft", ledger.tender, SUPPLIER.address, wanted)


def _drafting_twice(ledger: Agreeing) -> Refusal:
    ledger.draft()
    return drafting()(ledger)


def _signing(signer: SigningKey, version: int) -> Attempt:
    def attempt(ledger: Agreeing) -> Refusal:
        ledger.draft()
        return ledger.refused(signer, "agreement", "sign", ledger.agreement, version)

    return attempt


def _signing_twice(ledger: Agreeing) -> Refusal:
    ledger.draft()
    ledger.do(SUPPLIER, "agreement", "sign", ledger.agreement, 1)
    return ledger.refused(SUPPLIER, "agreement", "sign", ledger.agreement, 1)


def _signing_what_ended(ledger: Agreeing) -> Refusal:
    ledger.draft()
    ledger.officer_does("terminate", ledger.agreement, "batal")
    return ledger.refused(SUPPLIER, "agreement", "sign", ledger.agreement, 1)


def _ending_twice(ledger: Agreeing) -> Refusal:
    ledger.draft()
    ledger.officer_does("terminate", ledger.agreement, "batal")
    return ledger.officer_is_refused("terminate", ledger.agreement, "batal")


def _amending_a_draft(ledger: Agreeing) -> Refusal:
    ledger.draft()
    wanted = ledger.milestones(PRICE)
    return ledger.officer_is_refused("propose_amendment", ledger.agreement, wanted, "perlu")


def _amended_below_what_was_reported_since(ledger: Agreeing) -> Refusal:
    ledger.agree(400_000, 600_000)
    wanted = ledger.milestones(400_000, 100_000)
    ledger.officer_does("propose_amendment", ledger.agreement, wanted, "kurang")
    ledger.deliver(2, 600_000)
    ledger.do(SUPPLIER, "agreement", "sign", ledger.agreement, 2)
    return ledger.officer_is_refused("sign", ledger.agreement, 2)


def _delivering_under_a_draft(ledger: Agreeing) -> Refusal:
    ledger.draft()
    return ledger.refused(SUPPLIER, "agreement", "report_delivery", ledger.agreement, 1, 1, "", b"")


def _too_many_deliveries(ledger: Agreeing) -> Refusal:
    ledger.agree(400_000, 600_000)
    for _ in range(500):
        ledger.deliver(1, 1)
    return ledger.refused(SUPPLIER, "agreement", "report_delivery", ledger.agreement, 1, 1, "", b"")


def _closing(rating: int, reason: str, *, is_all: bool = True) -> Attempt:
    def attempt(ledger: Agreeing) -> Refusal:
        ledger.agree(PRICE)
        ledger.accept(ledger.deliver(1, PRICE if is_all else 1))
        return ledger.officer_is_refused("close", ledger.agreement, rating, reason)

    return attempt


def _closing_a_draft(ledger: Agreeing) -> Refusal:
    ledger.draft()
    return ledger.officer_is_refused("close", ledger.agreement, 5, "baik")


def _ending_while_one_waits(ledger: Agreeing) -> Refusal:
    ledger.agree(PRICE)
    ledger.deliver(1, 1)
    return ledger.officer_is_refused("terminate", ledger.agreement, "batal")


def _deciding_twice(ledger: Agreeing) -> Refusal:
    ledger.agree(PRICE)
    delivery = ledger.deliver(1, 1)
    ledger.accept(delivery)
    return ledger.officer_is_refused("reject", ledger.agreement, delivery, "rusak")


def _with_delivery(method: str, text: str) -> Attempt:
    def attempt(ledger: Agreeing) -> Refusal:
        ledger.agree(PRICE)
        return ledger.officer_is_refused(method, ledger.agreement, ledger.deliver(1, 1), text)

    return attempt


def viewing(method: str, *arguments: Value) -> Attempt:
    """A view of a draft."""

    def attempt(ledger: Agreeing) -> Refusal:
        ledger.draft()
        return ledger.refused_view("agreement", method, ledger.agreement, *arguments)

    return attempt


BETA, NOWHERE = key("beta"), bytes(32)
REFUSALS: dict[str, Attempt] = {
    f"clause 1.1: {shown(GROUP)} is not a commitment officer of barat": _drafting_by_another,
    "clause 1.1: the award is not final": _drafting_for_the_unfinished,
    f"clause 1.1: {shown('beta')} has won nothing in this tender": drafting(supplier=BETA.address),
    f"clause 1.1: there is an agreement with {shown(SUPPLIER)} already": _drafting_twice,
    f"clause 1.1: there is no agreement {NOWHERE.hex().upper()}": lambda ledger: ledger.officer_is_refused(
        "accept", NOWHERE, 1, ""
    ),
    f"clause 1.2: the milestones come to {PRICE - 1}, the award to {PRICE}": drafting((PRICE - 1,)),
    "clause 1.2: there is at least one milestone": drafting(()),
    "clause 1.2: a title has 1 to 200 bytes": drafting(title=""),
    "clause 1.2: the amount of a milestone is above zero": drafting((PRICE, 0)),
    "clause 1.2: a milestone has a due date": drafting(due_at=0),
    "clause 2.1: the agreement is over": _signing_what_ended,
    "clause 2.1: version 1 is in force already": by(SUPPLIER, "sign", 1),
    "clause 2.1: party 0 has signed version 1": _signing_twice,
    "clause 2.1: party 1 has not signed version 1": viewing("signature_record", 1, 1),
    f"clause 2.1: {shown('beta')} is no party to this agreement": _signing(BETA, 1),
    f"clause 2.1: {shown(GROUP)} is no party to this agreement": _signing(GROUP, 1),
    "clause 2.2: the newest version is 1, the signature is for 2": _signing(SUPPLIER, 2),
    "clause 2.2: the agreement has no version 3": viewing("version_record", 3),
    "clause 3.1: the agreement is not in force": _amending_a_draft,
    "clause 3.2: the milestones come to 1100001, and to at most 1100000": amending(400_000, 700_001),
    "clause 3.3: there are 2 milestones, and the amendment has 1": amending(PRICE),
    "clause 3.3: 300000 of milestone 1 is delivered, and the amendment has 299999": amending(
        299_999, 600_000
    ),
    "clause 3.3: 600000 of milestone 2 is delivered, and the amendment has 100000": (
        _amended_below_what_was_reported_since
    ),
    f"clause 4.1: {shown(OFFICER)} is not the supplier of this agreement": reporting(who=OFFICER),
    f"clause 4.1: {shown('beta')} is not the supplier of this agreement": reporting(who=BETA),
    "clause 4.1: the agreement is not in force": _delivering_under_a_draft,
    f"clause 1.1: {shown(BETA)} is not a commitment officer of barat": by(BETA, "accept", 1, ""),
    "clause 4.1: there are milestones 1 to 2, got 0": reporting(0),
    "clause 4.1: there are milestones 1 to 2, got 3": reporting(3),
    "clause 4.1: a note has at most 500 bytes": reporting(note="x" * 501),
    "clause 4.1: documents are named by a hash of 32 bytes, got 31": reporting(documents=bytes(31)),
    "clause 4.1: there are 500 deliveries already": _too_many_deliveries,
    "clause 4.2: a delivery is worth more than nothing": reporting(amount=0),
    "clause 4.2: 400000 of milestone 1 is left, the delivery is of 400001": reporting(amount=400_001),
    "clause 4.3: a note has at most 500 bytes": _with_delivery("accept", "x" * 501),
    "clause 4.3: a reason has 1 to 500 bytes": _with_delivery("reject", ""),
    "clause 4.3: there is no delivery 9": by(OFFICER, "accept", 9, ""),
    "clause 4.3: delivery 1 is decided already": _deciding_twice,
    "clause 5.1: the agreement is not in force": _closing_a_draft,
    f"clause 5.1: 1 of {PRICE} is accepted": _closing(5, "baik", is_all=False),
    "clause 5.1: a rating is 1 to 5, got 6": _closing(6, "baik"),
    "clause 5.2: the agreement is over": _ending_twice,
    "clause 5.3: 1 deliveries wait for an answer": _ending_while_one_waits,
}
