"""The engine within a height: what an input does to it, in which order, and what does nothing."""

import pytest

from chain.evidence import duplicate_vote
from chain.keys import Address
from chain.vote import Height, Round, VoteKind
from consensus.effects import (
    CheckValue,
    Decide,
    FetchDecided,
    Propose,
    RecordEvidence,
    Remember,
    ScheduleTimeout,
    SendProposal,
    SendVote,
    SignVote,
)
from consensus.engine import Engine
from consensus.inputs import Input, Step, VoteArrived, Wake
from tests.consensus.driving import (
    FIRST,
    OWN,
    PROPOSER,
    SECOND,
    A,
    address,
    elapsed,
    feed,
    make_engine,
    only,
    quorum,
    sign,
    valid,
    wait,
)
from tests.consensus.making import (
    NOW_MS,
    PRECOMMIT,
    PREVOTE,
    make_block,
    make_proposal,
    make_validators,
    make_vote,
    proposal_input,
    proposer_position,
    start,
    vote_input,
)

# --- Sleeping and waking ---------------------------------------------------------------------------------------


def test_a_height_sleeps_until_it_is_woken() -> None:
    engine = make_engine()
    assert feed(engine, elapsed(Step.PROPOSE), elapsed(Step.PRECOMMIT)) == []
    assert feed(engine, Wake()) == [Remember(input=Wake()), wait(Step.PROPOSE)]
    assert feed(engine, Wake()) == []


def test_nothing_happens_before_the_first_height() -> None:
    engine = Engine(own=address(OWN))
    inputs: list[Input] = [
        Wake(),
        proposal_input("a"),
        valid("a"),
        vote_input(FIRST, PREVOTE, "a"),
        elapsed(Step.PROPOSE),
    ]
    assert feed(engine, *inputs) == []
    assert engine.resume() == ()
    assert engine.view() is None
    assert engine.state is None


def test_the_proposer_proposes_and_waits_too() -> None:
    engine = make_engine(own=PROPOSER)
    propose = Propose(height=Height(1), round=Round(0), valid=None, valid_round=None)
    assert feed(engine, Wake()) == [Remember(input=Wake()), propose, wait(Step.PROPOSE)]


def test_a_message_of_the_height_wakes_it() -> None:
    vote = vote_input(FIRST, PREVOTE, "a")
    assert feed(make_engine(), vote) == [Remember(input=vote), wait(Step.PROPOSE)]
    proposal = proposal_input("a")
    assert feed(make_engine(), proposal) == [
        Remember(input=proposal), CheckValue(proposal=proposal.proposal), wait(Step.PROPOSE)
    ]  # fmt: skip


# --- Proposals -------------------------------------------------------------------------------------------------


def test_a_value_is_prevoted_when_it_is_checked_and_not_before() -> None:
    engine = make_engine(Wake())
    proposal = proposal_input("a")
    checking = [Remember(input=proposal), CheckValue(proposal=proposal.proposal)]
    assert feed(engine, proposal) == checking
    assert feed(engine, valid("a")) == [Remember(input=valid("a")), sign(PREVOTE, "a")]


def test_a_refused_value_gets_nil() -> None:
    engine = make_engine(Wake(), proposal_input("a"))
    assert feed(engine, valid("a", False))[1:] == [sign(PREVOTE, None)]


def test_an_answer_that_nobody_asked_for_or_that_came_before_changes_nothing() -> None:
    engine = make_engine(Wake(), proposal_input("a"), valid("a", False))
    assert feed(engine, valid("a", True), valid("a", False), valid("b")) == []


def test_our_own_proposal_is_sent_behind_its_memory_and_checked_like_any_other() -> None:
    engine = make_engine(Wake(), own=PROPOSER)
    proposal = proposal_input("a")
    assert feed(engine, proposal) == [
        Remember(input=proposal),
        SendProposal(proposal=proposal.proposal),
        CheckValue(proposal=proposal.proposal),
    ]
    assert feed(engine, proposal) == []


def test_the_proposal_of_another_is_not_sent_by_us() -> None:
    assert only(SendProposal, feed(make_engine(Wake()), proposal_input("a"))) == []


