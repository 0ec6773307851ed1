"""Following: which certified blocks to ask of whom. There are no sync modes; this is asked at every height, always.

A pure core. A peer's height is a claim that starts a fetch and proves nothing: blocks are verified by the node before they
count. One range is outstanding at a time, and the next one is asked for as soon as it has come, while the node takes it in
(who has enough for now does not ask); a peer that does not answer in time, has not got what it claimed, or answers
with a bad block stands back behind those that failed less often, whatever it claims. Who has passed a block by its own word
and has not got it has let go of it: it is not asked for that block again, and where all are so, nobody here can help. An
answer that comes late is taken all the same: over a slow line all are late, and whoever threw them away would never catch
up. A validator usually decides a block itself a moment after its first peer: it asks only when it has been behind for its
`patience`.
"""

from collections import Counter
from dataclasses import dataclass

from chain.keys import PublicKey
from chain.limits import BLOCKS_PER_REQUEST_MAX, FAILED_PEERS_MAX
from chain.vote import Height
from p2p.messages import RequestId

ANSWER_SECONDS = 5.0  # then another is asked
LATE_SECONDS = 60.0  # for so long a question stays open, and its peer is not asked another


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
        self._passed: dict[PublicKey, Height] = {}  # what each says of itself, and not of others
        self._pruned: dict[PublicKey, Height] = {}  # up to where each has let go of blocks, at least
        self._failures: Counter[PublicKey] = Counter()
        self._open: dict[PublicKey, tuple[Ask, float]] = {}  # the question to each link, and until when
        self._outstanding: Ask | None = None
        self._deadline = 0.0
        self._requests = 0
        self._coming = height  # what has come and is being taken in

    @property
    def best_claim(self) -> Height:
        """The highest height that any link claims, at least our own."""
        return max(self._claims.values(), default=self._height)

    @property
    def nobody_has(self) -> Height | None:
        """The next block, where every link that has passed it has let go of it; None where one may have it still."""
        passed = [peer for peer, height in self._passed.items() if height >= self._next]
        is_lost = bool(passed) and all(self._has_pruned(peer) for peer in passed)
        return self._next if is_lost else None

    def _has_pruned(self, peer: PublicKey) -> bool:
        return self._pruned.get(peer, 0) >= self._next

    def on_claim(self, peer: PublicKey, height: Height) -> None:
        """It is said that a peer has committed `height`."""
        self._claims[peer] = max(height, self._claims.get(peer, height))

    def on_own_claim(self, peer: PublicKey, height: Height) -> None:
        """A peer says itself that it has committed `height`."""
        self._passed[peer] = height
        self.on_claim(peer, height)

    def on_link_down(self, peer: PublicKey) -> None:
        """Its claims are gone; what it was asked for is asked of another."""
        self._claims.pop(peer, None)
        self._passed.pop(peer, None)
        self._pruned.pop(peer, None)
        self._open.pop(peer, None)
        if self._outstanding is not None and self._outstanding.peer == peer:
            self._outstanding = None

    def on_height(self, height: Height) -> None:
        """We have committed `height`, by whatever way."""
        if height > self._height:
            self._behind_since = None
        self._height = height

    def on_broken(self) -> None:
        """What has come does not follow what is held, or is not what it should be: it is asked for again."""
        self._coming = self._height

    def take_answer(self, peer: PublicKey, request: RequestId, count: int) -> Ask | None:
        """The open question that this answers, if any. An empty answer is a failure and withdraws the peer's claim; a late
        one makes good for the failure that it was taken for.
        """
        asked, _ = self._open.get(peer, (None, 0.0))
        if asked is None or asked.request != request:
            return None
        del self._open[peer]
        is_late = asked is not self._outstanding
        if not is_late:
            self._outstanding = None
        if count == 0:
            if self._passed.get(peer, 0) >= asked.first:
                self._pruned[peer] = asked.first
            self._fail(peer)
        elif is_late:
            self._failures[peer] = max(0, self._failures[peer] - 1)
            self.on_claim(peer, Height(asked.first + asked.count - 1))
        if asked.first <= self._next:
            self._coming = max(self._coming, Height(asked.first + count - 1))
        return asked

    @property
    def _next(self) -> Height:
        """The first height that neither is held nor has come."""
        return Height(max(self._height, self._coming) + 1)

    def on_bad_answer(self, peer: PublicKey) -> None:
        """What it answered did not hold."""
        self.on_broken()
        self._fail(peer)

    def _fail(self, peer: PublicKey) -> None:
        self._claims.pop(peer, None)
        self._failures[peer] += 1
        if len(self._failures) > FAILED_PEERS_MAX:
            self._failures.pop(next(iter(self._failures)))

    def _pick_peer(self, now: float) -> PublicKey | None:
        """Whom to ask: of those that claim more than we have, and whose answer is not merely slow, the one that failed
        least often, then the highest.
        """
        self._open = {peer: (ask, until) for peer, (ask, until) in self._open.items() if now < until}
        ahead = [
            peer
            for peer, claim in self._claims.items()
            if claim >= self._next and peer not in self._open and not self._has_pruned(peer)
        ]
        return min(ahead, key=lambda peer: (self._failures[peer], -self._claims[peer]), default=None)

    def next_ask(self, now: float) -> Ask | None:
        """What to ask now, if anything; call again when something changed or `ANSWER_SECONDS` have passed."""
        if self._outstanding is not None:
            if now < self._deadline:
                return None
            self._fail(self._outstanding.peer)
            self._outstanding = None
        peer = self._pick_peer(now)
        if peer is None:
            if self._coming <= self._height:
                self._behind_since = None
            return None
        if self._behind_since is None:
            self._behind_since = now
        if now < self._behind_since + self._patience and self.best_claim == self._height + 1:
            return None
        self._requests = (self._requests + 1) % 2**32
        first = self._next
        ask = Ask(
            peer=peer,
            request=RequestId(self._requests),
            first=first,
            count=min(BLOCKS_PER_REQUEST_MAX, self._claims[peer] - first + 1),
        )
        self._open[peer] = (ask, now + LATE_SECONDS)
        self._outstanding, self._deadline = ask, now + ANSWER_SECONDS
        return ask
