"""The driver's truth table, row by row: its docstring and `ROWS` are the same table."""

from dataclasses import dataclass, field

import pytest

from chain.vote import Round, VerifiedVote
from consensus.driver import find_events
from consensus.proposals import ProposalKeeper, Validity
from consensus.round_machine import (
    Event,
    FreshProposal,
    PrecommitsAny,
    PrecommitsNil,
    PrecommitsValue,
    PrevotesAny,
    PrevotesNil,
    PrevotesValue,
    ProposalRefused,
    ProposalWithPolka,
    RoundAhead,
)
from consensus.votes import VoteKeeper
from tests.consensus.making import PRECOMMIT, PREVOTE, VALIDATORS, block_id_of, make_proposal, make_vote

A, B = block_id_of("a"), block_id_of("b")
ROUND = Round(3)
VALID, REFUSED, UNKNOWN = Validity.VALID, Validity.REFUSED, Validity.UNKNOWN


def prevotes(name: str | None, round_: int = ROUND, count: int = 3) -> list[VerifiedVote]:
    return [make_vote(voter, PREVOTE, name, round_) for voter in range(count)]


def precommits(name: str | None, round_: int = ROUND, count: int = 3) -> list[VerifiedVote]:
    return [make_vote(voter, PRECOMMIT, name, round_) for voter in range(count)]


