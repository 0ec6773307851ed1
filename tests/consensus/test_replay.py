"""The law of the write-ahead log: what was remembered, and nothing else, makes the same state again."""

from hypothesis import given, settings
from hypothesis import strategies as st

from chain.vote import Height, Round, VerifiedVote, VoteKind
from consensus.effects import (
    CheckValue,
    Decide,
    Effect,
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
from consensus.inputs import Input, Remembered, Step, Timeout, TimeoutElapsed, ValueChecked, VoteArrived, Wake
from tests.consensus.making import (
    NOW_MS,
    VALIDATORS,
    block_id_of,
    proposal_input,
    proposer_position,
    start,
    vote_input,
)

OWN = VALIDATORS.validators[proposer_position()].address
names = st.sampled_from(["a", "b"])
rounds = st.integers(0, 3)
heights = st.sampled_from([1, 1, 1, 1, 2])

votes = st.builds(
    lambda voter, kind, name, round_, height: vote_input(voter, kind, name, round_, height=height),
    st.integers(0, 3), st.sampled_from(VoteKind), st.sampled_from(["a", "a", "b", None]), rounds, heights,
)  # fmt: skip
proposals = st.builds(
    lambda name, round_, valid_round, late, height: proposal_input(
        name,
        round_,
        valid_round=valid_round if valid_round < round_ else None,
        arrival_ms=NOW_MS + late,
        height=height,
    ),
    names, rounds, rounds, st.sampled_from([0, 0, 9_999]), heights,
)  # fmt: skip
answers = st.builds(
    lambda name, valid: ValueChecked(block_id=block_id_of(name), valid=valid), names, st.sampled_from([True, True, False])
)  # fmt: skip
waits = st.builds(
    lambda round_, step: TimeoutElapsed(timeout=Timeout(height=Height(1), round=Round(round_), step=step)),
    rounds, st.sampled_from(Step),
)  # fmt: skip
inputs = st.one_of(votes, votes, votes, proposals, answers, waits, st.just(Wake()))
scripts = st.lists(inputs, max_size=60)


def carry_out(engine: Engine, input_: Input, log: list[Remembered]) -> list[Effect]:
    """Feeds an input and signs what the engine asks for; every remembered input goes to `log`."""
    done: list[Effect] = []
    waiting = [input_]
    while waiting:
        for effect in engine.handle(waiting.pop(0)):
            done.append(effect)
            if isinstance(effect, Remember):
                log.append(effect.input)
            if isinstance(effect, SignVote):
                waiting.append(VoteArrived(vote=signed(effect)))
    return done


def signed(effect: SignVote) -> VerifiedVote:
    vote = effect.vote
    voter, name = VALIDATORS.index_of(vote.validator), {block_id_of(name): name for name in ("a", "b")}
    assert voter is not None
    named = None if vote.block_id is None else name[vote.block_id]
    return vote_input(voter, vote.kind, named, vote.round, height=vote.height).vote


@settings(max_examples=300, deadline=None)
@given(scripts)
def test_replaying_what_was_remembered_gives_the_same_state(script: list[Input]) -> None:
    engine, log = Engine(own=OWN), list[Remembered]()
    engine.handle(start())
    for input_ in script:
        carry_out(engine, input_, log)
    again = Engine(own=OWN)
    again.handle(start())
    for remembered in log:
        effects = again.handle(remembered)
        assert effects[0] == Remember(input=remembered)
    assert again.state == engine.state
    assert again.resume() == engine.resume()


@settings(max_examples=200, deadline=None)
@given(scripts)
def test_what_is_not_remembered_changed_nothing(script: list[Input]) -> None:
    """Fed twice, an input does nothing the second time; and no effect comes without a memory before it."""
    engine, log = Engine(own=OWN), list[Remembered]()
    engine.handle(start())
    for input_ in script:
        effects = carry_out(engine, input_, log)
        assert not effects or isinstance(effects[0], Remember)
        before = engine.view()
        assert engine.handle(input_) == ()
        assert engine.view() == before


@settings(max_examples=200, deadline=None)
@given(scripts)
def test_nothing_is_said_twice(script: list[Input]) -> None:
    """One vote of a kind a round, one wait a step, one decision, one fetch, one proof a validator."""
    engine, log = Engine(own=OWN), list[Remembered]()
    engine.handle(start())
    effects = [effect for input_ in script for effect in carry_out(engine, input_, log)]
    once: list[tuple[object, ...]] = []
    for effect in effects:
        match effect:
            case SignVote(vote=vote):
                once.append(("sign", vote.kind, vote.round))
            case SendVote(vote=vote_sent):
                once.append(("send", vote_sent.vote))
            case Propose() | SendProposal() | CheckValue():
                once.append((effect,))
            case ScheduleTimeout(timeout=timeout):
                once.append(("wait", timeout))
            case Decide() | FetchDecided():
                once.append((type(effect),))
            case RecordEvidence(evidence=evidence):
                once.append(("evidence", evidence.first.vote.validator))
            case Remember(input=remembered):
                once.append(("remember", remembered))
    assert len(once) == len(set(once))


@settings(max_examples=200, deadline=None)
@given(scripts, st.integers(0, 60))
def test_a_crash_before_the_signature_loses_no_word(script: list[Input], crash_at: int) -> None:
    """An engine that replays and resumes ends where one that never crashed does."""
    steady, crashed, log = Engine(own=OWN), Engine(own=OWN), list[Remembered]()
    steady.handle(start())
    crashed.handle(start())
    for index, input_ in enumerate(script):
        carry_out(steady, input_, [])
        if index != crash_at:
            carry_out(crashed, input_, log)
            continue
        log.extend(effect.input for effect in crashed.handle(input_) if isinstance(effect, Remember))
        crashed = restart(log)
        for effect in crashed.resume():
            if isinstance(effect, SignVote):
                carry_out(crashed, VoteArrived(vote=signed(effect)), log)
    assert crashed.state == steady.state
    assert restart(log).state == steady.state


def restart(log: list[Remembered]) -> Engine:
    engine = Engine(own=OWN)
    engine.handle(start())
    for remembered in log:
        engine.handle(remembered)
    return engine
