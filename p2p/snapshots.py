"""Fetching a snapshot: whom to ask for what, and who is not asked again. A pure core; whether a snapshot is to be believed is
for `chain.snapshot_check` to say.

Peers offer manifests. The one that most of them offer is taken, of these the newest, and those first of which chunks are
here already. The chunks before the state come first and in their order: when they prove the manifest (`go_on`), the state's
are asked for, one of each peer at a time. Every chunk is held to its hash when it comes. Who sends another one has lied; who
has none any more, or does not answer in time, is left out until it offers again, and for good when it has failed too often in
a row. All are asked again while nobody gives what is missing: a node makes newer snapshots and lets go of older ones, and a
link may be slow for a while. Of a snapshot that nobody gives any more, or that is refused, another one is taken, until there
is none.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from chain.hashing import Digest, sha256
from chain.keys import PublicKey
from chain.limits import SNAPSHOT_FAILURES_MAX, SNAPSHOT_SOURCES_MAX
from chain.snapshot import Manifest
from chain.vote import Height
from p2p.messages import GetChunk, GetSnapshots, RequestId

ANSWER_SECONDS = 20.0  # for a chunk of a mebibyte over half a megabit a second
COLLECT_SECONDS = 3.0  # for offers, from the first link on
AGAIN_SECONDS = 5.0  # between two questions for offers, while nobody gives what is missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A manifest that somebody offers, with its `chain.snapshot.snapshot_id`."""

    id: Digest
    manifest: Manifest

    @property
    def first(self) -> tuple[Digest, ...]:
        """Chunks that prove the manifest."""
        return self.manifest.hand_overs + self.manifest.window


