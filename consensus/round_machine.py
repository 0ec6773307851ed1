"""One round after the other of one height: Algorithm 1 of "The latest gossip on BFT consensus" (arXiv
1807.04938).

A pure function of state and event. An event says what is true of the messages held (`consensus.driver`
finds that out), the state says what this validator did about it, and each `case` is one `upon` rule with
its line in the paper. An event whose guard does not hold, or whose rule has fired, leaves the state as it
is: the same object comes back, and that is how the caller knows. The paper's "for the first time" is
therefore state too: `prevote_waits`, `precommit_waits`, and for line 36 a valid value of this very round.

Three things differ from the paper, none of them in what may be locked or decided:
- A refused value gets its nil prevote at once, whatever its valid round; line 28 would wait for a polka
  first. Nil is always safe to prevote, and waiting could only end in the same nil.
- More than two thirds of precommits for nil end the round at once, because nothing can be decided in it any
  more.
- Everybody waits `timeoutPropose`, the proposer too: it may be unable to build or to sign.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

from chain.vote import BlockId, Round
from consensus.inputs import Step

FIRST_ROUND = Round(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundValue:
    """A value and the round in which it got its votes: (lockedRound, lockedValue) and the like."""

    round: Round
    block_id: BlockId


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundState:
    """The paper's variables of one process at one height (line 1 onwards); None stands for -1 and nil."""

    round: Round = FIRST_ROUND
    step: Step = Step.PROPOSE
    locked: RoundValue | None = None
    valid: RoundValue | None = None
    decided: RoundValue | None = None
    prevote_waits: bool = False
    precommit_waits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundEntered:
    """The height begins with this round."""

    round: Round


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshProposal:
    """The round's proposal has no valid round, is timely, and its value is valid."""

    block_id: BlockId


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalRefused:
    """The value of the round's proposal is invalid, or the proposal is fresh and not timely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalWithPolka:
    """The round's proposal is of a valid value and names a round in which +2/3 prevoted it."""

    block_id: BlockId
    valid_round: Round


@dataclass(frozen=True, slots=True, kw_only=True)
class PrevotesAny:
    """+2/3 prevotes of this round, for whatever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrevotesNil:
    """+2/3 prevotes of this round for nil."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrevotesValue:
    """+2/3 prevotes of this round for a value that is valid: a polka."""

    block_id: BlockId


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecommitsAny:
    """+2/3 precommits of this round, for whatever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecommitsNil:
    """+2/3 precommits of this round for nil."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecommitsValue:
    """+2/3 precommits of any one round for a value that is valid."""

    round: Round
    block_id: BlockId


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundAhead:
    """f+1 of the power is in this round or beyond it, so a correct validator is."""

    round: Round


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitOver:
    """The time-out of this step of this round has elapsed."""

    round: Round
    step: Step


