"""Objections hold the award up; what comes of each outcome; and every refusal by its words."""

from collections.abc import Callable

from chain.codec import Value
from chain.keys import SigningKey
from tests.contracts.ledger import STANDSTILL_MS, Refusal, key
from tests.contracts.tendering import (
    CLOSE_IN_MS,
    DISQUALIFIED,
    GROUP,
    OPENED,
    PRICE,
    SEALED,
    TECHNICAL,
    TECHNICAL_OPENED,
    Tendering,
)

OPEN, REJECTED, RE_EVALUATION, RE_SUBMISSION, NEW_ROUND, MOOT = range(6)
ALFA, BETA, CITRA = key("alfa"), key("beta"), key("citra")
ACT_OBJECT, ACT_FINALISE, ACT_REINSTATE, ACT_REOPEN = 16, 20, 18, 19


def object_to(ledger: Tendering, tender: bytes, who: SigningKey = BETA) -> Value:
    """An objection; its number."""
    return ledger.act("object", tender, "harga tidak wajar", b"", signer=who)


def acts(ledger: Tendering, tender: bytes, who: SigningKey) -> tuple[Value, ...]:
    """What somebody may do with the tender."""
    found = ledger.view("tender", "acts", tender, who.address)
    assert isinstance(found, tuple)
    return found


def outcomes(ledger: Tendering, tender: bytes) -> list[Value]:
    """What came of each objection."""
    rows = ledger.view("tender", "objection_list", tender)
    assert isinstance(rows, tuple)
    return [row[5] for row in rows]  # type: ignore[index]  # rows are records


def test_an_open_objection_holds_the_award_up() -> None:
    ledger = Tendering()
    tender = ledger.award("alfa", "beta")
    assert ACT_OBJECT in acts(ledger, tender, BETA)
    number = object_to(ledger, tender)
    assert ACT_OBJECT not in acts(ledger, tender, BETA)
    ledger.wait(STANDSTILL_MS)
    assert ACT_FINALISE not in acts(ledger, tender, GROUP)
    message = ledger.refused_act("finalise", tender)
    assert message == "clause 8.2: 1 objections are open, and the award is not made final"
    ledger.act("answer_objection", tender, number, REJECTED, "sesuai ketentuan")
    assert ACT_FINALISE in acts(ledger, tender, GROUP)
    ledger.act("finalise", tender)
    assert ledger.stage(tender) == "final"
    assert outcomes(ledger, tender) == [REJECTED]


def test_a_re_evaluation_voids_the_award_and_reinstates_who_was_set_aside() -> None:
    ledger = Tendering()
    tender = ledger.publish()
    for name, price in (("alfa", 5), ("beta", 6), ("citra", 7)):
        ledger.bid(tender, name, price)
    ledger.close(tender)
    for name in ("alfa", "beta", "citra"):
        ledger.reveal(tender, name)
    ledger.act("disqualify", tender, ALFA.address, "dokumen palsu")
    ledger.act("evaluate", tender)
    ledger.act("award", tender)
    assert ledger.ranks(tender, "winner_list") == ["beta"]
    mine, other = object_to(ledger, tender, ALFA), object_to(ledger, tender, CITRA)
    ledger.act("answer_objection", tender, mine, RE_EVALUATION, "dokumen ternyata sah")
    assert outcomes(ledger, tender) == [RE_EVALUATION, MOOT]
    assert other == 2
    assert ledger.ranks(tender, "winner_list") == []
    assert ACT_REINSTATE in acts(ledger, tender, GROUP)
    ledger.act("reinstate", tender, ALFA.address, "dokumen sah")
    assert ledger.bid_of(tender, "alfa")["state"] == OPENED
    ledger.act("evaluate", tender)
    ledger.act("award", tender)
    assert ledger.ranks(tender, "winner_list") == ["alfa"]
    assert ledger.record(tender)["standstill_until"] == ledger.now_ms + STANDSTILL_MS
    assert ACT_REINSTATE not in acts(ledger, tender, GROUP)


