"""What the sandbox bank's books say, read from their file by whoever may read it: for a comparison that trusts no program but
SQLite.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from payments.bank.books import BANK


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A payment in the books: `pending`, `booked`, `rejected` or `returned`; the amount in minor units."""

    end_to_end_id: str
    amount: int
    currency: str
    state: str


def read_payments(books: Path) -> tuple[Held, ...]:
    """Every payment that the bank was ever given. Raises `sqlite3.Error` where the file cannot be read."""
    with _opened(books) as rows:
        found = rows.execute("SELECT end_to_end_id, amount, currency, state FROM payments")
        return tuple(Held(end_to_end_id=a, amount=b, currency=c, state=d) for a, b, c, d in found)


def read_paid(books: Path, account: str) -> dict[str, int]:
    """By currency, what went from a customer's account to others and did not come back: of its postings, not of payments."""
    with _opened(books) as rows:
        return dict(
            rows.execute(
                "SELECT currency, -SUM(amount) FROM postings JOIN movements ON movement = movements.number "
                "WHERE bank = ? AND postings.number = ? AND end_to_end_id <> 'NOTPROVIDED' GROUP BY currency",
                (BANK, account),
            )
        )


@contextmanager
def _opened(books: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"{books.absolute().as_uri()}?mode=ro", uri=True)) as rows:
        yield rows