def mixed(votes: list[VerifiedVote], more: VerifiedVote) -> list[VerifiedVote]:
    return [*votes[:2], more]


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is held, and the events that are true of it."""

    name: str
    votes: list[VerifiedVote] = field(default_factory=list)
    proposed: tuple[str, int, int | None] | None = None
    timely: bool = True
    validity: Validity = UNKNOWN
    events: list[Event]


FRESH, AGAIN = ("a", 3, None), ("a", 3, 1)
NIL3 = make_vote(3, PREVOTE, None, 3)

ROWS = [
    Row(name="nothing held", events=[]),
    Row(name="fresh, not checked", proposed=FRESH, events=[]),
    Row(name="fresh, valid", proposed=FRESH, validity=VALID, events=[FreshProposal(block_id=A)]),
    Row(name="fresh, refused", proposed=FRESH, validity=REFUSED, events=[ProposalRefused()]),
    Row(name="fresh, valid, late", proposed=FRESH, validity=VALID, timely=False, events=[ProposalRefused()]),
    Row(name="fresh, not checked, late", proposed=FRESH, timely=False, events=[ProposalRefused()]),
    Row(name="again, no polka", proposed=AGAIN, validity=VALID, events=[]),
    Row(name="again, polka of vr", proposed=AGAIN, validity=VALID, votes=prevotes("a", 1),
        events=[ProposalWithPolka(block_id=A, valid_round=Round(1))]),
    Row(name="again, polka of vr, not checked", proposed=AGAIN, votes=prevotes("a", 1), events=[]),
    Row(name="again, polka of vr, refused", proposed=AGAIN, validity=REFUSED, votes=prevotes("a", 1),
        events=[ProposalRefused()]),
    Row(name="again, refused, no polka", proposed=AGAIN, validity=REFUSED, events=[ProposalRefused()]),
    Row(name="again, polka of another round", proposed=AGAIN, validity=VALID, votes=prevotes("a", 2), events=[]),
    Row(name="again, polka of another value", proposed=AGAIN, validity=VALID, votes=prevotes("b", 1), events=[]),
    Row(name="again, nil in vr", proposed=AGAIN, validity=VALID, votes=prevotes(None, 1), events=[]),
    Row(name="again, two thirds of vr", proposed=AGAIN, validity=VALID, votes=prevotes("a", 1, 2), events=[]),
    Row(name="again, precommits of vr", proposed=AGAIN, validity=UNKNOWN, votes=precommits("a", 1), events=[]),
    Row(name="proposal of another round", proposed=("a", 2, None), validity=VALID, events=[]),
    Row(name="refused value of another round", proposed=("a", 2, None), validity=REFUSED, events=[]),
    Row(name="prevotes for an unknown value", votes=prevotes("a"), events=[PrevotesAny()]),
    Row(name="polka, not checked", proposed=FRESH, votes=prevotes("a"), events=[PrevotesAny()]),
    Row(name="polka, refused", proposed=FRESH, validity=REFUSED, votes=prevotes("a"),
        events=[ProposalRefused(), PrevotesAny()]),
    Row(name="polka, valid", proposed=FRESH, validity=VALID, votes=prevotes("a"),
        events=[FreshProposal(block_id=A), PrevotesValue(block_id=A), PrevotesAny()]),
    Row(name="polka, valid, late", proposed=FRESH, validity=VALID, timely=False, votes=prevotes("a"),
        events=[ProposalRefused(), PrevotesValue(block_id=A), PrevotesAny()]),
    Row(name="polka, valid by another round", proposed=("a", 1, None), validity=VALID, votes=prevotes("a"),
        events=[PrevotesValue(block_id=A), PrevotesAny()]),
    Row(name="polka of another value", proposed=FRESH, validity=VALID, votes=prevotes("b"),
        events=[FreshProposal(block_id=A), PrevotesAny()]),
    Row(name="prevotes for nil", votes=prevotes(None), events=[PrevotesNil(), PrevotesAny()]),
    Row(name="prevotes for whatever", votes=mixed(prevotes("a"), NIL3), events=[PrevotesAny()]),
    Row(name="two prevotes", votes=prevotes(None, count=2), events=[]),
    Row(name="prevotes of the round before", votes=prevotes(None, 2), events=[]),
    Row(name="precommits for whatever", votes=mixed(precommits("a"), make_vote(3, PRECOMMIT, "b", 3)),
        events=[PrecommitsAny()]),
    Row(name="two precommits", votes=precommits(None, count=2), events=[]),
    Row(name="precommits for nil", votes=precommits(None), events=[PrecommitsNil(), PrecommitsAny()]),
    Row(name="precommits for nil of the round before", votes=precommits(None, 2), events=[]),
    Row(name="precommits for an unknown value", votes=precommits("a"), events=[PrecommitsAny()]),
    Row(name="precommits, not checked", proposed=FRESH, votes=precommits("a"), events=[PrecommitsAny()]),
    Row(name="precommits, refused", proposed=FRESH, validity=REFUSED, votes=precommits("a"),
        events=[ProposalRefused(), PrecommitsAny()]),
    Row(name="precommits, valid", proposed=FRESH, validity=VALID, votes=precommits("a"),
        events=[PrecommitsValue(round=ROUND, block_id=A), FreshProposal(block_id=A), PrecommitsAny()]),
    Row(name="precommits, valid, late", proposed=FRESH, validity=VALID, timely=False, votes=precommits("a"),
        events=[PrecommitsValue(round=ROUND, block_id=A), ProposalRefused(), PrecommitsAny()]),
    Row(name="precommits of an old round, valid", proposed=("a", 1, None), validity=VALID,
        votes=precommits("a", 1), events=[PrecommitsValue(round=Round(1), block_id=A)]),
    Row(name="precommits of a round ahead, valid", proposed=("a", 1, None), validity=VALID,
        votes=precommits("a", 5), events=[PrecommitsValue(round=Round(5), block_id=A), RoundAhead(round=Round(5))]),
    Row(name="f+1 in a round ahead", votes=prevotes("a", 4, 2), events=[RoundAhead(round=Round(4))]),
    Row(name="f in a round ahead", votes=prevotes("a", 4, 1), events=[]),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_row(row: Row) -> None:
    votes, proposals = VoteKeeper(validators=VALIDATORS), ProposalKeeper()
    for vote in row.votes:
        votes.add(vote)
    if row.proposed is not None:
        name, round_, valid_round = row.proposed
        proposals.add(make_proposal(name, round_, valid_round=valid_round), timely=row.timely)
        if row.validity is not UNKNOWN:
            proposals.set_validity(A, row.validity)
    votes.enter_round(ROUND)
    proposals.enter_round(ROUND, ())
    assert list(find_events(ROUND, votes, proposals)) == row.events
