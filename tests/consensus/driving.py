"""An engine at height 1 of four validators, and the words in which its tests speak to it."""

from typing import TypeVar

from chain.keys import Address
from chain.vote import Height, Round, Vote, VoteKind
from consensus.effects import (
    Effect,
    ScheduleTimeout,
    SignVote,
)
from consensus.engine import Engine
from consensus.inputs import Input, Step, Timeout, TimeoutElapsed, ValueChecked, VoteArrived
from consensus.timing import compute_timeout_ms
from tests.consensus.making import (
    PARAMETERS,
    VALIDATORS,
    block_id_of,
    proposer_position,
    start,
    vote_input,
)

E = TypeVar("E", bound=Effect)
A, B = block_id_of("a"), block_id_of("b")
PROPOSER = proposer_position()
OWN, FIRST, SECOND = [position for position in range(4) if position != PROPOSER]
"""Validators of height 1: whose engine is tested, and two more beside the proposer of round 0."""


def address(position: int) -> Address:
    return VALIDATORS.validators[position].address


def make_engine(*inputs: Input, own: int = OWN) -> Engine:
    """An engine at height 1 that was handed these."""
    engine = Engine(own=address(own))
    feed(engine, start(), *inputs)
    return engine


def feed(engine: Engine, *inputs: Input) -> list[Effect]:
    return [effect for input_ in inputs for effect in engine.handle(input_)]


def only(kind: type[E], effects: list[Effect]) -> list[E]:
    return [effect for effect in effects if isinstance(effect, kind)]


def sign(kind: VoteKind, name: str | None, round_: int = 0, *, own: int = OWN) -> SignVote:
    block_id = None if name is None else block_id_of(name)
    vote = Vote(kind=kind, height=Height(1), round=Round(round_), block_id=block_id, validator=address(own))
    return SignVote(vote=vote)


def wait(step: Step, round_: int = 0, *, height: int = 1) -> ScheduleTimeout:
    timeout = Timeout(height=Height(height), round=Round(round_), step=step)
    return ScheduleTimeout(timeout=timeout, duration_ms=compute_timeout_ms(PARAMETERS, step, Round(round_)))


def elapsed(step: Step, round_: int = 0, *, height: int = 1) -> TimeoutElapsed:
    return TimeoutElapsed(timeout=wait(step, round_, height=height).timeout)


def quorum(kind: VoteKind, name: str | None, round_: int = 0) -> list[VoteArrived]:
    return [vote_input(voter, kind, name, round_) for voter in (PROPOSER, FIRST, SECOND)]


def valid(name: str, answer: bool = True) -> ValueChecked:
    return ValueChecked(block_id=block_id_of(name), valid=answer)
