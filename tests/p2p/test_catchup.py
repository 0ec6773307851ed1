"""What is asked of whom, and that no peer can hold up who catches up."""

from chain.keys import PublicKey
from chain.limits import BLOCKS_PER_REQUEST_MAX, HEIGHT_MAX
from chain.vote import Height
from p2p.catchup import ANSWER_SECONDS, LATE_SECONDS, Ask, CatchUp
from tests.chain.making import make_key

HONEST, LIAR = make_key(1).public, make_key(2).public


def ask_of(core: CatchUp, now: float) -> Ask:
    """The question that is due."""
    ask = core.next_ask(now)
    assert ask is not None
    return ask


def test_asks_for_what_is_lacking_one_range_at_a_time() -> None:
    core = CatchUp(Height(5), patience=0.0)
    assert core.next_ask(0.0) is None
    core.on_claim(HONEST, Height(500))
    ask = ask_of(core, 0.0)
    assert (ask.peer, ask.first, ask.count) == (HONEST, 6, BLOCKS_PER_REQUEST_MAX)
    assert core.next_ask(1.0) is None
    assert not core.take_answer(LIAR, ask.request, 3)
    assert core.take_answer(HONEST, ask.request, 3)
    core.on_height(Height(8))
    assert ask_of(core, 2.0).first == 9


def test_a_validator_waits_for_its_own_decision_of_the_next_height_only() -> None:
    core = CatchUp(Height(5), patience=0.3)
    core.on_claim(HONEST, Height(6))
    assert core.next_ask(0.0) is None
    assert core.next_ask(0.2) is None
    assert ask_of(core, 0.3).count == 1
    farther = CatchUp(Height(5), patience=0.3)
    farther.on_claim(HONEST, Height(7))
    assert ask_of(farther, 0.0).count == 2


def test_who_does_not_answer_stands_back_whatever_it_claims() -> None:
    core, now = CatchUp(Height(5), patience=0.0), 0.0
    core.on_claim(HONEST, Height(50))
    core.on_claim(LIAR, Height(HEIGHT_MAX))
    asked: list[PublicKey] = []
    for _ in range(4):
        ask = ask_of(core, now)
        asked.append(ask.peer)
        if ask.peer == HONEST:
            core.take_answer(HONEST, ask.request, 1)
            core.on_height(ask.first)
        now += ANSWER_SECONDS
        core.on_claim(LIAR, Height(HEIGHT_MAX))
    assert asked == [LIAR, HONEST, HONEST, HONEST]


def test_who_sends_bad_blocks_or_none_stands_back_even_after_a_new_link() -> None:
    core = CatchUp(Height(5), patience=0.0)
    core.on_claim(HONEST, Height(50))
    core.on_claim(LIAR, Height(60))
    ask = ask_of(core, 0.0)
    assert ask.peer == LIAR
    assert core.take_answer(LIAR, ask.request, 2)
    core.on_bad_answer(LIAR)
    core.on_link_down(LIAR)
    core.on_claim(LIAR, Height(60))
    assert ask_of(core, 0.1).peer == HONEST
    core.on_link_down(HONEST)
    assert ask_of(core, 0.2).peer == LIAR, "there is nobody else"
    empty = CatchUp(Height(5), patience=0.0)
    empty.on_claim(LIAR, Height(60))
    assert empty.take_answer(LIAR, ask_of(empty, 0.0).request, 0)
    assert empty.next_ask(0.0) is None, "it has not got what it claimed"


def test_late_answers_are_taken_or_a_slow_line_would_never_catch_up() -> None:
    core = CatchUp(Height(5), patience=0.0)
    core.on_claim(HONEST, Height(8))
    ask = ask_of(core, 0.0)
    assert core.next_ask(ANSWER_SECONDS) is None, "it seems to be gone"
    assert core.take_answer(HONEST, ask.request, 1)
    assert not core.take_answer(HONEST, ask.request, 1), "once"
    core.on_height(Height(6))
    again = ask_of(core, ANSWER_SECONDS + 1)
    assert (again.peer, again.first) == (HONEST, 7)
    core.on_link_down(HONEST)
    assert not core.take_answer(HONEST, again.request, 1)


def test_who_is_slow_is_not_asked_again_before_it_has_answered() -> None:
    """Else it would answer one question after the other too late."""
    core = CatchUp(Height(5), patience=0.0)
    core.on_claim(HONEST, Height(8))
    first = ask_of(core, 0.0)
    for now in (ANSWER_SECONDS, LATE_SECONDS - 1):
        core.on_claim(HONEST, Height(8))
        assert core.next_ask(now) is None
    core.on_claim(LIAR, Height(8))
    assert ask_of(core, LATE_SECONDS - 1).peer == LIAR
    core.on_claim(HONEST, Height(8))
    assert core.take_answer(HONEST, first.request, 1)
    forgotten = CatchUp(Height(5), patience=0.0)
    forgotten.on_claim(HONEST, Height(8))
    first = ask_of(forgotten, 0.0)
    assert forgotten.next_ask(ANSWER_SECONDS) is None
    forgotten.on_claim(HONEST, Height(8))
    assert ask_of(forgotten, LATE_SECONDS).request != first.request
    assert not forgotten.take_answer(HONEST, first.request, 1)


