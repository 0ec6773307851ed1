"""What others may see of the core: for the RPC's consensus methods, status messages and gossip."""

from dataclasses import dataclass

from chain.keys import Address
from chain.proposal import VerifiedProposal
from chain.validators import ValidatorSet
from chain.vote import Height, Round, VerifiedVote, VoteKind
from consensus.inputs import Step
from consensus.proposals import ProposalKeeper
from consensus.round_machine import RoundState, RoundValue
from consensus.votes import Tally, VoteKeeper


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundView:
    """The messages held of one round. Votes stand at their validators' positions, None where missing."""

    round: Round
    proposal: VerifiedProposal | None
    prevotes: tuple[VerifiedVote | None, ...]
    precommits: tuple[VerifiedVote | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeightView:
    """One height as this node sees it; `rounds` in their order. `awake` is False while nothing is due."""

    height: Height
    round: Round
    step: Step
    awake: bool
    decided: RoundValue | None
    locked: RoundValue | None
    valid: RoundValue | None
    proposer: Address
    rounds: tuple[RoundView, ...]


def make_height_view(
    height: Height, awake: bool, state: RoundState, votes: VoteKeeper, proposals: ProposalKeeper
) -> HeightView:
    """The summary of a height's state."""
    held = sorted({state.round, *votes.tallies, *proposals.proposals})
    return HeightView(
        height=height,
        round=state.round,
        step=state.step,
        awake=awake,
        decided=state.decided,
        locked=state.locked,
        valid=state.valid,
        proposer=votes.validators.pick_proposer(height, state.round).address,
        rounds=tuple(_make_round_view(round_, votes, proposals) for round_ in held),
    )


def _make_round_view(round_: Round, votes: VoteKeeper, proposals: ProposalKeeper) -> RoundView:
    held = proposals.proposals.get(round_)
    return RoundView(
        round=round_,
        proposal=None if held is None else held.proposal,
        prevotes=_by_position(votes.tally(VoteKind.PREVOTE, round_), votes.validators),
        precommits=_by_position(votes.tally(VoteKind.PRECOMMIT, round_), votes.validators),
    )


def _by_position(tally: Tally, validators: ValidatorSet) -> tuple[VerifiedVote | None, ...]:
    """Of one who voted twice, the vote that makes a quorum is the one worth passing on."""
    shown = {**tally.first, **tally.values.get(tally.pick_quorum_block(), {})}
    return tuple(shown.get(validator.address) for validator in validators.validators)
