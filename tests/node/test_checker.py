"""A proposed block through all its checks, on its way back to the core."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import trio

from chain.block import CompactBlock, compute_block_id
from chain.evidence import evidence_root
from chain.hashing import sha256
from chain.proposal import Proposal, VerifiedProposal, sign_proposal
from chain.transaction import check_transaction
from chain.vote import Height, Round
from consensus.inputs import ProposalArrived
from consensus.proposals import Validity
from node.checker import Checker
from node.fetching import BodyFetcher
from node.items import Fed, WorkWaits
from node.proposer import build_block
from tests.chain.making import CHAIN, make_block, make_certificate, make_transaction
from tests.node.disk import FaultyDisk
from tests.node.life import Life, Surviving
from tests.node.making import make_double, make_genesis

HEAD, KEYS = make_genesis()
TRANSACTIONS = [check_transaction(make_transaction(number), CHAIN) for number in (1, 2)]
CERTIFICATE = make_certificate(make_block(HEAD.validators), HEAD.validators, KEYS)
FAULTS: dict[str, tuple[Callable[[CompactBlock], CompactBlock], Validity]] = {
    "none": (lambda block: block, Validity.VALID),
    "a certificate before the first block": (
        lambda block: replace(block, last_certificate=CERTIFICATE),
        Validity.REFUSED,
    ),
    "another state": (
        lambda block: replace(block, header=replace(block.header, state_root=sha256(b"other"))),
        Validity.REFUSED,
    ),
    "evidence of a height that is not decided": (
        lambda block: replace(
            block,
            evidence=(make_double(KEYS[0], 1),),
            header=replace(block.header, evidence_root=evidence_root([make_double(KEYS[0], 1)])),
        ),
        Validity.REFUSED,
    ),
    "a transaction twice": (
        lambda block: replace(block, transaction_ids=block.transaction_ids[:1] * 2),
        Validity.REFUSED,
    ),
}


@pytest.mark.parametrize(("alter", "expected"), FAULTS.values(), ids=FAULTS.keys())
async def test_a_block_is_valid_or_refused(
    alter: Callable[[CompactBlock], CompactBlock], expected: Validity
) -> None:
    proposer = next(key for key in KEYS if key.address == HEAD.validators.pick_proposer(1, 0).address)
    place = Surviving(head=HEAD, key=next(key for key in KEYS if key is not proposer))
    time_ms = place.clock.time_ms
    block = alter(build_block(HEAD, time_ms=time_ms, proposer=proposer.address, transactions=TRANSACTIONS))
    block_id = compute_block_id(block.header)
    proposal = Proposal(height=Height(1), round=Round(0), valid_round=None, block_id=block_id)
    verified = VerifiedProposal(sign_proposal(proposer, proposal, block, CHAIN))
    life = Life(place, FaultyDisk(place.content), checks=False)
    checker = Checker(life.reactor, life.bodies, life.ledger, BodyFetcher(CHAIN, lambda: ()))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(life.run)
        nursery.start_soon(checker.run)
        await life.reactor.inbox.send(
            Fed(input=ProposalArrived(proposal=verified, arrival_ms=place.clock.now_ms()))
        )
        while not get_proposals(life):
            await settle(life)
        for checked in TRANSACTIONS:
            life.mempool.add(checked)
        checker.check(verified)
        while get_validity(life, verified) is Validity.UNKNOWN:
            await settle(life)
        assert get_validity(life, verified) is expected
        nursery.cancel_scope.cancel()


async def settle(life: Life) -> None:
    """Until a word that says nothing is done, and all that was there before it."""
    life.reactor.progress = trio.Event()
    await life.reactor.inbox.send(WorkWaits(height=Height(0)))
    await life.reactor.progress.wait()


def get_proposals(life: Life) -> int:
    """How many proposals the core holds."""
    state = None if life.reactor.engine is None else life.reactor.engine.state
    return 0 if state is None else len(state.proposals.proposals)


def get_validity(life: Life, proposal: VerifiedProposal) -> Validity:
    """What the core knows of the value."""
    assert life.reactor.engine is not None
    assert life.reactor.engine.state is not None
    return life.reactor.engine.state.proposals.validity(proposal.proposal.block_id)
