"""Networks of links over real TCP on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random

import trio

from chain.hashing import Digest, sha256
from chain.keys import PublicKey, SigningKey, address_of
from chain.vote import BlockId, Height
from p2p.errors import PeerMisbehaved
from p2p.handshake import Identity
from p2p.link import Link
from p2p.messages import Announce, Message, NewBlock
from p2p.network import Network, PeerAddress
from tests.chain.making import CHAIN, make_key

GENESIS = sha256(b"genesis")


def make_identity(number: int) -> Identity:
    """The identity of a node by number."""
    return Identity(key=make_key(number), chain_id=CHAIN, genesis_hash=GENESIS)


class Recorder:
    """A node that writes down what happens to its links."""

    def __init__(self, members: set[PublicKey]) -> None:
        self.members = members
        self.received: list[Message] = []
        self.misbehave = False
        self.up = trio.Event()
        self.down = trio.Event()
        self.something = trio.Event()

    def is_member(self, peer: PublicKey) -> bool:
        return peer in self.members

    async def on_link_up(self, link: Link) -> None:
        self.up.set()

    async def on_message(self, link: Link, message: Message) -> None:
        if self.misbehave:
            raise PeerMisbehaved("test says so")
        self.received.append(message)
        self.something.set()

    def on_link_down(self, link: Link) -> None:
        self.down.set()


def make_network(identity: Identity, node: Recorder, *peers: PeerAddress, port: int = 0) -> Network:
    """A network on loopback."""
    return Network(
        identity,
        node,
        listen_host="127.0.0.1",
        listen_port=port,
        peers=peers,
        chance=Random(1),
        get_ephemeral_seed=lambda count: Random(str(identity.key.address)).randbytes(count),
    )


def address_at(key: SigningKey, port: int) -> PeerAddress:
    """How to call the node with this key."""
    return PeerAddress(node_id=address_of(key.public).hex(), host="127.0.0.1", port=port)


@asynccontextmanager
async def two_nodes(
    identities: tuple[Identity, Identity] = (make_identity(1), make_identity(2)),
) -> AsyncIterator[tuple[Network, Recorder, Network, Recorder]]:
    """Two nodes of which the second calls the first."""
    members = {identity.key.public for identity in identities}
    first_node, second_node = Recorder(members), Recorder(members)
    async with trio.open_nursery() as nursery:
        first = make_network(identities[0], first_node)
        port = await nursery.start(first.run)
        second = make_network(identities[1], second_node, address_at(identities[0].key, port))
        await nursery.start(second.run)
        yield first, first_node, second, second_node
        nursery.cancel_scope.cancel()


async def test_messages_pass_both_ways() -> None:
    async with two_nodes() as (first, first_node, second, second_node):
        await first_node.up.wait()
        await second_node.up.wait()
        message = NewBlock(height=Height(7), block_id=BlockId(Digest(bytes(32))))
        second.broadcast(message)
        first.broadcast(Announce(ids=()))
        await first_node.something.wait()
        await second_node.something.wait()
        assert first_node.received == [message]
        assert second_node.received == [Announce(ids=())]


async def test_misbehaviour_drops_and_bans() -> None:
    async with two_nodes() as (_, first_node, second, second_node):
        await first_node.up.wait()
        first_node.misbehave = True
        second.broadcast(Announce(ids=()))
        await first_node.down.wait()
        await second_node.down.wait()
        first_node.up = trio.Event()
        with trio.move_on_after(0.5) as scope:
            await first_node.up.wait()
        assert scope.cancelled_caught, "a banned peer is refused for a while"


async def test_links_of_former_members_are_closed_and_called_again_when_members_again() -> None:
    async with two_nodes() as (first, first_node, _, _):
        await first_node.up.wait()
        members, first_node.members = first_node.members, set()
        first.close_strangers()
        await first_node.down.wait()
        assert first.links == ()
        first_node.up = trio.Event()
        first_node.members = members
        await first_node.up.wait()
        assert len(first.links) == 1


async def test_another_genesis_is_refused_on_both_sides() -> None:
    other = replace(make_identity(2), genesis_hash=sha256(b"another"))
    async with two_nodes((make_identity(1), other)) as (_, first_node, _, second_node):
        with trio.move_on_after(0.5):
            await first_node.up.wait()
        assert not first_node.up.is_set()
        assert not second_node.up.is_set()


async def test_simultaneous_calls_leave_one_link() -> None:
    identities = (make_identity(1), make_identity(2))
    members = {identity.key.public for identity in identities}
    nodes = (Recorder(members), Recorder(members))
    ports = [await _find_free_port() for _ in range(2)]
    async with trio.open_nursery() as nursery:
        networks = [
            make_network(
                identities[i], nodes[i], address_at(identities[1 - i].key, ports[1 - i]), port=ports[i]
            )
            for i in range(2)
        ]
        for network in networks:
            nursery.start_soon(network.run)
        for node in nodes:
            await node.up.wait()
        for _ in range(20):
            await trio.sleep(0.05)
            if all(len(network.links) == 1 for network in networks):
                networks[0].broadcast(Announce(ids=()))
                break
        await nodes[1].something.wait()
        assert [len(network.links) for network in networks] == [1, 1]
        nursery.cancel_scope.cancel()


async def _find_free_port() -> int:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port: int = listeners[0].socket.getsockname()[1]
    for listener in listeners:
        await listener.aclose()
    return port
