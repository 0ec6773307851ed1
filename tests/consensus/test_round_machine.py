"""The round machine, rule by rule: every `upon` of the paper, with every guard on both of its sides."""

from dataclasses import replace

import pytest

from chain.vote import BlockId, Round
from consensus.inputs import Step
from consensus.round_machine import (
    Decided,
    Event,
    FreshProposal,
    Output,
    PrecommitsAny,
    PrecommitsNil,
    PrecommitsValue,
    Precommitted,
    Prevoted,
    PrevotesAny,
    PrevotesNil,
    PrevotesValue,
    ProposalRefused,
    ProposalWithPolka,
    RoundAhead,
    RoundEntered,
    RoundStarted,
    RoundState,
    RoundValue,
    WaitBegun,
    WaitOver,
    apply_event,
)
from tests.consensus.making import block_id_of

A, B = block_id_of("a"), block_id_of("b")
ROUND = Round(5)


def at(step: Step, *, locked: RoundValue | None = None, valid: RoundValue | None = None) -> RoundState:
    return RoundState(round=ROUND, step=step, locked=locked, valid=valid or locked)


def value(block_id: BlockId, round_: int) -> RoundValue:
    return RoundValue(round=Round(round_), block_id=block_id)


def fresh(block_id: BlockId) -> Event:
    return FreshProposal(block_id=block_id)


def again(block_id: BlockId, valid_round: int) -> Event:
    return ProposalWithPolka(block_id=block_id, valid_round=Round(valid_round))


def wait_over(step: Step, round_: int = ROUND) -> Event:
    return WaitOver(round=Round(round_), step=step)


PROPOSE, PREVOTE, PRECOMMIT = Step.PROPOSE, Step.PREVOTE, Step.PRECOMMIT
NEXT = RoundStarted(round=Round(6), valid=None)

FIRES: list[tuple[str, RoundState, Event, Step, Output]] = [
    ("L22 no lock", at(PROPOSE), fresh(A), PREVOTE, Prevoted(block_id=A)),
    ("L22 lock on it", at(PROPOSE, locked=value(A, 1)), fresh(A), PREVOTE, Prevoted(block_id=A)),
    ("L23 lock on another", at(PROPOSE, locked=value(B, 1)), fresh(A), PREVOTE, Prevoted(block_id=None)),
    ("L26 refused", at(PROPOSE), ProposalRefused(), PREVOTE, Prevoted(block_id=None)),
    ("L26 refused though locked", at(PROPOSE, locked=value(A, 1)), ProposalRefused(), PREVOTE,
     Prevoted(block_id=None)),
    ("L28 no lock", at(PROPOSE), again(A, 2), PREVOTE, Prevoted(block_id=A)),
    ("L28 valid round just before", at(PROPOSE), again(A, 4), PREVOTE, Prevoted(block_id=A)),
    ("L29 lock older", at(PROPOSE, locked=value(B, 1)), again(A, 2), PREVOTE, Prevoted(block_id=A)),
    ("L29 lock of the valid round", at(PROPOSE, locked=value(B, 2)), again(A, 2), PREVOTE, Prevoted(block_id=A)),
    ("L29 lock newer", at(PROPOSE, locked=value(B, 3)), again(A, 2), PREVOTE, Prevoted(block_id=None)),
    ("L29 lock newer on it", at(PROPOSE, locked=value(A, 3)), again(A, 2), PREVOTE, Prevoted(block_id=A)),
    ("L44", at(PREVOTE), PrevotesNil(), PRECOMMIT, Precommitted(block_id=None)),
    ("L57", at(PROPOSE), wait_over(PROPOSE), PREVOTE, Prevoted(block_id=None)),
    ("L61", at(PREVOTE), wait_over(PREVOTE), PRECOMMIT, Precommitted(block_id=None)),
]  # fmt: skip


@pytest.mark.parametrize(("state", "event", "step", "output"), [row[1:] for row in FIRES],
                         ids=[row[0] for row in FIRES])  # fmt: skip
def test_a_vote_moves_the_step_and_nothing_else(
    state: RoundState, event: Event, step: Step, output: Output
) -> None:
    assert apply_event(state, event) == (replace(state, step=step), output)


