"""The vote keeper: what adds up, what is told once, and what is bounded."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.certificate import Certificate
from chain.evidence import duplicate_vote
from chain.limits import CONSENSUS_RAISES_MAX, CONSENSUS_ROUNDS_AHEAD_MAX, CONSENSUS_ROUNDS_BEHIND_MAX
from chain.vote import Round, VerifiedVote, VoteKind
from consensus.round_machine import RoundValue
from consensus.votes import VoteKeeper, VoteTaken
from tests.consensus.making import (
    PRECOMMIT,
    PREVOTE,
    VALIDATORS,
    block_id_of,
    make_validators,
    make_vote,
)

A, B = block_id_of("a"), block_id_of("b")
COUNTED, NOTHING = VoteTaken(counted=True), VoteTaken(counted=False)


def keep(*votes: VerifiedVote, powers: tuple[int, ...] = (1, 1, 1, 1)) -> VoteKeeper:
    keeper = VoteKeeper(validators=make_validators(powers))
    for vote in votes:
        keeper.add(vote)
    return keeper


def test_quorum_is_more_than_two_thirds_and_never_exactly() -> None:
    """Six of nine is two thirds; seven is more."""
    validators = make_validators((2, 2, 2, 1, 2))
    keeper = VoteKeeper(validators=validators)
    for voter in (0, 1, 2):
        keeper.add(make_vote(voter, PREVOTE, "a", validators=validators))
    tally = keeper.tally(PREVOTE, Round(0))
    assert not tally.has_quorum()
    assert not tally.has_quorum_for(A)
    assert tally.pick_quorum_block() is None
    keeper.add(make_vote(3, PREVOTE, "a", validators=validators))
    assert tally.has_quorum()
    assert tally.has_quorum_for(A)
    assert tally.pick_quorum_block() == A


def test_a_quorum_for_whatever_is_none_for_a_value() -> None:
    keeper = keep(make_vote(0, PREVOTE, "a"), make_vote(1, PREVOTE, "b"), make_vote(2, PREVOTE, None))
    tally = keeper.tally(PREVOTE, Round(0))
    assert tally.has_quorum()
    assert not tally.has_quorum_for(A)
    assert not tally.has_quorum_for(None)


def test_a_quorum_for_nil_is_for_no_block() -> None:
    tally = keep(*(make_vote(voter, PREVOTE, None) for voter in range(3))).tally(PREVOTE, Round(0))
    assert tally.has_quorum_for(None)
    assert tally.pick_quorum_block() is None


def test_kinds_and_rounds_do_not_add_up() -> None:
    keeper = keep(
        make_vote(0, PREVOTE, "a"), make_vote(1, PREVOTE, "a"), make_vote(2, PRECOMMIT, "a"),
        make_vote(3, PREVOTE, "a", 1),
    )  # fmt: skip
    assert not keeper.tally(PREVOTE, Round(0)).has_quorum()
    assert not keeper.tally(PRECOMMIT, Round(0)).has_quorum()


def test_a_repeated_vote_changes_nothing() -> None:
    keeper = keep(make_vote(0, PREVOTE, "a"))
    assert keeper.add(make_vote(0, PREVOTE, "a")) == NOTHING
    assert keeper == keep(make_vote(0, PREVOTE, "a"))


def test_a_strangers_vote_changes_nothing() -> None:
    keeper = VoteKeeper(validators=VALIDATORS)
    more = make_validators((1,) * 9)
    votes_of_more = [make_vote(voter, PREVOTE, "a", validators=more) for voter in range(9)]
    stranger = next(vote for vote in votes_of_more if VALIDATORS.by_address(vote.vote.validator) is None)
    assert keeper.add(stranger) == NOTHING
    assert keeper == VoteKeeper(validators=VALIDATORS)


@pytest.mark.parametrize("other", ["b", None])
def test_two_votes_of_one_are_told_once_with_both(other: str | None) -> None:
    first, second = make_vote(0, PREVOTE, "a"), make_vote(0, PREVOTE, other)
    keeper = keep(first)
    assert keeper.add(second) == VoteTaken(counted=False, evidence=duplicate_vote(first, second))
    assert keeper.add(second) == NOTHING
    assert keeper.add(make_vote(0, PREVOTE, "c")) == NOTHING
    assert keeper.tally(PREVOTE, Round(0)).power == 1


def test_precommits_are_told_too_but_one_proof_of_a_validator_is_enough() -> None:
    keeper = keep(make_vote(0, PREVOTE, "a"), make_vote(0, PREVOTE, "b"), make_vote(0, PRECOMMIT, "a"))
    assert keeper.add(make_vote(0, PRECOMMIT, "b")) == NOTHING
    keeper.add(make_vote(1, PRECOMMIT, "a"))
    taken = keeper.add(make_vote(1, PRECOMMIT, None))
    assert taken.evidence == duplicate_vote(make_vote(1, PRECOMMIT, "a"), make_vote(1, PRECOMMIT, None))


def test_another_kind_or_round_is_no_contradiction() -> None:
    keeper = keep(make_vote(0, PREVOTE, "a"))
    assert keeper.add(make_vote(0, PRECOMMIT, "b")) == COUNTED
    assert keeper.add(make_vote(0, PREVOTE, "b", 1)) == COUNTED


def test_a_liars_first_word_cannot_hide_a_polka() -> None:
    """Its second vote counts for the value that others stand for, and its power once toward the total."""
    keeper = keep(make_vote(0, PREVOTE, "b"), make_vote(1, PREVOTE, "a"), make_vote(2, PREVOTE, "a"))
    tally = keeper.tally(PREVOTE, Round(0))
    assert not tally.has_quorum_for(A)
    assert keeper.add(make_vote(0, PREVOTE, "a")).counted
    assert tally.has_quorum_for(A)
    assert tally.power == 3


def test_a_liar_alone_opens_no_values() -> None:
    keeper = keep(*(make_vote(0, PREVOTE, f"value {number}") for number in range(50)))
    assert len(keeper.tally(PREVOTE, Round(0)).values) == 1


def test_a_certificate_holds_the_precommits_of_the_value_alone() -> None:
    votes = [make_vote(0, PRECOMMIT, "a", 2), make_vote(1, PRECOMMIT, None, 2),
             make_vote(2, PRECOMMIT, "a", 2), make_vote(3, PRECOMMIT, "a", 2)]  # fmt: skip
    keeper = keep(*votes)
    decided = RoundValue(round=Round(2), block_id=A)
    assert list(keeper.iterate_precommit_quorums()) == [decided]
    signatures = (votes[0].signature, None, votes[2].signature, votes[3].signature)
    expected = Certificate(height=votes[0].vote.height, round=Round(2), block_id=A, signatures=signatures)
    assert keeper.make_certificate(decided) == expected


def test_prevotes_and_nil_decide_nothing() -> None:
    keeper = keep(
        *(make_vote(voter, PREVOTE, "a") for voter in range(4)),
        *(make_vote(voter, PRECOMMIT, None) for voter in range(4)),
    )
    assert list(keeper.iterate_precommit_quorums()) == []


# --- Rounds ahead ------------------------------------------------------------------------------------------


def test_skip_needs_more_than_one_third_and_never_exactly() -> None:
    """Three of nine is one third; four is more."""
    powers = (3, 1, 2, 3)
    validators = make_validators(powers)
    keeper = keep(make_vote(0, PREVOTE, None, 3, validators=validators), powers=powers)
    assert keeper.pick_round_ahead() is None
    keeper.add(make_vote(1, PREVOTE, None, 3, validators=validators))
    assert keeper.pick_round_ahead() == 3


def test_one_validators_two_votes_are_not_two_validators() -> None:
    keeper = keep(make_vote(0, PREVOTE, None, 3), make_vote(0, PRECOMMIT, None, 3))
    assert keeper.pick_round_ahead() is None


def test_skip_goes_to_the_round_that_a_correct_validator_reached() -> None:
    keeper = keep(make_vote(0, PREVOTE, None, 1_000_000), make_vote(1, PRECOMMIT, "a", 4))
    assert keeper.pick_round_ahead() == 4
    keeper.add(make_vote(2, PREVOTE, None, 7))
    assert keeper.pick_round_ahead() == 7


def test_votes_of_our_round_and_before_are_not_ahead() -> None:
    keeper = keep(*(make_vote(voter, PREVOTE, None, 3) for voter in range(4)))
    keeper.enter_round(Round(3))
    assert keeper.pick_round_ahead() is None


# --- Bounds ------------------------------------------------------------------------------------------------


def test_high_rounds_cost_one_tally_a_validator() -> None:
    keeper = keep(*(make_vote(0, PREVOTE, None, round_) for round_ in range(1_000, 1_050)))
    keeper.add(make_vote(1, PREVOTE, None, 1_025))
    assert sorted(keeper.tallies) == [1_025, 1_049]
    assert keeper.add(make_vote(0, PREVOTE, None, 1_000)) == NOTHING


def test_who_claims_ever_higher_rounds_is_heard_no_more_until_we_move() -> None:
    """Every vote that is counted goes into the log: a liar could fill the disk of a height that stands still."""
    keeper = keep(*(make_vote(0, PREVOTE, None, 100 + count) for count in range(CONSENSUS_RAISES_MAX)))
    last = 100 + CONSENSUS_RAISES_MAX - 1
    assert keeper.add(make_vote(0, PREVOTE, None, last + 1)) == NOTHING
    assert keeper.add(make_vote(0, PRECOMMIT, None, last)) == COUNTED
    assert keeper.add(make_vote(1, PREVOTE, None, last + 9)) == COUNTED
    assert keeper.pick_round_ahead() == last
    keeper.enter_round(Round(last))
    assert keeper.add(make_vote(0, PREVOTE, None, last + 9)) == COUNTED


def test_rounds_a_little_ahead_are_kept_whole() -> None:
    last = CONSENSUS_ROUNDS_AHEAD_MAX
    keeper = keep(*(make_vote(0, PREVOTE, None, round_) for round_ in range(last + 1)))
    assert sorted(keeper.tallies) == list(range(last + 1))
    assert keeper.add(make_vote(0, PREVOTE, "a", 1)).evidence is not None


def test_old_rounds_are_dropped_and_stay_dropped() -> None:
    keeper = keep(make_vote(0, PREVOTE, "a", 0), make_vote(0, PREVOTE, "a", 1))
    keeper.enter_round(Round(CONSENSUS_ROUNDS_BEHIND_MAX + 1))
    assert sorted(keeper.tallies) == [1]
    assert keeper.add(make_vote(1, PREVOTE, "a", 0)) == NOTHING
    assert keeper.add(make_vote(1, PREVOTE, "a", 1)) == COUNTED


def test_the_latest_polka_and_a_decision_outlive_their_rounds() -> None:
    keeper = keep(
        *(make_vote(voter, PREVOTE, "a", 0) for voter in range(3)),
        *(make_vote(voter, PREVOTE, "b", 1) for voter in range(3)),
        *(make_vote(voter, PRECOMMIT, "b", 2) for voter in range(3)),
        *(make_vote(voter, PREVOTE, None, 3) for voter in range(3)),
    )
    keeper.enter_round(Round(1_000))
    assert sorted(keeper.tallies) == [1, 2]
    assert keeper.tally(PREVOTE, Round(1)).has_quorum_for(B)


voters = st.integers(0, 3)
votes = st.builds(
    make_vote, voters, st.sampled_from(VoteKind), st.sampled_from(["a", "b", None]), st.sampled_from([0, 1, 5, 99])
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(votes, max_size=40))
def test_sums_are_those_of_the_distinct_votes(given_votes: list[VerifiedVote]) -> None:
    """Compared with a plain count over what was taken."""
    keeper = VoteKeeper(validators=VALIDATORS)
    taken = [vote for vote in given_votes if keeper.add(vote).counted]
    for round_, kinds in keeper.tallies.items():
        for kind, tally in kinds.items():
            held = {vote for vote in taken if (vote.vote.round, vote.vote.kind) == (round_, kind)}
            assert tally.power == len({vote.vote.validator for vote in held})
            for block_id in (A, B, None):
                count = len({vote.vote.validator for vote in held if vote.vote.block_id == block_id})
                assert tally.has_quorum_for(block_id) == (count >= 3)
    assert len(keeper.evidence) == len({item.first.vote.validator for item in keeper.evidence.values()})
