"""The engine from height to height, after a crash, and what it tells of itself."""

from chain.limits import CONSENSUS_ROUNDS_BEHIND_MAX, CONSENSUS_ROUNDS_BUFFERED_MAX
from chain.vote import Height, Round
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
)
from consensus.engine import Engine
from consensus.inputs import Input, Remembered, Step, Wake
from consensus.view import pick_told_rounds
from tests.consensus.driving import (
    FIRST,
    OWN,
    PROPOSER,
    SECOND,
    A,
    B,
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
    PRECOMMIT,
    PREVOTE,
    make_block,
    make_proposal,
    make_vote,
    proposal_input,
    proposer_position,
    start,
    vote_input,
)

# --- Heights ---------------------------------------------------------------------------------------------------


def test_messages_of_the_next_height_wait_for_it() -> None:
    engine = make_engine(Wake())
    early: list[Remembered] = [proposal_input("n", height=2), vote_input(FIRST, PREVOTE, "n", height=2)]
    assert feed(engine, *early) == []
    effects = feed(engine, start(2))
    assert only(Remember, effects) == [Remember(input=input_) for input_ in early]
    assert only(CheckValue, effects) == [CheckValue(proposal=make_proposal("n", height=2))]
    assert wait(Step.PROPOSE, height=2) in effects


def test_messages_of_other_heights_say_nothing() -> None:
    engine = make_engine(Wake())
    others: list[Input] = [
        vote_input(FIRST, PREVOTE, "n", height=3),
        proposal_input("n", height=3),
        vote_input(FIRST, PREVOTE, "n", height=0),
    ]
    assert feed(engine, *others, start(2), start(3)) == []


def test_what_is_far_ahead_takes_no_place_in_the_buffer() -> None:
    """Else one liar, a member of a later set, could keep out what he will not have said at the next height."""
    engine = make_engine(Wake())
    early = vote_input(FIRST, PREVOTE, "n", height=2)
    assert feed(engine, vote_input(FIRST, PREVOTE, "n", height=3), early) == []
    assert only(Remember, feed(engine, start(2))) == [Remember(input=early)]


def test_the_buffer_is_left_behind_when_heights_are_skipped() -> None:
    engine = make_engine(Wake(), vote_input(FIRST, PREVOTE, "n", height=2))
    assert feed(engine, start(4)) == []


def test_the_buffer_keeps_one_message_of_a_sort_and_few_rounds() -> None:
    engine = make_engine(Wake())
    last = CONSENSUS_ROUNDS_BUFFERED_MAX - 1
    early: list[Remembered] = [vote_input(FIRST, PREVOTE, "n", height=2), vote_input(FIRST, PREVOTE, "m", height=2),
             vote_input(FIRST, PREVOTE, "n", last, height=2), vote_input(FIRST, PREVOTE, "n", last + 1, height=2),
             proposal_input("n", height=2), proposal_input("m", height=2)]  # fmt: skip
    feed(engine, *early)
    kept = [early[0], early[2], early[4]]
    assert only(Remember, feed(engine, start(2))) == [Remember(input=input_) for input_ in kept]


def test_a_height_begins_once_and_never_again() -> None:
    engine = make_engine(Wake())
    assert feed(engine, start(1), start(0)) == []
    view = engine.view()
    assert view is not None
    assert view.awake


def test_a_new_height_forgets_the_old_one() -> None:
    engine = make_engine(Wake(), proposal_input("a"), valid("a"), *quorum(PREVOTE, "a"))
    feed(engine, start(2))
    fresh = Engine(own=address(OWN))
    fresh.handle(start(2))
    assert engine.state == fresh.state


def test_a_lock_and_its_block_outlive_all_rounds() -> None:
    """What is locked must be proposed again, with its block, however many rounds ago it was proposed."""
    engine = make_engine(Wake(), proposal_input("a"), valid("a"), *quorum(PREVOTE, "a"))
    rounds = 2 * CONSENSUS_ROUNDS_BEHIND_MAX
    effects = feed(engine, *(vote for round_ in range(rounds) for vote in quorum(PRECOMMIT, None, round_)))
    turns = [round_ for round_ in range(1, rounds + 1) if proposer_position(round_) == OWN]
    assert only(Propose, effects) == [
        Propose(height=Height(1), round=Round(round_), valid=make_block("a"), valid_round=Round(0))
        for round_ in turns
    ]


# --- After a crash ---------------------------------------------------------------------------------------------


def test_nothing_is_redone_asleep() -> None:
    assert make_engine().resume() == ()


