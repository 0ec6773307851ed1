"""One tender from its plan to the last payment, as its people would do it. Pure: it only says what it wants.

Stages wait for each other as the contract's clauses do; within a stage everything is sent at once. A bid that
the network brought after the close is not argued with: the tender is cancelled with that reason and published
again, as a new round.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from chain.codec import Value, as_array, as_bytes, as_text, as_uint
from chain.keys import Address
from chain.limits import PILOT_ROUNDS_MAX
from chain.result import TransactionResult
from chain.transaction import Call
from pilot import calls, gas
from pilot.acts import (
    Act,
    Ask,
    Outcome,
    Part,
    Procedure,
    Refused,
    Sleep,
    Stage,
    Winner,
    is_refused_by,
    must,
)
from pilot.fulfil import fulfil, make_award
from pilot.keyring import (
    Keyring,
    Person,
    budget_authority_of,
    commitment_officer_of,
    operator_of,
    payment_officer_of,
    selection_group_of,
    supplier_named,
)
from pilot.plan import SPAN, PlannedBid, TenderPlan

RETRIES_MAX = 40  # times an act waits for a block time that is not there yet
TOO_EARLY = ("clause 5.1: the close is at", "clause 7.3: the standstill lasts")
TOO_LATE = ("clause 4.1: the close was at", "clause 2.4: the close is from")
NAME_TAKEN = ("clause 1.1", "clause 1.4: {} is published")
SUPERSEDED = ("clause 4.3",)
REGISTERED = ("clause 2.1: {} is registered",)
GRANTED = ("clause 1.1: {} holds",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long the stages of a run last, in milliseconds.

    Bids arrive within `submission_ms`; from the last of them to the close lies `grace_ms`, in which a
    network that just lost a node still brings them into a block. `retry_ms` passes before an act that came
    too early is tried again.
    """

    submission_ms: int = 4_000
    grace_ms: int = 8_000
    retry_ms: int = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """One publication of a tender."""

    plan: TenderPlan
    reference: str
    tender: bytes
    closes_at: int
    keyring: Keyring
    chain_id: str
    pace: Pace
    is_paid: bool

    @property
    def group(self) -> Person:
        return selection_group_of(self.plan.agency)


def conduct(
    plan: TenderPlan, keyring: Keyring, chain_id: str, pace: Pace, *, treasury: Address | None = None
) -> Procedure:
    """Runs a tender to its end; raises `Refused` when the ledger refuses what it should not.

    `treasury` is the key of the treasury's gateway: it is appointed, and payments are waited for. Without one orders are
    released, and wait.
    """
    yield from _prepare(plan, keyring, treasury)
    for number in range(1, PILOT_ROUNDS_MAX + 1):
        reference = plan.reference if number == 1 else f"{plan.reference}#{number}"
        tender = calls.tender_id(plan.agency, reference)
        opened = _Round(
            plan=plan,
            reference=reference,
            tender=tender,
            closes_at=0,
            keyring=keyring,
            chain_id=chain_id,
            pace=pace,
            is_paid=treasury is not None,
        )
        outcome = yield from _run_round(opened, number)
        if outcome is not None:
            return outcome
    raise Refused(f"expected a round that reaches its end, got none in {PILOT_ROUNDS_MAX}")


def _run_round(opened: _Round, number: int) -> Part[Outcome | None]:
    """The outcome, or None where this round cannot go on and another must."""
    published = yield from _publish(opened)
    if published is None:
        return None
    if not (yield from _submit(published)):
        reason = "bids did not reach a block before the close: the network was too slow"
        yield from must(_group_act(published, calls.cancel(published.tender, reason)))
        return None
    yield Sleep(until_ms=published.closes_at)
    yield from _open(published)
    yield from _award(published)
    outcome = yield from _read_outcome(published, number)
    if not outcome.winners:
        return outcome
    awards = [make_award(opened.tender, opened.plan, winner, opened.keyring) for winner in outcome.winners]
    return replace(outcome, orders=(yield from fulfil(awards, is_paid=opened.is_paid)))


# --- Before and at publication ------------------------------------------------------------------------------


