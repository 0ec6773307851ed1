"""Evidence on its way into a block, over a real ledger: judged, kept, proposed, committed once, forgotten when it expired."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import trio

from chain.errors import Invalid
from chain.evidence import DuplicateVote, offence_of
from chain.hashing import sha256
from chain.keys import Signature
from chain.limits import (
    BLOCK_EVIDENCE_MAX,
    EVIDENCE_AGE_BLOCKS_MAX,
    EVIDENCE_AGE_MS_MAX,
    EVIDENCE_PENDING_PER_VALIDATOR_MAX,
    EVIDENCE_WAKES_BLOCKS_MAX,
    EVIDENCE_WAKES_PIECES_MAX,
)
from chain.validators import Validator, ValidatorSet
from chain.vote import Height, VoteKind
from node.docket import Docket
from node.evidence import Ruling, check_evidence, find_ruling
from node.evidence_pool import EvidencePool
from node.store.keys import EVIDENCE, EVIDENCE_SINCE_KEY, EVIDENCE_WAITING, encode_height, offence_key
from node.store.memory import MemoryStore
from node.store.store import Batch
from tests.chain.making import make_key
from tests.node.making import make_double, make_next
from tests.node.store.chains import Chain

NEWCOMER = make_key(50)


def grown(height: int = 3) -> Chain:
    """A ledger of so many blocks."""
    chain = Chain(MemoryStore())
    for _ in range(height):
        chain.grow()
    return chain


def forge(evidence: DuplicateVote) -> DuplicateVote:
    """The same with a signature of nobody."""
    return replace(evidence, second=replace(evidence.second, signature=Signature(bytes(64))))


# --- What may stand in a block ------------------------------------------------------------------------------------


def test_each_ruling() -> None:
    chain = grown()
    key, head = chain.keys[0], chain.head
    committed = make_double(key, 1)
    chain.grow(evidence=[committed])
    table = {
        Ruling.FIT: make_double(key, 2),
        Ruling.COMMITTED: make_double(key, 1, values=(None, sha256(b"another"))),
        Ruling.EARLY: make_double(key, 5),
        Ruling.UNREACHABLE: make_double(key, 0),
    }
    for expected, evidence in table.items():
        assert find_ruling(offence_of(evidence), chain.head, chain.ledger) is expected
    assert find_ruling(offence_of(committed), head, chain.ledger) is Ruling.FIT, "not before that block"
    late = replace(
        chain.head,
        height=Height(2 + EVIDENCE_AGE_BLOCKS_MAX + 1),
        time_ms=chain.head.time_ms + EVIDENCE_AGE_MS_MAX,
    )
    assert find_ruling(offence_of(make_double(key, 2)), late, chain.ledger) is Ruling.EXPIRED


WRONG: dict[str, Callable[[DuplicateVote], DuplicateVote]] = {
    "votes swapped": lambda one: replace(one, first=one.second, second=one.first),
    "an altered signature": forge,
    "a validator who is none": lambda _: make_double(NEWCOMER, 2),
    "a height not decided": lambda one: make_double(make_key(1), 4),
    "a height that is none": lambda one: make_double(make_key(1), 0),
    "nil twice": lambda one: make_double(make_key(1), 2, values=(None, None)),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_false_evidence_makes_a_block_invalid(wrong: str) -> None:
    chain = grown()
    good = make_double(chain.keys[0], 2)
    check_evidence([good], chain.head, chain.ledger)
    with pytest.raises(Invalid):
        check_evidence([WRONG[wrong](good)], chain.head, chain.ledger)


def test_what_a_block_has_no_other_may_have_whatever_votes_prove_it() -> None:
    chain = grown()
    good = make_double(chain.keys[0], 2)
    chain.grow(evidence=[good])
    third = make_double(chain.keys[0], 2, values=(sha256(b"a block"), sha256(b"c")))
    for again in (good, third):
        with pytest.raises(Invalid, match="an earlier block has evidence of it"):
            check_evidence([again], chain.head, chain.ledger)
    check_evidence([make_double(chain.keys[0], 2, 1)], chain.head, chain.ledger)


def test_evidence_is_judged_by_the_validators_of_its_own_height() -> None:
    chain = grown(1)
    grown_set = ValidatorSet.of(
        [*chain.head.validators.validators, Validator(public=NEWCOMER.public, power=10, name="new")]
    )
    chain.grow(validators=grown_set)
    certified, executed, head = make_next(chain.head, chain.keys)
    chain.append(certified, executed, head)
    chain.keys = sorted([*chain.keys, NEWCOMER], key=lambda key: key.address)
    chain.grow()
    check_evidence([make_double(NEWCOMER, 4)], chain.head, chain.ledger)
    with pytest.raises(Invalid, match="not a validator at height 3"):
        check_evidence([make_double(NEWCOMER, 3)], chain.head, chain.ledger)


def test_a_ledger_that_began_later_judges_only_what_came_after() -> None:
    """And yet it takes a certified block: those who decided it have judged."""
    chain = grown()
    batch = Batch()
    batch.put(EVIDENCE_SINCE_KEY, encode_height(3))
    chain.store.write(batch, sync=True)
    old, young = make_double(chain.keys[0], 2), make_double(chain.keys[0], 3)
    check_evidence([young], chain.head, chain.ledger)
    with pytest.raises(Invalid, match="this node has no blocks of its height"):
        check_evidence([old], chain.head, chain.ledger)
    check_evidence([old], chain.head, chain.ledger, is_certified=True)
    with pytest.raises(Invalid):
        check_evidence([forge(young)], chain.head, chain.ledger, is_certified=True)


# --- The pool -----------------------------------------------------------------------------------------------------


def test_the_pool_holds_an_offence_once_and_few_of_each_validator() -> None:
    pool, key = EvidencePool(), make_key(1)
    assert pool.add(make_double(key, 1), 1)
    assert not pool.add(make_double(key, 1, values=(None, sha256(b"another"))), 1)
    rounds = [make_double(key, 1, round_) for round_ in range(1, 20)]
    assert sum(pool.add(one, 1) for one in rounds) == EVIDENCE_PENDING_PER_VALIDATOR_MAX - 1
    assert pool.add(make_double(make_key(2), 1), 1), "nobody is crowded out by another"
    pool.forget(pool.offences())
    assert len(pool) == 0
    assert pool.add(rounds[-1], 1), "room is given back"


def test_the_pool_wakes_a_chain_for_a_few_blocks_and_not_before_the_height_is_decided() -> None:
    pool = EvidencePool()
    pool.add(make_double(make_key(1), 5), 3)
    wakes = [height for height in range(100) if pool.wakes(height)]
    assert wakes == list(range(5, 5 + EVIDENCE_WAKES_BLOCKS_MAX))


def test_who_contradicts_itself_for_ever_keeps_no_chain_awake() -> None:
    """Each piece gets into a block and makes room for the next: after some of them they wait for a block with other work."""
    pool, (key, other) = EvidencePool(), grown().keys[:2]
    woken = 0
    for round_ in range(3 * EVIDENCE_WAKES_PIECES_MAX):
        piece = make_double(key, 2, round_)
        assert pool.add(piece, 3)
        woken += pool.wakes(3)
        assert pool.candidates(3) == (piece,), "it is proposed all the same"
        pool.forget([offence_of(piece)])
    assert woken == EVIDENCE_WAKES_PIECES_MAX
    assert pool.add(make_double(other, 2), 3) and pool.wakes(3), "another one's is a reason still"


# --- The docket ---------------------------------------------------------------------------------------------------


async def test_what_is_admitted_is_on_disk_and_proposed_until_a_block_has_it() -> None:
    chain = grown()
    docket = Docket(chain.ledger)
    evidence = [make_double(key, 2) for key in chain.keys]
    more = make_double(chain.keys[0], 1, kind=VoteKind.PRECOMMIT)
    for one in (*evidence, more):
        assert await docket.admit(one) is Ruling.FIT
        assert await docket.admit(one) is None
    early = make_double(chain.keys[1], 4)
    assert await docket.admit(early) is Ruling.EARLY
    picked = await docket.pick(chain.head)
    assert picked == (more, *evidence[1:]), "of each validator the oldest, in order of validators"
    assert len(picked) <= BLOCK_EVIDENCE_MAX
    check_evidence(picked, chain.head, chain.ledger)
    assert set(Docket(chain.reopen()).pending()) == {*evidence, more, early}, "a restart keeps it"
    certified, executed, head = make_next(chain.head, chain.keys, evidence=picked)
    chain.append(certified, executed, head)
    docket.on_committed(certified.block)
    assert await docket.pick(chain.head) == (evidence[0], early)
    assert set(Docket(chain.reopen()).pending()) == {evidence[0], early}
    assert docket.committed == len(picked)


async def test_pieces_that_come_together_find_no_more_room_than_one_by_one() -> None:
    """What is on disk is what waits: nothing stays there that nobody strikes off."""
    chain = grown()
    docket, key = Docket(chain.ledger), chain.keys[0]
    pieces = [make_double(key, height, kind=kind) for height in (1, 2, 3) for kind in VoteKind]
    assert len(pieces) > EVIDENCE_PENDING_PER_VALIDATOR_MAX
    async with trio.open_nursery() as nursery:
        for one in pieces:
            nursery.start_soon(docket.admit, one)
    assert len(docket) == EVIDENCE_PENDING_PER_VALIDATOR_MAX
    assert set(chain.ledger.waiting_evidence()) == set(docket.pending())


@pytest.mark.parametrize(
    "wrong", ["votes swapped", "an altered signature", "a validator who is none", "nil twice"]
)
async def test_what_is_none_is_never_taken_in(wrong: str) -> None:
    chain = grown()
    docket = Docket(chain.ledger)
    with pytest.raises(Invalid):
        await docket.admit(WRONG[wrong](make_double(chain.keys[0], 2)))
    assert (len(docket), chain.ledger.waiting_evidence()) == (0, ())


async def test_what_cannot_be_judged_or_is_over_is_left_out_without_offence() -> None:
    chain = grown()
    docket, key = Docket(chain.ledger), chain.keys[0]
    chain.grow(evidence=[make_double(key, 2)])
    assert await docket.admit(make_double(key, 2)) is Ruling.COMMITTED
    assert await docket.admit(make_double(key, 7)) is Ruling.UNREACHABLE
    assert await docket.admit(make_double(key, 0)) is Ruling.UNREACHABLE
    assert len(docket) == 0


async def test_what_came_at_the_moment_in_which_a_block_had_it_is_struck_off() -> None:
    chain = grown()
    docket = Docket(chain.ledger)
    evidence = make_double(chain.keys[0], 2)
    await docket.admit(evidence)
    chain.grow(evidence=[evidence])
    chain.ledger.keep_evidence(evidence)  # the thread that kept it was slower than the commit
    await docket.sweep()
    assert (len(docket), chain.ledger.waiting_evidence()) == (0, ())


async def test_what_is_damaged_in_a_way_that_checksums_miss_is_not_proposed() -> None:
    chain = grown()
    chain.ledger.keep_evidence(forge(make_double(chain.keys[0], 2)))
    assert (len(Docket(chain.reopen())), chain.ledger.waiting_evidence()) == (0, ())


# --- The store ----------------------------------------------------------------------------------------------------


def test_committed_rows_last_as_long_as_evidence_does(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("chain.evidence", "node.store.ledger"):
        monkeypatch.setattr(f"{module}.EVIDENCE_AGE_BLOCKS_MAX", 3)
    monkeypatch.setattr("chain.evidence.EVIDENCE_AGE_MS_MAX", 3_500)
    chain = grown()
    evidence = make_double(chain.keys[0], 2)
    offence = offence_of(evidence)
    chain.ledger.keep_evidence(evidence)
    chain.grow(evidence=[evidence])
    assert chain.store.get(offence_key(EVIDENCE_WAITING, offence)) is None
    assert chain.ledger.evidence_height(offence) == 4
    while chain.head.height < 5:
        chain.grow()
    assert find_ruling(offence, chain.head, chain.ledger) is Ruling.COMMITTED
    chain.grow()
    assert chain.store.get(offence_key(EVIDENCE, offence)) is None
    assert find_ruling(offence, chain.head, chain.ledger) is Ruling.EXPIRED, "its age keeps it out now"
