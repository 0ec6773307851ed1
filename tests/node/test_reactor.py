"""The reactor with its real core, signer, log and ledger: what it says is on disk before, whatever stops it."""

from itertools import cycle, product

import trio

from chain.block import compute_block_id
from chain.keys import SigningKey
from chain.parameters import Parameters
from chain.proposal import Proposal, VerifiedProposal, sign_proposal
from chain.transaction import CheckedTransaction, check_transaction
from chain.vote import Height, Round, SignedVote, VerifiedVote, VoteKind
from consensus.inputs import ProposalArrived, VoteArrived
from machine.faults import Unusable
from node.evidence import Ruling
from node.items import BodiesHeld, Fed, WorkWaits
from node.proposer import build_block
from tests.chain.making import CHAIN, make_transaction, make_vote
from tests.node.disk import Fate, FaultyDisk, PowerCut, When
from tests.node.life import Life, Surviving, assert_never_contradicted
from tests.node.making import make_double, make_genesis

TRANSACTIONS = [check_transaction(make_transaction(number), CHAIN) for number in (1, 2)]

HASTY = Parameters(timeout_propose_ms=50, timeout_prevote_ms=50, timeout_precommit_ms=50, timeout_delta_ms=50)
"""A proposal that was signed before the cut and is lost with it costs its round."""


def alone() -> Surviving:
    """A network of one validator, before its first block."""
    head, keys = make_genesis((10,), HASTY)
    return Surviving(head=head, key=keys[0])


async def live(place: Surviving, disk: FaultyDisk, height: int) -> Life | None:
    """One life with work waiting, until `height` is committed; None if the disk ended it before."""
    ended = None
    try:
        life = Life(place, disk, TRANSACTIONS, lambda head: head.height >= height)
        assert life.finding.losses == (), "a crash is no loss"
        if life.ledger.head.height < height:
            await life.run()
        ended = life
    except* (PowerCut, Unusable):
        pass
    return ended


async def test_work_and_its_proof_block_are_committed_and_then_it_sleeps() -> None:
    place = alone()
    life = Life(place, FaultyDisk(place.content), TRANSACTIONS)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(life.run)
        while life.ledger.head.height < 2:
            await feed(life)
        await feed(life)
        nursery.cancel_scope.cancel()
    assert [len(life.ledger.transaction_ids(height) or ()) for height in (1, 2)] == [2, 0]
    assert life.ledger.head.height == 2
    assert life.bodies.find_missing([checked.id for checked in TRANSACTIONS]), (
        "nothing is kept beyond its height"
    )
    assert life.reactor.engine is not None
    state = life.reactor.engine.state
    assert state is not None
    assert (state.start.height, state.awake) == (3, False)


