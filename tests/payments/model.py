"""A ledger, a bank and a gateway in one step after the other: real chart, book and entries; every message can be lost,
come late or come twice, and the gateway can stop between any two effects.
"""

from collections import Counter, deque
from dataclasses import dataclass, field

from chain.keys import Address
from chain.payment import compute_end_to_end_id
from payments.attempt import Attempt, Pauses, Release, Report, Standing
from payments.book import Book
from payments.effects import Alarm, Ask, Effect, FindAccount, Send, Tell, Write
from payments.entries import OfAttempt, decode_entry, encode_entry
from payments.inputs import (
    Accepted,
    AccountFound,
    Booked,
    CameBack,
    Input,
    NoAnswer,
    NotKnown,
    NotReported,
    Rejected,
    Shown,
    Tick,
)

CHAIN = "terang-uji"
NET = 900
PAUSES = Pauses(again_ms=10, again_max_ms=40, status_ms=20, account_ms=10**9)


def make_release(order: int = 1, attempt: int = 1, **changes: object) -> Release:
    """An order of 900 rupiah net, but for `changes`."""
    usual: dict[str, object] = {
        "order": order,
        "attempt": attempt,
        "end_to_end_id": compute_end_to_end_id(CHAIN, order, attempt),
        "agency": "barat",
        "supplier": Address(bytes(20)),
        "currency": "IDR",
        "gross": 1_000,
        "penalty": 10,
        "deductions": 20,
        "tax": 70,
        "net": NET,
    }
    return Release(**(usual | changes))  # type: ignore[arg-type]  # the test's own table


@dataclass
class ModelBank:
    """Carries out what reaches it; only if `is_deduplicating` each id once."""

    is_deduplicating: bool
    pending: list[str] = field(default_factory=list)
    rejected: set[str] = field(default_factory=set)
    booked: Counter[str] = field(default_factory=Counter)
    returned: set[str] = field(default_factory=set)
    notifications: list[tuple[str, Input]] = field(default_factory=list)

    def knows(self, id_: str) -> bool:
        """Whether a question by this id finds something."""
        return id_ in self.pending or id_ in self.rejected or id_ in self.booked

    def receive(self, id_: str) -> None:
        """A payment message."""
        if not (self.is_deduplicating and self.knows(id_)):
            self.pending.append(id_)

    def answer(self, id_: str) -> Input:
        """The status by id."""
        if not self.knows(id_):
            return NotKnown()
        return Rejected(code="AC04", reason="closed") if id_ in self.rejected else Accepted()

    def book(self, id_: str) -> None:
        """The money goes."""
        self.pending.remove(id_)
        self.booked[id_] += 1
        reference = f"{id_[:8]}-{self.booked[id_]}"
        self.notifications.append(
            (id_, Booked(amount=NET, currency="IDR", reference=reference, day="2026-11-25"))
        )

    def reject(self, id_: str) -> None:
        """It is not carried out."""
        self.pending.remove(id_)
        self.rejected.add(id_)

    def bring_back(self, id_: str) -> None:
        """The money comes back."""
        self.returned.add(id_)
        came = CameBack(amount=NET, currency="IDR", reference=f"R-{id_[:8]}", code="AC01", reason="unknown")
        self.notifications.append((id_, came))


@dataclass
class Order:
    """An order on the ledger, by the payment contract's rules."""

    attempt: int = 1
    standing: Standing = Standing.APPROVED

    def take(self, attempt: int, report: Report) -> None:
        """A report; what the contract refuses leaves no trace."""
        if attempt != self.attempt:
            return
        allowed = {
            Report.SENT: (Standing.APPROVED,),
            Report.SETTLED: (Standing.APPROVED, Standing.SENT),
            Report.RETURNED: (Standing.APPROVED, Standing.SENT, Standing.SETTLED),
        }
        if self.standing in allowed[report]:
            self.standing = Standing[report.name]

    def show(self, attempt: int) -> Standing:
        """What it shows of an attempt."""
        return self.standing if attempt == self.attempt else Standing.OVER


