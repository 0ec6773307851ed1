"""How a transaction spreads: pushed whole by the node it entered at, announced by all others, asked for where it is lacking.

A pure core. Peers are node keys, time is given in seconds by the caller, and each call returns what to send. Announcements
wait for `flush`, so that they go out in batches and after the push that usually makes them needless. What is asked of one
peer and does not come within `ANSWER_SECONDS` is asked of another that announced it. What found no room, in a link's queue
or in front of admission, is not lost: it is announced, or asked for, a little later.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from chain.keys import PublicKey
from chain.limits import (
    ANNOUNCERS_PER_TRANSACTION_MAX,
    GOSSIP_IDS_MAX,
    IDS_PER_MESSAGE_MAX,
    WANTED_PER_LINK_MAX,
)
from chain.transaction import TxId

ANSWER_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SendPush:
    """Send these bodies."""

    peer: PublicKey
    ids: tuple[TxId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SendAnnounce:
    """Say that we hold these."""

    peer: PublicKey
    ids: tuple[TxId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SendWant:
    """Ask for these; they are few enough for one message, like those that are announced."""

    peer: PublicKey
    ids: tuple[TxId, ...]


Sending: TypeAlias = SendPush | SendAnnounce | SendWant


@dataclass(slots=True, kw_only=True)
class _Wanted:
    """A transaction that others have: who made us want it, when its answer is overdue, and whom to ask next."""

    first: PublicKey
    deadline: float
    others: list[PublicKey] = field(default_factory=list)


class Gossip:
    """Who holds what, as far as we were told. Bounded by `GOSSIP_IDS_MAX` transactions, the oldest forgotten first.

    Of what a link has shown only that is kept which we hold or want, so that no link fills our memory with ids.
    """

    def __init__(self) -> None:
        self._links: dict[PublicKey, set[TxId]] = {}
        self._held: dict[TxId, None] = {}
        self._fresh: list[TxId] = []
        self._wanted: dict[TxId, _Wanted] = {}
        self._wanted_by_link: Counter[PublicKey] = Counter()

    def on_link_up(self, peer: PublicKey, held: Iterable[TxId]) -> list[Sending]:
        """A new link is told all that waits here."""
        ids = tuple(held)
        self._hold(ids)
        self._links[peer] = set(ids)
        return [SendAnnounce(peer=peer, ids=some) for some in _split(ids)]

    def on_link_down(self, peer: PublicKey) -> None:
        """Forgets what the peer had; what was asked of it is asked of others when it is overdue."""
        self._links.pop(peer, None)

    def on_entered(self, ids: Sequence[TxId]) -> list[Sending]:
        """New transactions that entered the network here: pushed to every link."""
        self._hold(ids)
        for shown in self._links.values():
            shown.update(ids)
        return [SendPush(peer=peer, ids=tuple(ids)) for peer in self._links]

    def on_received(self, peer: PublicKey, ids: Sequence[TxId]) -> None:
        """Transactions that a peer sent and that were let in; others hear of them at the next `flush`."""
        self._hold(ids)
        self._fresh.extend(ids)
        if peer in self._links:
            self._links[peer].update(ids)

    def on_not_sent(self, peer: PublicKey, ids: Iterable[TxId]) -> None:
        """What was to be pushed or announced to a link did not fit its queue: announced at the next `flush`."""
        if peer in self._links:
            self._links[peer].difference_update(ids)
            self._fresh.extend(ids)

    def on_not_taken(self, peer: PublicKey, ids: Iterable[TxId], now: float) -> None:
        """What a peer pushed found no room in front of admission: asked for when that will have passed."""
        if peer not in self._links:
            return
        for transaction_id in ids:
            wanted = self._wanted.get(transaction_id)
            if wanted is None and transaction_id not in self._held and self._want(transaction_id, peer, now):
                wanted = self._wanted[transaction_id]
            if wanted is not None and peer not in wanted.others:
                wanted.others.append(peer)

    def on_announced(self, peer: PublicKey, ids: Sequence[TxId], now: float) -> list[Sending]:
        """A peer holds these; those that we lack, and nobody was asked for yet, are asked for."""
        if peer not in self._links:
            return []
        ask: list[TxId] = []
        for transaction_id in ids:
            wanted = self._wanted.get(transaction_id)
            if wanted is not None:
                is_new = peer != wanted.first and peer not in wanted.others
                if is_new and len(wanted.others) < ANNOUNCERS_PER_TRANSACTION_MAX:
                    wanted.others.append(peer)
            elif transaction_id not in self._held:
                if not self._want(transaction_id, peer, now):
                    continue
                ask.append(transaction_id)
            self._links[peer].add(transaction_id)
        return [SendWant(peer=peer, ids=tuple(ask))] if ask else []

    def flush(self, now: float) -> list[Sending]:
        """Announces to each link what it has not shown, and asks again for what is overdue."""
        sendings: list[Sending] = []
        fresh, self._fresh = [one for one in self._fresh if one in self._held], []
        for peer, shown in self._links.items():
            unknown = tuple(transaction_id for transaction_id in fresh if transaction_id not in shown)
            if unknown:
                shown.update(unknown)
                sendings += [SendAnnounce(peer=peer, ids=some) for some in _split(unknown)]
        return [*sendings, *self._ask_again(now)]

    def forget(self, ids: Iterable[TxId]) -> None:
        """These wait no longer: committed, expired or refused."""
        gone = set(ids)
        for transaction_id in gone:
            self._held.pop(transaction_id, None)
            self._unwant(transaction_id)
        for shown in self._links.values():
            shown.difference_update(gone)

    def is_idle(self) -> bool:
        """Whether there is nothing to announce or to ask for again."""
        return not self._fresh and not self._wanted

    def count_remembered(self) -> int:
        """How much is remembered of what links have, over all links."""
        return sum(len(shown) for shown in self._links.values())

    def _hold(self, ids: Iterable[TxId]) -> None:
        for transaction_id in ids:
            self._held[transaction_id] = None
            self._unwant(transaction_id)
        excess = len(self._held) - GOSSIP_IDS_MAX
        if excess > 0:
            self.forget(
                [transaction_id for transaction_id, _ in zip(self._held, range(excess), strict=False)]
            )

    def _want(self, transaction_id: TxId, first: PublicKey, now: float) -> bool:
        """Waits for a transaction if there is room, in all and for this link."""
        if len(self._wanted) >= GOSSIP_IDS_MAX or self._wanted_by_link[first] >= WANTED_PER_LINK_MAX:
            return False
        self._wanted[transaction_id] = _Wanted(first=first, deadline=now + ANSWER_SECONDS)
        self._wanted_by_link[first] += 1
        return True

    def _unwant(self, transaction_id: TxId) -> None:
        wanted = self._wanted.pop(transaction_id, None)
        if wanted is not None:
            self._wanted_by_link[wanted.first] -= 1
            if not self._wanted_by_link[wanted.first]:
                del self._wanted_by_link[wanted.first]

    def _ask_again(self, now: float) -> list[Sending]:
        asked: dict[PublicKey, list[TxId]] = {}
        given_up: list[TxId] = []
        for transaction_id, wanted in list(self._wanted.items()):
            if wanted.deadline > now:
                continue
            peer = next((peer for peer in wanted.others if peer in self._links), None)
            if peer is None:
                given_up.append(transaction_id)
                continue
            wanted.others.remove(peer)
            wanted.deadline = now + ANSWER_SECONDS
            asked.setdefault(peer, []).append(transaction_id)
        self.forget(given_up)
        return [SendWant(peer=peer, ids=some) for peer, ids in asked.items() for some in _split(ids)]


def _split(ids: Sequence[TxId]) -> Iterator[tuple[TxId, ...]]:
    """As many at a time as a message holds."""
    for start in range(0, len(ids), IDS_PER_MESSAGE_MAX):
        yield tuple(ids[start : start + IDS_PER_MESSAGE_MAX])
