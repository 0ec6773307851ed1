"""Transactions on their way through this node: in by RPC or by links, through admission, out to other links."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import structlog
import trio

from chain.keys import PublicKey
from chain.limits import (
    IDS_PER_MESSAGE_MAX,
    PUSH_BYTES_MAX,
    PUSHES_PER_LINK_BYTES_MAX,
    PUSHES_WAITING_MAX,
)
from chain.transaction import CheckedTransaction, TxId, compute_transaction_id
from node.admission import Admission, Outcome
from node.items import WorkWaits
from node.mempool import Mempool
from node.reactor import Reactor
from p2p.gossip import Gossip, SendAnnounce, Sending, SendPush, SendWant
from p2p.link import Link
from p2p.messages import Announce, Push, Want
from p2p.network import Network

log = structlog.get_logger("mempool")
_FLUSH_SECONDS = 0.1


class Spreading:
    """The mempool's doors. Called from the node's loop only."""

    def __init__(
        self,
        admission: Admission,
        mempool: Mempool,
        reactor: Reactor,
        network: Network,
        is_committed: Callable[[TxId], bool],
    ) -> None:
        self._is_committed = is_committed
        self._admission = admission
        self._mempool = mempool
        self._reactor = reactor
        self._network = network
        self._gossip = Gossip()
        self._send, self._pushes = trio.open_memory_channel[tuple[Link, Push]](PUSHES_WAITING_MAX)
        self._waiting_bytes: Counter[PublicKey] = Counter()
        self._changed = trio.Event()
        self.refused = 0

    async def enter(self, raws: Sequence[bytes]) -> list[Outcome]:
        """Transactions that enter the network here."""
        outcomes = await self._admission.admit(raws)
        self.refused += sum(not outcome.is_ok for outcome in outcomes)
        ids = [outcome.id for outcome in outcomes if outcome.is_ok]
        if ids:
            self._carry_out(self._gossip.on_entered(ids))
            self._tell_of_work()
        return outcomes

    def on_push(self, link: Link, push: Push) -> None:
        """Transactions that a peer sent; asked for again later when too many of this link wait already."""
        size = sum(len(raw) for raw in push.transactions)
        try:
            if self._waiting_bytes[link.peer] + size > PUSHES_PER_LINK_BYTES_MAX:
                raise trio.WouldBlock
            self._send.send_nowait((link, push))
        except trio.WouldBlock:
            link.traffic.messages_dropped += 1
            ids = [compute_transaction_id(raw) for raw in push.transactions]
            self._gossip.on_not_taken(link.peer, ids, trio.current_time())
            self._changed.set()
        else:
            self._waiting_bytes[link.peer] += size

    def on_announce(self, link: Link, announce: Announce) -> None:
        """A peer holds these."""
        lacking = [one for one in announce.ids if one not in self._mempool and not self._is_committed(one)]
        self._carry_out(self._gossip.on_announced(link.peer, lacking, trio.current_time()))
        self._changed.set()

    def on_want(self, link: Link, want: Want) -> None:
        """A peer asks for these."""
        self._push(link, list(dict.fromkeys(want.ids)))

    def on_link_up(self, link: Link) -> None:
        """A new link hears of all that waits here."""
        self._carry_out(self._gossip.on_link_up(link.peer, self._mempool.ids()))

    def on_link_down(self, link: Link) -> None:
        """A link is over."""
        self._gossip.on_link_down(link.peer)

    def on_gone(self, ids: Iterable[TxId]) -> None:
        """These were committed."""
        self._gossip.forget(ids)

    async def run_admission(self) -> None:
        """Lets in what peers push, for ever."""
        async for link, push in self._pushes:
            self._waiting_bytes[link.peer] -= sum(len(raw) for raw in push.transactions)
            outcomes = await self._admission.admit(push.transactions)
            ids = [outcome.id for outcome in outcomes if outcome.is_ok]
            if ids:
                self._gossip.on_received(link.peer, ids)
                self._changed.set()
                self._tell_of_work()

    async def run_announcing(self) -> None:
        """Announces and asks again, in batches; sleeps while there is nothing to say."""
        while True:
            self._changed = trio.Event()
            if self._gossip.is_idle():
                await self._changed.wait()
            await trio.sleep(_FLUSH_SECONDS)
            self._carry_out(self._gossip.flush(trio.current_time()))

    def _tell_of_work(self) -> None:
        """Wakes the height. If the reactor is too busy to hear it, it asks the mempool itself after its next commit."""
        engine = self._reactor.engine
        if engine is None or engine.state is None or engine.state.awake:
            return
        try:
            self._reactor.inbox.send_nowait(WorkWaits(height=self._reactor.head.next_height))
        except trio.WouldBlock:
            log.debug("the reactor is busy")

    def _carry_out(self, sendings: Sequence[Sending]) -> None:
        for sending in sendings:
            link = self._network.find_link(sending.peer)
            if link is None:
                continue
            match sending:
                case SendPush():
                    self._push(link, sending.ids)
                case SendAnnounce():
                    if not link.send(Announce(ids=sending.ids)):
                        self._on_not_sent(link, sending.ids)
                case SendWant():
                    link.send(Want(ids=sending.ids))

    def _push(self, link: Link, ids: Sequence[TxId]) -> None:
        """Sends bodies in batches of bounded size."""
        batch: list[CheckedTransaction] = []
        size = 0
        for transaction_id in ids:
            checked = self._mempool.get(transaction_id)
            if checked is None:
                continue
            if size + len(checked.raw) > PUSH_BYTES_MAX or len(batch) == IDS_PER_MESSAGE_MAX:
                self._push_batch(link, batch)
                batch, size = [], 0
            batch.append(checked)
            size += len(checked.raw)
        if batch:
            self._push_batch(link, batch)

    def _push_batch(self, link: Link, batch: Sequence[CheckedTransaction]) -> None:
        if not link.send(Push(transactions=tuple(checked.raw for checked in batch))):
            self._on_not_sent(link, [checked.id for checked in batch])

    def _on_not_sent(self, link: Link, ids: Sequence[TxId]) -> None:
        """Announced later, unless the link carries no transactions at all."""
        if not link.is_blocks_only:
            self._gossip.on_not_sent(link.peer, ids)
            self._changed.set()
