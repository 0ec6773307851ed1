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
    """One height as this node sees it; `rounds` in their order. `awake` is False while nothing is due.

    `polka` is the latest round in which 2f+1 prevoted a block, whether we could lock on it or not.
    """

    height: Height
    round: Round
    step: Step
    awake: bool
    decided: RoundValue | None
    locked: RoundValue | None
    valid: RoundValue | None
    polka: Round | None
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
        polka=votes.latest_polka(),
        proposer=votes.validators.pick_proposer(height, state.round).address,
        rounds=tuple(_make_round_view(round_, votes, proposals) for round_ in held),
    )


def pick_told_rounds(view: HeightView, count: int) -> tuple[RoundView, ...]:
    """The rounds, at most `count`, whose messages a peer may need to go on, in their order: the newest, and however old
    those of our valid value and of the latest polka, without which nobody prevotes a proposal that names them (L28).
    """
    named = {view.polka, None if view.valid is None else view.valid.round}
    old = [held for held in view.rounds[:-count] if held.round in named]
    return (*old, *view.rounds[len(view.rounds) - min(count - len(old), len(view.rounds)) :])


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
