"""Nothing is paid twice and nothing forgotten, over any interleaving and any crash; and the chart's table."""

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chain.payment import compute_end_to_end_id
from payments.attempt import Attempt, Release, Report, Stage, Standing
from payments.book import Book
from payments.chart import handle, release
from payments.effects import Alarm, Ask, Effect, FindAccount, Send, Tell, Write
from payments.entries import decode_entry
from payments.inputs import (
    Accepted,
    AccountFound,
    AccountReplaced,
    Booked,
    CameBack,
    GaveUp,
    Input,
    NoAnswer,
    NotKnown,
    NotReported,
    NotSent,
    Rejected,
    Released,
    Resumed,
    Shown,
    Tick,
)
from tests.payments.model import CHAIN, NET, PAUSES, Order, World, make_release

FOUND = AccountFound(commitment=bytes(32), at_ms=5)
BOOKED = Booked(amount=NET, currency="IDR", reference="B-1", day="2026-11-25")
BACK = CameBack(amount=NET, currency="IDR", reference="R-1", code="AC01", reason="unknown account")
REJECTED = Rejected(code="AC04", reason="closed")


def lasting(attempt: Attempt) -> Attempt:
    """Without what does not outlive the process."""
    return replace(
        attempt,
        is_at_bank=False,
        is_at_ledger=False,
        tries=0,
        reports_refused=0,
        bank_from_ms=0,
        ledger_from_ms=0,
    )


class Paying(RuleBasedStateMachine):
    """A bank that carries out an id once; messages may arrive long after they were given up."""

    is_deduplicating = True

    def __init__(self) -> None:
        super().__init__()
        self.world = World(is_deduplicating=self.is_deduplicating)
        self.world.orders = {1: Order(), 2: Order()}
        self.world.accounts = {1}
        self.world.follow()

    @rule()
    def returned_orders_are_released_again(self) -> None:
        for order in self.world.orders.values():
            if order.standing is Standing.RETURNED:
                order.attempt, order.standing = order.attempt + 1, Standing.APPROVED

    @rule()
    def account_is_handed_over(self) -> None:
        self.world.accounts.add(2)

    @rule()
    def supplier_states_another_account(self) -> None:
        for id_ in list(self.world.book.open_ids):
            if any(sent == id_ and isinstance(effect, Send) for sent, effect in self.world.effects):
                self.world.effects.remove((id_, Send()))
                self.world.give(id_, AccountReplaced())

    @rule(faults=st.lists(st.sampled_from(["", "", "lost", "late"]), min_size=1, max_size=4))
    def effects_are_carried_out(self, faults: list[str]) -> None:
        self.world.follow()
        for fault in faults[: len(self.world.effects)]:
            self.world.carry_out(is_lost=fault == "lost", is_late=fault == "late" and self.is_deduplicating)

    @precondition(lambda self: self.world.to_bank)
    @rule(place=st.integers(0, 9))
    def late_message_arrives(self, place: int) -> None:
        self.world.bank.receive(self.world.to_bank.pop(place % len(self.world.to_bank)))

    @precondition(lambda self: self.world.bank.pending)
    @rule(is_rejected=st.booleans())
    def bank_decides(self, is_rejected: bool) -> None:
        bank = self.world.bank
        (bank.reject if is_rejected else bank.book)(bank.pending[0])

    @rule()
    def money_comes_back(self) -> None:
        bank = self.world.bank
        for id_ in sorted(set(bank.booked) - bank.returned)[:1]:
            bank.bring_back(id_)

    @precondition(lambda self: self.world.bank.notifications)
    @rule(place=st.integers(0, 99))
    def any_notification_arrives_perhaps_again(self, place: int) -> None:
        notifications = self.world.bank.notifications
        self.world.give(*notifications[place % len(notifications)])

    @rule()
    def time_passes(self) -> None:
        self.world.tick()

    @rule()
    def gateway_crashes(self) -> None:
        self.world.crash()

    @invariant()
    def nothing_is_booked_twice(self) -> None:
        bank = self.world.bank
        assert all(count == 1 for count in bank.booked.values()), bank.booked
        for number, order in self.world.orders.items():
            ids = [compute_end_to_end_id(CHAIN, number, attempt) for attempt in range(1, order.attempt + 1)]
            assert len([id_ for id_ in ids if id_ in bank.booked and id_ not in bank.returned]) <= 1

    @invariant()
    def ledger_shows_only_what_the_bank_did(self) -> None:
        bank = self.world.bank
        for number, order in self.world.orders.items():
            id_ = compute_end_to_end_id(CHAIN, number, order.attempt)
            if order.standing is Standing.SETTLED:
                assert bank.booked[id_] == 1
            if order.standing is Standing.RETURNED:
                assert id_ in bank.rejected or id_ in bank.returned

    @invariant()
    def replay_gives_the_same_book(self) -> None:
        before = self.world.book
        replayed = Book(CHAIN, PAUSES)
        for raw in self.world.journal:
            replayed.apply(decode_entry(raw))
        assert [lasting(one) for one in replayed.attempts.values()] == [
            lasting(one) for one in before.attempts.values()
        ]

    def teardown(self) -> None:
        """Without further faults everything comes to its end, and the ledger shows it."""
        self.world.settle()
        for number, order in self.world.orders.items():
            id_ = compute_end_to_end_id(CHAIN, number, order.attempt)
            is_back = id_ in self.world.bank.rejected or id_ in self.world.bank.returned
            assert order.standing is (Standing.RETURNED if is_back else Standing.SETTLED), id_
            assert is_back or self.world.bank.booked[id_] == 1
        assert not self.world.book.open_ids
        self.nothing_is_booked_twice()