def _prepare(plan: TenderPlan, keyring: Keyring, treasury: Address | None) -> Part[None]:
    """The agency's operator gives officers their roles and appoints the treasury, and suppliers register: once in a run,
    whoever needs them first.
    """
    yield Stage(name="registration")
    grants = [
        (calls.ROLE_COMMITMENT_OFFICER, commitment_officer_of(plan.agency)),
        (calls.ROLE_SELECTION_GROUP, selection_group_of(plan.agency)),
        (calls.ROLE_BUDGET_AUTHORITY, budget_authority_of(plan.agency)),
        (calls.ROLE_PAYMENT_OFFICER, payment_officer_of(plan.agency)),
    ]
    acts = [
        Act(
            signer=operator_of(plan.agency),
            calls=(calls.grant(keyring.address_of(officer), role),),
            gas_limit=gas.GRANT,
            once=f"grant {role} of {plan.agency}",
        )
        for role, officer in grants
    ]
    if treasury is not None:
        acts.append(
            Act(
                signer=operator_of(plan.agency),
                calls=(calls.appoint_treasury(treasury),),
                gas_limit=gas.APPOINT,
                once=f"treasury of {plan.agency}",
            )
        )
    names = {bid.bidder: bid.name for bid in plan.bids}
    acts += [
        Act(
            signer=supplier_named(bidder),
            calls=(calls.register(name, *calls.number_commitments(keyring, supplier_named(bidder))),),
            gas_limit=gas.REGISTER,
            once=f"register {bidder}",
        )
        for bidder, name in names.items()
    ]
    yield from must(*acts, also=REGISTERED + GRANTED)


def _publish(opened: _Round) -> Part[_Round | None]:
    """The round with its close, or None where its reference was published before."""
    if not (yield from _plan(opened)):
        return None
    yield Stage(name="publication")
    plan = opened.plan
    now_ms = (yield Sleep(until_ms=0)).now_ms
    closes_at = now_ms + opened.pace.submission_ms + opened.pace.grace_ms
    (result,) = yield from must(
        _group_act(opened, calls.publish(opened.reference, plan, closes_at)), also=NAME_TAKEN + TOO_LATE
    )
    return replace(opened, closes_at=closes_at) if result.is_ok else None


def _plan(opened: _Round) -> Part[bool]:
    """Plan, approval and owner estimate; False where the reference was published before."""
    now_ms = (yield Stage(name="planning")).now_ms
    plan, officer = opened.plan, commitment_officer_of(opened.plan.agency)
    planning = calls.plan_tender(opened.reference, plan, now_ms)
    (result,) = yield from must(Act(signer=officer, calls=(planning,), gas_limit=gas.PLAN), also=NAME_TAKEN)
    if not result.is_ok:
        return False
    yield from must(
        Act(
            signer=budget_authority_of(plan.agency),
            calls=(calls.approve_plan(opened.tender),),
            gas_limit=gas.APPROVE_PLAN,
        )
    )
    if plan.estimate is not None:
        estimate = calls.set_estimate(opened.reference, plan.estimate, plan.currency)
        yield from must(Act(signer=officer, calls=(estimate,), gas_limit=gas.SET_ESTIMATE))
    return True


def _submit(opened: _Round) -> Part[bool]:
    """All bids, each at its place between now and the close; whether all came in time."""
    answer = yield Stage(name="submission")
    period = max(0, opened.closes_at - opened.pace.grace_ms - answer.now_ms)
    acts = tuple(
        Act(
            signer=supplier_named(bid.bidder),
            calls=(calls.submit(opened.tender, opened.plan, bid, opened.keyring, opened.chain_id),),
            gas_limit=gas.SUBMIT,
            due_ms=answer.now_ms + period * bid.place // SPAN,
        )
        for bid in opened.plan.bids
    )
    results = yield from must(*acts, also=SUPERSEDED + TOO_LATE)
    return not any(is_refused_by(result, *TOO_LATE) for result in results)


# --- After the close ----------------------------------------------------------------------------------------