async def test_evidence_alone_wakes_a_sleeping_chain_for_one_block() -> None:
    place = alone()
    life = Life(place, FaultyDisk(place.content), TRANSACTIONS)
    evidence = make_double(place.key, 1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(life.run)
        while life.ledger.head.height < 2:
            await feed(life)
        assert await life.docket.admit(evidence) is Ruling.FIT
        await life.reactor.inbox.send(WorkWaits(height=Height(3)))
        while life.ledger.head.height < 3:
            await feed(life)
        await feed(life)
        nursery.cancel_scope.cancel()
    block = life.ledger.block(3)
    assert block is not None
    assert (block.evidence, block.transactions) == ((evidence,), ())
    assert life.ledger.head.height == 3, "it needs no proof block"
    assert life.ledger.waiting_evidence() == ()
    assert life.reactor.contradicting == {place.key.address}


async def test_without_work_a_block_is_made_at_each_heartbeat() -> None:
    head, keys = make_genesis((10,), Parameters(heartbeat_ms=1_000))
    place = Surviving(head=head, key=keys[0])
    life = Life(place, FaultyDisk(place.content), (), lambda after: after.height >= 2)
    await life.run()
    assert [life.ledger.transaction_ids(height) for height in (1, 2)] == [(), ()]


async def test_no_power_cut_makes_it_contradict_itself_or_stop_for_good() -> None:
    """Every operation of the disk, each way it can go wrong, with the fates of what was not synced in turn."""
    place = alone()
    disk = FaultyDisk(place.content)
    assert await live(place, disk, 2) is not None
    operations = disk.operations
    assert operations > 20
    fates = cycle(Fate)
    for cut_at, when in product(range(operations), When):
        place = alone()
        disk = FaultyDisk(place.content, cut_at, when)
        await live(place, disk, 2)
        place.content = disk.survivors(next(fates))
        life = await live(place, FaultyDisk(place.content), 2)
        assert life is not None
        assert life.ledger.head.height == 2, (cut_at, when)
        assert_never_contradicted(place.said)


class Four:
    """One of four validators, whose others are played; it is not the proposer of the first round."""

    def __init__(self) -> None:
        head, self.keys = make_genesis()
        self.proposer = next(
            key for key in self.keys if key.address == head.validators.pick_proposer(1, 0).address
        )
        self.own, *self.others = [key for key in self.keys if key is not self.proposer]
        self.place = Surviving(head=head, key=self.own)
        self.transactions = TRANSACTIONS
        time_ms = self.place.clock.time_ms
        self.block = build_block(
            head, time_ms=time_ms, proposer=self.proposer.address, transactions=TRANSACTIONS
        )
        self.block_id = compute_block_id(self.block.header)

    def live(self, disk: FaultyDisk, waiting: list[CheckedTransaction]) -> Life:
        return Life(self.place, disk, waiting)

    def propose(self) -> Fed:
        proposal = Proposal(height=Height(1), round=Round(0), valid_round=None, block_id=self.block_id)
        signed = sign_proposal(self.proposer, proposal, self.block, CHAIN)
        arrival_ms = self.place.clock.now_ms()
        return Fed(input=ProposalArrived(proposal=VerifiedProposal(signed), arrival_ms=arrival_ms))

    def votes(self, kind: VoteKind, *keys: SigningKey) -> list[Fed]:
        return [
            Fed(input=VoteArrived(vote=VerifiedVote(make_vote(key, self.block_id, kind=kind))))
            for key in keys
        ]


async def feed(life: Life, *items: Fed | BodiesHeld | WorkWaits) -> None:
    """Hands items over, and waits until all that comes of them is done.

    Word of work for height 0 says nothing, but when one such item is done, so is all that was there before it; what
    that put behind it is done before the next one.
    """
    for item in (*items, *[WorkWaits(height=Height(0))] * 5):
        life.reactor.progress = trio.Event()
        await life.reactor.inbox.send(item)
        await life.reactor.progress.wait()


def count_said(four: Four, kind: VoteKind) -> int:
    """How often we voted for the block, repetitions included."""
    votes = [one.vote for one in four.place.said if isinstance(one, SignedVote)]
    return sum((vote.kind, vote.block_id) == (kind, four.block_id) for vote in votes)


async def test_a_block_of_others_is_voted_for_and_committed() -> None:
    four = Four()
    life = four.live(FaultyDisk(four.place.content), four.transactions)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(life.run)
        await feed(life, four.propose())
        assert count_said(four, VoteKind.PREVOTE) == 1
        await feed(life, *four.votes(VoteKind.PREVOTE, four.proposer, four.others[0]))
        assert count_said(four, VoteKind.PRECOMMIT) == 1
        await feed(life, *four.votes(VoteKind.PRECOMMIT, four.proposer, four.others[0]))
        assert life.ledger.head.block_id == four.block_id
        nursery.cancel_scope.cancel()


async def test_who_votes_for_two_things_is_remembered_once() -> None:
    four = Four()
    life = four.live(FaultyDisk(four.place.content), four.transactions)
    liar = four.others[0]
    other = Fed(input=VoteArrived(vote=VerifiedVote(make_vote(liar, None, kind=VoteKind.PREVOTE))))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(life.run)
        await feed(life, four.propose(), *four.votes(VoteKind.PREVOTE, liar, four.proposer), other, other)
        assert life.reactor.contradicting == {liar.address}
        nursery.cancel_scope.cancel()


async def test_what_we_precommitted_is_served_after_a_power_cut() -> None:
    four = Four()
    disk = FaultyDisk(four.place.content)
    life = four.live(disk, four.transactions)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(life.run)
        await feed(life, four.propose(), *four.votes(VoteKind.PREVOTE, four.proposer, four.others[0]))
        nursery.cancel_scope.cancel()
    assert count_said(four, VoteKind.PRECOMMIT) == 1
    four.place.content = disk.survivors(Fate.LOST)
    again = four.live(FaultyDisk(four.place.content), [])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(again.run)
        await feed(again)
        assert again.bodies.of_block(four.block) == tuple(four.transactions)
        assert count_said(four, VoteKind.PRECOMMIT) == 2
        assert_never_contradicted(four.place.said)
        await feed(again, *four.votes(VoteKind.PRECOMMIT, four.proposer, four.others[0]))
        assert again.ledger.head.block_id == four.block_id
        nursery.cancel_scope.cancel()


async def test_without_the_bodies_there_is_no_vote_and_no_decision_until_they_come() -> None:
    four = Four()
    life = four.live(FaultyDisk(four.place.content), four.transactions[:1])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(life.run)
        voters = (four.proposer, *four.others)
        await feed(life, four.propose(), *four.votes(VoteKind.PREVOTE, *voters))
        await feed(life, *four.votes(VoteKind.PRECOMMIT, *voters))
        assert count_said(four, VoteKind.PREVOTE) == count_said(four, VoteKind.PRECOMMIT) == 0
        assert [certificate.block_id for certificate in life.fetched] == [four.block_id]
        assert life.ledger.head.height == 0
        bodies = tuple(four.transactions)
        await feed(life, BodiesHeld(height=Height(1), block_id=four.block_id, transactions=bodies))
        assert life.ledger.head.block_id == four.block_id
        nursery.cancel_scope.cancel()


async def test_word_of_work_for_another_height_wakes_nobody() -> None:
    four = Four()
    life = four.live(FaultyDisk(four.place.content), [])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(life.run)
        for height, is_awake in ((Height(2), False), (Height(1), True)):
            await feed(life, WorkWaits(height=height))
            assert life.reactor.engine is not None
            assert life.reactor.engine.state is not None
            assert life.reactor.engine.state.awake is is_awake
        nursery.cancel_scope.cancel()
