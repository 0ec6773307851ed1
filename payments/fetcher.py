"""Fetches what the bank tells: its notifications one after the other, and the statement of each day.

A day's statement is compared when the day is over. It is asked for early, for what there is of it, at each start, when
an entry contradicts and while notifications cannot be read: a statement also settles what those did not.
"""

import trio

from payments.bank_days import compute_day, next_day, previous_day
from payments.counter import Counter, Unanswered
from payments.desk import Desk
from payments.follower import TROUBLE as LEDGER_TROUBLE
from payments.follower import Follower
from payments.messages import Line
from payments.nodes import FAILED
from payments.reconciliation import find_differences, read_line

TROUBLE = "bank"
EARLY_S = 10.0
"""So long between two early looks at the day under way."""


class Fetcher:
    """See the module."""

    def __init__(
        self, desk: Desk, follower: Follower, counter: Counter, *, poll_s: float, utc_offset_minutes: int
    ) -> None:
        self._desk = desk
        self._follower = follower
        self._counter = counter
        self._poll_s = poll_s
        self._utc_offset_minutes = utc_offset_minutes
        self._is_doubtful = True
        self._is_numbering_known = False
        self._early_from = 0.0

    async def run(self) -> None:
        """For ever; a bank that is away is waited for. First all orders of the ledger must be known."""
        await self._follower.is_swept.wait()
        while True:
            try:
                await self._take_turn()
            except Unanswered as error:
                self._desk.alarms.raise_trouble(TROUBLE, str(error), self._desk.now_ms())
            except FAILED as error:
                self._desk.alarms.raise_trouble(LEDGER_TROUBLE, str(error), self._desk.now_ms())
            else:
                self._desk.alarms.end_trouble(TROUBLE)
            await trio.sleep(self._poll_s)

    async def _take_turn(self) -> None:
        unread: Unanswered | None = None
        try:
            await self._check_numbering()
            await self._fetch_notifications()
        except Unanswered as error:
            unread, self._is_doubtful = error, True
        await self._reconcile()
        if self._is_doubtful and trio.current_time() >= self._early_from:
            self._early_from = trio.current_time() + EARLY_S
            self._is_doubtful = False
            for day in (previous_day(self._today()), self._today()):
                await self._compare(day)
        if unread is not None:
            raise unread

    async def _check_numbering(self) -> None:
        """Once after a start: a bank that numbers anew would be waited for in vain."""
        number = self._desk.book.notification
        if number and not self._is_numbering_known and await self._counter.fetch_notification(number) is None:
            self._desk.alarms.raise_alarm(
                f"the bank does not know its notification {number}, which was read here: it numbers anew, and only its "
                "statements tell what it books",
                self._desk.now_ms(),
            )
        self._is_numbering_known = True

    async def _fetch_notifications(self) -> None:
        while True:
            number = self._desk.book.notification + 1
            notification = await self._counter.fetch_notification(number)
            if notification is None:
                self._follower.is_bank_read = True
                return
            for line in notification.lines:
                self._is_doubtful |= await self._take(line)
            self._desk.on_fetched(number)

    async def _reconcile(self) -> None:
        """All days that are over and were not compared yet."""
        last = previous_day(self._today())
        if not self._desk.book.reconciled_day:
            self._desk.on_reconciled(previous_day(last))
        while self._desk.book.reconciled_day < last:
            day = next_day(self._desk.book.reconciled_day)
            await self._compare(day)
            self._desk.on_reconciled(day)

    async def _compare(self, day: str) -> None:
        statement = await self._counter.fetch_statement(day)
        for line in statement.lines:
            await self._take(line)
        for text in find_differences(statement, self._desk.book.attempts):
            self._desk.alarms.raise_alarm(text, self._desk.now_ms())

    async def _take(self, line: Line) -> bool:
        """Gives an entry to its attempt; whether it raised an alarm, or belongs to none."""
        id_ = line.end_to_end_id
        if id_ not in self._desk.book.attempts and not await self._follower.adopt(line):
            return True
        before = self._desk.alarms.raised
        self._desk.give(id_, read_line(line))
        return self._desk.alarms.raised > before

    def _today(self) -> str:
        return compute_day(self._desk.now_ms(), self._utc_offset_minutes)