def test_a_bid_reinstated_before_its_price_was_opened_opens_it_now() -> None:
    ledger = Tendering()
    tender = ledger.publish(envelopes=2)
    for name, price in (("alfa", 5), ("beta", 6)):
        ledger.bid(tender, name, price, envelopes=2)
    ledger.close(tender)
    for name in ("alfa", "beta"):
        ledger.reveal(tender, name, TECHNICAL)
    ledger.act("disqualify", tender, ALFA.address, "metode kurang")
    ledger.act("open_prices", tender)
    ledger.reveal(tender, "beta")
    ledger.act("evaluate", tender)
    ledger.act("award", tender)
    number = object_to(ledger, tender, ALFA)
    ledger.act("answer_objection", tender, number, RE_EVALUATION, "metode cukup")
    ledger.wait(100_000)
    ledger.act("reinstate", tender, ALFA.address, "metode cukup")
    assert ledger.bid_of(tender, "alfa")["state"] == TECHNICAL_OPENED
    assert "clause 5.5: 1 envelopes may still be opened" in ledger.refused_act("evaluate", tender)
    ledger.reveal(tender, "alfa", PRICE)
    ledger.act("evaluate", tender)
    assert ledger.ranks(tender) == ["alfa", "beta"]


def test_a_re_submission_begins_with_no_bids_and_an_envelope_opens_in_its_own_round() -> None:
    ledger = Tendering()
    tender = ledger.award("alfa", "beta")
    number = object_to(ledger, tender)
    ledger.act("answer_objection", tender, number, RE_SUBMISSION, "spesifikasi keliru")
    assert ledger.stage(tender) == "resubmission"
    assert ACT_REOPEN in acts(ledger, tender, GROUP)
    old = ledger.bid_arguments(tender, "alfa", b"\x01" + bytes(16))
    assert ledger.act("reopen", tender, ledger.now_ms + CLOSE_IN_MS) == 2
    record = ledger.record(tender)
    assert (record["bidders"], record["round"], record["version"]) == (0, 2, 2)
    assert ledger.view("tender", "bid_list", tender) == ()
    old[2] = 2
    ledger.do(ALFA, "tender", "submit", *old)
    ledger.bid(tender, "beta", 9)
    ledger.close(tender)
    assert ledger.reveal(tender, "alfa") == 5, "sealed for the earlier round, it does not open"
    ledger.reveal(tender, "beta")
    ledger.act("evaluate", tender)
    ledger.act("award", tender)
    assert ledger.ranks(tender, "winner_list") == ["beta"]
    assert object_to(ledger, tender) == 2


def test_a_new_round_is_another_tender_linked_to_the_failed_one() -> None:
    ledger = Tendering()
    tender = ledger.award("alfa", "beta")
    number = object_to(ledger, tender)
    ledger.act("answer_objection", tender, number, NEW_ROUND, "persekongkolan")
    assert ledger.stage(tender) == "failed"
    again = ledger.publish("T-1 ulang")
    ledger.act("link_round", again, tender)
    assert ledger.record(again)["previous"] == tender


def test_a_plan_is_known_before_publication() -> None:
    ledger = Tendering()
    tender = ledger.plan("T-9")
    assert ledger.stage(tender) == "planned"
    assert ledger.view("tender", "tender_count") == 1
    row = (1, tender, "barat", "T-9", "Jembatan", "planned", 0, "IDR")
    assert ledger.view("tender", "tender_list", 0, 10) == (row,)
    assert ledger.view("tender", "tender_list", 2, 10) == ()
    plan = ledger.view("tender", "plan_record", tender)
    assert isinstance(plan, tuple)
    assert plan[:4] == ("barat", "T-9", "IDR", "Jembatan")


def test_questions_and_answers_are_public() -> None:
    ledger = Tendering()
    tender = ledger.publish()
    ledger.act("ask", tender, "Apakah boleh dua merek?", signer=ALFA)
    at = ledger.now_ms
    ledger.wait(10)
    ledger.act("answer", tender, 1, "Boleh.")
    row = (1, ALFA.address, at, "Apakah boleh dua merek?", GROUP.address, at + 10, "Boleh.")
    assert ledger.view("tender", "question_list", tender) == (row,)


