"""Which proposals are held at one height, and what is known of their values.

A round has one proposal, the first that its proposer signed; that there was another is noted and no more. A
value is its block id: its validity is asked for once, whichever round's proposal brought it first, and the
answer stands for every later round that proposes it again. Timeliness is no property of the value but of a
fresh proposal, judged when it came.

Bounds: one proposal a round, of the last few rounds and a few ahead, and those of the values that the
caller still needs.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import Enum

from chain.limits import CONSENSUS_ROUNDS_AHEAD_MAX, CONSENSUS_ROUNDS_BEHIND_MAX
from chain.proposal import VerifiedProposal
from chain.vote import BlockId, Round
from consensus.round_machine import FIRST_ROUND


class Validity(Enum):
    """What the node said of a value."""

    UNKNOWN = "unknown"
    VALID = "valid"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldProposal:
    """A round's proposal. `timely` is always true of a re-proposal: only fresh ones are judged."""

    proposal: VerifiedProposal
    timely: bool

    @property
    def block_id(self) -> BlockId:
        """The value it is for."""
        return self.proposal.proposal.block_id


@dataclass(slots=True, kw_only=True)
class ProposalKeeper:
    """Proposals by round, their values, and the rounds whose proposer contradicted itself."""

    round: Round = FIRST_ROUND
    proposals: dict[Round, HeldProposal] = field(default_factory=dict)
    values: dict[BlockId, VerifiedProposal] = field(default_factory=dict)
    validities: dict[BlockId, Validity] = field(default_factory=dict)
    contradicted: set[Round] = field(default_factory=set)

    def add(self, proposal: VerifiedProposal, *, timely: bool) -> bool:
        """Takes a verified proposal of this height; False if that changes nothing."""
        round_, block_id = proposal.proposal.round, proposal.proposal.block_id
        held = self.proposals.get(round_)
        if held is not None:
            return self._note_contradiction(held.proposal, proposal)
        if not self._is_near(round_):
            return False
        self.proposals[round_] = HeldProposal(proposal=proposal, timely=timely)
        self.values.setdefault(block_id, proposal)
        self.validities.setdefault(block_id, Validity.UNKNOWN)
        return True

    def set_validity(self, block_id: BlockId, validity: Validity) -> bool:
        """Takes the node's answer; False if nobody asked or it is answered already."""
        if self.validities.get(block_id) is not Validity.UNKNOWN:
            return False
        self.validities[block_id] = validity
        return True

    def validity(self, block_id: BlockId) -> Validity:
        """What is known of a value, also of one that no proposal brought."""
        return self.validities.get(block_id, Validity.UNKNOWN)

    def is_valid(self, block_id: BlockId) -> bool:
        """Whether the node holds and accepted every part of this value."""
        return self.validity(block_id) is Validity.VALID

    def iterate_unknown(self) -> Iterator[VerifiedProposal]:
        """One proposal for each value that waits for its answer."""
        unknown = (block_id for block_id, found in self.validities.items() if found is Validity.UNKNOWN)
        return (self.values[block_id] for block_id in unknown)

    def enter_round(self, round_: Round, needed: Collection[BlockId]) -> None:
        """Tells in which round we are; what is too far from it is dropped, but for the values `needed`."""
        assert round_ >= self.round, "rounds of a height only go up"
        self.round = round_
        for old in [held for held in self.proposals if not self._is_near(held)]:
            del self.proposals[old]
            self.contradicted.discard(old)
        used = {held.block_id for held in self.proposals.values()}.union(needed)
        for block_id in [held for held in self.values if held not in used]:
            del self.values[block_id], self.validities[block_id]

    def _is_near(self, round_: Round) -> bool:
        return self.round - CONSENSUS_ROUNDS_BEHIND_MAX <= round_ <= self.round + CONSENSUS_ROUNDS_AHEAD_MAX

    def _note_contradiction(self, held: VerifiedProposal, other: VerifiedProposal) -> bool:
        round_ = held.proposal.round
        if held.proposal == other.proposal or round_ in self.contradicted:
            return False
        self.contradicted.add(round_)
        return True
