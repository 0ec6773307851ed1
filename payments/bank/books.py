"""The bank's books: accounts, payments, and movements whose postings sum to zero; on disk before anybody is told.

SQLite, one transaction for each payment with all that follows from it: the payment under its end-to-end id, its two
postings, and the notification. So after a kill all of it is there or nothing, and an id is never carried out twice.
Money comes into the bank from an account of its own that is below zero by as much. Accounts at other banks are kept
here too, as if all banks had their books in this one.
"""

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from payments import bank_days
from payments.bank.switches import Kind, Switch, is_closed
from payments.iso20022 import encode_notification
from payments.messages import Line, Notification, Party, Payment, Statement, Status

BANK = "TRNGIDJA"
"""The sandbox bank's own BIC."""
VAULT = Party(name="Terang Sandbox Bank", bank=BANK, number="0")
_UTC_OFFSET_MINUTES = 7 * 60
_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    bank TEXT, number TEXT, currency TEXT, name TEXT NOT NULL, is_customer INTEGER NOT NULL,
    PRIMARY KEY (bank, number, currency));
CREATE TABLE IF NOT EXISTS payments (
    end_to_end_id TEXT PRIMARY KEY, message_id TEXT NOT NULL, received_ms INTEGER NOT NULL, state TEXT NOT NULL,
    debtor TEXT NOT NULL, bank TEXT NOT NULL, number TEXT NOT NULL, name TEXT NOT NULL, amount INTEGER NOT NULL,
    currency TEXT NOT NULL, text TEXT NOT NULL, code TEXT NOT NULL, due_ms INTEGER, return_seconds INTEGER,
    return_ms INTEGER, return_code TEXT, copies INTEGER NOT NULL, off_by INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS movements (
    number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, day TEXT NOT NULL, end_to_end_id TEXT NOT NULL,
    code TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS postings (
    movement INTEGER NOT NULL REFERENCES movements, bank TEXT NOT NULL, number TEXT NOT NULL, currency TEXT NOT NULL,
    amount INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS postings_of_account ON postings (number, bank, currency);
CREATE TABLE IF NOT EXISTS notifications (
    account TEXT NOT NULL, number INTEGER NOT NULL, message BLOB NOT NULL, PRIMARY KEY (account, number));
CREATE TABLE IF NOT EXISTS switches (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, times INTEGER NOT NULL, account TEXT NOT NULL,
    end_to_end_id TEXT NOT NULL, seconds INTEGER NOT NULL, code TEXT NOT NULL);
"""
_STATUS = {"pending": "PDNG", "booked": "ACSC", "rejected": "RJCT", "returned": "ACSC"}
_REASONS = {
    "AC02": "there is no such account to pay from",
    "AC04": "the account is closed",
    "AM03": "the account is in another currency",
    "AM04": "the account holds less",
    "DU04": "another payment has this end-to-end id",
}


class Books:
    """Open books; methods may be called from any thread, one at a time."""

    def __init__(self, path: Path | str, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._rows = sqlite3.connect(path, check_same_thread=False)
        self._rows.row_factory = sqlite3.Row
        self._rows.execute("PRAGMA journal_mode = WAL")
        self._rows.execute("PRAGMA synchronous = FULL")
        self._rows.executescript(_SCHEMA)

    def close(self) -> None:
        """Gives the file back."""
        self._rows.close()

    def open_account(self, owner: Party, currency: str, balance: int) -> None:
        """An account that may pay, with money on it; one that is there stays as it is."""
        with self._lock, self._rows:
            if self._find_account(owner.number, currency) is None:
                self._ensure_account(VAULT, currency, is_customer=False)
                self._ensure_account(owner, currency, is_customer=True)
                self._move(VAULT, owner, balance, currency, text="opening")

    # --- Payments -----------------------------------------------------------------------------------------------

    def receive(self, payment: Payment) -> Status:
        """Takes a payment once, and says where it stands."""
        with self._lock, self._rows:
            self._carry_out_due()
            found = self._find_payment(payment.end_to_end_id)
            if found is None:
                self._record(payment)
                self._carry_out_due()
            elif _content_of_row(found) != _content(payment):
                return self._status(payment.end_to_end_id, payment.message_id, "rejected", "DU04")
            return self._status_of(payment.end_to_end_id)

    def get_status(self, end_to_end_id: str) -> Status | None:
        """Where a payment stands; None: the bank does not know it."""
        with self._lock, self._rows:
            self._carry_out_due()
            return None if self._find_payment(end_to_end_id) is None else self._status_of(end_to_end_id)

    def get_notification(self, account: str, number: int) -> bytes | None:
        """A camt.054 of an account by its number from 1; None: there is none yet."""
        with self._lock, self._rows:
            self._carry_out_due()
            row = self._one(
                "SELECT message FROM notifications WHERE account = ? AND number = ?", account, number
            )
            return None if row is None else bytes(row["message"])

    def get_statement(self, account: str, day: str) -> Statement | None:
        """All of a day on a customer's account; None: there is no such account."""
        with self._lock, self._rows:
            self._carry_out_due()
            owned = self._one("SELECT * FROM accounts WHERE number = ? AND is_customer", account)
            if owned is None:
                return None
            rows = self._all(
                "SELECT * FROM postings JOIN movements ON movement = movements.number WHERE postings.number = ? "
                "AND bank = ? AND currency = ? AND day <= ? ORDER BY movement",
                account, BANK, owned["currency"], day,
            )  # fmt: skip
        lines = tuple(_line(row) for row in rows if row["day"] == day)
        closing = sum(row["amount"] for row in rows)
        return Statement(
            message_id=f"S{day.replace('-', '')}{account}"[:35],
            created_ms=self._now_ms(),
            account=account,
            day=day,
            currency=owned["currency"],
            opening=closing - sum(line.amount if line.is_credit else -line.amount for line in lines),
            closing=closing,
            lines=lines,
        )

    # --- What people see ----------------------------------------------------------------------------------------

    def list_accounts(self) -> list[dict[str, Any]]:
        """Accounts with their balances; the balances sum to zero."""
        return self._list(
            "SELECT a.*, COALESCE((SELECT SUM(amount) FROM postings p WHERE p.bank = a.bank AND p.number = a.number "
            "AND p.currency = a.currency), 0) AS balance FROM accounts a ORDER BY is_customer DESC, bank, number"
        )

    def list_payments(self, limit: int) -> list[dict[str, Any]]:
        """The newest payments."""
        return self._list("SELECT * FROM payments ORDER BY received_ms DESC, rowid DESC LIMIT ?", limit)

    def list_movements(self, limit: int) -> list[dict[str, Any]]:
        """The newest movements, from and to which account."""
        return self._list(
            "SELECT m.*, c.amount AS amount, c.currency AS currency, d.number AS debtor, c.number AS creditor "
            "FROM movements m JOIN postings c ON c.movement = m.number AND c.amount > 0 "
            "JOIN postings d ON d.movement = m.number AND d.amount < 0 ORDER BY m.number DESC LIMIT ?",
            limit,
        )

    def list_totals(self) -> list[dict[str, Any]]:
        """How many payments, and how much, are in each state."""
        return self._list(
            "SELECT state, currency, COUNT(*) AS count, SUM(amount) AS amount FROM payments "
            "GROUP BY state, currency ORDER BY state, currency"
        )

    # --- Switches -----------------------------------------------------------------------------------------------

    def set_switch(self, switch: Switch) -> None:
        """From now on, after those that were set before."""
        with self._lock, self._rows:
            self._rows.execute(
                "INSERT INTO switches (kind, times, account, end_to_end_id, seconds, code) "
                "VALUES (:kind, :times, :account, :end_to_end_id, :seconds, :code)",
                asdict(switch),
            )

    def clear_switches(self) -> None:
        """It behaves again."""
        with self._lock, self._rows:
            self._rows.execute("DELETE FROM switches")

    def list_switches(self) -> list[dict[str, Any]]:
        """Those that have not run out."""
        return self._list("SELECT * FROM switches ORDER BY number")

    def take_switch(self, kind: Kind, account: str = "", end_to_end_id: str = "") -> Switch | None:
        """The first switch of this kind that is meant, used once; for what is done outside of the books."""
        with self._lock, self._rows:
            if account == "" and end_to_end_id:
                found = self._find_payment(end_to_end_id)
                account = "" if found is None else found["number"]
            return self._take(kind, account, end_to_end_id)

    def _take(self, kind: Kind, account: str, end_to_end_id: str) -> Switch | None:
        row = self._one(
            "SELECT * FROM switches WHERE kind = ? AND account IN ('', ?) AND end_to_end_id IN ('', ?) ORDER BY number",
            kind, account, end_to_end_id,
        )  # fmt: skip
        if row is None:
            return None
        if row["times"] > 1:
            self._rows.execute("UPDATE switches SET times = times - 1 WHERE number = ?", (row["number"],))
        else:
            self._rows.execute("DELETE FROM switches WHERE number = ?", (row["number"],))
        return Switch(
            kind=kind,
            account=row["account"],
            end_to_end_id=row["end_to_end_id"],
            seconds=row["seconds"],
            code=row["code"],
        )

    # --- Inside a transaction -----------------------------------------------------------------------------------

    def _record(self, payment: Payment) -> None:
        meant = payment.creditor.number, payment.end_to_end_id
        rejecting = self._take(Kind.REJECT, *meant)
        code = self._find_refusal(payment) or (rejecting.code if rejecting else "")
        delay, back = self._take(Kind.DELAY, *meant), self._take(Kind.RETURN, *meant)
        self._rows.execute(
            "INSERT INTO payments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?)",
            (
                payment.end_to_end_id,
                payment.message_id,
                self._now_ms(),
                "rejected" if code else "pending",
                *_content(payment),
                code,
                self._now_ms() + 1_000 * (delay.seconds if delay else 0),
                back.seconds if back else None,
                back.code if back else "",
                2 if self._take(Kind.TWICE, *meant) else 1,
                1 if self._take(Kind.WRONG_AMOUNT, *meant) else 0,
            ),
        )

    def _find_refusal(self, payment: Payment) -> str:
        account = self._one("SELECT * FROM accounts WHERE number = ? AND is_customer", payment.debtor.number)
        if account is None or payment.debtor.bank != BANK:
            return "AC02"
        if account["currency"] != payment.currency:
            return "AM03"
        held = self._one(
            "SELECT (SELECT COALESCE(SUM(amount), 0) FROM postings WHERE bank = ?1 AND number = ?2 AND currency = ?3) "
            "- (SELECT COALESCE(SUM(amount), 0) FROM payments WHERE state = 'pending' AND debtor = ?2) AS held",
            BANK, payment.debtor.number, payment.currency,
        )  # fmt: skip
        closed = "AC04" if is_closed(payment.creditor.number) else ""
        return "AM04" if held is None or held["held"] < payment.amount else closed

    def _carry_out_due(self) -> None:
        now_ms = self._now_ms()
        for row in self._all("SELECT * FROM payments WHERE state = 'pending' AND due_ms <= ?", now_ms):
            self._book(row)
        for row in self._all("SELECT * FROM payments WHERE state = 'booked' AND return_ms <= ?", now_ms):
            self._bring_back(row)

    def _book(self, row: sqlite3.Row) -> None:
        treasury, supplier = self._parties(row)
        self._ensure_account(supplier, row["currency"], is_customer=False)
        id_ = row["end_to_end_id"]
        movement = self._move(
            treasury, supplier, row["amount"], row["currency"], end_to_end_id=id_, text=row["text"]
        )
        back_ms = None if row["return_seconds"] is None else self._now_ms() + 1_000 * row["return_seconds"]
        self._rows.execute(
            "UPDATE payments SET state = 'booked', return_ms = ? WHERE end_to_end_id = ?", (back_ms, id_)
        )
        for _ in range(row["copies"]):
            self._notify(treasury.number, movement, row["off_by"])

    def _bring_back(self, row: sqlite3.Row) -> None:
        treasury, supplier = self._parties(row)
        code, id_ = row["return_code"] or "AC01", row["end_to_end_id"]
        movement = self._move(
            supplier, treasury, row["amount"], row["currency"], end_to_end_id=id_, code=code, text="returned"
        )
        self._rows.execute(
            "UPDATE payments SET state = 'returned', code = ? WHERE end_to_end_id = ?", (code, id_)
        )
        self._notify(treasury.number, movement, 0)

    def _parties(self, row: sqlite3.Row) -> tuple[Party, Party]:
        treasury = Party(name="", bank=BANK, number=row["debtor"])
        return treasury, Party(name=row["name"], bank=row["bank"], number=row["number"])

    def _move(
        self, giver: Party, taker: Party, amount: int, currency: str, *, end_to_end_id: str = "NOTPROVIDED",
        code: str = "", text: str,
    ) -> int:  # fmt: skip
        now_ms = self._now_ms()
        made = self._rows.execute(
            "INSERT INTO movements (at_ms, day, end_to_end_id, code, text) VALUES (?, ?, ?, ?, ?)",
            (now_ms, compute_day(now_ms), end_to_end_id, code, text),
        )
        assert made.lastrowid is not None, "an inserted row has a number"
        for party, posted in ((giver, -amount), (taker, amount)):
            self._rows.execute(
                "INSERT INTO postings VALUES (?, ?, ?, ?, ?)",
                (made.lastrowid, party.bank, party.number, currency, posted),
            )
        return made.lastrowid

    def _notify(self, account: str, movement: int, off_by: int) -> None:
        row = self._one(
            "SELECT * FROM postings JOIN movements ON movement = movements.number WHERE movement = ? "
            "AND postings.number = ? AND bank = ?",
            movement, account, BANK,
        )  # fmt: skip
        last = self._one(
            "SELECT COALESCE(MAX(number), 0) AS number FROM notifications WHERE account = ?", account
        )
        assert row is not None and last is not None, "the movement has just been made"
        line = _line(row)
        told = Notification(
            message_id=f"N{last['number'] + 1:012d}",
            created_ms=self._now_ms(),
            account=account,
            lines=(replace(line, amount=line.amount + off_by),),
        )
        self._rows.execute(
            "INSERT INTO notifications VALUES (?, ?, ?)",
            (account, last["number"] + 1, encode_notification(told)),
        )

    def _ensure_account(self, owner: Party, currency: str, *, is_customer: bool) -> None:
        self._rows.execute(
            "INSERT OR IGNORE INTO accounts VALUES (?, ?, ?, ?, ?)",
            (owner.bank, owner.number, currency, owner.name, is_customer),
        )

    def _status_of(self, end_to_end_id: str) -> Status:
        row = self._find_payment(end_to_end_id)
        assert row is not None, "asked for by whoever found it"
        code = row["code"] if row["state"] == "rejected" else ""
        return self._status(end_to_end_id, row["message_id"], row["state"], code)

    def _status(self, end_to_end_id: str, message_id: str, state: str, code: str) -> Status:
        return Status(
            message_id=f"A{end_to_end_id}"[:35],
            created_ms=self._now_ms(),
            original_message_id=message_id,
            end_to_end_id=end_to_end_id,
            status=_STATUS[state],
            code=code,
            reason=_REASONS.get(code, "refused by the sandbox bank") if code else "",
        )

    def _find_payment(self, end_to_end_id: str) -> sqlite3.Row | None:
        return self._one("SELECT * FROM payments WHERE end_to_end_id = ?", end_to_end_id)

    def _find_account(self, number: str, currency: str) -> sqlite3.Row | None:
        return self._one(
            "SELECT * FROM accounts WHERE bank = ? AND number = ? AND currency = ?", BANK, number, currency
        )

    def _one(self, query: str, *given: object) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._rows.execute(query, given).fetchone()
        return row

    def _all(self, query: str, *given: object) -> list[sqlite3.Row]:
        return self._rows.execute(query, given).fetchall()

    def _list(self, query: str, *given: object) -> list[dict[str, Any]]:
        with self._lock, self._rows:
            self._carry_out_due()
            return [dict(row) for row in self._all(query, *given)]


def compute_day(now_ms: int) -> str:
    """The bank's date (UTC+7)."""
    return bank_days.compute_day(now_ms, _UTC_OFFSET_MINUTES)


def _content(payment: Payment) -> tuple[str, str, str, str, int, str, str]:
    creditor = payment.creditor
    return (
        payment.debtor.number,
        creditor.bank,
        creditor.number,
        creditor.name,
        payment.amount,
        payment.currency,
        payment.text,
    )


def _content_of_row(row: sqlite3.Row) -> tuple[object, ...]:
    return tuple(row[name] for name in ("debtor", "bank", "number", "name", "amount", "currency", "text"))


def _line(row: sqlite3.Row) -> Line:
    return Line(
        reference=f"M{row['movement']:012d}",
        day=row["day"],
        amount=abs(row["amount"]),
        currency=row["currency"],
        is_credit=row["amount"] > 0,
        end_to_end_id=row["end_to_end_id"],
        code=row["code"],
        reason="returned by the sandbox bank" if row["code"] else "",
    )