class Came(Enum):
    """What an answer to a question for a chunk was."""

    CHUNK = auto()
    NOTHING = auto()
    LIE = auto()
    UNASKED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A question for one peer."""

    peer: PublicKey
    message: GetSnapshots | GetChunk


class SnapshotFetch:
    """What is offered by whom, what is chosen, and what of it is missing."""

    def __init__(self) -> None:
        self._requests = 0
        self._since: float | None = None  # when the first link came
        self._asked_at = 0.0
        self._asked: dict[PublicKey, RequestId | None] = {}  # for offers; None: answered
        self._offers: dict[Digest, Offer] = {}
        self._givers: dict[Digest, set[PublicKey]] = {}
        self._refused: set[Digest] = set()
        self._failures: Counter[PublicKey] = Counter()
        self._open: dict[PublicKey, tuple[RequestId, Digest, float]] = {}
        self._missing: dict[Digest, None] = {}
        self._bytes = 0
        self._is_proven = False
        self.chosen: Offer | None = None

    # --- Links and offers -----------------------------------------------------------------------------------------

    def on_link_up(self, peer: PublicKey, now: float) -> GetSnapshots | None:
        """What to ask a new link, if it is one of not too many."""
        if self._since is None:
            self._since = now
        if len(self._asked) >= SNAPSHOT_SOURCES_MAX and peer not in self._asked:
            return None
        self._asked[peer] = request = self._next_request()
        self._asked_at = now
        return GetSnapshots(request=request)

    def ask_again(self, now: float) -> tuple[Ask, ...]:
        """Asks all who have answered what they offer now; call where nobody gives what is missing, as often as you like."""
        if now < self._asked_at + AGAIN_SECONDS:
            return ()
        self._asked_at = now
        asks = []
        for peer in [peer for peer, request in self._asked.items() if request is None]:
            self._asked[peer] = request = self._next_request()
            asks.append(Ask(peer=peer, message=GetSnapshots(request=request)))
        return tuple(asks)

    def on_link_down(self, peer: PublicKey) -> None:
        """It gives nothing any more; what it was asked for is asked of another."""
        self._asked.pop(peer, None)
        self._open.pop(peer, None)
        self._leave_out(peer)

    def is_asked(self, peer: PublicKey, request: RequestId) -> bool:
        """Whether this is the answer to a question for offers."""
        return self._asked.get(peer) == request

    def take_offers(self, peer: PublicKey, offers: Sequence[Offer]) -> None:
        """Notes what a peer that was asked offers, in the place of what it offered before."""
        self._asked[peer] = None
        self._leave_out(peer)
        if self._failures[peer] >= SNAPSHOT_FAILURES_MAX:
            return
        for offer in offers:
            if offer.id not in self._refused:
                self._offers.setdefault(offer.id, offer)
                self._givers.setdefault(offer.id, set()).add(peer)
        self._forget_ungiven()

    def _forget_ungiven(self) -> None:
        """What nobody gives is not held in memory, unless it may come back while it is fetched."""
        for one in [one for one in self._offers if not self._givers[one]]:
            if self.chosen is None or one != self.chosen.id:
                del self._offers[one], self._givers[one]

    def is_collected(self, now: float) -> bool:
        """Whether everybody has answered, or there was time enough."""
        if self._since is None:
            return False
        waits = any(request is not None for request in self._asked.values())
        return not waits or now >= self._since + COLLECT_SECONDS

    def choose(self, begun: Collection[Height]) -> Offer | None:
        """Takes an offer, if there is one. `begun`: heights of which chunks are here."""
        offers = [offer for offer in self._offers.values() if self._givers[offer.id]]
        self.chosen = max(
            offers,
            key=lambda offer: (
                offer.manifest.height in begun,
                len(self._givers[offer.id]),
                offer.manifest.height,
                offer.id,
            ),
            default=None,
        )
        return self.chosen

    def begin(self, held: Collection[Digest]) -> None:
        """Begins to fetch what is chosen; `held` are chunks that are here already."""
        assert self.chosen is not None, "an offer was chosen"
        self._missing = {one: None for one in self.chosen.manifest.chunks if one not in held}
        self._bytes, self._is_proven = 0, False

    def givers_of(self, offer: Offer) -> frozenset[PublicKey]:
        """Who offers it and has not failed to give of it."""
        return frozenset(self._givers.get(offer.id, ()))

    def refuse(self) -> frozenset[PublicKey]:
        """What is chosen does not hold, or nobody gives it: never again. Who still offers it."""
        assert self.chosen is not None, "an offer was chosen"
        offer, self.chosen = self.chosen, None
        self._refused.add(offer.id)
        self._offers.pop(offer.id, None)
        self._open.clear()
        self._missing = {}
        return frozenset(self._givers.pop(offer.id, ()))

    # --- Chunks ---------------------------------------------------------------------------------------------------

    def go_on(self) -> None:
        """The manifest is proven by the first chunks: the state may come."""
        self._is_proven = True

    @property
    def missing(self) -> int:
        """How many chunks are missing."""
        return len(self._missing)

    def is_here(self, chunk: Digest) -> bool:
        """Whether a chunk of what is chosen came, or was here."""
        return chunk not in self._missing

    @property
    def is_lost(self) -> bool:
        """Whether something is missing that nobody gives."""
        return self.chosen is not None and bool(self._missing) and not self._givers[self.chosen.id]

    def take_chunk(self, peer: PublicKey, request: RequestId, data: bytes | None) -> Came:
        """What an answer is; a chunk is not missing any more. Who lied or has nothing is not asked for this one again."""
        asked, wanted, _ = self._open.get(peer, (None, None, 0.0))
        if asked != request or wanted is None:
            return Came.UNASKED
        del self._open[peer]
        if data is None:
            self._on_failure(peer)
            return Came.NOTHING
        if sha256(data) != wanted:
            self._leave_out(peer)
            return Came.LIE
        self._failures[peer] = 0
        self._missing.pop(wanted, None)
        self._bytes += len(data)
        return Came.CHUNK

    @property
    def is_too_large(self) -> bool:
        """Whether more came than the manifest says."""
        return self.chosen is not None and self._bytes > self.chosen.manifest.bytes

    def next_asks(self, now: float) -> tuple[Ask, ...]:
        """What to ask now; call again when something came, and now and then."""
        for peer, (_, _, until) in list(self._open.items()):
            if now >= until:
                del self._open[peer]
                self._on_failure(peer)
        if self.chosen is None:
            return ()
        under_way = {wanted for _, wanted, _ in self._open.values()}
        first = set(self.chosen.first)
        wanted = (one for one in self._missing if one not in under_way and (self._is_proven or one in first))
        peers = [peer for peer in self._givers[self.chosen.id] if peer not in self._open]
        asks = []
        for peer, digest in zip(
            sorted(peers, key=lambda one: (self._failures[one], one)), wanted, strict=False
        ):
            request = self._next_request()
            self._open[peer] = (request, digest, now + ANSWER_SECONDS)
            height = self.chosen.manifest.height
            asks.append(Ask(peer=peer, message=GetChunk(request=request, height=height, hash=digest)))
        return tuple(asks)

    def _on_failure(self, peer: PublicKey) -> None:
        self._failures[peer] += 1
        self._leave_out(peer)

    def _leave_out(self, peer: PublicKey) -> None:
        for givers in self._givers.values():
            givers.discard(peer)

    def _next_request(self) -> RequestId:
        self._requests = (self._requests + 1) % 2**32
        return RequestId(self._requests)
