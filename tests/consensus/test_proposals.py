"""The proposal keeper: one a round, a value's validity once and for all its rounds, and bounds."""

import pytest

from chain.limits import CONSENSUS_ROUNDS_AHEAD_MAX, CONSENSUS_ROUNDS_BEHIND_MAX
from chain.vote import Round
from consensus.proposals import ProposalKeeper, Validity
from tests.consensus.making import block_id_of, make_proposal

A, B = block_id_of("a"), block_id_of("b")


def test_a_round_keeps_its_first_proposal_and_notes_a_second() -> None:
    keeper = ProposalKeeper()
    assert keeper.add(make_proposal("a"), timely=True)
    assert keeper.add(make_proposal("b"), timely=True)
    assert keeper.proposals[Round(0)].block_id == A
    assert keeper.contradicted == {0}
    assert B not in keeper.values
    assert not keeper.add(make_proposal("c"), timely=True)


def test_the_same_value_with_another_valid_round_is_a_second_proposal() -> None:
    keeper = ProposalKeeper()
    keeper.add(make_proposal("a", 3, valid_round=1), timely=True)
    assert keeper.add(make_proposal("a", 3, valid_round=2), timely=True)
    assert keeper.contradicted == {3}


def test_a_repeated_proposal_changes_nothing() -> None:
    keeper = ProposalKeeper()
    keeper.add(make_proposal("a"), timely=True)
    assert not keeper.add(make_proposal("a"), timely=False)
    assert not keeper.add(make_proposal("a", signature=9), timely=True)
    assert keeper.proposals[Round(0)].timely
    assert keeper.contradicted == set()


@pytest.mark.parametrize("answer", [Validity.VALID, Validity.REFUSED])
def test_a_value_is_answered_once_for_all_rounds(answer: Validity) -> None:
    keeper = ProposalKeeper()
    keeper.add(make_proposal("a", 0), timely=True)
    assert keeper.set_validity(A, answer)
    assert not keeper.set_validity(A, Validity.VALID)
    assert not keeper.set_validity(A, Validity.REFUSED)
    keeper.add(make_proposal("a", 4, valid_round=1), timely=True)
    assert keeper.validity(A) is answer
    assert list(keeper.iterate_unknown()) == []


def test_nobody_asked_for_an_unknown_value() -> None:
    keeper = ProposalKeeper()
    assert not keeper.set_validity(A, Validity.VALID)
    assert not keeper.is_valid(A)


def test_a_value_of_two_rounds_is_unknown_once() -> None:
    keeper = ProposalKeeper()
    keeper.add(make_proposal("a", 0), timely=True)
    keeper.add(make_proposal("a", 1, valid_round=0), timely=True)
    assert list(keeper.iterate_unknown()) == [make_proposal("a", 0)]


def test_far_rounds_are_not_kept() -> None:
    keeper = ProposalKeeper()
    assert not keeper.add(make_proposal("a", CONSENSUS_ROUNDS_AHEAD_MAX + 1), timely=True)
    assert keeper.add(make_proposal("a", CONSENSUS_ROUNDS_AHEAD_MAX), timely=True)
    keeper.enter_round(Round(CONSENSUS_ROUNDS_BEHIND_MAX + 1), ())
    assert not keeper.add(make_proposal("b", 0), timely=True)
    assert keeper.add(make_proposal("b", 1), timely=True)


def test_old_rounds_leave_only_the_values_still_needed() -> None:
    keeper = ProposalKeeper()
    for round_, name in enumerate("abc"):
        keeper.add(make_proposal(name, round_), timely=True)
        keeper.set_validity(block_id_of(name), Validity.VALID)
    keeper.add(make_proposal("d", 0), timely=True)
    keeper.enter_round(Round(CONSENSUS_ROUNDS_BEHIND_MAX + 2), [A])
    assert sorted(keeper.proposals) == [2]
    assert keeper.contradicted == set()
    assert keeper.is_valid(A)
    assert not keeper.is_valid(B)
    assert keeper.is_valid(block_id_of("c"))
