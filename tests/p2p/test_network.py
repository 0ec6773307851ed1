"""Networks of links over real TCP on loopback."""

import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
import trio

import p2p.network
from chain.hashing import Digest, sha256
from chain.keys import PublicKey, SigningKey, address_of
from chain.vote import BlockId, Height
from p2p.errors import PeerMisbehaved
from p2p.handshake import Identity
from p2p.link import Link
from p2p.messages import Announce, Message, NewBlock
from p2p.network import Network, PeerAddress, Standing
from tests.chain.making import make_key
from tests.p2p.making import make_identity


class Recorder:
    """A node that writes down what happens to its links."""

    def __init__(self, members: set[PublicKey]) -> None:
        self.members = members
        self.standing = Standing.VALIDATOR
        self.links: list[Link] = []
        self.received: list[Message] = []
        self.misbehave = False
        self.up = trio.Event()
        self.down = trio.Event()
        self.something = trio.Event()

    def standing_of(self, peer: PublicKey) -> Standing:
        return self.standing if peer in self.members else Standing.STRANGER

    async def on_link_up(self, link: Link) -> None:
        self.links.append(link)
        self.up.set()

    async def on_message(self, link: Link, message: Message) -> None:
        if self.misbehave:
            raise PeerMisbehaved("test says so")
        self.received.append(message)
        self.something.set()

    def on_link_down(self, link: Link) -> None:
        self.links.remove(link)
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
        await second_node.up.wait()
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
        first.close_changed()
        await first_node.down.wait()
        assert first.links == ()
        first_node.up = trio.Event()
        first_node.members = members
        await first_node.up.wait()
        assert len(first.links) == 1


async def test_another_genesis_is_refused_on_both_sides() -> None:
    other = replace(make_identity(2), genesis_hash=sha256(b"another"))
    async with two_nodes((make_identity(1), other)) as (first, first_node, second, second_node):
        with trio.move_on_after(0.5):
            await first_node.up.wait()
        assert not first_node.up.is_set()
        assert not second_node.up.is_set()
        assert first.refused > 0 and second.refused > 0


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


async def test_a_connection_that_is_reset_at_once_harms_nobody() -> None:
    async with trio.open_nursery() as nursery:
        node = Recorder({make_key(2).public})
        network = make_network(make_identity(1), node)
        port = await nursery.start(network.run)
        await trio.to_thread.run_sync(_connect_and_reset, port, 200)
        caller = make_network(make_identity(2), Recorder({make_key(1).public}), address_at(make_key(1), port))
        nursery.start_soon(caller.run)
        await node.up.wait()
        nursery.cancel_scope.cancel()


def _connect_and_reset(port: int, times: int) -> None:
    for _ in range(times):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def test_a_link_that_takes_anothers_place_is_up_after_the_other_is_down() -> None:
    """A peer that was cut off calls again while its old link still seems alive."""
    async with two_nodes() as (first, first_node, _, _):
        await first_node.up.wait()
        old = first_node.links[0]
        first_node.up = trio.Event()
        again = make_network(
            make_identity(2), Recorder({make_key(1).public}), address_at(make_key(1), await _port_of(first))
        )
        async with trio.open_nursery() as nursery:
            nursery.start_soon(again.run)
            await first_node.up.wait()
            assert old.ended.is_set()
            assert first_node.links == list(first.links), "who listens knows the link that is there"
            assert first_node.links != [old]
            nursery.cancel_scope.cancel()


async def test_who_is_known_to_configuration_alone_is_called_and_may_not_call() -> None:
    async with two_nodes() as (_, first_node, _, second_node):
        await first_node.up.wait()
        assert not first_node.links[0].is_blocks_only
        second_node.standing = Standing.CONFIGURED
    async with trio.open_nursery() as nursery:
        listener, caller = (Recorder({make_key(number).public for number in (1, 2)}) for _ in range(2))
        caller.standing = Standing.CONFIGURED
        port = await nursery.start(make_network(make_identity(1), listener).run)
        calling = make_network(make_identity(2), caller, address_at(make_key(1), port))
        nursery.start_soon(calling.run)
        await caller.up.wait()
        assert [link.is_blocks_only for link in caller.links] == [True]
        caller.standing, caller.up = Standing.VALIDATOR, trio.Event()
        calling.close_changed()
        await caller.up.wait()
        assert [link.is_blocks_only for link in caller.links] == [False], (
            "it is called again as what it has become"
        )
        nursery.cancel_scope.cancel()
    async with trio.open_nursery() as nursery:
        listener, caller = (Recorder({make_key(number).public for number in (1, 2)}) for _ in range(2))
        listener.standing = Standing.CONFIGURED
        port = await nursery.start(make_network(make_identity(1), listener).run)
        nursery.start_soon(make_network(make_identity(2), caller, address_at(make_key(1), port)).run)
        await caller.up.wait()
        await caller.down.wait()
        assert not listener.up.is_set()
        nursery.cancel_scope.cancel()


async def test_a_validator_has_a_link_where_there_is_no_room_for_an_observer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(p2p.network, "LINKS_MAX", 0)
    async with trio.open_nursery() as nursery:
        listener = Recorder({make_key(2).public})
        listener.standing = Standing.OBSERVER
        port = await nursery.start(make_network(make_identity(1), listener).run)
        monkeypatch.setattr(p2p.network, "REDIAL_SECONDS_MAX", 0.1)
        caller = Recorder({make_key(1).public})
        nursery.start_soon(make_network(make_identity(2), caller, address_at(make_key(1), port)).run)
        await caller.down.wait()
        assert not listener.up.is_set()
        listener.standing = Standing.VALIDATOR
        await listener.up.wait()
        nursery.cancel_scope.cancel()


async def test_who_is_refused_every_time_calls_less_and_less_often(
    autojump_clock: trio.testing.MockClock,
) -> None:
    calls: list[float] = []
    enough = trio.Event()

    async def refuse(stream: trio.SocketStream) -> None:
        calls.append(trio.current_time())
        await stream.aclose()
        if len(calls) == 12:
            enough.set()

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, refuse, 0)
        port: int = listeners[0].socket.getsockname()[1]
        caller = make_network(make_identity(2), Recorder(set()), address_at(make_key(1), port))
        nursery.start_soon(caller.run)
        await enough.wait()
        nursery.cancel_scope.cancel()
    waits = [after - before for before, after in pairwise(calls)]
    assert max(waits[:2]) < 1 < min(waits[-3:]), waits
    assert max(waits) < 6, waits


async def _port_of(network: Network) -> int:
    """The port that a network under test listens on: its links know it."""
    link = network.links[0]
    port: int = link._stream.socket.getsockname()[1]  # type: ignore[attr-defined]  # TCP here
    return port
