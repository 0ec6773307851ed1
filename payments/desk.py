"""The gateway's desk: the book, its journal, and what is to be done next. Owned by one loop.

Whoever learned something gives it here. The chart says what follows; a fact is written first, and what comes after it
is put out as an errand only when the journal has it. An attempt never has two errands of one kind.
"""

from collections.abc import Callable

import structlog
import trio

from payments.alarms import Alarms
from payments.attempt import Attempt, Release, Stage, Standing
from payments.book import Book
from payments.effects import Alarm, Ask, Effect, FindAccount, Send, Tell, Write
from payments.entries import Fetched, Followed, OfAttempt, Reconciled
from payments.inputs import Input, NoAnswer, NotReported, NotSent, Tick
from payments.journal import Journal

log = structlog.get_logger("gateway")
FOLLOWED_EVERY = 500
"""Blocks without anything of ours between two notes of how far was read: reading them again costs seconds."""
Errand = Ask | Send | FindAccount | Tell
_PASSING = (NoAnswer, NotSent, NotReported)


class Errands:
    """What waits to be done, in order, each once."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, type[Errand]], Errand] = {}
        self._idle = trio.Event()

    def put(self, id_: str, errand: Errand) -> None:
        """Behind the others; in the place of one of its kind for this attempt."""
        self._waiting[id_, type(errand)] = errand
        self._idle.set()

    async def take(self) -> tuple[str, Errand]:
        """The first, as soon as there is one."""
        while not self._waiting:
            self._idle = trio.Event() if self._idle.is_set() else self._idle
            await self._idle.wait()
        id_, kind = next(iter(self._waiting))
        return id_, self._waiting.pop((id_, kind))

    def take_more(self, count: int) -> list[tuple[str, Errand]]:
        """Up to so many that wait already."""
        keys = list(self._waiting)[:count]
        return [(key[0], self._waiting.pop(key)) for key in keys]


class Desk:
    """See the module."""

    def __init__(self, book: Book, journal: Journal, alarms: Alarms, now_ms: Callable[[], int]) -> None:
        self.book = book
        self.alarms = alarms
        self.now_ms = now_ms
        self.to_bank = Errands()
        self.to_ledger = Errands()
        self._journal = journal
        self._height_written = book.height

    # --- What is learned ----------------------------------------------------------------------------------------

    def release(self, released: Release, standing: Standing) -> None:
        """An order that the ledger shows as released."""
        if released.end_to_end_id not in self.book.attempts:
            self._carry_out(released.end_to_end_id, self.book.release(released, standing, self.now_ms()))

    def give(self, id_: str, given: Input) -> Attempt:
        """An input to an attempt; what it is then."""
        is_passing = isinstance(given, _PASSING)
        if not is_passing and not isinstance(given, Tick):
            self.alarms.end_trouble(id_)
        self._carry_out(id_, self.book.give(id_, given), is_passing=is_passing)
        return self.book.attempts[id_]

    def tick(self) -> None:
        """Time passes for all that is open."""
        for id_ in list(self.book.open_ids):
            self.give(id_, Tick(now_ms=self.now_ms()))

    def find_accounts_of(self, supplier: bytes) -> None:
        """An account was stated or handed over: whoever waits for it is looked after now."""
        for id_ in self.book.open_ids:
            attempt = self.book.attempts[id_]
            if attempt.stage is Stage.WAITING and attempt.release.supplier == supplier:
                self.to_bank.put(id_, FindAccount())

    def on_followed(self, height: int, *, is_ours: bool) -> None:
        """All blocks up to this height were read; `is_ours`: the last had something for us."""
        self.book.height = height
        if is_ours or height - self._height_written >= FOLLOWED_EVERY:
            self.note_height()

    def note_height(self) -> None:
        """Writes how far was read, if it is not written already."""
        if self.book.height != self._height_written:
            self._journal.append(Followed(height=self.book.height))
            self._height_written = self.book.height

    def on_fetched(self, number: int) -> None:
        """All notifications of the bank up to this number were read."""
        self.book.notification = number
        self._journal.append(Fetched(number=number))

    def on_reconciled(self, day: str) -> None:
        """The statements of all days up to this one were compared."""
        self.book.reconciled_day = day
        self._journal.append(Reconciled(day=day))

    def copy_attempts(self) -> dict[str, Attempt]:
        """All attempts as they are now, in the order of their release; for other threads too."""
        return dict(self.book.attempts)

    # --- What follows -------------------------------------------------------------------------------------------

    def _carry_out(self, id_: str, effects: tuple[Effect, ...], *, is_passing: bool = False) -> None:
        for effect in effects:
            match effect:
                case Write():
                    self._journal.append(OfAttempt(end_to_end_id=id_, fact=effect.fact))
                    attempt = self.book.attempts[id_]
                    log.info(
                        "recorded",
                        fact=type(effect.fact).__name__,
                        order=attempt.release.order,
                        attempt=attempt.release.attempt,
                        stage=attempt.stage.name,
                        ledger=attempt.standing.name,
                    )
                case Alarm() if is_passing:
                    self.alarms.raise_trouble(id_, effect.text, self.now_ms(), id_)
                case Alarm():
                    self.alarms.raise_alarm(effect.text, self.now_ms(), id_)
                case Tell():
                    self.to_ledger.put(id_, effect)
                case Ask() | Send() | FindAccount():
                    self.to_bank.put(id_, effect)
