"""What the reactor tells the rest of the node, and in which words; who hears it stands in `node.surroundings`."""

from typing import Protocol

from chain.certificate import Certificate
from chain.evidence import DuplicateVote
from chain.proposal import SignedProposal, VerifiedProposal
from chain.vote import SignedVote
from node.commit import Committed


class Surroundings(Protocol):
    """What the reactor tells the rest of the node; none of these blocks or fails."""

    def broadcast_vote(self, vote: SignedVote) -> None:
        """Hands a vote to every link."""

    def broadcast_proposal(self, proposal: SignedProposal) -> None:
        """Hands a proposal to every link."""

    def check_value(self, proposal: VerifiedProposal) -> None:
        """Asks for `BodiesHeld` of this proposal's block."""

    def fetch_decided(self, certificate: Certificate) -> None:
        """Asks for the block that this certificate decided."""

    def record_evidence(self, evidence: DuplicateVote) -> None:
        """A validator contradicted itself before our eyes."""

    def on_committed(self, committed: Committed, *, is_newest: bool) -> None:
        """A block is on disk, and another one after it unless it is the newest."""
