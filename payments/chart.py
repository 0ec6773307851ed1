"""What becomes of one attempt to pay an order: `input -> (attempt, ordered effects)`, and why no crash pays twice.

    WAITING ──account──> INTENDED ──accepted──> ACCEPTED ──booked──> PAID ──came back──> RETURNED
       └──misfit, no account──> REFUSED    └──────rejected──────> REJECTED

**Nothing twice.** `Send` stands in one place: the answer `NotKnown` to a question by end-to-end id, about an attempt whose
intention is in the journal. So the gateway never sends because it believes that it has not sent yet. It sends because
the bank, asked by the id, says that it does not know it. After a crash, a time-out, a torn connection or an answer that
cannot be read, the attempt is what it was before, INTENDED, and what follows is the question again. One gap is left: a
message that is still on its way while the bank says that it does not know it. It is closed by what is assumed of the
bank: **it never carries out one end-to-end id twice**. The id is computed from the ledger (`chain.payment`), so a gateway
that lost its journal, or a second one, arrives at the same id, and what the ledger shows as sent is asked about and
never sent; where nobody hands over an account, the bank is asked before the order goes back. A later attempt of an
order, which has another id, is refused while an earlier one is booked and has not come back, also where that shows only
when it is about to be sent.

**Nothing forgotten.** Whatever changed an attempt is a fact, and `Write` comes first among its effects: the fact is on
disk before anything that follows from it leaves the process. Facts are applied again after a crash, their effects
dropped, and `Resumed` says so. From there `Tick` asks for all that is due: the account, the bank's answer, the report to
the ledger. A report is due for as long as the ledger does not show it, so a lost one is made again; the contract
refuses a second one.

**Money by entries alone.** A payment is settled by an entry in the bank's books (camt.054, or the daily camt.053) of the
very amount, never by a status; it came back by an entry too. An entry of another amount moves nothing and is an alarm for
people. So is a booking of what was rejected or never sent; but its money is gone, so it counts as paid.
"""

from dataclasses import replace
from typing import TypeAlias, assert_never

from payments.attempt import (
    OPEN_STAGES,
    STAGES_AT_BANK,
    Attempt,
    Pauses,
    Stage,
    Standing,
    find_misfit,
    next_report,
)
from payments.effects import Alarm, Ask, Effect, FindAccount, Send, Tell, Write
from payments.inputs import (
    Accepted,
    AccountFound,
    AccountReplaced,
    Booked,
    CameBack,
    GaveUp,
    Input,
    NoAnswer,
    NotKnown,
    NotReported,
    NotSent,
    Rejected,
    Released,
    Resumed,
    Shown,
    Tick,
)

Step: TypeAlias = tuple[Attempt, tuple[Effect, ...]]

_DUPLICATE_CODES = frozenset({"AM05", "DUPL", "DU01", "DU02", "DU03", "DU04", "DU05"})
"""By these the bank says that it has the payment already, which is no refusal of it."""
_UNEXPECTED_BOOKINGS = {
    Stage.WAITING: "the bank booked what this journal never sent",
    Stage.REFUSED: "the bank booked what this journal never sent",
    Stage.REJECTED: "the bank booked what it rejected",
}
"""The money went all the same: it is paid, and people must look."""


def release(fact: Released) -> Step:
    """The attempt of an order that the ledger released."""
    attempt = Attempt(release=fact.release, standing=fact.standing, released_ms=fact.at_ms)
    misfit = find_misfit(fact.release)
    if fact.standing is Standing.APPROVED and (fact.earlier or misfit):
        attempt = replace(
            attempt,
            stage=Stage.REFUSED,
            code="DUPL" if fact.earlier else "AM12",
            reason=fact.earlier or misfit,
        )
        return _and_tell(attempt, Write(fact=fact), Alarm(text=attempt.reason))
    if fact.standing > Standing.APPROVED:
        return replace(attempt, stage=Stage.INTENDED, is_at_bank=True), (Write(fact=fact), Ask())
    return attempt, (Write(fact=fact), FindAccount())