@pytest.mark.parametrize(
    ("arrival_ms", "expected"), [(NOW_MS - 501, None), (NOW_MS + 2_501, None), (NOW_MS, "a")]
)
def test_a_fresh_proposal_must_come_in_time(arrival_ms: int, expected: str | None) -> None:
    effects = feed(make_engine(Wake()), proposal_input("a", arrival_ms=arrival_ms), valid("a"))
    assert only(SignVote, effects) == [sign(PREVOTE, expected)]


def test_a_late_proposal_gets_nil_before_it_is_checked() -> None:
    effects = feed(make_engine(Wake()), proposal_input("a", arrival_ms=NOW_MS + 9_999))
    assert only(SignVote, effects) == [sign(PREVOTE, None)]
    assert only(CheckValue, effects) == [CheckValue(proposal=make_proposal("a"))]


def test_timeliness_is_not_asked_of_a_proposal_made_again() -> None:
    engine = make_engine(Wake(), *quorum(PREVOTE, "a", 0), *quorum(PRECOMMIT, None, 0))
    effects = feed(engine, proposal_input("a", 1, valid_round=0, arrival_ms=NOW_MS + 999_999), valid("a"))
    assert only(SignVote, effects) == [sign(PREVOTE, "a", 1)]


def test_timeliness_is_not_asked_of_a_lock_or_a_decision() -> None:
    engine = make_engine(Wake(), proposal_input("a", arrival_ms=NOW_MS + 9_999), valid("a"))
    assert only(SignVote, feed(engine, *quorum(PREVOTE, "a"))) == [sign(PRECOMMIT, "a")]
    assert len(only(Decide, feed(engine, *quorum(PRECOMMIT, "a")))) == 1


def test_the_delay_of_a_later_round_is_longer() -> None:
    late_ms = NOW_MS + 2_700
    engine = make_engine(Wake(), *quorum(PRECOMMIT, None, 0))
    effects = feed(engine, proposal_input("a", 1, arrival_ms=late_ms), valid("a"))
    assert only(SignVote, effects) == [sign(PREVOTE, "a", 1)]


@pytest.mark.parametrize("valid_round", [None, 0])
def test_time_must_go_on_whoever_proposes_it(valid_round: int | None) -> None:
    """A block not later than the last one is refused without asking, also when it is proposed again."""
    engine = Engine(own=address(OWN))
    feed(engine, start(last_ms=NOW_MS), Wake(), *quorum(PREVOTE, "a"), *quorum(PRECOMMIT, None))
    effects = feed(engine, proposal_input("a", 1, valid_round=valid_round), valid("a"))
    assert only(SignVote, effects) == [sign(PREVOTE, None, 1)]
    assert only(CheckValue, effects) == []


def test_a_millisecond_later_is_later() -> None:
    engine = Engine(own=address(OWN))
    effects = feed(engine, start(last_ms=NOW_MS - 1), Wake(), proposal_input("a"), valid("a"))
    assert only(SignVote, effects) == [sign(PREVOTE, "a")]


def test_a_second_proposal_is_noted_and_its_value_never_asked_for() -> None:
    engine = make_engine(Wake(), proposal_input("a"))
    second = proposal_input("b")
    assert feed(engine, second) == [Remember(input=second)]
    assert feed(engine, second, proposal_input("c")) == []


def test_a_known_value_proposed_again_is_not_checked_again() -> None:
    engine = make_engine(
        Wake(), proposal_input("a"), valid("a"), *quorum(PREVOTE, "a"), *quorum(PRECOMMIT, None)
    )
    again = proposal_input("a", 1, valid_round=0)
    assert feed(engine, again) == [Remember(input=again), sign(PREVOTE, "a", 1)]


def test_a_refused_value_proposed_again_gets_nil_at_once() -> None:
    engine = make_engine(Wake(), proposal_input("a"), valid("a", False), *quorum(PRECOMMIT, None))
    again = proposal_input("a", 1, valid_round=0)
    assert feed(engine, again) == [Remember(input=again), sign(PREVOTE, None, 1)]