class PayingABankThatForgets(Paying):
    """A bank that would carry out an id twice: the question alone keeps it from that, while nothing arrives late."""

    is_deduplicating = False


TestPaying = Paying.TestCase
TestPaying.settings = settings(max_examples=80, stateful_step_count=60, deadline=None)
TestPayingABankThatForgets = PayingABankThatForgets.TestCase
TestPayingABankThatForgets.settings = settings(max_examples=80, stateful_step_count=60, deadline=None)


def run(
    *given: Input, released: Release | None = None, standing: Standing = Standing.APPROVED
) -> tuple[Attempt, tuple[Effect, ...]]:
    """The attempt after these inputs, and the effects of the last one."""
    attempt, effects = release(Released(release=released or make_release(), standing=standing, at_ms=1))
    for one in given:
        attempt, effects = handle(attempt, one, PAUSES)
    return attempt, effects


def kinds(*given: Input) -> list[str]:
    """The names of the effects of the last of these inputs."""
    return [type(one).__name__ for one in run(*given)[1]]


ACCEPTED = (FOUND, NotKnown(), Accepted())
PAID = (*ACCEPTED, BOOKED)
OVERDUE = Tick(now_ms=PAUSES.account_ms + 2)
REFUSED_TWICE = (
    *ACCEPTED,
    NotReported(why="full", now_ms=10),
    Tick(now_ms=20),
    NotReported(why="full", now_ms=20),
)
IN_DOUBT = (FOUND, NotKnown(), NoAnswer(why="closed", now_ms=10))


