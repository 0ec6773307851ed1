"""A few hundred seeds for every change, that a seed is a run, and that the checkers see what they are for."""

import os
import subprocess
import sys

import pytest

from chain.certificate import Certificate
from chain.evidence import duplicate_vote
from chain.keys import Address, Signature
from chain.proposal import VerifiedProposal
from chain.vote import BlockId, Height, Round, Vote, VoteKind
from consensus.effects import Decide, Propose
from tests.consensus.making import (
    NOW_MS,
    PRECOMMIT,
    PREVOTE,
    VALIDATORS,
    block_id_of,
    make_block,
    make_proposal,
    make_vote,
)
from tests.sim.__main__ import pick_scenario, run_seed
from tests.sim.checkers import Checkers, Violation
from tests.sim.strategies import Splitter
from tests.sim.world import Scenario, World

CHUNK = 20


@pytest.mark.parametrize("first", range(0, 240, CHUNK))
def test_seeds_break_no_rule(first: int) -> None:
    for seed in range(first, first + CHUNK):
        try:
            run_seed(seed)
        except Violation as violation:
            pytest.fail(f"python -m tests.sim --layer 1 --seed {seed}: {violation}")


def test_a_seed_is_a_run_whatever_the_hash_seed() -> None:
    """Two processes that order their sets differently tell the same story, line by line."""
    command = [sys.executable, "-m", "tests.sim", "--layer", "1", "--seed", "9"]
    stories = []
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        told = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
        stories.append(told.splitlines()[:-1])
    assert len(stories[0]) > 100
    assert stories[0] == stories[1]


def test_a_third_that_lies_forks_the_chain_and_is_seen() -> None:
    """The control: two liars of four are too many, and the checkers say so."""
    found = set[str]()
    for seed in range(20):
        world = World(seed, Scenario(nodes=4, byzantine=2), strategies=(Splitter,))
        try:
            world.run()
        except Violation as violation:
            found.add(str(violation).split(":", 1)[0])
    assert "agreement" in found


def test_scenarios_are_of_many_kinds() -> None:
    sizes = {(scenario.nodes, scenario.byzantine) for scenario in map(pick_scenario, range(240))}
    assert sizes == {(4, 0), (4, 1), (5, 0), (5, 1), (7, 0), (7, 2)}


# --- The checkers themselves -------------------------------------------------------------------------------

ALL = frozenset(validator.address for validator in VALIDATORS.validators)
A, B = block_id_of("a"), block_id_of("b")


def address(voter: int) -> Address:
    return VALIDATORS.validators[voter].address


def vote(voter: int, kind: VoteKind, block_id: BlockId | None, round_: int = 0) -> Vote:
    return Vote(kind=kind, height=Height(1), round=Round(round_), block_id=block_id, validator=address(voter))


def checkers(*votes: Vote) -> Checkers:
    found = Checkers(validators=VALIDATORS, correct=ALL, valid={A: True, B: True})
    for item in votes:
        found.on_vote(item, {A, B})
    return found


def polka(block_id: BlockId, round_: int = 0, count: int = 3) -> list[Vote]:
    return [vote(voter, PREVOTE, block_id, round_) for voter in range(count)]


def decide(name: str, *, proposal: VerifiedProposal | None = None, signers: int = 3) -> Decide:
    signatures = tuple(Signature(bytes(64)) if position < signers else None for position in range(4))
    certificate = Certificate(
        height=Height(1), round=Round(0), block_id=block_id_of(name), signatures=signatures
    )
    return Decide(certificate=certificate, proposal=proposal or make_proposal(name))


PRECOMMITS = [*polka(A), *(vote(voter, PRECOMMIT, A) for voter in range(3))]


def test_a_double_vote_is_seen() -> None:
    with pytest.raises(Violation, match="double vote"):
        checkers(vote(0, PREVOTE, A), vote(0, PREVOTE, None))


def test_a_vote_for_an_unchecked_value_is_seen() -> None:
    with pytest.raises(Violation, match="never checked"):
        checkers().on_vote(vote(0, PREVOTE, A), {B})


def test_a_precommit_without_a_polka_is_seen() -> None:
    with pytest.raises(Violation, match="without a polka"):
        checkers(*polka(A, count=2), vote(0, PRECOMMIT, A))


def test_a_broken_lock_is_seen() -> None:
    locked = [*polka(A), vote(0, PRECOMMIT, A)]
    with pytest.raises(Violation, match="lock"):
        checkers(*locked, vote(0, PREVOTE, B, 1))
    newer = [vote(voter, PREVOTE, B, 1) for voter in (1, 2, 3)]
    with pytest.raises(Violation, match="lock"):
        checkers(*polka(A, 2), vote(0, PRECOMMIT, A, 2), vote(0, PREVOTE, B, 3))
    unlocked = Checkers(validators=VALIDATORS, correct=frozenset({address(0)}))
    for item in [*locked, *newer, vote(0, PREVOTE, B, 2)]:
        unlocked.on_vote(item, {A, B})


def test_a_forgotten_valid_value_is_seen() -> None:
    found = checkers(*polka(A, 1), vote(0, PRECOMMIT, A, 1))
    turn = Propose(height=Height(1), round=Round(2), valid=None, valid_round=None)
    with pytest.raises(Violation, match="forgot"):
        found.on_propose(address(0), turn)
    older = Propose(height=Height(1), round=Round(2), valid=make_block("a"), valid_round=Round(0))
    with pytest.raises(Violation, match="forgot"):
        found.on_propose(address(0), older)
    with pytest.raises(Violation, match="no polka"):
        found.on_reproposal(A, older)


def test_a_fork_is_seen() -> None:
    found = checkers(*PRECOMMITS)
    found.on_commit(decide("a"))
    with pytest.raises(Violation, match="agreement"):
        found.on_commit(decide("b"))


def test_an_invalid_or_swapped_block_is_seen() -> None:
    with pytest.raises(Violation, match="invalid block"):
        checkers(*PRECOMMITS).on_commit(decide("c"))
    with pytest.raises(Violation, match="another block's content"):
        checkers(*PRECOMMITS).on_commit(decide("a", proposal=make_proposal("b")))


def test_a_bad_certificate_is_seen() -> None:
    with pytest.raises(Violation, match="nobody made"):
        checkers(*PRECOMMITS).on_commit(decide("a", signers=4))
    with pytest.raises(Violation, match="no quorum"):
        checkers(*PRECOMMITS).on_commit(decide("a", signers=2))


def test_time_that_stands_still_is_seen() -> None:
    found = checkers(*PRECOMMITS)
    found.times_ms[Height(0)] = NOW_MS
    with pytest.raises(Violation, match="time"):
        found.on_commit(decide("a"))


def test_a_false_accusation_is_seen() -> None:
    evidence = duplicate_vote(make_vote(0, PREVOTE, "a"), make_vote(0, PREVOTE, "b"))
    with pytest.raises(Violation, match="accused"):
        checkers().on_evidence(evidence)


def test_a_network_that_stands_still_is_seen() -> None:
    checkers().on_end([3, 3, 3, 3], 3, 0)
    with pytest.raises(Violation, match="liveness"):
        checkers().on_end([3, 3, 2, 3], 3, 0)
