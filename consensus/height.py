"""One height: the messages held, the round machine over them, and the effects that its outputs ask for.

An input is first taken into the keepers. If that changed anything it is remembered, the height wakes if it
slept, and then the machine is driven by the events that are true now (`consensus.driver`) until none
changes it any more. Each of them ends or begins something that is never ended or begun again in its round,
so the drive stops.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import assert_never

from chain.keys import Address
from chain.limits import CONSENSUS_ROUNDS_BEHIND_MAX
from chain.proposal import VerifiedProposal
from chain.vote import BlockId, Round, VerifiedVote, Vote, VoteKind
from consensus.driver import find_events
from consensus.effects import (
    CheckValue,
    Decide,
    Effect,
    FetchDecided,
    Propose,
    RecordEvidence,
    Remember,
    ScheduleTimeout,
    SendProposal,
    SendVote,
    SignVote,
)
from consensus.inputs import (
    ProposalArrived,
    Remembered,
    StartHeight,
    Step,
    Timeout,
    TimeoutElapsed,
    ValueChecked,
    VoteArrived,
    Wake,
)
from consensus.proposals import ProposalKeeper, Validity
from consensus.round_machine import (
    FIRST_ROUND,
    Decided,
    Event,
    Output,
    Precommitted,
    Prevoted,
    RoundEntered,
    RoundStarted,
    RoundState,
    RoundValue,
    WaitBegun,
    WaitOver,
    apply_event,
)
from consensus.timing import compute_timeout_ms, is_timely
from consensus.view import HeightView, make_height_view
from consensus.votes import VoteKeeper


@dataclass(slots=True, kw_only=True)
class HeightState:
    """All that the core knows of one height. Two of them are equal when they will behave alike.

    `asked` are the votes that we told the signer to make, `fetching` says that a decided block was asked for.
    """

    own: Address | None
    start: StartHeight
    votes: VoteKeeper
    proposals: ProposalKeeper = field(default_factory=ProposalKeeper)
    machine: RoundState = field(default_factory=RoundState)
    awake: bool = False
    asked: dict[tuple[Round, VoteKind], Vote] = field(default_factory=dict)
    fetching: bool = False

    @classmethod
    def of(cls, own: Address | None, start: StartHeight) -> "HeightState":
        """The height before anything happened in it."""
        return cls(own=own, start=start, votes=VoteKeeper(validators=start.validators))

    def handle(self, input_: Remembered) -> tuple[Effect, ...]:
        """Takes an input of this height. Nothing comes of one that changes nothing or is late."""
        if self.machine.decided is not None:
            return ()
        taken = self._take(input_)
        if taken is None:
            return ()
        return (Remember(input=input_), *taken, *self._wake(), *self._drive(), *self._fetch())

    def resume(self) -> tuple[Effect, ...]:
        """What a crash may have swallowed, to be done after a replay; again is harmless."""
        if self.machine.decided is not None:
            return (self._decide(self.machine.decided),)
        if not self.awake:
            return ()
        return (
            *(SendProposal(proposal=proposal) for proposal in self._iterate_own_proposals()),
            *self._say_again(),
            *(CheckValue(proposal=proposal) for proposal in self.proposals.iterate_unknown()),
            *(RecordEvidence(evidence=evidence) for evidence in self.votes.evidence.values()),
            *self._wait_again(),
            *(self._make_fetch() if self.fetching else ()),
        )

    def view(self) -> HeightView:
        """A read-only summary."""
        return make_height_view(self.start.height, self.awake, self.machine, self.votes, self.proposals)

    # --- Taking an input ------------------------------------------------------------------------------------

    def _take(self, input_: Remembered) -> tuple[Effect, ...] | None:
        """The effects of taking it alone; None if it changes nothing."""
        match input_:
            case Wake():
                return None if self.awake else ()
            case ProposalArrived(proposal=proposal, arrival_ms=arrival_ms):
                return self._take_proposal(proposal, arrival_ms)
            case ValueChecked(block_id=block_id, valid=valid):
                validity = Validity.VALID if valid else Validity.REFUSED
                return () if self.proposals.set_validity(block_id, validity) else None
            case VoteArrived(vote=vote):
                return self._take_vote(vote)
            case TimeoutElapsed(timeout=timeout):
                return self._take_timeout(timeout)
            case _:
                assert_never(input_)

    def _take_proposal(self, signed: VerifiedProposal, arrival_ms: int) -> tuple[Effect, ...] | None:
        proposal, time_ms = signed.proposal, signed.block.header.time_ms
        is_new_value = proposal.block_id not in self.proposals.values
        timely = proposal.valid_round is not None or is_timely(
            self.start.parameters, proposal.round, block_time_ms=time_ms, arrival_ms=arrival_ms
        )
        if not self.proposals.add(signed, timely=timely):
            return None
        if self.proposals.proposals[proposal.round].proposal is not signed:
            return ()
        send = (SendProposal(proposal=signed),) if self._is_own_turn(proposal.round) else ()
        if not is_new_value:
            return send
        if time_ms <= self.start.last_block_time_ms:
            self.proposals.set_validity(proposal.block_id, Validity.REFUSED)
            return send
        return (*send, CheckValue(proposal=signed))

    def _take_vote(self, signed: VerifiedVote) -> tuple[Effect, ...] | None:
        taken = self.votes.add(signed)
        if not taken.counted and taken.evidence is None:
            return None
        vote = signed.vote
        asked_for = self.asked.get((vote.round, vote.kind)) == vote
        send = (SendVote(vote=signed),) if asked_for and taken.counted else ()
        return send if taken.evidence is None else (*send, RecordEvidence(evidence=taken.evidence))

    def _take_timeout(self, timeout: Timeout) -> tuple[Effect, ...] | None:
        if not self.awake or timeout.height != self.start.height:
            return None
        return self._apply(WaitOver(round=timeout.round, step=timeout.step))

    # --- Driving the machine --------------------------------------------------------------------------------

    def _wake(self) -> tuple[Effect, ...]:
        if self.awake:
            return ()
        self.awake = True
        return self._apply(RoundEntered(round=FIRST_ROUND)) or ()

    def _drive(self) -> Iterator[Effect]:
        while (effects := self._apply_first_event()) is not None:
            yield from effects

    def _apply_first_event(self) -> tuple[Effect, ...] | None:
        for event in find_events(self.machine.round, self.votes, self.proposals):
            effects = self._apply(event)
            if effects is not None:
                return effects
        return None

    def _apply(self, event: Event) -> tuple[Effect, ...] | None:
        """The effects of an event on the machine; None if nothing fires."""
        state, output = apply_event(self.machine, event)
        if state is self.machine:
            return None
        if state.round != self.machine.round:
            self._forget_before(state)
        self.machine = state
        return () if output is None else tuple(self._carry_out(output))

    def _forget_before(self, state: RoundState) -> None:
        self.votes.enter_round(state.round)
        held = (state.locked, state.valid, *self.votes.iterate_precommit_quorums())
        self.proposals.enter_round(state.round, [value.block_id for value in held if value is not None])
        first = state.round - CONSENSUS_ROUNDS_BEHIND_MAX
        self.asked = {key: vote for key, vote in self.asked.items() if key[0] >= first}

    def _carry_out(self, output: Output) -> Iterator[Effect]:
        match output:
            case RoundStarted(valid=valid):
                if self._is_own_turn(self.machine.round):
                    yield self._propose(valid)
                yield self._wait(Step.PROPOSE)
            case Prevoted(block_id=block_id):
                yield from self._ask_for_vote(VoteKind.PREVOTE, block_id)
            case Precommitted(block_id=block_id):
                yield from self._ask_for_vote(VoteKind.PRECOMMIT, block_id)
            case WaitBegun(step=step):
                yield self._wait(step)
            case Decided(value=value):
                yield self._decide(value)
            case _:
                assert_never(output)

    def _fetch(self) -> tuple[Effect, ...]:
        """Asks for a decided block that we cannot decide ourselves, once."""
        if self.fetching or self.machine.decided is not None:
            return ()
        effects = self._make_fetch()
        self.fetching = bool(effects)
        return effects

    # --- Effects --------------------------------------------------------------------------------------------

    def _is_own_turn(self, round_: Round) -> bool:
        return self.start.validators.pick_proposer(self.start.height, round_).address == self.own

    def _propose(self, valid: RoundValue | None) -> Propose:
        block = None if valid is None else self.proposals.values[valid.block_id].block
        valid_round = None if valid is None else valid.round
        return Propose(
            height=self.start.height, round=self.machine.round, valid=block, valid_round=valid_round
        )

    def _ask_for_vote(self, kind: VoteKind, block_id: BlockId | None) -> tuple[Effect, ...]:
        """The signer's turn, if we are a validator at this height; else we only follow."""
        if self.own is None or self.start.validators.by_address(self.own) is None:
            return ()
        height, round_ = self.start.height, self.machine.round
        vote = Vote(kind=kind, height=height, round=round_, block_id=block_id, validator=self.own)
        assert (round_, kind) not in self.asked, "one vote of a kind a round"
        self.asked[round_, kind] = vote
        return (SignVote(vote=vote),)

    def _wait(self, step: Step) -> ScheduleTimeout:
        timeout = Timeout(height=self.start.height, round=self.machine.round, step=step)
        duration_ms = compute_timeout_ms(self.start.parameters, step, self.machine.round)
        return ScheduleTimeout(timeout=timeout, duration_ms=duration_ms)

    def _decide(self, value: RoundValue) -> Decide:
        certificate = self.votes.make_certificate(value)
        return Decide(certificate=certificate, proposal=self.proposals.values[value.block_id])

    def _make_fetch(self) -> tuple[Effect, ...]:
        quorum = next(self.votes.iterate_precommit_quorums(), None)
        return () if quorum is None else (FetchDecided(certificate=self.votes.make_certificate(quorum)),)

    # --- After a replay -------------------------------------------------------------------------------------

    def _iterate_own_proposals(self) -> Iterator[VerifiedProposal]:
        held = sorted(self.proposals.proposals.items())
        return (item.proposal for round_, item in held if self._is_own_turn(round_))

    def _say_again(self) -> Iterator[Effect]:
        round_, step = self.machine.round, self.machine.step
        if step is Step.PROPOSE and round_ not in self.proposals.proposals and self._is_own_turn(round_):
            yield self._propose(self.machine.valid)
        for vote in self.asked.values():
            signed = self.votes.find(vote)
            yield SignVote(vote=vote) if signed is None else SendVote(vote=signed)

    def _wait_again(self) -> Iterator[Effect]:
        if self.machine.step is Step.PROPOSE:
            yield self._wait(Step.PROPOSE)
        if self.machine.step is Step.PREVOTE and self.machine.prevote_waits:
            yield self._wait(Step.PREVOTE)
        if self.machine.precommit_waits:
            yield self._wait(Step.PRECOMMIT)