@pytest.mark.parametrize(
    ("given", "stage", "effects"),
    [
        ((), Stage.WAITING, ["Write", "FindAccount"]),
        ((Tick(now_ms=1),), Stage.WAITING, ["FindAccount"]),
        ((FOUND,), Stage.INTENDED, ["Write", "Ask"]),
        ((FOUND, NotKnown()), Stage.INTENDED, ["Send"]),
        (IN_DOUBT, Stage.INTENDED, ["Alarm"]),
        ((*IN_DOUBT, Tick(now_ms=19)), Stage.INTENDED, []),
        ((*IN_DOUBT, Tick(now_ms=20)), Stage.INTENDED, ["Ask"]),
        ((*IN_DOUBT, Tick(now_ms=20), Tick(now_ms=99)), Stage.INTENDED, []),
        ((FOUND, Resumed(), Tick(now_ms=1)), Stage.INTENDED, ["Ask"]),
        ((FOUND, NotKnown(), Resumed(), Tick(now_ms=1)), Stage.INTENDED, ["Ask"]),
        (ACCEPTED, Stage.ACCEPTED, ["Write", "Tell"]),
        ((*ACCEPTED, Accepted()), Stage.ACCEPTED, []),
        ((*ACCEPTED, NotKnown()), Stage.ACCEPTED, ["Alarm"]),
        ((*ACCEPTED, NotReported(why="gone", now_ms=10), Tick(now_ms=19)), Stage.ACCEPTED, ["Ask"]),
        ((*ACCEPTED, NotReported(why="gone", now_ms=10), Tick(now_ms=20)), Stage.ACCEPTED, ["Ask", "Tell"]),
        ((*REFUSED_TWICE, Tick(now_ms=39)), Stage.ACCEPTED, []),
        ((*REFUSED_TWICE, Tick(now_ms=40)), Stage.ACCEPTED, ["Tell"]),
        ((*ACCEPTED, Shown(standing=Standing.SENT)), Stage.ACCEPTED, ["Write"]),
        ((FOUND, NotKnown(), REJECTED), Stage.REJECTED, ["Write", "Tell"]),
        ((*ACCEPTED, REJECTED), Stage.REJECTED, ["Write"]),  # the report of its sending is under way
        ((*ACCEPTED, Shown(standing=Standing.SENT), REJECTED), Stage.REJECTED, ["Write", "Tell"]),
        ((FOUND, NotKnown(), Rejected(code="DUPL", reason="")), Stage.INTENDED, ["Alarm"]),
        ((FOUND, BOOKED), Stage.PAID, ["Write", "Tell"]),
        (PAID, Stage.PAID, ["Write"]),
        ((*PAID, Shown(standing=Standing.SENT)), Stage.PAID, ["Write", "Tell"]),
        ((*PAID, BOOKED), Stage.PAID, []),
        ((*PAID, replace(BOOKED, reference="B-2")), Stage.PAID, ["Alarm"]),
        ((*PAID, REJECTED), Stage.PAID, ["Alarm"]),
        ((*ACCEPTED, replace(BOOKED, amount=NET + 1)), Stage.ACCEPTED, ["Alarm"]),
        ((*ACCEPTED, replace(BOOKED, currency="EUR")), Stage.ACCEPTED, ["Alarm"]),
        ((FOUND, NotKnown(), REJECTED, BOOKED), Stage.PAID, ["Write", "Alarm"]),
        ((FOUND, NotKnown(), REJECTED, Accepted()), Stage.REJECTED, ["Alarm"]),
        ((BOOKED,), Stage.PAID, ["Write", "Alarm", "Tell"]),  # by a gateway whose journal is lost
        ((replace(BOOKED, amount=1),), Stage.WAITING, ["Alarm"]),
        ((*PAID, BACK), Stage.RETURNED, ["Write"]),
        ((*PAID, Shown(standing=Standing.SETTLED), BACK), Stage.RETURNED, ["Write", "Tell"]),
        ((*PAID, BACK, BACK), Stage.RETURNED, []),
        ((*PAID, BACK, replace(BACK, reference="R-2")), Stage.RETURNED, ["Alarm"]),
        ((*PAID, replace(BACK, amount=1)), Stage.PAID, ["Alarm"]),
        ((*ACCEPTED, BACK, BOOKED), Stage.RETURNED, ["Write"]),
        ((BACK,), Stage.WAITING, ["Alarm"]),
        ((OVERDUE,), Stage.WAITING, ["Ask"]),
        ((OVERDUE, OVERDUE), Stage.WAITING, []),
        ((OVERDUE, NotKnown()), Stage.REFUSED, ["Write", "Alarm", "Tell"]),
        ((OVERDUE, Accepted()), Stage.ACCEPTED, ["Write", "Tell"]),
        ((OVERDUE, REJECTED), Stage.REJECTED, ["Write", "Tell"]),
        ((OVERDUE, FOUND), Stage.INTENDED, ["Write"]),
        ((OVERDUE, FOUND, NotKnown()), Stage.INTENDED, ["Send"]),
        ((OVERDUE, NotKnown(), BOOKED), Stage.PAID, ["Write", "Alarm"]),
        (
            (FOUND, NotKnown(), GaveUp(code="DUPL", reason="booked")),
            Stage.REFUSED,
            ["Write", "Alarm", "Tell"],
        ),
        ((*ACCEPTED, GaveUp(code="DUPL", reason="booked")), Stage.ACCEPTED, []),
        ((FOUND, NotKnown(), NotSent(why="one node alone", now_ms=10)), Stage.INTENDED, ["Alarm"]),
        ((FOUND, NotKnown(), AccountReplaced()), Stage.WAITING, ["Write", "FindAccount"]),
        ((FOUND, NotKnown(), AccountReplaced(), FOUND), Stage.INTENDED, ["Write", "Ask"]),
        ((*ACCEPTED, AccountReplaced()), Stage.ACCEPTED, []),
    ],
)
def test_table(given: tuple[Input, ...], stage: Stage, effects: list[str]) -> None:
    assert run(*given)[0].stage is stage
    assert kinds(*given) == effects