def test_above_the_ceiling_of_the_plan_nothing_is_ranked() -> None:
    ledger = Tendering()
    ledger.plan(ceiling=100)
    tender = ledger.act("publish", "T-1", "IDR", ledger.terms())
    assert isinstance(tender, bytes)
    ledger.bid(tender, "alfa", 101)
    ledger.bid(tender, "beta", 100)
    ledger.close(tender)
    for name in ("alfa", "beta"):
        ledger.reveal(tender, name)
    ledger.act("evaluate", tender)
    assert ledger.ranks(tender) == ["beta"]
    assert ledger.flaw(tender, "alfa") == (5, 7)


# --- Refusals -------------------------------------------------------------------------------------------------------

Attempt = Callable[[Tendering], Refusal]


def objecting(
    who: SigningKey = BETA, reason: str = "x", documents: bytes = b"", wait_ms: int = 0, times: int = 1
) -> Attempt:
    """An objection to an award with two bidders, the last of so many."""

    def attempt(ledger: Tendering) -> Refusal:
        tender = ledger.award("alfa", "beta")
        ledger.wait(wait_ms)
        for _ in range(times - 1):
            ledger.act("object", tender, reason, documents, signer=who)
        return ledger.refused_act("object", tender, reason, documents, signer=who)

    return attempt


def answering(number: int, outcome: int, times: int = 1) -> Attempt:
    """An answer to the one objection, the last of so many."""

    def attempt(ledger: Tendering) -> Refusal:
        tender = ledger.award("alfa", "beta")
        object_to(ledger, tender)
        for _ in range(times - 1):
            ledger.act("answer_objection", tender, number, outcome, "x")
        return ledger.refused_act("answer_objection", tender, number, outcome, "x")

    return attempt


def reinstating(who: SigningKey, *, is_reevaluated: bool = True) -> Attempt:
    """A reinstatement in a tender of which beta withdrew nothing and alfa was not set aside."""

    def attempt(ledger: Tendering) -> Refusal:
        tender = ledger.award("alfa", "beta")
        if is_reevaluated:
            ledger.act("answer_objection", tender, object_to(ledger, tender), RE_EVALUATION, "x")
        return ledger.refused_act("reinstate", tender, who.address, "x")

    return attempt


def _objecting_before_the_award(ledger: Tendering) -> Refusal:
    return ledger.refused_act("object", ledger.publish(), "x", b"", signer=ALFA)


def _objecting_after_withdrawal(ledger: Tendering) -> Refusal:
    tender = ledger.publish()
    ledger.bid(tender, "alfa", 5)
    ledger.bid(tender, "beta", 6)
    ledger.act("withdraw", tender, signer=BETA)
    ledger.close(tender)
    ledger.reveal(tender, "alfa")
    ledger.act("evaluate", tender)
    ledger.act("award", tender)
    return ledger.refused_act("object", tender, "x", b"", signer=BETA)


def _objecting_without_end(ledger: Tendering) -> Refusal:
    tender = ledger.award("alfa", "beta")
    for _ in range(200):
        ledger.act("answer_objection", tender, object_to(ledger, tender), REJECTED, "x")
    return ledger.refused_act("object", tender, "x", b"", signer=BETA)


def _reinstating_what_was_never_opened(ledger: Tendering) -> Refusal:
    tender = ledger.publish(envelopes=2)
    for name, price in (("alfa", 5), ("beta", 6)):
        ledger.bid(tender, name, price, envelopes=2)
    ledger.close(tender)
    ledger.act("disqualify", tender, BETA.address, "x")
    assert ledger.bid_of(tender, "beta")["state"] == DISQUALIFIED != SEALED
    ledger.reveal(tender, "alfa", TECHNICAL)
    ledger.act("open_prices", tender)
    ledger.reveal(tender, "alfa")
    ledger.act("evaluate", tender)
    ledger.act("award", tender)
    ledger.act("answer_objection", tender, object_to(ledger, tender), RE_EVALUATION, "x")
    return ledger.refused_act("reinstate", tender, BETA.address, "x")


