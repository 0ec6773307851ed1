"""A whole node, but for HTTP, as a peer at the other end of a real link sees it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
import trio

from chain.evidence import DuplicateVote
from chain.hashing import Digest, sha256
from chain.keys import Signature
from chain.limits import STATUS_AGE_MS_MAX
from chain.status import sign_status
from chain.vote import BlockId, Height, Round, Vote, VoteKind, sign_vote
from cli import testnet as networks
from genesis.document import DEMO_RULES
from genesis.file import read_genesis
from machine.clock import SystemClock
from machine.files import DiskFiles
from machine.keyfile import KeyKind, read_key
from node.assembly import assemble
from node.config import read_config
from node.home import Home
from node.items import WorkWaits
from node.opening import open_home
from node.snapshot.shelf import Shelf
from p2p.handshake import Identity, Side
from p2p.link import Link, shake_hands
from p2p.messages import (
    Chunk,
    EvidenceMessage,
    GetBlocks,
    GetChunk,
    GetSnapshots,
    HeightHeld,
    Message,
    NewBlock,
    RequestId,
    Snapshots,
    StatusMessage,
    VoteMessage,
)
from tests.chain.making import CHAIN
from tests.node.making import make_double

M = TypeVar("M")
WAIT_S = 30


class Listener:
    """The peer: what it was told, in order."""

    def __init__(self) -> None:
        self._send, self._receive = trio.open_memory_channel[Message](1_000)

    async def on_message(self, link: Link, message: Message) -> None:
        self._send.send_nowait(message)

    async def hear(self, kind: type[M]) -> M:
        """The next message of a kind."""
        with trio.fail_after(WAIT_S):
            async for message in self._receive:
                if isinstance(message, kind):
                    return message
        raise AssertionError("the channel stays open")


@asynccontextmanager
async def linked(
    network: networks.Testnet, number: int
) -> AsyncIterator[tuple[trio.Event, Link, Listener, Callable[[], Awaitable[None]]]]:
    """Node `number` running, and a link to it from the second node."""
    home, peer_home = Home(network.nodes[number].home), Home(network.nodes[1].home)
    listener, ended = Listener(), trio.Event()
    with open_home(home, read_config(home.config), None) as opened:
        node = assemble(opened)

        async def run_link(link: Link) -> None:
            try:
                await link.run(listener.on_message)
            finally:
                ended.set()

        async with trio.open_nursery() as nursery:
            port = await nursery.start(node.network.run)
            nursery.start_soon(node.reactor.run)
            nursery.start_soon(node.checker.run)
            nursery.start_soon(node.follower.run)
            nursery.start_soon(node.peers.run_stall_watch)
            stream = await trio.open_tcp_stream("127.0.0.1", port)
            identity = Identity(
                key=read_key(peer_home.node_key, KeyKind.NODE, None),
                chain_id=CHAIN,
                genesis_hash=read_genesis(peer_home.genesis).hash,
            )
            session = await shake_hands(stream, identity, Side.DIALLER, bytes(range(32)))
            link = Link(stream, session, Side.DIALLER, "loopback")
            nursery.start_soon(run_link, link)

            async def wake() -> None:
                await node.reactor.inbox.send(WorkWaits(height=Height(1)))

            yield ended, link, listener, wake
            nursery.cancel_scope.cancel()
        node.admission.close()


def found(path: Path, validators: int = 4) -> networks.Testnet:
    """Validators and a full node."""
    return networks.make_testnet(
        path / "network",
        validators=validators,
        full_nodes=1,
        chain_id=CHAIN,
        rules=DEMO_RULES,
        base_port=None,
    )


def make_prevote(
    network: networks.Testnet, number: int, *, height: int = 1, is_forged: bool = False
) -> VoteMessage:
    """A prevote of that validator's key for a block that nobody proposed."""
    key = read_key(Home(network.nodes[number].home).validator_key, KeyKind.VALIDATOR, None)
    vote = Vote(
        kind=VoteKind.PREVOTE,
        height=Height(height),
        round=Round(0),
        block_id=BlockId(Digest(bytes(32))),
        validator=key.address,
    )
    signed = sign_vote(key, vote, CHAIN)
    return VoteMessage(vote=replace(signed, signature=Signature(bytes(64))) if is_forged else signed)


async def test_a_new_link_hears_where_we_stand(tmp_path: Path) -> None:
    async with linked(found(tmp_path), 0) as (_, _, listener, _):
        assert (await listener.hear(NewBlock)).height == 0
        assert (await listener.hear(StatusMessage)).status.height == 0
        assert (await listener.hear(HeightHeld)).height == 1


async def test_a_validator_says_again_where_it_stands_while_nothing_goes_on(tmp_path: Path) -> None:
    """Who came to know it as a validator after their link began would wait for its word for ever."""
    async with linked(found(tmp_path), 0) as (_, _, listener, wake):
        first = await listener.hear(StatusMessage)
        await wake()
        again = await listener.hear(StatusMessage)
        assert again.status.validator == first.status.validator
        assert again.status.time_ms > first.status.time_ms


@pytest.mark.parametrize(("number", "is_closed"), [(0, True), (4, False)], ids=["validator", "full node"])
async def test_only_who_votes_verifies_votes(tmp_path: Path, number: int, is_closed: bool) -> None:
    network = found(tmp_path)
    async with linked(network, number) as (ended, link, listener, _):
        await listener.hear(NewBlock)
        link.send(make_prevote(network, 1, is_forged=True))
        if is_closed:
            with trio.fail_after(WAIT_S):
                await ended.wait()
        else:
            link.send(HeightHeld(height=Height(0), rounds=()))
            await listener.hear(NewBlock)
            assert not ended.is_set()


