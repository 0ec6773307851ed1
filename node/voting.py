"""When a validator may sign: four conditions that only the node knows, asked by the signer at every signature.

It has heard the others since its start; none of what it heard says that the height is decided; it holds no certificate
above its ledger; and the height is one whose whole story its disk remembers.
"""

from chain.vote import Height
from node.follower import Follower
from node.hearing import Hearing
from node.reactor import Reactor


class VotingGate:
    """Open while this validator may sign. `join` comes before the first question."""

    def __init__(self, hearing: Hearing, vote_from: Height) -> None:
        self.hearing = hearing
        self._vote_from = vote_from

    def join(self, reactor: Reactor, follower: Follower) -> None:
        """Names what tells the height and what was followed."""
        self._reactor = reactor
        self._follower = follower

    def is_open(self) -> bool:
        """Whether all four conditions hold now."""
        head = self._reactor.head
        return (
            self.hearing.is_over(head.validators)
            and not self.hearing.is_passed(head.next_height, head.validators)
            and not self._follower.is_behind
            and head.next_height >= self._vote_from
        )