def test_an_unsigned_vote_is_asked_for_again_and_a_signed_one_sent_again() -> None:
    engine = make_engine(Wake(), proposal_input("a"), valid("a"))
    assert engine.resume() == (sign(PREVOTE, "a"),)
    feed(engine, vote_input(OWN, PREVOTE, "a"))
    assert engine.resume() == (SendVote(vote=make_vote(OWN, PREVOTE, "a")),)


def test_unsigned_votes_are_asked_for_in_the_order_of_rounds() -> None:
    engine = make_engine(Wake(), proposal_input("a"), valid("a"), *quorum(PRECOMMIT, None))
    feed(engine, elapsed(Step.PROPOSE, 1))
    assert engine.resume() == (sign(PREVOTE, "a"), sign(PREVOTE, None, 1))


def test_a_turn_to_propose_is_taken_again_until_the_proposal_is_there() -> None:
    engine = make_engine(Wake(), own=PROPOSER)
    propose = Propose(height=Height(1), round=Round(0), valid=None, valid_round=None)
    assert engine.resume() == (propose, wait(Step.PROPOSE))
    proposal = proposal_input("a")
    feed(engine, proposal)
    sent, check = SendProposal(proposal=proposal.proposal), CheckValue(proposal=proposal.proposal)
    assert engine.resume() == (sent, check, wait(Step.PROPOSE))


def test_waits_fetches_and_evidence_are_asked_for_again() -> None:
    engine = make_engine(Wake(), elapsed(Step.PROPOSE), *quorum(PREVOTE, "b"), *quorum(PRECOMMIT, "b"))
    feed(engine, vote_input(FIRST, PRECOMMIT, None))
    effects = list(engine.resume())
    assert only(ScheduleTimeout, effects) == [wait(Step.PREVOTE), wait(Step.PRECOMMIT)]
    assert [fetch.certificate.block_id for fetch in only(FetchDecided, effects)] == [B]
    assert len(only(RecordEvidence, effects)) == 1


def test_a_decision_is_told_again() -> None:
    engine = make_engine(Wake(), proposal_input("a"), valid("a"))
    (decide,) = only(Decide, feed(engine, *quorum(PRECOMMIT, "a")))
    assert engine.resume() == (decide,)


def test_the_view_shows_rounds_locks_and_votes() -> None:
    engine = make_engine(Wake(), proposal_input("a"), valid("a"), *quorum(PREVOTE, "a"))
    view = engine.view()
    assert view is not None
    assert (view.height, view.round, view.step, view.awake, view.decided) == (
        1,
        0,
        Step.PRECOMMIT,
        True,
        None,
    )
    assert view.locked == view.valid
    assert view.locked is not None
    assert view.locked.block_id == A
    assert view.proposer == address(PROPOSER)
    (shown,) = view.rounds
    assert shown.proposal == make_proposal("a")
    assert [vote is not None for vote in shown.prevotes] == [position != OWN for position in range(4)]
    assert shown.precommits == (None,) * 4


def test_rounds_that_are_told_are_the_newest_and_those_a_proposal_may_lean_on() -> None:
    """Else who missed an old polka prevotes nil for ever, however often it is proposed again."""
    engine = make_engine(Wake(), proposal_input("a"), valid("a"), *quorum(PREVOTE, "a"))
    for round_ in range(1, 12):
        feed(engine, *quorum(PRECOMMIT, None, round_ - 1))
        feed(engine, vote_input(FIRST, PREVOTE, None, round_))
    view = engine.view()
    assert view is not None
    assert (view.round, view.polka) == (11, 0)
    assert [told.round for told in pick_told_rounds(view, 8)] == [0, 5, 6, 7, 8, 9, 10, 11]
    assert [told.round for told in pick_told_rounds(view, 20)] == [*range(12)]
    behind = make_engine(Wake(), *quorum(PREVOTE, "a"), *quorum(PRECOMMIT, None, 10))
    view = behind.view()
    assert view is not None
    assert view.valid is None and 0 in [told.round for told in pick_told_rounds(view, 1)]


def test_the_view_shows_the_vote_that_makes_a_quorum() -> None:
    """So that who serves gossip from it passes on the polka, not a liar's first word."""
    engine = make_engine(Wake(), vote_input(FIRST, PREVOTE, "b"), vote_input(PROPOSER, PREVOTE, "a"))
    feed(engine, vote_input(SECOND, PREVOTE, "a"), vote_input(FIRST, PREVOTE, "a"))
    view = engine.view()
    assert view is not None
    assert view.rounds[0].prevotes[FIRST] == make_vote(FIRST, PREVOTE, "a")
