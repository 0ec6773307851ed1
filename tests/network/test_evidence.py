"""A validator that votes twice, over a real link: every node has it in one block, once, whoever tells of it again."""

from pathlib import Path

import trio

from chain.evidence import DuplicateVote, offence_of
from chain.hashing import sha256
from chain.keys import SigningKey
from genesis.file import read_genesis
from machine.keyfile import KeyKind, read_key
from node.home import Home
from p2p.handshake import Identity, Side
from p2p.link import Link, shake_hands
from p2p.messages import Message, VoteMessage
from rpc import requests
from rpc.client import SyncClient
from rpc.exact import evidence_of
from tests.network.running import CHAIN, WAIT_S, Running, running_network, wait_until
from tests.node.making import make_double

ALL = range(5)
TWIN = 3


def read_twin(network: Running, kind: KeyKind) -> SigningKey:
    """A key of the validator of which there are two copies."""
    home = Home(network.processes[TWIN].node.home)
    return read_key(home.node_key if kind is KeyKind.NODE else home.validator_key, kind, None)


def find_evidence(network: Running, node: int) -> list[tuple[int, DuplicateVote]]:
    """All evidence in a node's blocks, with the heights."""
    found = []
    with SyncClient([network.processes[node].node.rpc_address]) as client:
        for height in range(1, network.height(node) + 1):
            block = client.call(requests.block(height)).block
            assert block is not None
            found += [(height, evidence_of(item)) for item in block.evidence.evidence]
    return found


async def vote_twice(network: Running, doubles: list[DuplicateVote]) -> None:
    """Connects to the first node as the twin and sends both votes of each."""
    node = network.processes[0].node
    identity = Identity(
        key=read_twin(network, KeyKind.NODE),
        chain_id=CHAIN,
        genesis_hash=read_genesis(Home(node.home).genesis).hash,
    )

    async def ignore(_link: Link, _message: Message) -> None:
        """What the node says does not matter here."""

    with trio.fail_after(WAIT_S):
        stream = await trio.open_tcp_stream("127.0.0.1", node.p2p_port)
        session = await shake_hands(stream, identity, Side.DIALLER, bytes(range(32)))
        link = Link(stream, session, Side.DIALLER, "loopback")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(link.run, ignore)
            for double in doubles:
                link.send(VoteMessage(vote=double.first))
                link.send(VoteMessage(vote=double.second))
            await trio.to_thread.run_sync(
                wait_until, lambda: bool(find_evidence(network, 0)), "evidence stands in a block"
            )
            nursery.cancel_scope.cancel()


def wait_for_evidence(network: Running, count: int) -> list[tuple[int, DuplicateVote]]:
    """Waits until every node has so much evidence in its blocks, and all of them the same."""
    found: list[list[tuple[int, DuplicateVote]]] = []

    def is_everywhere() -> bool:
        found[:] = [find_evidence(network, number) for number in ALL]
        return all(len(one) == count for one in found)

    wait_until(is_everywhere, f"{count} pieces of evidence stand in blocks of every node")
    assert all(one == found[0] for one in found)
    return found[0]


def test_who_votes_twice_stands_in_one_block_of_every_node(tmp_path: Path) -> None:
    with running_network(tmp_path) as network:
        key = read_twin(network, KeyKind.VALIDATOR)
        network.processes[TWIN].kill()
        # The height under decision and the next: what the chain decides meanwhile must not spoil the test.
        height = network.assert_agreed() + 1
        doubles = [make_double(key, height), make_double(key, height + 1)]
        trio.run(vote_twice, network, doubles)
        (_, first), *_ = find_evidence(network, 0)
        assert first in doubles
        network.processes[TWIN].start()
        network.processes[TWIN].wait_until_up()
        network.assert_agreed()
        committed = [one for _, one in wait_for_evidence(network, len(find_evidence(network, 0)))]
        # A light client tells of it again, and of another offence, through a node that decides nothing.
        third = make_double(key, height, values=(sha256(b"a block"), sha256(b"a third")))
        other = make_double(key, height, 1)
        with SyncClient([network.processes[4].node.rpc_address]) as client:
            for evidence in (first, third, other):
                assert len(client.call(requests.broadcast_evidence(evidence)).hash) == 64
        ((last_height, last),) = wait_for_evidence(network, len(committed) + 1)[len(committed) :]
        assert last == other
        assert find_block_size(network, last_height) == 0, "a block of evidence alone needs no transactions"
        offences = [offence_of(one) for _, one in find_evidence(network, 4)]
        assert len(set(offences)) == len(offences), "each once"


def find_block_size(network: Running, height: int) -> int:
    """How many transactions a block has."""
    with SyncClient([network.processes[0].node.rpc_address]) as client:
        block = client.call(requests.block(height)).block
        assert block is not None
        return len(block.data.txs)