def handle(attempt: Attempt, given: Input, pauses: Pauses) -> Step:
    """One step. An input that changes nothing has no effects."""
    match given:
        case Released():
            return attempt, ()
        case AccountFound():
            return _on_account(attempt, given)
        case AccountReplaced():
            return _on_account_replaced(attempt, given)
        case GaveUp():
            return _on_given_up(attempt, given)
        case Accepted():
            return _on_accepted(attempt, given)
        case Rejected():
            return _on_rejected(attempt, given)
        case Booked():
            return _on_booked(attempt, given)
        case CameBack():
            return _on_came_back(attempt, given)
        case Shown():
            if given.standing <= attempt.standing:
                return replace(attempt, is_at_ledger=False), ()
            shown = replace(attempt, standing=given.standing, is_at_ledger=False, reports_refused=0)
            return _and_tell(shown, Write(fact=given))
        case NotKnown():
            return _on_not_known(attempt)
        case NoAnswer():
            return _on_failure(attempt, f"no answer of the bank: {given.why}", given.now_ms, pauses)
        case NotSent():
            return _on_failure(attempt, f"not given to the bank: {given.why}", given.now_ms, pauses)
        case NotReported():
            return _on_not_reported(attempt, given, pauses)
        case Resumed():
            return replace(attempt, is_at_bank=False, is_at_ledger=False, tries=0, reports_refused=0), ()
        case Tick():
            return _on_tick(attempt, given.now_ms, pauses)
    assert_never(given)


def _on_account(attempt: Attempt, fact: AccountFound) -> Step:
    if attempt.stage is not Stage.WAITING:
        return attempt, ()
    intended = replace(
        attempt,
        stage=Stage.INTENDED,
        commitment=fact.commitment,
        intended_ms=fact.at_ms,
        is_at_bank=True,
    )
    return intended, (Write(fact=fact),) if attempt.is_at_bank else (Write(fact=fact), Ask())


def _on_account_replaced(attempt: Attempt, fact: AccountReplaced) -> Step:
    if attempt.stage is not Stage.INTENDED or attempt.standing is not Standing.APPROVED:
        return attempt, ()
    waiting = replace(attempt, stage=Stage.WAITING, commitment=b"", is_at_bank=False, bank_from_ms=0)
    return waiting, (Write(fact=fact), FindAccount())


def _on_given_up(attempt: Attempt, fact: GaveUp) -> Step:
    """Also of what the payment officer has again and the bank never had: nobody pays it any more."""
    is_intended = attempt.stage is Stage.INTENDED
    is_back = is_intended and attempt.standing >= Standing.RETURNED
    is_unsent = is_intended and attempt.standing is Standing.APPROVED
    if not (attempt.stage is Stage.WAITING or is_back or is_unsent):
        return attempt, ()
    given_up = replace(attempt, stage=Stage.REFUSED, code=fact.code, reason=fact.reason, is_at_bank=False)
    return _and_tell(given_up, Write(fact=fact), *(() if is_back else (Alarm(text=fact.reason),)))


def _on_not_known(attempt: Attempt) -> Step:
    if attempt.stage is Stage.INTENDED and attempt.standing is Standing.APPROVED:
        return replace(attempt, is_at_bank=True), (Send(),)
    if attempt.stage is Stage.WAITING:  # asked because its time is over
        reason = "nobody handed over an account that fits the supplier's commitment"
        return _on_given_up(replace(attempt, is_at_bank=False), GaveUp(code="AC03", reason=reason))
    if attempt.stage is Stage.INTENDED and attempt.standing >= Standing.RETURNED:
        return _on_given_up(attempt, GaveUp(code="", reason="it went back without coming to the bank"))
    free = replace(attempt, is_at_bank=False)
    if attempt.stage in STAGES_AT_BANK:
        return free, (Alarm(text="the bank does not know what was sent to it"),)
    return free, ()


def _on_accepted(attempt: Attempt, fact: Accepted) -> Step:
    free = replace(attempt, is_at_bank=False, tries=0)
    if attempt.stage in (Stage.WAITING, Stage.INTENDED):
        return _and_tell(replace(free, stage=Stage.ACCEPTED), Write(fact=fact))
    if attempt.stage is Stage.REJECTED:
        return free, (Alarm(text="the bank accepts what it rejected"),)
    return free, ()


def _on_rejected(attempt: Attempt, fact: Rejected) -> Step:
    free = replace(attempt, is_at_bank=False, tries=0)
    if fact.code in _DUPLICATE_CODES:
        return free, (Alarm(text=f"the bank says that it has this payment already: {fact.code}"),)
    if attempt.stage in OPEN_STAGES:
        rejected = replace(free, stage=Stage.REJECTED, code=fact.code, reason=fact.reason)
        return _and_tell(rejected, Write(fact=fact))
    if attempt.stage is Stage.PAID:
        return free, (Alarm(text=f"the bank rejects what it booked: {fact.code}"),)
    return free, ()


