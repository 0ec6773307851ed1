"""What nodes of the simulation send each other."""

from dataclasses import dataclass
from typing import TypeAlias

from chain.proposal import VerifiedProposal
from chain.vote import VerifiedVote, VoteKind
from consensus.effects import Decide
from p2p.messages import HeightHeld
from tests.sim.faults import Sort


@dataclass(frozen=True, slots=True, kw_only=True)
class VotePacket:
    """A vote, its sender's or somebody else's."""

    vote: VerifiedVote


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalPacket:
    """A compact proposal."""

    proposal: VerifiedProposal


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPacket:
    """At which height the sender is, and what it holds of it."""

    held: HeightHeld


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifiedPacket:
    """A decided block for one who lacks it."""

    decide: Decide


Packet: TypeAlias = VotePacket | ProposalPacket | StatusPacket | CertifiedPacket


def sort_of(packet: Packet) -> Sort:
    """The sort by which faults pick packets."""
    match packet:
        case VotePacket(vote=signed):
            return Sort.PREVOTE if signed.vote.kind is VoteKind.PREVOTE else Sort.PRECOMMIT
        case ProposalPacket():
            return Sort.PROPOSAL
        case StatusPacket():
            return Sort.STATUS
        case CertifiedPacket():
            return Sort.BLOCK