def reopening(closes_in_ms: int) -> Attempt:
    """A close for bids that are submitted again."""

    def attempt(ledger: Tendering) -> Refusal:
        tender = ledger.award("alfa", "beta")
        ledger.act("answer_objection", tender, object_to(ledger, tender), RE_SUBMISSION, "x")
        return ledger.refused_act("reopen", tender, ledger.now_ms + closes_in_ms)

    return attempt


def _linking_to_itself(ledger: Tendering) -> Refusal:
    tender = ledger.publish()
    return ledger.refused_act("link_round", tender, tender)


def _linking_twice(ledger: Tendering) -> Refusal:
    failed = ledger.publish()
    ledger.close(failed)
    ledger.act("evaluate", failed)
    ledger.act("award", failed)
    tender = ledger.publish("T-2")
    ledger.act("link_round", tender, failed)
    return ledger.refused_act("link_round", tender, failed)


def shown(who: SigningKey) -> str:
    """Somebody's account as a message has it."""
    return who.address.hex().upper()


_TENDER = Tendering().view("tender", "tender_id", "barat", "T-1")
assert isinstance(_TENDER, bytes)
_AWARDED_MS = 1_700_000_001_000 + CLOSE_IN_MS
_UNTIL_MS = _AWARDED_MS + STANDSTILL_MS

OBJECTIONS: dict[str, Attempt] = {
    "clause 8.1: the tender is not awarded": _objecting_before_the_award,
    f"clause 8.1: the standstill lasted until {_UNTIL_MS}, the block's time is {_UNTIL_MS}": objecting(
        wait_ms=STANDSTILL_MS
    ),
    f"clause 8.1: {shown(CITRA)} has no bid in this tender": objecting(CITRA),
    f"clause 8.1: {shown(BETA)} withdrew its bid": _objecting_after_withdrawal,
    f"clause 8.1: {shown(BETA)} has an open objection already": objecting(times=2),
    "clause 8.1: documents are named by a hash of 32 bytes, got 1": objecting(documents=b"x"),
    "clause 8.1: there are 200 objections already": _objecting_without_end,
    "clause 1.3: a reason has 1 to 500 bytes": objecting(reason=""),
    "clause 8.2: there is no objection 2": answering(2, REJECTED),
    "clause 8.2: objection 1 is answered already": answering(1, REJECTED, times=2),
    "clause 8.2: 1 objections are open, and the award is not made final": lambda ledger: _finalising(ledger),
    "clause 8.3: 0 is no outcome that the group decides on": answering(1, OPEN),
    "clause 8.3: 5 is no outcome that the group decides on": answering(1, MOOT),
    "clause 8.3: the tender is not being evaluated again": reinstating(ALFA, is_reevaluated=False),
    f"clause 8.3: {shown(CITRA)} has no bid in this tender": reinstating(CITRA),
    f"clause 8.3: the bid of {shown(ALFA)} was not disqualified": reinstating(ALFA),
    f"clause 8.3: the technical envelope of {shown(BETA)} was never opened, and prices are open": (
        _reinstating_what_was_never_opened
    ),
    "clause 8.3: the tender does not wait for bids again": lambda ledger: ledger.refused_act(
        "reopen", ledger.publish(), ledger.now_ms + CLOSE_IN_MS
    ),
    f"clause 2.4: the close is from {_AWARDED_MS + 1_000} to {_AWARDED_MS + 366 * 86_400_000}, "
    f"got {_AWARDED_MS + 999}": reopening(999),
    f"clause 8.5: {_TENDER.hex().upper()} is no failed tender of barat": _linking_to_itself,
    f"clause 8.5: the tender is linked to {_TENDER.hex().upper()} already": _linking_twice,
}


def _finalising(ledger: Tendering) -> Refusal:
    tender = ledger.award("alfa", "beta")
    object_to(ledger, tender)
    ledger.wait(STANDSTILL_MS)
    return ledger.refused_act("finalise", tender)