IDLE: list[tuple[str, RoundState, Event]] = [
    ("L22 in prevote", at(PREVOTE), fresh(A)),
    ("L22 in precommit", at(PRECOMMIT), fresh(A)),
    ("L26 in prevote", at(PREVOTE), ProposalRefused()),
    ("L26 in precommit", at(PRECOMMIT), ProposalRefused()),
    ("L28 in prevote", at(PREVOTE), again(A, 2)),
    ("L28 in precommit", at(PRECOMMIT), again(A, 2)),
    ("L28 valid round is this round", at(PROPOSE), again(A, 5)),
    ("L28 valid round is ahead", at(PROPOSE), again(A, 6)),
    ("L34 in propose", at(PROPOSE), PrevotesAny()),
    ("L34 in precommit", at(PRECOMMIT), PrevotesAny()),
    ("L34 a second time", replace(at(PREVOTE), prevote_waits=True), PrevotesAny()),
    ("L36 in propose", at(PROPOSE), PrevotesValue(block_id=A)),
    ("L36 a second time", at(PRECOMMIT, locked=value(A, 5)), PrevotesValue(block_id=A)),
    ("L44 in propose", at(PROPOSE), PrevotesNil()),
    ("L44 in precommit", at(PRECOMMIT), PrevotesNil()),
    ("L47 a second time", replace(at(PREVOTE), precommit_waits=True), PrecommitsAny()),
    ("L55 the same round", at(PROPOSE), RoundAhead(round=Round(5))),
    ("L55 a lower round", at(PROPOSE), RoundAhead(round=Round(4))),
    ("L57 in prevote", at(PREVOTE), wait_over(PROPOSE)),
    ("L57 in precommit", at(PRECOMMIT), wait_over(PROPOSE)),
    ("L57 of an old round", at(PROPOSE), wait_over(PROPOSE, 4)),
    ("L57 of a round ahead", at(PROPOSE), wait_over(PROPOSE, 6)),
    ("L61 in propose", at(PROPOSE), wait_over(PREVOTE)),
    ("L61 in precommit", at(PRECOMMIT), wait_over(PREVOTE)),
    ("L61 of an old round", at(PREVOTE), wait_over(PREVOTE, 4)),
    ("L65 of an old round", at(PRECOMMIT), wait_over(PRECOMMIT, 4)),
]


@pytest.mark.parametrize(("state", "event"), [row[1:] for row in IDLE], ids=[row[0] for row in IDLE])
def test_a_guard_that_does_not_hold_changes_nothing(state: RoundState, event: Event) -> None:
    after, output = apply_event(state, event)
    assert after is state
    assert output is None


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("locked", [None, value(A, 3)])
def test_a_new_round_starts_afresh_but_keeps_lock_and_valid_value(
    step: Step, locked: RoundValue | None
) -> None:
    """Lines 11, 55 and 65, from any step; +2/3 precommits for nil need no wait."""
    state = replace(at(step, locked=locked), prevote_waits=True, precommit_waits=True)
    for event, round_ in (
        (RoundEntered(round=Round(6)), 6),
        (RoundAhead(round=Round(9)), 9),
        (wait_over(PRECOMMIT), 6),
        (PrecommitsNil(), 6),
    ):
        after, output = apply_event(state, event)
        assert after == RoundState(round=Round(round_), step=PROPOSE, locked=locked, valid=locked)
        assert output == RoundStarted(round=Round(round_), valid=locked)


@pytest.mark.parametrize("locked", [None, value(A, 3), value(B, 3)])
def test_a_polka_in_prevote_locks_and_precommits(locked: RoundValue | None) -> None:
    """Lines 36 to 43."""
    after, output = apply_event(at(PREVOTE, locked=locked), PrevotesValue(block_id=A))
    assert after == RoundState(round=ROUND, step=PRECOMMIT, locked=value(A, 5), valid=value(A, 5))
    assert output == Precommitted(block_id=A)


@pytest.mark.parametrize("locked", [None, value(A, 3), value(B, 3)])
def test_a_polka_after_our_precommit_is_the_valid_value_but_no_lock(locked: RoundValue | None) -> None:
    """Lines 42 and 43 alone."""
    after, output = apply_event(at(PRECOMMIT, locked=locked), PrevotesValue(block_id=A))
    assert after == RoundState(round=ROUND, step=PRECOMMIT, locked=locked, valid=value(A, 5))
    assert output is None


def test_waiting_for_prevotes_begins_once_and_only_in_prevote() -> None:
    """Line 34."""
    after, output = apply_event(at(PREVOTE), PrevotesAny())
    assert after == replace(at(PREVOTE), prevote_waits=True)
    assert output == WaitBegun(step=PREVOTE)


@pytest.mark.parametrize("step", Step)
def test_waiting_for_precommits_begins_in_any_step(step: Step) -> None:
    """Line 47 has no step."""
    after, output = apply_event(at(step), PrecommitsAny())
    assert after == replace(at(step), precommit_waits=True)
    assert output == WaitBegun(step=PRECOMMIT)


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("round_", [3, 5, 7])
def test_a_decision_is_for_any_step_and_any_round(step: Step, round_: int) -> None:
    """Line 49."""
    event = PrecommitsValue(round=Round(round_), block_id=A)
    after, output = apply_event(at(step, locked=value(B, 4)), event)
    assert after == replace(at(step, locked=value(B, 4)), decided=value(A, round_))
    assert output == Decided(value=value(A, round_))


@pytest.mark.parametrize(
    "event",
    [fresh(A), ProposalRefused(), again(A, 2), PrevotesAny(), PrevotesNil(), PrevotesValue(block_id=A),
     PrecommitsAny(), PrecommitsNil(), PrecommitsValue(round=ROUND, block_id=B), RoundAhead(round=Round(9)),
     wait_over(PROPOSE), wait_over(PREVOTE), wait_over(PRECOMMIT), RoundEntered(round=Round(6))],
)  # fmt: skip
@pytest.mark.parametrize("step", Step)
def test_nothing_follows_a_decision(step: Step, event: Event) -> None:
    state = replace(at(step), decided=value(A, 5))
    after, output = apply_event(state, event)
    assert after is state
    assert output is None