def _on_booked(attempt: Attempt, fact: Booked) -> Step:
    release = attempt.release
    if (fact.amount, fact.currency) != (release.net, release.currency):
        expected, came = f"{release.currency} {release.net}", f"{fact.currency} {fact.amount}"
        return attempt, (Alarm(text=f"entry {fact.reference}: expected {expected}, got {came}"),)
    if attempt.reference:
        is_same = attempt.reference == fact.reference
        again = Alarm(text=f"booked as {attempt.reference}, and again as {fact.reference}")
        return attempt, () if is_same else (again,)
    booked = replace(attempt, reference=fact.reference, booked_on=fact.day)
    if attempt.stage is Stage.RETURNED:
        return booked, (Write(fact=fact),)  # the entry of its return came first
    unexpected = _UNEXPECTED_BOOKINGS.get(attempt.stage)
    alarms = () if unexpected is None else (Alarm(text=unexpected),)
    return _and_tell(replace(booked, stage=Stage.PAID, is_at_bank=False), Write(fact=fact), *alarms)


def _on_came_back(attempt: Attempt, fact: CameBack) -> Step:
    release = attempt.release
    if (fact.amount, fact.currency) != (release.net, release.currency):
        expected, came = f"{release.currency} {release.net}", f"{fact.currency} {fact.amount}"
        return attempt, (Alarm(text=f"return {fact.reference}: expected {expected}, got {came}"),)
    if attempt.stage is Stage.RETURNED:
        is_same = attempt.return_reference == fact.reference
        again = Alarm(text=f"came back as {attempt.return_reference}, and again as {fact.reference}")
        return attempt, () if is_same else (again,)
    if attempt.stage not in (*STAGES_AT_BANK, Stage.PAID):
        return attempt, (Alarm(text=f"return {fact.reference} of what is {attempt.stage.name.lower()}"),)
    back = replace(
        attempt,
        stage=Stage.RETURNED,
        return_reference=fact.reference,
        code=fact.code,
        reason=fact.reason,
        is_at_bank=False,
    )
    return _and_tell(back, Write(fact=fact))


def _on_failure(attempt: Attempt, text: str, now_ms: int, pauses: Pauses) -> Step:
    from_ms = now_ms + _compute_pause(attempt.tries, pauses)
    later = replace(attempt, is_at_bank=False, tries=attempt.tries + 1, bank_from_ms=from_ms)
    return later, (Alarm(text=text),)


def _on_not_reported(attempt: Attempt, given: NotReported, pauses: Pauses) -> Step:
    """A report that is refused costs the ledger a transaction: it is made more and more seldom."""
    later = replace(
        attempt,
        is_at_ledger=False,
        reports_refused=attempt.reports_refused + 1,
        ledger_from_ms=given.now_ms + _compute_pause(attempt.reports_refused, pauses),
    )
    return later, (Alarm(text=f"not reported: {given.why}"),)


def _compute_pause(failures: int, pauses: Pauses) -> int:
    return min(pauses.again_ms << min(failures, 16), pauses.again_max_ms)


def _on_tick(attempt: Attempt, now_ms: int, pauses: Pauses) -> Step:
    if attempt.stage is Stage.WAITING:
        return _on_tick_waiting(attempt, now_ms, pauses)
    effects: list[Effect] = []
    if attempt.stage in STAGES_AT_BANK and not attempt.is_at_bank and now_ms >= attempt.bank_from_ms:
        attempt = replace(attempt, is_at_bank=True, bank_from_ms=now_ms + pauses.status_ms)
        effects.append(Ask())
    if now_ms >= attempt.ledger_from_ms:
        attempt, told = _and_tell(attempt)
        effects += told
    return attempt, tuple(effects)


def _on_tick_waiting(attempt: Attempt, now_ms: int, pauses: Pauses) -> Step:
    """When its time is over it goes back, but only if the bank says that it does not know it."""
    if now_ms < attempt.bank_from_ms or attempt.is_at_bank:
        return attempt, ()
    later = replace(attempt, bank_from_ms=now_ms + pauses.again_max_ms)
    if now_ms - attempt.released_ms > pauses.account_ms:
        return replace(later, is_at_bank=True), (Ask(),)
    return later, (FindAccount(),)


def _and_tell(attempt: Attempt, *effects: Effect) -> Step:
    """Adds the report that is due, unless one is under way."""
    due = next_report(attempt)
    if due is None or attempt.is_at_ledger:
        return attempt, effects
    return replace(attempt, is_at_ledger=True), (*effects, Tell(report=due))