@pytest.mark.parametrize(
    ("number", "change", "is_closed"),
    {
        "good": (0, lambda one: one, False),
        "good, to a full node": (4, lambda one: one, False),
        "swapped": (0, lambda one: replace(one, first=one.second, second=one.first), True),
        "forged": (
            4,
            lambda one: replace(one, second=replace(one.second, signature=one.first.signature)),
            True,
        ),
        "of a height that nobody knows": (0, lambda one: _at_height(one, 9), False),
    }.values(),
)
async def test_who_sends_what_is_no_evidence_is_let_go(
    tmp_path: Path, number: int, change: Callable[[DuplicateVote], DuplicateVote], is_closed: bool
) -> None:
    network = found(tmp_path)
    key = read_key(Home(network.nodes[2].home).validator_key, KeyKind.VALIDATOR, None)
    async with linked(network, number) as (ended, link, listener, _):
        await listener.hear(NewBlock)
        for _time in range(2):  # what is known already is no offence either
            link.send(EvidenceMessage(evidence=change(make_double(key, 1))))
        if is_closed:
            with trio.fail_after(WAIT_S):
                await ended.wait()
        else:
            link.send(HeightHeld(height=Height(0), rounds=()))
            await listener.hear(NewBlock)
            assert not ended.is_set()


def _at_height(evidence: DuplicateVote, height: int) -> DuplicateVote:
    """The same votes, said to be of another height."""
    first, second = (
        replace(signed, vote=replace(signed.vote, height=Height(height)))
        for signed in (evidence.first, evidence.second)
    )
    return DuplicateVote(first=first, second=second)


async def test_waiting_evidence_is_told_to_a_new_link_and_is_there_after_a_restart(tmp_path: Path) -> None:
    network = found(tmp_path)
    evidence = make_double(read_key(Home(network.nodes[2].home).validator_key, KeyKind.VALIDATOR, None), 1)
    async with linked(network, 0) as (_, link, listener, _):
        await listener.hear(NewBlock)
        link.send(EvidenceMessage(evidence=evidence))
        link.send(HeightHeld(height=Height(0), rounds=()))
        await listener.hear(NewBlock)
    async with linked(network, 0) as (_, _, listener, _):
        assert (await listener.hear(EvidenceMessage)).evidence == evidence


async def test_a_lone_validator_decides_when_there_is_work(tmp_path: Path) -> None:
    async with linked(found(tmp_path, 1), 0) as (_, _, listener, wake):
        await listener.hear(HeightHeld)
        await wake()
        assert (await listener.hear(NewBlock)).height == 1


async def test_who_sees_a_vote_of_its_own_that_it_does_not_know_stops_signing(tmp_path: Path) -> None:
    """Another copy of its key is in use, or this home is an old backup."""
    network = found(tmp_path, 1)
    async with linked(network, 0) as (_, link, listener, wake):
        await listener.hear(NewBlock)
        link.send(make_prevote(network, 0, height=2))
        link.send(HeightHeld(height=Height(0), rounds=()))
        await listener.hear(NewBlock)
        await wake()
        await listener.hear(HeightHeld)
        link.send(HeightHeld(height=Height(0), rounds=()))
        assert (await listener.hear(NewBlock)).height == 0


def make_status(network: networks.Testnet, number: int, height: int, time_ms: int) -> StatusMessage:
    """That validator's word that it stood at a height at that time."""
    key = read_key(Home(network.nodes[number].home).validator_key, KeyKind.VALIDATOR, None)
    block_id = BlockId(Digest(bytes(32)))
    status = sign_status(key, height=Height(height), block_id=block_id, time_ms=time_ms, chain_id=CHAIN)
    return StatusMessage(status=status)


async def test_words_from_before_that_somebody_kept_do_not_count(tmp_path: Path) -> None:
    network, now_ms = found(tmp_path), SystemClock().now_ms()
    async with linked(network, 0) as (_, link, listener, _):
        for validator in (2, 3):
            link.send(make_status(network, validator, 7, now_ms - STATUS_AGE_MS_MAX - 1))
        link.send(make_status(network, 2, 5, now_ms))
        assert (await listener.hear(GetBlocks)).count == 5


async def test_snapshots_are_given_chunk_by_chunk(tmp_path: Path) -> None:
    """What is not there is answered with nothing; and so is what is not as it was written, which goes."""
    network = found(tmp_path)
    shelf = Shelf(Home(network.nodes[0].home).snapshots, DiskFiles())
    good, decayed = shelf.put_chunk(7, b"good"), shelf.put_chunk(7, b"decayed")
    shelf.finish(7, b"a manifest")
    (shelf.place(7) / decayed.hex()).write_bytes(b"otherwise")
    async with linked(network, 0) as (_, link, listener, _):
        link.send(GetSnapshots(request=RequestId(1)))
        assert await listener.hear(Snapshots) == Snapshots(request=RequestId(1), manifests=(b"a manifest",))
        asked = [(7, good), (7, sha256(b"another")), (8, good), (7, decayed), (7, good)]
        for number, (height, digest) in enumerate(asked):
            link.send(GetChunk(request=RequestId(number), height=Height(height), hash=digest))
        answers = [await listener.hear(Chunk) for _ in asked]
        assert [answer.data for answer in answers] == [b"good", None, None, None, None]
        assert [answer.request for answer in answers] == [0, 1, 2, 3, 4]
        assert shelf.heights == [], "what has decayed is no snapshot any more"
        half = shelf.put_chunk(9, b"written this moment")
        (shelf.place(9) / half.hex()).write_bytes(b"written this")
        link.send(GetChunk(request=RequestId(9), height=Height(9), hash=half))
        assert (await listener.hear(Chunk)).data is None
        assert (shelf.place(9) / half.hex()).exists(), "a snapshot under way is left alone"