def test_a_value_asked_for_in_two_rounds_is_asked_for_once() -> None:
    engine = make_engine(Wake(), proposal_input("a"), *quorum(PRECOMMIT, None))
    assert only(CheckValue, feed(engine, proposal_input("a", 1, valid_round=0))) == []


def test_a_proposal_with_a_valid_round_waits_for_its_prevotes() -> None:
    engine = make_engine(Wake(), *quorum(PRECOMMIT, None), proposal_input("a", 1, valid_round=0), valid("a"))
    first, second, third = quorum(PREVOTE, "a", 0)
    assert only(SignVote, feed(engine, first, second)) == []
    assert only(SignVote, feed(engine, third)) == [sign(PREVOTE, "a", 1)]


# --- Our own votes ---------------------------------------------------------------------------------------------


def test_our_vote_is_remembered_before_it_is_sent() -> None:
    engine = make_engine(Wake(), proposal_input("a"), valid("a"))
    own = vote_input(OWN, PREVOTE, "a")
    assert feed(engine, own) == [Remember(input=own), SendVote(vote=own.vote)]
    assert feed(engine, own) == []


def test_a_vote_signed_after_the_round_went_on_is_still_counted_and_sent() -> None:
    engine = make_engine(Wake(), proposal_input("a"), valid("a"), *quorum(PRECOMMIT, None))
    own = vote_input(OWN, PREVOTE, "a")
    assert feed(engine, own) == [Remember(input=own), SendVote(vote=own.vote)]


def test_a_vote_of_ours_that_we_did_not_ask_for_is_not_spread() -> None:
    engine = make_engine(Wake(), proposal_input("a"), valid("a"), vote_input(OWN, PREVOTE, "a"))
    stray = [
        vote_input(OWN, PREVOTE, "b"),
        vote_input(OWN, PRECOMMIT, "a"),
        vote_input(OWN, PREVOTE, None, 1),
    ]
    assert only(SendVote, feed(engine, *stray)) == []


def test_the_vote_of_another_is_not_sent_by_us() -> None:
    assert only(SendVote, feed(make_engine(Wake()), *quorum(PREVOTE, "a"))) == []


@pytest.mark.parametrize("own", [None, Address(bytes(20))])
def test_who_is_no_validator_decides_without_a_word(own: Address | None) -> None:
    engine = Engine(own=own)
    effects = feed(
        engine, start(), Wake(), proposal_input("a"), valid("a"), elapsed(Step.PROPOSE),
        *quorum(PREVOTE, "a"), elapsed(Step.PREVOTE), *quorum(PRECOMMIT, "a"),
    )  # fmt: skip
    assert only(SignVote, effects) == []
    assert only(SendVote, effects) == []
    assert only(Propose, effects) == []
    assert len(only(Decide, effects)) == 1


def test_a_lone_validator_decides_by_itself() -> None:
    validators = make_validators((7,))
    engine = Engine(own=validators.validators[0].address)
    feed(engine, start(validators=validators), Wake(), proposal_input("a"), valid("a"))
    votes = [VoteArrived(vote=make_vote(0, kind, "a", validators=validators)) for kind in VoteKind]
    assert len(only(Decide, feed(engine, *votes))) == 1


# --- Polkas, decisions, rounds ---------------------------------------------------------------------------------


def test_a_polka_is_precommitted_and_a_quorum_of_precommits_decided() -> None:
    engine = make_engine(Wake(), proposal_input("a"), valid("a"))
    assert only(SignVote, feed(engine, *quorum(PREVOTE, "a"))) == [sign(PRECOMMIT, "a")]
    (decide,) = only(Decide, feed(engine, *quorum(PRECOMMIT, "a")))
    assert decide.proposal == make_proposal("a")
    assert (decide.certificate.block_id, decide.certificate.round) == (A, 0)
    assert sum(signature is not None for signature in decide.certificate.signatures) == 3


