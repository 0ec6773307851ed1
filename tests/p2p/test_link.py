"""One link over memory: full queues, silence, cancelled writes, blocks only, and whose fault an end is."""

import pytest
import trio
from trio.testing import MockClock

from chain.hashing import Digest
from chain.limits import CONSENSUS_QUEUE_BYTES_MAX, TRANSACTIONS_QUEUE_BYTES_MAX
from chain.vote import BlockId, Height
from p2p.errors import PeerMisbehaved, PeerSlow
from p2p.link import Link
from p2p.messages import Announce, Channel, HeightHeld, Message, NewBlock, Push
from tests.p2p.making import make_link_pair

NEW_BLOCK = NewBlock(height=Height(1), block_id=BlockId(Digest(bytes(32))))
LARGE = Push(transactions=(bytes(100_000),) * 5)


async def let_be(_link: Link, _message: Message) -> None:
    """Takes a message and does nothing."""


class Inbox:
    """Keeps what came."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def take(self, _link: Link, message: Message) -> None:
        self.messages.append(message)


async def test_a_full_queue_of_transactions_says_so_and_the_link_lives() -> None:
    link = make_link_pair().dialler
    sent = 0
    while link.send(LARGE):
        sent += 1
    assert sent == TRANSACTIONS_QUEUE_BYTES_MAX // 500_000
    assert link.get_queue_bytes(Channel.TRANSACTIONS) <= TRANSACTIONS_QUEUE_BYTES_MAX
    assert link.traffic.messages_dropped == 1
    assert link.send(NEW_BLOCK), "other channels have queues of their own"


async def test_a_full_queue_of_consensus_closes_the_link(autojump_clock: MockClock) -> None:
    link = make_link_pair().dialler
    while link.send_encoded(Channel.CONSENSUS, bytes(1_000_000)):
        assert link.get_queue_bytes(Channel.CONSENSUS) <= CONSENSUS_QUEUE_BYTES_MAX
    with pytest.RaisesGroup(
        pytest.RaisesExc(PeerSlow, match="consensus messages wait"), flatten_subgroups=True
    ):
        await link.run(let_be)


async def test_silence_closes_and_keep_alives_prevent_it(autojump_clock: MockClock) -> None:
    pair = make_link_pair()
    with trio.move_on_after(1_000) as both_alive:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pair.dialler.run, let_be)
            nursery.start_soon(pair.listener.run, let_be)
    assert both_alive.cancelled_caught
    alone = make_link_pair().dialler
    with pytest.RaisesGroup(pytest.RaisesExc(PeerSlow, match="nothing came"), flatten_subgroups=True):
        await alone.run(let_be)


async def test_a_peer_that_does_not_read_is_let_go_and_its_stream_closed(autojump_clock: MockClock) -> None:
    pair = make_link_pair()

    async def never() -> None:
        await trio.sleep_forever()

    pair.dialler_stream.send_stream.send_all_hook = never
    pair.dialler.send(NEW_BLOCK)
    with pytest.RaisesGroup(pytest.RaisesExc(PeerSlow), flatten_subgroups=True):
        await pair.dialler.run(let_be)
    with pytest.raises(trio.ClosedResourceError):
        await pair.dialler_stream.receive_some(1)


async def test_a_write_cancelled_half_way_closes_the_stream() -> None:
    pair = make_link_pair()
    begun = trio.Event()

    async def half_way() -> None:
        begun.set()
        await trio.sleep_forever()

    pair.dialler_stream.send_stream.send_all_hook = half_way
    pair.dialler.send(NEW_BLOCK)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(pair.dialler.run, let_be)
        await begun.wait()
        nursery.cancel_scope.cancel()
    assert not pair.dialler.send(NEW_BLOCK)
    with pytest.raises(trio.ClosedResourceError):
        await pair.dialler_stream.receive_some(1)


async def test_what_is_no_message_is_misbehaviour() -> None:
    pair = make_link_pair()
    pair.dialler.send_encoded(Channel.CONSENSUS, b"\xff\xff")
    with pytest.RaisesGroup(PeerMisbehaved, flatten_subgroups=True):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pair.dialler.run, let_be)
            await pair.listener.run(let_be)


async def test_to_accuse_is_misbehaviour_and_to_close_is_not() -> None:
    accused, closed = make_link_pair().dialler, make_link_pair().dialler
    accused.accuse("it sent a bad block")
    accused.close("and it was slow")
    with pytest.RaisesGroup(pytest.RaisesExc(PeerMisbehaved, match="bad block"), flatten_subgroups=True):
        await accused.run(let_be)
    closed.close("it was slow")
    with pytest.RaisesGroup(pytest.RaisesExc(PeerSlow, match="slow"), flatten_subgroups=True):
        await closed.run(let_be)


async def test_a_link_by_configuration_carries_certified_blocks_only_both_ways() -> None:
    pair, ours, theirs = make_link_pair(is_blocks_only=True), Inbox(), Inbox()
    held = HeightHeld(height=Height(1), rounds=())
    assert not pair.dialler.send(held)
    assert not pair.dialler.send(Announce(ids=()))
    assert pair.dialler.send(NEW_BLOCK)
    for message in (held, Announce(ids=()), NEW_BLOCK):
        assert pair.listener.send(message)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(pair.dialler.run, ours.take)
        nursery.start_soon(pair.listener.run, theirs.take)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert ours.messages == theirs.messages == [NEW_BLOCK]
