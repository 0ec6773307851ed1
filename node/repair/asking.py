"""Peers as the source of what is missing: links of a node that does nothing but mend its store.

It claims nothing, serves nothing and votes for nothing; whatever else its peers tell it is left out. Whoever the genesis
document or this node's configuration names may have a link, since the state that says more cannot be read now. The rebuild
runs on a thread and asks through here.
"""

import os
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from random import Random
from typing import TypeVar

import structlog
import trio

from chain.block import CertifiedBlock
from chain.keys import PublicKey, SigningKey
from chain.limits import REPAIR_ANSWER_SECONDS, REPAIR_PATIENCE_SECONDS, REPAIR_ROUNDS_MAX
from chain.vote import Height
from genesis.document import Genesis
from node.assembly import peer_addresses
from node.config import Config
from node.fetching import Requests
from node.peers import make_membership
from p2p.handshake import Identity
from p2p.link import Link
from p2p.messages import Blocks, GetBlocks, GetRows, Message, RequestId, RowKind, Rows
from p2p.network import Network, Standing
from vm.executor import NodeEntry

log = structlog.get_logger("repair")
T = TypeVar("T")
_ROUND_SECONDS = 0.5  # between rounds of asking


class RepairNode:
    """See `p2p.network.Node`: answers to requests are handed on, everything else is left out."""

    def __init__(self, genesis: Genesis, configured: frozenset[str]) -> None:
        entries = [
            *(NodeEntry(public=one.node_key, is_validator=True, name=one.name) for one in genesis.members),
            *(
                NodeEntry(public=one.node_key, is_validator=False, name=one.name)
                for one in genesis.full_nodes
            ),
        ]
        self._membership = make_membership(entries, configured)
        self.blocks: Requests[tuple[CertifiedBlock, ...]] = Requests()
        self.rows: Requests[tuple[bytes, ...]] = Requests()

    def standing_of(self, peer: PublicKey) -> Standing:
        """See `p2p.network.Node`."""
        return self._membership.standing_of(peer)

    async def on_link_up(self, link: Link) -> None:
        """See `p2p.network.Node`."""
        log.info("a peer may have what is missing", peer=link.peer_id)

    def on_link_down(self, link: Link) -> None:
        """See `p2p.network.Node`."""

    async def on_message(self, link: Link, message: Message) -> None:
        """See `p2p.network.Node`."""
        if isinstance(message, Blocks):
            self.blocks.on_answer(link, message.request, message.blocks)
        elif isinstance(message, Rows):
            self.rows.on_answer(link, message.request, message.rows)


def make_network(config: Config, genesis: Genesis, key: SigningKey) -> tuple[RepairNode, Network]:
    """The node that asks, and its links; called within the loop that will run them."""
    peers = peer_addresses(config, key.public)
    node = RepairNode(genesis, frozenset(one.node_id for one in peers))
    network = Network(
        Identity(key=key, chain_id=genesis.chain_id, genesis_hash=genesis.hash),
        node,
        listen_host=config.p2p.address,
        listen_port=config.p2p.port,
        peers=peers,
        chance=Random(),
        get_ephemeral_seed=os.urandom,
    )
    return node, network


class PeerSource:
    """See `node.repair.source.Source`. Called from a thread that the loop has started."""

    def __init__(self, node: RepairNode, network: Network) -> None:
        self._node = node
        self._network = network
        self.has_peers = False

    def block(self, height: Height, accept: Callable[[CertifiedBlock], T | None]) -> T | None:
        """See `Source`."""

        async def ask(link: Link) -> T | None:
            blocks = await self._node.blocks.ask(
                link,
                lambda number: GetBlocks(request=number, first=height, count=1),
                REPAIR_ANSWER_SECONDS,
            )
            return accept(blocks[0]) if blocks else None

        return trio.from_thread.run(partial(self._ask_all, ask))

    def rows(
        self, kind: RowKind, height: Height, key: bytes, accept: Callable[[Sequence[bytes]], T | None]
    ) -> T | None:
        """See `Source`."""

        def make(number: RequestId) -> Message:
            return GetRows(request=number, kind=kind, height=height, key=key)

        async def ask(link: Link) -> T | None:
            rows = await self._node.rows.ask(link, make, REPAIR_ANSWER_SECONDS)
            return accept(rows) if rows else None

        return trio.from_thread.run(partial(self._ask_all, ask))

    async def _ask_all(self, ask: Callable[[Link], Coroutine[None, None, T | None]]) -> T | None:
        """The first answer that is accepted; None when everybody was asked some times, or nobody came."""
        rounds = 0
        with trio.move_on_after(REPAIR_PATIENCE_SECONDS):
            while rounds < REPAIR_ROUNDS_MAX:
                links = self._network.links
                self.has_peers |= bool(links)
                for link in links:
                    found = await ask(link)
                    if found is not None:
                        return found
                rounds += bool(links)
                await trio.sleep(_ROUND_SECONDS)
        return None