def test_claims_of_who_is_gone_do_not_count() -> None:
    core = CatchUp(Height(5), patience=0.0)
    core.on_claim(HONEST, Height(50))
    assert core.best_claim == 50
    core.on_link_down(HONEST)
    assert core.best_claim == 5
    assert core.next_ask(0.0) is None


def test_the_next_range_is_asked_for_while_one_is_taken_in() -> None:
    core = CatchUp(Height(5), patience=0.0)
    core.on_claim(HONEST, Height(500))
    first = ask_of(core, 0.0)
    assert core.take_answer(HONEST, first.request, 60) == first
    second = ask_of(core, 0.0)
    assert (second.first, second.count) == (66, BLOCKS_PER_REQUEST_MAX)
    assert core.take_answer(HONEST, second.request, 64)
    core.on_height(Height(37))
    core.on_bad_answer(HONEST)
    core.on_claim(HONEST, Height(500))
    assert ask_of(core, 1.0).first == 38, "what was taken for good before is asked for again"


def test_a_range_beyond_a_gap_does_not_count_as_come() -> None:
    core = CatchUp(Height(5), patience=0.0)
    core.on_claim(HONEST, Height(500))
    first = ask_of(core, 0.0)
    assert core.take_answer(HONEST, first.request, 64)
    second = ask_of(core, 0.0)
    core.on_broken()
    assert core.take_answer(HONEST, second.request, 64)
    assert ask_of(core, 0.0).first == 6


def test_a_short_chain_is_asked_for_once() -> None:
    core = CatchUp(Height(5), patience=0.3)
    core.on_claim(HONEST, Height(7))
    ask = ask_of(core, 0.0)
    assert ask.count == 2 and core.take_answer(HONEST, ask.request, 2)
    assert core.next_ask(0.1) is None
    core.on_height(Height(7))
    assert core.next_ask(9.0) is None


def gap_of(core: CatchUp) -> Height | None:
    """The block that nobody has."""
    return core.nobody_has


class TestLettingGo:
    """Nodes keep blocks as long as their operators decided; who has let go of one says so by an answer without any."""

    def ask_and_find_none(self, core: CatchUp, now: float) -> PublicKey:
        ask = ask_of(core, now)
        assert core.take_answer(ask.peer, ask.request, 0)
        return ask.peer

    def test_who_has_let_go_of_a_block_is_not_asked_for_it_again(self) -> None:
        core = CatchUp(Height(0), patience=0.0)
        core.on_own_claim(HONEST, Height(50))
        assert self.ask_and_find_none(core, 0.0) == HONEST
        for height in range(51, 60):
            core.on_own_claim(HONEST, Height(height))
            assert core.next_ask(float(height)) is None

    def test_an_archive_among_them_is_found_and_stays_the_first_to_be_asked(self) -> None:
        core = CatchUp(Height(0), patience=0.0)
        core.on_own_claim(LIAR, Height(200))
        core.on_own_claim(HONEST, Height(199))
        assert self.ask_and_find_none(core, 0.0) == LIAR
        assert gap_of(core) is None
        for height in range(64, 192, 64):
            core.on_own_claim(LIAR, Height(200))
            ask = ask_of(core, 1.0)
            assert ask.peer == HONEST and core.take_answer(HONEST, ask.request, ask.count)
            core.on_height(Height(height))

    def test_where_all_have_let_go_of_it_nobody_has_it(self) -> None:
        core = CatchUp(Height(0), patience=0.0)
        assert gap_of(core) is None
        for peer in (HONEST, LIAR):
            core.on_own_claim(peer, Height(50))
        self.ask_and_find_none(core, 0.0)
        assert gap_of(core) is None
        self.ask_and_find_none(core, 0.1)
        assert gap_of(core) == 1
        archive = make_key(3).public
        core.on_own_claim(archive, Height(51))
        assert gap_of(core) is None
        assert ask_of(core, 0.2).peer == archive

    def test_a_snapshot_or_a_new_link_ends_it(self) -> None:
        core = CatchUp(Height(0), patience=0.0)
        core.on_own_claim(HONEST, Height(50))
        self.ask_and_find_none(core, 0.0)
        core.on_height(Height(40))
        core.on_own_claim(HONEST, Height(51))
        assert gap_of(core) is None and ask_of(core, 0.1).first == 41
        again = CatchUp(Height(0), patience=0.0)
        again.on_own_claim(HONEST, Height(50))
        self.ask_and_find_none(again, 0.0)
        again.on_link_down(HONEST)
        assert gap_of(again) is None
        again.on_own_claim(HONEST, Height(50))
        assert ask_of(again, 0.1).first == 1

    def test_what_others_say_of_a_node_does_not_count_against_it(self) -> None:
        """A status that it passed on tells of a height that it may not have reached itself."""
        core = CatchUp(Height(5), patience=0.0)
        core.on_own_claim(HONEST, Height(5))
        core.on_claim(HONEST, Height(6))
        self.ask_and_find_none(core, 0.0)
        assert gap_of(core) is None
        core.on_own_claim(HONEST, Height(6))
        assert ask_of(core, 0.1).first == 6
