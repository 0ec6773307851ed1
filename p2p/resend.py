"""What a peer lacks of the height under decision, and what we hold to give it.

Links lose nothing while they are up. So votes and proposals are told once, and when a link begins, or a height makes no
progress, each side says in a few bytes what it holds; the other sends what is missing. Partitions heal by this alone, and
votes find their way through a third node where two have no link.
"""

from collections.abc import Sequence
from typing import Protocol

from chain.limits import STATUS_ROUNDS_MAX
from chain.proposal import SignedProposal
from chain.vote import Height, Round, SignedVote
from p2p.messages import HeightHeld, Message, ProposalMessage, RoundHeld, VoteMessage


class RoundMessages(Protocol):
    """The messages held of one round; votes at the positions of the validator set."""

    @property
    def round(self) -> Round:
        """Which round."""
        ...

    @property
    def proposal(self) -> SignedProposal | None:
        """Its proposal, if held."""
        ...

    @property
    def prevotes(self) -> Sequence[SignedVote | None]:
        """Its prevotes."""
        ...

    @property
    def precommits(self) -> Sequence[SignedVote | None]:
        """Its precommits."""
        ...


def make_bitmap(votes: Sequence[SignedVote | None]) -> bytes:
    """Bit i, from the lowest of the first byte, says that the vote of validator i is held."""
    bits = sum(1 << position for position, vote in enumerate(votes) if vote is not None)
    return bits.to_bytes((len(votes) + 7) // 8, "little")


def describe_held(height: Height, rounds: Sequence[RoundMessages]) -> HeightHeld:
    """What we hold: the newest rounds, as many as a message has room for."""
    return HeightHeld(
        height=height,
        rounds=tuple(
            RoundHeld(
                round=held.round,
                has_proposal=held.proposal is not None,
                prevotes=make_bitmap(held.prevotes),
                precommits=make_bitmap(held.precommits),
            )
            for held in rounds[-STATUS_ROUNDS_MAX:]
        ),
    )


def pick_missing(height: Height, rounds: Sequence[RoundMessages], theirs: HeightHeld) -> list[Message]:
    """The messages of our newest rounds that the peer, at the same height, does not hold; oldest round first."""
    if theirs.height != height:
        return []
    held_by_them = {held.round: held for held in theirs.rounds}
    missing: list[Message] = []
    for ours in rounds[-STATUS_ROUNDS_MAX:]:
        held = held_by_them.get(ours.round)
        if ours.proposal is not None and (held is None or not held.has_proposal):
            missing.append(ProposalMessage(proposal=ours.proposal))
        missing.extend(_pick_votes(ours.prevotes, b"" if held is None else held.prevotes))
        missing.extend(_pick_votes(ours.precommits, b"" if held is None else held.precommits))
    return missing


def _pick_votes(votes: Sequence[SignedVote | None], bitmap: bytes) -> list[Message]:
    bits = int.from_bytes(bitmap, "little")
    return [
        VoteMessage(vote=vote)
        for position, vote in enumerate(votes)
        if vote is not None and not bits >> position & 1
    ]