def test_a_height_is_decided_once() -> None:
    engine = make_engine(Wake(), proposal_input("a"), valid("a"), *quorum(PRECOMMIT, "a"))
    late: list[Input] = [
        vote_input(OWN, PRECOMMIT, "a"),
        elapsed(Step.PRECOMMIT),
        Wake(),
        proposal_input("b", 1),
        *quorum(PRECOMMIT, "b", 1),
    ]
    assert feed(engine, *late) == []


def test_two_thirds_are_no_quorum() -> None:
    """Validators of power 1, 1, 1 have a quorum of three."""
    validators = make_validators((1, 1, 1))
    engine = Engine(own=None)
    votes = [VoteArrived(vote=make_vote(voter, PRECOMMIT, "a", validators=validators)) for voter in range(3)]
    feed(engine, start(validators=validators), proposal_input("a"), valid("a"), *votes[:2])
    assert len(only(Decide, feed(engine, votes[2]))) == 1


def test_a_late_answer_fires_the_lock() -> None:
    """Line 36, after the votes, and after the propose wait ran out."""
    engine = make_engine(Wake(), proposal_input("a"), *quorum(PREVOTE, "a"))
    assert only(SignVote, feed(engine, elapsed(Step.PROPOSE))) == [sign(PREVOTE, None)]
    assert only(SignVote, feed(engine, valid("a"))) == [sign(PRECOMMIT, "a")]


def test_a_late_answer_after_our_precommit_is_the_next_valid_value() -> None:
    next_own = proposer_position(1)
    engine = make_engine(Wake(), proposal_input("a"), *quorum(PREVOTE, "a"), own=next_own)
    feed(engine, elapsed(Step.PROPOSE), elapsed(Step.PREVOTE), valid("a"))
    expected = Propose(height=Height(1), round=Round(1), valid=make_block("a"), valid_round=Round(0))
    assert only(Propose, feed(engine, *quorum(PRECOMMIT, None))) == [expected]


def test_a_late_answer_fires_the_decision() -> None:
    """Line 49, even rounds later."""
    engine = make_engine(Wake(), proposal_input("a"), *quorum(PRECOMMIT, "a"), elapsed(Step.PRECOMMIT))
    assert engine.view() is not None
    (decide,) = only(Decide, feed(engine, valid("a")))
    assert decide.certificate.round == 0


def test_no_answer_no_vote() -> None:
    """A polka and a quorum of precommits for a value without its bodies make us prevote, lock and decide nothing."""
    engine = make_engine(Wake(), proposal_input("a"))
    effects = feed(engine, *quorum(PREVOTE, "a"), *quorum(PRECOMMIT, "a"))
    assert only(SignVote, effects) == []
    assert only(Decide, effects) == []


@pytest.mark.parametrize("proposed", [True, False])
def test_a_decided_block_that_we_lack_is_fetched_once(proposed: bool) -> None:
    engine = make_engine(Wake(), *([proposal_input("a")] if proposed else []))
    effects = feed(engine, *quorum(PRECOMMIT, "a"), vote_input(OWN, PRECOMMIT, "a"), elapsed(Step.PRECOMMIT))
    (fetch,) = only(FetchDecided, effects)
    assert (fetch.certificate.block_id, fetch.certificate.height) == (A, 1)


def test_a_decided_block_that_we_refused_is_fetched_not_decided() -> None:
    engine = make_engine(Wake(), proposal_input("a"), valid("a", False))
    effects = feed(engine, *quorum(PRECOMMIT, "a"))
    assert len(only(FetchDecided, effects)) == 1
    assert only(Decide, effects) == []


def test_a_decided_block_that_we_hold_is_not_fetched() -> None:
    engine = make_engine(Wake(), proposal_input("a"), valid("a"))
    assert only(FetchDecided, feed(engine, *quorum(PRECOMMIT, "a"))) == []


