"""Following: which certified blocks to ask of whom. There are no sync modes; this is asked at every height, always.

A pure core. A peer's height is a claim that starts a fetch and proves nothing: blocks are verified by the node before they
count. One range is outstanding at a time; a peer that does not answer in time, or has not got what it claimed, stands
back behind the others until it claims something new. A validator usually decides a block itself a moment after its first
peer: it asks only when it has been behind for its `patience`.
"""

from dataclasses import dataclass

from chain.keys import PublicKey
from chain.limits import BLOCKS_PER_REQUEST_MAX
from chain.vote import Height
from p2p.messages import RequestId

ANSWER_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Ask `peer` for `count` blocks from `first` on."""

    peer: PublicKey
    request: RequestId
    first: Height
    count: int


class CatchUp:
    """What is claimed, and the one range that is asked for."""

    def __init__(self, height: Height, patience: float) -> None:
        self._height = height
        self._patience = patience
        self._behind_since: float | None = None
        self._claims: dict[PublicKey, Height] = {}
        self._outstanding: Ask | None = None
        self._deadline = 0.0
        self._requests = 0

    @property
    def best_claim(self) -> Height:
        """The highest height that any link claims, at least our own."""
        return max(self._claims.values(), default=self._height)

    def on_claim(self, peer: PublicKey, height: Height) -> None:
        """A peer says that it has committed `height`."""
        self._claims[peer] = max(height, self._claims.get(peer, height))

    def on_link_down(self, peer: PublicKey) -> None:
        """Its claims are gone; what it was asked for is asked of another."""
        self._claims.pop(peer, None)
        if self._outstanding is not None and self._outstanding.peer == peer:
            self._outstanding = None

    def on_height(self, height: Height) -> None:
        """We have committed `height`, by whatever way."""
        if height > self._height:
            self._behind_since = None
        self._height = height

    def take_answer(self, peer: PublicKey, request: RequestId, count: int) -> bool:
        """Whether this answers what was asked. An empty answer withdraws the peer's claim."""
        asked = self._outstanding
        if asked is None or asked.peer != peer or asked.request != request:
            return False
        self._outstanding = None
        if count == 0:
            self._claims.pop(peer, None)
        return True

    def next_ask(self, now: float) -> Ask | None:
        """What to ask now, if anything; call again when something changed or `ANSWER_SECONDS` have passed."""
        if self._outstanding is not None:
            if now < self._deadline:
                return None
            self._claims.pop(self._outstanding.peer, None)
            self._outstanding = None
        peer = max(self._claims, key=self._claims.__getitem__, default=None)
        if peer is None or self._claims[peer] <= self._height:
            self._behind_since = None
            return None
        if self._behind_since is None:
            self._behind_since = now
        if now < self._behind_since + self._patience and self._claims[peer] == self._height + 1:
            return None
        self._requests = (self._requests + 1) % 2**32
        first = Height(self._height + 1)
        ask = Ask(
            peer=peer,
            request=RequestId(self._requests),
            first=first,
            count=min(BLOCKS_PER_REQUEST_MAX, self._claims[peer] - self._height),
        )
        self._outstanding, self._deadline = ask, now + ANSWER_SECONDS
        return ask
