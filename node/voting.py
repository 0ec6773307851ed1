"""When a validator may sign: four conditions that only the node knows, asked by the signer at every signature.

It has heard the others since its start; none of what it heard says that the height is decided; it holds no certificate
above its ledger; and the height is one whose whole story its disk remembers.
"""

from typing import Protocol

from chain.vote import Height
from node.head import Head
from node.hearing import Hearing


class Here(Protocol):
    """Who knows where the ledger stands: the reactor."""

    @property
    def head(self) -> Head:
        """The present head."""
        ...


class Beyond(Protocol):
    """Who knows of certificates above it: the follower."""

    @property
    def is_behind(self) -> bool:
        """Whether one is held."""
        ...


class VotingGate:
    """Open while this validator may sign. `join` comes before the first question."""

    def __init__(self, hearing: Hearing, vote_from: Height) -> None:
        self.hearing = hearing
        self._vote_from = vote_from

    def join(self, here: Here, beyond: Beyond) -> None:
        """Names what tells the height and what was followed."""
        self._here = here
        self._beyond = beyond

    def is_open(self) -> bool:
        """Whether all four conditions hold now."""
        head = self._here.head
        return (
            self.hearing.is_over(head.validators)
            and not self.hearing.is_passed(head.next_height, head.validators)
            and not self._beyond.is_behind
            and head.next_height >= self._vote_from
        )