def test_reports_say_what_happened() -> None:
    told = Tell(report=Report.RETURNED)
    assert run(FOUND, NotKnown(), REJECTED)[1] == (Write(fact=REJECTED), told)
    assert run(*PAID, Shown(standing=Standing.SETTLED), BACK)[1] == (Write(fact=BACK), told)
    assert run(FOUND, BOOKED)[1][-1] == Tell(report=Report.SETTLED)
    assert run(*ACCEPTED)[1][-1] == Tell(report=Report.SENT)


def test_over_when_the_ledger_shows_it() -> None:
    assert not run(*PAID)[0].is_over
    assert run(*PAID, Shown(standing=Standing.SETTLED))[0].is_over
    assert run(FOUND, NotKnown(), REJECTED, Shown(standing=Standing.RETURNED))[0].is_over
    assert run(FOUND, NotKnown(), REJECTED, Shown(standing=Standing.OVER))[0].is_over


@pytest.mark.parametrize(
    "released",
    [make_release(net=901), make_release(currency="XTS"), make_release(gross=10**18 + 100, net=10**18)],
)
def test_misfits_go_back_without_the_bank(released: Release) -> None:
    attempt, effects = run(released=released)
    assert attempt.stage is Stage.REFUSED
    assert [type(one) for one in effects] == [Write, Alarm, Tell]


def test_what_the_ledger_shows_as_sent_is_never_sent_again() -> None:
    attempt, effects = run(standing=Standing.SENT)
    assert attempt.stage is Stage.INTENDED and effects[1:] == (Ask(),)
    attempt, effects = run(NotKnown(), standing=Standing.SENT)
    assert attempt.stage is Stage.INTENDED and [type(one) for one in effects] == [Alarm]
    assert run(Accepted(), standing=Standing.SENT)[0].stage is Stage.ACCEPTED


def test_what_went_back_without_the_bank_is_over() -> None:
    attempt, effects = run(NotKnown(), standing=Standing.RETURNED)
    assert attempt.stage is Stage.REFUSED and attempt.is_over
    assert [type(one) for one in effects] == [Write]
    assert run(Accepted(), BOOKED, standing=Standing.OVER)[0].stage is Stage.PAID


def test_a_second_attempt_waits_for_the_money_of_the_first_to_come_back() -> None:
    book = Book(CHAIN, PAUSES)
    first, second = make_release(1, 1), make_release(1, 2)
    book.release(first, Standing.APPROVED, 1)
    for given in (FOUND, NotKnown(), REJECTED, BOOKED):
        book.give(first.end_to_end_id, given)
    effects = book.release(second, Standing.APPROVED, 2)
    assert book.attempts[second.end_to_end_id].code == "DUPL"
    assert [type(one) for one in effects] == [Write, Alarm, Tell]
    book.give(first.end_to_end_id, BACK)
    third = make_release(1, 3)
    assert book.release(third, Standing.APPROVED, 3)[1:] == (FindAccount(),)


def test_send_stands_in_one_place() -> None:
    book = Book(CHAIN, PAUSES)
    released = make_release()
    book.release(released, Standing.APPROVED, 1)
    sends = [
        one
        for given in (FOUND, NoAnswer(why="", now_ms=1), Resumed(), Tick(now_ms=10**6), Accepted(), Resumed())
        for one in book.give(released.end_to_end_id, given)
        if isinstance(one, Send)
    ]
    assert sends == []