class World:
    """All three, and what is on its way between them."""

    def __init__(self, *, is_deduplicating: bool) -> None:
        self.bank = ModelBank(is_deduplicating)
        self.orders: dict[int, Order] = {}
        self.accounts: set[int] = set()
        self.journal: list[bytes] = []
        self.effects: deque[tuple[str, Effect]] = deque()
        self.to_bank: list[str] = []
        self.now_ms = 1
        self.alarms: list[str] = []
        self.book = Book(CHAIN, PAUSES)

    # --- The gateway --------------------------------------------------------------------------------------------

    def follow(self) -> None:
        """Reads the ledger as the gateway does."""
        for number, order in self.orders.items():
            released = make_release(number, order.attempt)
            if order.standing in (Standing.APPROVED, Standing.SENT):
                self._queue(released.end_to_end_id, self.book.release(released, order.standing, self.now_ms))

    def give(self, id_: str, given: Input) -> None:
        """An input reaches the gateway, if it knows the attempt."""
        if id_ in self.book.attempts:
            self._queue(id_, self.book.give(id_, given))

    def tick(self) -> None:
        """Time passes."""
        self.now_ms += 100
        for id_ in list(self.book.open_ids):
            self.give(id_, Tick(now_ms=self.now_ms))

    def crash(self) -> None:
        """All that is not in the journal is gone."""
        self.effects.clear()
        self.book = Book(CHAIN, PAUSES)
        for raw in self.journal:
            self.book.apply(decode_entry(raw))
        self.book.resume()

    def _queue(self, id_: str, effects: tuple[Effect, ...]) -> None:
        """As the shell: what is to be written is written before anything else happens."""
        for effect in effects:
            if isinstance(effect, Write):
                self.journal.append(encode_entry(OfAttempt(end_to_end_id=id_, fact=effect.fact)))
            else:
                self.effects.append((id_, effect))

    # --- What is carried out ------------------------------------------------------------------------------------

    def carry_out(self, *, is_lost: bool = False, is_late: bool = False) -> None:
        """The next effect; `is_lost`: its answer; `is_late`: the message arrives when it has been given up."""
        id_, effect = self.effects.popleft()
        attempt = self.book.attempts[id_]
        match effect:
            case Alarm():
                self.alarms.append(effect.text)
            case FindAccount():
                if attempt.release.order in self.accounts:
                    self.give(id_, AccountFound(commitment=bytes(32), at_ms=self.now_ms))
            case Ask():
                self.give(id_, self._lost() if is_lost else self.bank.answer(id_))
            case Send():
                if is_late:
                    self.to_bank.append(id_)
                else:
                    self.bank.receive(id_)
                self.give(id_, self._lost() if is_lost or is_late else self.bank.answer(id_))
            case Tell():
                self._tell(id_, attempt, effect.report, is_lost=is_lost)

    def _tell(self, id_: str, attempt: Attempt, report: Report, *, is_lost: bool) -> None:
        order = self.orders[attempt.release.order]
        order.take(attempt.release.attempt, report)
        shown = Shown(standing=order.show(attempt.release.attempt))
        self.give(id_, NotReported(why="lost", now_ms=self.now_ms) if is_lost else shown)

    def _lost(self) -> NoAnswer:
        return NoAnswer(why="lost", now_ms=self.now_ms)

    # --- To the end ---------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """No more faults: everybody does what is due until nothing is."""
        self.accounts |= set(self.orders)
        for id_ in self.to_bank:
            self.bank.receive(id_)
        for _ in range(40):
            self.follow()
            self.tick()
            while self.effects:
                self.carry_out()
            for id_ in list(self.bank.pending):
                self.bank.book(id_)
            for id_, given in self.bank.notifications:
                self.give(id_, given)