def _open(opened: _Round) -> Part[None]:
    """Opening and evaluation: technical first and prices of those that passed, or with one envelope all at
    once.
    """
    aside = dict(opened.plan.set_aside)
    yield Stage(name="opening")
    if opened.plan.envelopes == 1:
        yield from _set_aside(opened)
    else:
        yield from _patiently(
            opened, [_reveal(opened, bid, calls.reveal_technical) for bid in opened.plan.standing]
        )
        yield from _set_aside(opened)
        yield from _patiently(opened, [_group_act(opened, calls.open_prices(opened.tender))])
    yield Stage(name="prices")
    passed = [bid for bid in opened.plan.standing if bid.bidder not in aside]
    yield from _patiently(opened, [_reveal(opened, bid, calls.reveal_price) for bid in passed])


def _reveal(opened: _Round, bid: PlannedBid, call: Callable[..., Call]) -> Act:
    return Act(
        signer=supplier_named(bid.bidder),
        calls=(call(opened.tender, bid, opened.keyring, opened.chain_id),),
        gas_limit=gas.REVEAL,
    )


def _set_aside(opened: _Round) -> Part[None]:
    yield from _patiently(
        opened,
        [
            _group_act(
                opened,
                calls.disqualify(opened.tender, opened.keyring.address_of(supplier_named(bidder)), reason),
            )
            for bidder, reason in opened.plan.set_aside
        ],
    )


def _award(opened: _Round) -> Part[None]:
    """Ranking and award by the contract in one transaction, then the standstill."""
    yield Stage(name="evaluation")
    act = _group_act(opened, calls.evaluate(opened.tender), calls.award(opened.tender))
    (result,) = yield from _patiently(opened, [act])
    if as_uint(result.data[1], "stage") == calls.STAGE_FAILED:
        return
    answer = yield Ask(contract="tender", method="tender_record", arguments=(opened.tender,))
    yield Stage(name="standstill")
    yield Sleep(until_ms=calls.standstill_until(answer.value))
    yield from _patiently(opened, [_group_act(opened, calls.finalise(opened.tender))])


def _read_outcome(opened: _Round, number: int) -> Part[Outcome]:
    stage = (yield Ask(contract="tender", method="stage", arguments=(opened.tender,))).value
    rows = (yield Ask(contract="tender", method="winner_list", arguments=(opened.tender,))).value
    names = {
        opened.keyring.address_of(supplier_named(bid.bidder)): bid.bidder for bid in opened.plan.standing
    }
    return Outcome(
        tender=opened.tender,
        stage=as_text(stage, "stage", length_max=20),
        agency=opened.plan.agency,
        winners=tuple(_winner(row, names) for row in as_array(rows, "winners")),
        bids=len(opened.plan.bids),
        rounds=number,
    )


def _winner(row: Value, names: dict[Address, str]) -> Winner:
    bidder, price, *_ = as_array(row, "winner", 5)
    address = Address(as_bytes(bidder, "winner's address", 20))
    return Winner(bidder=names.get(address, address.hex()), price=as_uint(price, "winner's price"))


# --- Sending ------------------------------------------------------------------------------------------------


def _group_act(opened: _Round, *wanted: Call) -> Act:
    return Act(signer=opened.group, calls=wanted, gas_limit=gas.group_act(len(opened.plan.standing)))


def _patiently(opened: _Round, acts: list[Act]) -> Part[tuple[TransactionResult, ...]]:
    """Sends acts that have an earliest block time; those before it are tried again after a while."""
    results: dict[int, TransactionResult] = {}
    for _ in range(RETRIES_MAX):
        left = [number for number in range(len(acts)) if number not in results]
        if not left:
            break
        answers = yield from must(*(acts[number] for number in left), also=TOO_EARLY)
        kept = [(n, answer) for n, answer in zip(left, answers, strict=True) if answer.is_ok]
        results |= dict(kept)
        if len(kept) < len(left):
            now_ms = (yield Sleep(until_ms=0)).now_ms
            yield Sleep(until_ms=now_ms + opened.pace.retry_ms)
    else:
        raise Refused(f"expected a block time after the stage began, got none in {RETRIES_MAX} tries")
    return tuple(results[number] for number in range(len(acts)))
