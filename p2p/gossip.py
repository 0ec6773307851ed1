"""How a transaction spreads: pushed whole by the node it entered at, announced by all others, asked for where it is lacking.

A pure core. Peers are node keys, time is given in seconds by the caller, and each call returns what to send. Announcements
wait for `flush`, so that they go out in batches and after the push that usually makes them needless. What is asked of one
peer and does not come within `ANSWER_SECONDS` is asked of another that announced it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from chain.keys import PublicKey
from chain.limits import ANNOUNCERS_PER_TRANSACTION_MAX, GOSSIP_IDS_MAX
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
    """Ask for these."""

    peer: PublicKey
    ids: tuple[TxId, ...]


Sending: TypeAlias = SendPush | SendAnnounce | SendWant


@dataclass(slots=True, kw_only=True)
class _Wanted:
    """A transaction that others have: when the present answer is overdue, and whom to ask next."""

    deadline: float
    others: list[PublicKey] = field(default_factory=list)


class Gossip:
    """Who holds what, as far as we were told. Bounded by `GOSSIP_IDS_MAX` transactions, the oldest forgotten first."""

    def __init__(self) -> None:
        self._links: dict[PublicKey, set[TxId]] = {}
        self._held: dict[TxId, None] = {}
        self._fresh: list[TxId] = []
        self._wanted: dict[TxId, _Wanted] = {}

    def on_link_up(self, peer: PublicKey, held: Iterable[TxId]) -> list[Sending]:
        """A new link is told all that waits here."""
        ids = tuple(held)
        self._links[peer] = set(ids)
        return [SendAnnounce(peer=peer, ids=ids)] if ids else []

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

    def on_announced(self, peer: PublicKey, ids: Sequence[TxId], now: float) -> list[Sending]:
        """A peer holds these; those that we lack, and nobody was asked for yet, are asked for."""
        if peer not in self._links:
            return []
        self._links[peer].update(ids)
        ask: list[TxId] = []
        for transaction_id in ids:
            wanted = self._wanted.get(transaction_id)
            if wanted is not None:
                if len(wanted.others) < ANNOUNCERS_PER_TRANSACTION_MAX:
                    wanted.others.append(peer)
            elif transaction_id not in self._held and len(self._wanted) < GOSSIP_IDS_MAX:
                self._wanted[transaction_id] = _Wanted(deadline=now + ANSWER_SECONDS)
                ask.append(transaction_id)
        return [SendWant(peer=peer, ids=tuple(ask))] if ask else []

    def flush(self, now: float) -> list[Sending]:
        """Announces to each link what it has not shown, and asks again for what is overdue."""
        sendings: list[Sending] = []
        fresh, self._fresh = [one for one in self._fresh if one in self._held], []
        for peer, shown in self._links.items():
            unknown = tuple(transaction_id for transaction_id in fresh if transaction_id not in shown)
            if unknown:
                shown.update(unknown)
                sendings.append(SendAnnounce(peer=peer, ids=unknown))
        return [*sendings, *self._ask_again(now)]

    def forget(self, ids: Iterable[TxId]) -> None:
        """These wait no longer: committed, expired or refused."""
        gone = set(ids)
        for transaction_id in gone:
            self._held.pop(transaction_id, None)
            self._wanted.pop(transaction_id, None)
        for shown in self._links.values():
            shown.difference_update(gone)

    def is_idle(self) -> bool:
        """Whether there is nothing to announce or to ask for again."""
        return not self._fresh and not self._wanted

    def _hold(self, ids: Iterable[TxId]) -> None:
        for transaction_id in ids:
            self._held[transaction_id] = None
            self._wanted.pop(transaction_id, None)
        excess = len(self._held) - GOSSIP_IDS_MAX
        if excess > 0:
            self.forget(
                [transaction_id for transaction_id, _ in zip(self._held, range(excess), strict=False)]
            )

    def _ask_again(self, now: float) -> list[Sending]:
        asked: dict[PublicKey, list[TxId]] = {}
        for transaction_id, wanted in list(self._wanted.items()):
            if wanted.deadline > now:
                continue
            peer = next((peer for peer in wanted.others if peer in self._links), None)
            if peer is None:
                del self._wanted[transaction_id]
                continue
            wanted.others.remove(peer)
            wanted.deadline = now + ANSWER_SECONDS
            asked.setdefault(peer, []).append(transaction_id)
        return [SendWant(peer=peer, ids=tuple(ids)) for peer, ids in asked.items()]
