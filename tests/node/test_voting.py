"""When the signer's gate is open: each of its four conditions shut once."""

from dataclasses import dataclass

import pytest

from chain.vote import Height
from node.head import Head
from node.hearing import Hearing
from node.voting import VotingGate
from tests.node.making import make_genesis

GENESIS, KEYS = make_genesis()


@dataclass
class Standing:
    """What the gate asks of reactor and follower."""

    head: Head = GENESIS
    is_behind: bool = False


def make_gate(
    heights: tuple[int, ...] = (0, 0), *, vote_from: int = 1, is_behind: bool = False
) -> VotingGate:
    hearing = Hearing(KEYS[0].address)
    for key, height in zip(KEYS[1:], heights, strict=False):
        hearing.on_status(key.address, Height(height), GENESIS.validators)
    gate = VotingGate(hearing, Height(vote_from))
    standing = Standing(is_behind=is_behind)
    gate.join(standing, standing)
    return gate


def test_it_is_open_at_the_height_after_the_head() -> None:
    assert make_gate().is_open()
    assert make_gate((1, 0)).is_open(), "one liar shuts nobody up"


@pytest.mark.parametrize(
    "gate",
    [
        make_gate((0,)),
        make_gate((1, 1)),
        make_gate(vote_from=2),
        make_gate(is_behind=True),
    ],
    ids=["too few heard", "the height is over elsewhere", "not remembered", "a certificate above us"],
)
def test_each_condition_shuts_it(gate: VotingGate) -> None:
    assert not gate.is_open()
