"""Bodies from peers: piece by piece, from whoever has them, and no more than a block may hold."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
import trio
import trio.testing

from chain.errors import Invalid
from chain.hashing import sha256
from chain.keys import PublicKey
from chain.limits import BODIES_ANSWER_BYTES_MAX
from chain.transaction import TxId, compute_transaction_id
from node.bodies import Bodies
from node.fetching import BodyFetcher
from p2p.handshake import Identity, Side
from p2p.link import Link, shake_hands
from p2p.messages import Bodies as BodiesMessage
from p2p.messages import GetBodies, Message
from tests.chain.making import CHAIN, make_key, make_transaction

BYTES_MAX = 4 * 1024 * 1024
SMALL = [make_transaction(number) for number in range(6)]
LARGE = [make_transaction(number, arguments=(bytes(120_000),)) for number in range(8)]


@dataclass
class Peer:
    """A node at the other end of a link that gives what it has, so many at a time, or keeps silent."""

    has: Sequence[bytes]
    count_max: int = 1_000
    is_silent: bool = False
    asked: list[tuple[TxId, ...]] = field(default_factory=list)

    async def on_message(self, link: Link, message: Message) -> None:
        assert isinstance(message, GetBodies)
        self.asked.append(message.ids)
        found: list[bytes] = []
        room = BODIES_ANSWER_BYTES_MAX
        for raw in self.has:
            is_asked = compute_transaction_id(raw) in message.ids
            if is_asked and len(raw) <= room and len(found) < self.count_max:
                found.append(raw)
                room -= len(raw)
        if not self.is_silent:
            link.send(BodiesMessage(request=message.request, transactions=tuple(found)))


async def fetch(peers: Sequence[Peer], raws: Sequence[bytes], bytes_max: int = BYTES_MAX) -> Bodies:
    """What is held after all of `raws` were fetched from `peers`."""
    nothing: dict[TxId, object] = {}
    bodies = Bodies(lambda id_: nothing.get(id_))  # type: ignore[arg-type,return-value]  # empty
    links: list[Link] = []
    fetcher = BodyFetcher(CHAIN, lambda: links)

    async def on_answer(link: Link, message: Message) -> None:
        assert isinstance(message, BodiesMessage)
        fetcher.requests.on_answer(link, message.request, message.transactions)

    async with trio.open_nursery() as nursery:
        for number, peer in enumerate(peers):
            ours, theirs = await make_link_pair(number)
            links.append(ours)
            nursery.start_soon(ours.run, on_answer)
            nursery.start_soon(theirs.run, peer.on_message)
        try:
            await fetcher.fetch(bodies, [compute_transaction_id(raw) for raw in raws], bytes_max)
        finally:
            nursery.cancel_scope.cancel()
    return bodies


async def make_link_pair(number: int) -> tuple[Link, Link]:
    """The two ends of a link in memory."""
    streams = trio.testing.memory_stream_pair()
    identities = [
        Identity(key=make_key(one), chain_id=CHAIN, genesis_hash=sha256(b"genesis"))
        for one in (1, 2 + number)
    ]
    links: dict[Side, Link] = {}

    async def open_end(stream: trio.abc.Stream, identity: Identity, side: Side) -> None:
        seed = sha256(bytes([number]) + side.value.encode())
        links[side] = Link(stream, await shake_hands(stream, identity, side, seed), side, "memory")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(open_end, streams[0], identities[0], Side.DIALLER)
        nursery.start_soon(open_end, streams[1], identities[1], Side.LISTENER)
    assert links[Side.DIALLER].peer == PublicKey(identities[1].key.public)
    return links[Side.DIALLER], links[Side.LISTENER]


def is_held(bodies: Bodies, raws: Sequence[bytes]) -> bool:
    """Whether every body is there."""
    return not bodies.find_missing([compute_transaction_id(raw) for raw in raws])


async def test_what_one_has_not_another_gives() -> None:
    peers = [Peer(SMALL[:2]), Peer([], is_silent=True), Peer(SMALL[1:5]), Peer(SMALL[5:])]
    assert is_held(await fetch(peers, SMALL), SMALL)


async def test_much_comes_in_pieces_of_one_peer() -> None:
    peer = Peer(LARGE)
    assert is_held(await fetch([peer], LARGE), LARGE)
    assert [len(ids) for ids in peer.asked] == [8, 6, 4, 2]


async def test_who_gives_little_does_not_keep_us_from_others() -> None:
    """A liar could answer with one body a second, in time each time."""
    dripping, honest = Peer(LARGE, count_max=1), Peer(LARGE)
    assert is_held(await fetch([dripping, honest], LARGE), LARGE)
    assert len(dripping.asked) == 1


async def test_many_are_asked_for_a_thousand_at_a_time() -> None:
    raws = [make_transaction(number) for number in range(1_200)]
    peer = Peer(raws)
    assert is_held(await fetch([peer], raws), raws)
    assert max(len(ids) for ids in peer.asked) == 1_000


async def test_a_block_larger_than_a_block_is_not_collected_to_its_end() -> None:
    """Its proposer makes the bodies, so it could fill the memory of all others with them."""
    peer = Peer(LARGE)
    with pytest.raises(BaseExceptionGroup) as caught:
        await fetch([peer], LARGE, bytes_max=3 * 120_000)
    assert caught.value.subgroup(Invalid) is not None
    assert len(peer.asked) == 2


async def test_exactly_a_block_is_collected() -> None:
    assert is_held(await fetch([Peer(LARGE)], LARGE, sum(map(len, LARGE))), LARGE)