Event: TypeAlias = (
    RoundEntered
    | FreshProposal
    | ProposalRefused
    | ProposalWithPolka
    | PrevotesAny
    | PrevotesNil
    | PrevotesValue
    | PrecommitsAny
    | PrecommitsNil
    | PrecommitsValue
    | RoundAhead
    | WaitOver
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundStarted:
    """StartRound (line 11): the proposer proposes, `valid` again if there is one, and everybody waits."""

    round: Round
    valid: RoundValue | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prevoted:
    """Prevote this, nil if None."""

    block_id: BlockId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Precommitted:
    """Precommit this, nil if None."""

    block_id: BlockId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitBegun:
    """Wait for more votes of this step before going on without them."""

    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """The height's decision."""

    value: RoundValue


Output: TypeAlias = RoundStarted | Prevoted | Precommitted | WaitBegun | Decided


def apply_event(state: RoundState, event: Event) -> tuple[RoundState, Output | None]:
    """The state after `event`, and what is done about it. The same state object if nothing fires."""
    if state.decided is not None:
        return state, None
    match event:
        case RoundEntered(round=round_):
            return _start_round(state, round_)  # L11
        case FreshProposal() | ProposalRefused() | ProposalWithPolka():
            return _on_proposal(state, event)
        case PrevotesAny() | PrevotesNil() | PrevotesValue():
            return _on_prevotes(state, event)
        case PrecommitsAny() if not state.precommit_waits:
            return replace(state, precommit_waits=True), WaitBegun(step=Step.PRECOMMIT)  # L47
        case PrecommitsNil():
            return _start_round(state, Round(state.round + 1))  # L65, without the wait
        case PrecommitsValue(round=round_, block_id=block_id):
            value = RoundValue(round=round_, block_id=block_id)
            return replace(state, decided=value), Decided(value=value)  # L49
        case RoundAhead(round=round_) if round_ > state.round:
            return _start_round(state, round_)  # L55
        case WaitOver(round=round_) if round_ == state.round:
            return _on_wait_over(state, event.step)
        case PrecommitsAny() | RoundAhead() | WaitOver():
            return state, None
        case _:
            assert_never(event)


def _start_round(state: RoundState, round_: Round) -> tuple[RoundState, Output | None]:
    started = RoundState(round=round_, locked=state.locked, valid=state.valid)
    return started, RoundStarted(round=round_, valid=state.valid)


def _on_proposal(
    state: RoundState, event: FreshProposal | ProposalRefused | ProposalWithPolka
) -> tuple[RoundState, Output | None]:
    if state.step is not Step.PROPOSE:
        return state, None
    match event:
        case FreshProposal(block_id=block_id):
            return _prevote(state, block_id if _is_free_for(state.locked, block_id, None) else None)  # L22
        case ProposalWithPolka(block_id=block_id, valid_round=valid_round) if valid_round < state.round:
            free = _is_free_for(state.locked, block_id, valid_round)
            return _prevote(state, block_id if free else None)  # L28
        case ProposalRefused():
            return _prevote(state, None)  # L26, L32
        case ProposalWithPolka():
            return state, None
        case _:
            assert_never(event)


def _is_free_for(locked: RoundValue | None, block_id: BlockId, valid_round: Round | None) -> bool:
    """Whether our lock lets us prevote this value: lines 23 (no valid round) and 29."""
    if locked is None or locked.block_id == block_id:
        return True
    return valid_round is not None and locked.round <= valid_round


def _on_prevotes(
    state: RoundState, event: PrevotesAny | PrevotesNil | PrevotesValue
) -> tuple[RoundState, Output | None]:
    match event:
        case PrevotesAny() if state.step is Step.PREVOTE and not state.prevote_waits:
            return replace(state, prevote_waits=True), WaitBegun(step=Step.PREVOTE)  # L34
        case PrevotesNil() if state.step is Step.PREVOTE:
            return _precommit(state, None)  # L44
        case PrevotesValue(block_id=block_id) if state.step is not Step.PROPOSE:
            return _on_polka(state, RoundValue(round=state.round, block_id=block_id))  # L36
        case PrevotesAny() | PrevotesNil() | PrevotesValue():
            return state, None
        case _:
            assert_never(event)


def _on_polka(state: RoundState, value: RoundValue) -> tuple[RoundState, Output | None]:
    if state.valid is not None and state.valid.round == state.round:
        return state, None
    if state.step is Step.PREVOTE:
        return _precommit(replace(state, locked=value, valid=value), value.block_id)  # L37 to L43
    return replace(state, valid=value), None  # L42, L43


def _on_wait_over(state: RoundState, step: Step) -> tuple[RoundState, Output | None]:
    match step:
        case Step.PROPOSE if state.step is Step.PROPOSE:
            return _prevote(state, None)  # L57
        case Step.PREVOTE if state.step is Step.PREVOTE:
            return _precommit(state, None)  # L61
        case Step.PRECOMMIT:
            return _start_round(state, Round(state.round + 1))  # L65
        case Step.PROPOSE | Step.PREVOTE:
            return state, None
        case _:
            assert_never(step)


def _prevote(state: RoundState, block_id: BlockId | None) -> tuple[RoundState, Output | None]:
    return replace(state, step=Step.PREVOTE), Prevoted(block_id=block_id)


def _precommit(state: RoundState, block_id: BlockId | None) -> tuple[RoundState, Output | None]:
    return replace(state, step=Step.PRECOMMIT), Precommitted(block_id=block_id)