def test_waiting_for_votes_begins_once_in_each_step() -> None:
    engine = make_engine(Wake(), proposal_input("a"), valid("a"))
    votes = [
        vote_input(PROPOSER, PREVOTE, "a"),
        vote_input(FIRST, PREVOTE, None),
        vote_input(SECOND, PREVOTE, None),
    ]
    assert only(ScheduleTimeout, feed(engine, *votes, vote_input(OWN, PREVOTE, "a"))) == [wait(Step.PREVOTE)]
    assert only(SignVote, feed(engine, elapsed(Step.PREVOTE))) == [sign(PRECOMMIT, None)]
    votes = [
        vote_input(PROPOSER, PRECOMMIT, "a"),
        vote_input(FIRST, PRECOMMIT, None),
        vote_input(SECOND, PRECOMMIT, None),
    ]
    assert only(ScheduleTimeout, feed(engine, *votes, vote_input(OWN, PRECOMMIT, None))) == [
        wait(Step.PRECOMMIT),
        wait(Step.PROPOSE, 1),
    ]


def test_prevotes_before_our_own_do_not_start_the_wait() -> None:
    engine = make_engine(Wake())
    assert only(ScheduleTimeout, feed(engine, *quorum(PREVOTE, "b"))) == []
    effects = feed(engine, elapsed(Step.PROPOSE))
    assert only(ScheduleTimeout, effects) == [wait(Step.PREVOTE)]


def test_precommits_for_nil_end_the_round_at_once() -> None:
    assert feed(make_engine(Wake()), *quorum(PRECOMMIT, None))[-1] == wait(Step.PROPOSE, 1)


@pytest.mark.parametrize("count", [1, 2])
def test_more_than_a_third_ahead_takes_us_there(count: int) -> None:
    votes = [vote_input(voter, PREVOTE, None, 7) for voter in (FIRST, SECOND)][:count]
    expected = [wait(Step.PROPOSE, 7)] if count == 2 else []
    assert only(ScheduleTimeout, feed(make_engine(Wake()), *votes)) == expected


def test_a_round_that_is_skipped_to_uses_what_came_before_us() -> None:
    engine = make_engine(Wake(), proposal_input("a", 2), valid("a"))
    effects = feed(engine, vote_input(FIRST, PREVOTE, "a", 2), vote_input(SECOND, PREVOTE, "a", 2))
    assert only(SignVote, effects) == [sign(PREVOTE, "a", 2)]


@pytest.mark.parametrize("step", Step)
def test_outgrown_waits_say_nothing(step: Step) -> None:
    engine = make_engine(Wake(), *quorum(PRECOMMIT, None), elapsed(Step.PROPOSE, 1), elapsed(Step.PREVOTE, 1))
    assert feed(engine, elapsed(step, 0), elapsed(step, 2), elapsed(step, 1, height=2)) == []


def test_a_wait_of_another_height_says_nothing() -> None:
    engine = make_engine(Wake())
    assert feed(engine, elapsed(Step.PROPOSE, height=2), elapsed(Step.PROPOSE, height=0)) == []
    assert feed(engine, elapsed(Step.PROPOSE)) != []


def test_a_lock_holds_until_a_newer_polka() -> None:
    engine = make_engine(
        Wake(), proposal_input("a"), valid("a"), *quorum(PREVOTE, "a"), *quorum(PRECOMMIT, None)
    )
    assert only(SignVote, feed(engine, proposal_input("b", 1), valid("b"))) == [sign(PREVOTE, None, 1)]
    feed(engine, *quorum(PREVOTE, "b", 1)[:2], elapsed(Step.PREVOTE, 1), *quorum(PRECOMMIT, None, 1))
    assert only(SignVote, feed(engine, proposal_input("a", 2))) == [sign(PREVOTE, "a", 2)]
    feed(engine, quorum(PREVOTE, "b", 1)[2], elapsed(Step.PREVOTE, 2), *quorum(PRECOMMIT, None, 2))
    again = proposal_input("b", 3, valid_round=1)
    assert only(SignVote, feed(engine, again)) == [sign(PREVOTE, "b", 3)]


def test_contradictions_are_reported_once_with_the_memory_before() -> None:
    engine = make_engine(Wake(), vote_input(FIRST, PREVOTE, "a"))
    second = vote_input(FIRST, PREVOTE, "b")
    evidence = duplicate_vote(make_vote(FIRST, PREVOTE, "a"), make_vote(FIRST, PREVOTE, "b"))
    assert feed(engine, second, second) == [Remember(input=second), RecordEvidence(evidence=evidence)]
