"""Carries out what an attempt wants of the bank: find its account, ask for it, send it.

Several run at once, so that an answer that does not come holds up nothing else; the chart sees to it that one attempt is
never in two hands. Before a payment leaves, a quorum of nodes confirms the order and the account, and no entry has come
meanwhile that says that it, or an earlier attempt of its order, is booked.
"""

from chain.payment import BankAccount
from machine.faults import Damaged
from payments.accounts import Accounts
from payments.attempt import Attempt, Stage
from payments.bank_days import compute_day
from payments.counter import Counter, Unanswered
from payments.desk import Desk
from payments.effects import Ask, FindAccount, Send
from payments.inputs import (
    Accepted,
    AccountFound,
    AccountReplaced,
    GaveUp,
    Input,
    NoAnswer,
    NotKnown,
    NotSent,
    Rejected,
)
from payments.ledger import Ledger
from payments.messages import Party, Payment, Status
from payments.nodes import FAILED
from payments.spoken import hide_numbers

CLERKS = 4
_ACCEPTED = frozenset({"ACTC", "ACCP", "ACFC", "ACSP", "ACWC", "ACWP", "ACSC", "ACCC", "PDNG", "RCVD"})
"""Statuses of a payment that the bank has and has not refused (ExternalPaymentTransactionStatus1Code)."""
_REJECTED = frozenset({"RJCT", "CANC"})
_NOT_NOW = (*FAILED, Damaged)
_REMITTANCE_CHARACTERS = 140


class Clerk:
    """See the module."""

    def __init__(
        self,
        desk: Desk,
        ledger: Ledger,
        accounts: Accounts,
        counter: Counter,
        *,
        debtor: Party,
        utc_offset_minutes: int,
    ) -> None:
        self._desk = desk
        self._ledger = ledger
        self._accounts = accounts
        self._counter = counter
        self._debtor = debtor
        self._utc_offset_minutes = utc_offset_minutes

    async def run(self) -> None:
        """Takes one errand after the other, for ever."""
        while True:
            id_, errand = await self._desk.to_bank.take()
            match errand:
                case FindAccount():
                    await self._find_account(id_)
                case Ask():
                    self._desk.give(id_, await self._ask(id_))
                case Send():
                    answer = await self._send(id_)
                    if answer is not None:
                        self._desk.give(id_, answer)
                case _:
                    raise AssertionError(f"{errand} is not for the bank")

    async def _find_account(self, id_: str) -> None:
        attempt = self._desk.book.attempts[id_]
        if attempt.stage is not Stage.WAITING:
            return
        supplier = attempt.release.supplier
        try:
            commitment = await self._ledger.agreed_commitment(supplier, self._desk.book.height)
            found = commitment and self._accounts.find(supplier, commitment)
        except _NOT_NOW as error:
            self._desk.give(id_, NotSent(why=str(error), now_ms=self._desk.now_ms()))
            return
        if found:
            self._desk.give(id_, AccountFound(commitment=commitment, at_ms=self._desk.now_ms()))

    async def _ask(self, id_: str) -> Input:
        try:
            status = await self._counter.ask(id_)
            return NotKnown() if status is None else read_status(status)
        except Unanswered as error:
            return NoAnswer(why=str(error), now_ms=self._desk.now_ms())

    async def _send(self, id_: str) -> Input | None:
        """None: while it waited for its turn, an entry said what became of it."""
        attempt = self._desk.book.attempts[id_]
        supplier, height = attempt.release.supplier, self._desk.book.height
        try:
            why = await self._ledger.find_objection(attempt, height)
            is_replaced = attempt.commitment != await self._ledger.agreed_commitment(supplier, height)
            account = self._accounts.find(supplier, attempt.commitment)
        except _NOT_NOW as error:
            return NotSent(why=str(error), now_ms=self._desk.now_ms())
        if why:
            return NotSent(why=why, now_ms=self._desk.now_ms())
        if self._desk.book.attempts[id_].stage is not Stage.INTENDED:
            return None
        earlier = self._desk.book.find_earlier(attempt.release)
        if earlier:
            return GaveUp(code="DUPL", reason=earlier)
        if is_replaced or account is None:
            return AccountReplaced()
        try:
            return read_status(await self._counter.pay(self._payment_of(attempt, account)))
        except Unanswered as error:
            return NoAnswer(why=str(error), now_ms=self._desk.now_ms())

    def _payment_of(self, attempt: Attempt, account: BankAccount) -> Payment:
        """The same bytes whenever it is sent, so that a bank can tell it from another payment."""
        return make_payment(attempt, account, self._debtor, self._utc_offset_minutes)


def read_status(status: Status) -> Input:
    """What a pain.002 means for its attempt. Raises `Unanswered` for a status that is not known here."""
    if status.status in _REJECTED:
        return Rejected(code=status.code or "NARR", reason=hide_numbers(status.reason))
    if status.status in _ACCEPTED:
        return Accepted()
    raise Unanswered(f"status {status.status} means nothing here")


def make_payment(attempt: Attempt, account: BankAccount, debtor: Party, utc_offset_minutes: int) -> Payment:
    """The message of an attempt that has found its account."""
    released = attempt.release
    return Payment(
        message_id=released.end_to_end_id,
        created_ms=attempt.intended_ms,
        day=compute_day(attempt.intended_ms, utc_offset_minutes),
        end_to_end_id=released.end_to_end_id,
        debtor=debtor,
        creditor=Party(name=account.holder, bank=account.bank, number=account.number),
        amount=released.net,
        currency=released.currency,
        text=f"SPM {released.order}/{released.attempt} {released.agency}"[:_REMITTANCE_CHARACTERS],
    )
