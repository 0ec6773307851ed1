"""Which transactions announced what: an index of events for whoever searches, apart from the ledger and made from it.

It is fed when somebody searches, from the results on disk, and only by the blocks that came since: a node where nobody
searches spends nothing, and consensus never waits for it. A first search on a long chain takes several tries, each of
which goes on where the last one ended. What is written here can be lost: a file that is damaged, of another network, or
ahead of the ledger is made anew.

SQLite, because a page of an intersection in order is its daily work. Called from threads of the HTTP side, one at a time.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol

from chain.hashing import Digest
from chain.limits import NAME_BYTES_MAX, RPC_SEARCH_INDEX_MS
from chain.result import TransactionResult, render_value
from chain.vote import Height
from machine.clock import Clock
from node.head import Head
from rpc.backend import Found, Place, Refused, Search, Sought
from rpc.values import ASK_AGAIN

_FORMAT = 1
_VALUE_CHARACTERS_MAX = (
    2 * NAME_BYTES_MAX
)  # ids, keys, names and numbers; nobody searches for whole sentences
_BLOCKS_AT_ONCE = 200
_TABLES = """
CREATE TABLE IF NOT EXISTS origin (genesis BLOB NOT NULL, format INTEGER NOT NULL, height INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    contract TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, event TEXT NOT NULL,
    height INTEGER NOT NULL, place INTEGER NOT NULL,
    PRIMARY KEY (contract, field, value, event, height, place)
) WITHOUT ROWID;
"""


class Results(Protocol):
    """The ledger, as far as it is indexed here."""

    @property
    def head(self) -> Head:
        """After the last block."""
        ...

    def results(self, height: int) -> tuple[TransactionResult, ...] | None:
        """Results of a block in the order of its transactions."""
        ...


class SearchIndex:
    """The index in one file. Nothing touches the disk before the first search."""

    def __init__(self, path: Path, genesis: Digest, results: Results, clock: Clock) -> None:
        self._path = path
        self._genesis = genesis
        self._results = results
        self._clock = clock
        self._lock = threading.Lock()

    def search(self, search: Search) -> Found:
        """Transactions by their events. Raises `Refused` while there is more to index, or where the disk refuses."""
        with self._lock:
            try:
                return self._search(search)
            except sqlite3.DatabaseError:
                return self._search_anew(search)

    def _search_anew(self, search: Search) -> Found:
        """After damage: without what is there."""
        try:
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            return self._search(search)
        except (sqlite3.DatabaseError, OSError) as error:
            raise Refused(f"the index of events cannot be written: {error}") from error

    def _search(self, search: Search) -> Found:
        with closing(self._open()) as database:
            self._catch_up(database)
            return _look_up(database, search)

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        database.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {_TABLES}")
        row = database.execute("SELECT genesis, format, height FROM origin").fetchone()
        is_ours = row is not None and row[:2] == (self._genesis, _FORMAT)
        if not is_ours or row[2] > self._results.head.height:
            with database:
                database.execute("BEGIN")
                database.execute("DELETE FROM origin")
                database.execute("DELETE FROM events")
                database.execute("INSERT INTO origin VALUES (?, ?, 0)", (self._genesis, _FORMAT))
        return database

    def _catch_up(self, database: sqlite3.Connection) -> None:
        end_ms = self._clock.now_ms() + RPC_SEARCH_INDEX_MS
        last = self._results.head.height
        ((height,),) = database.execute("SELECT height FROM origin").fetchall()
        while height < last:
            if self._clock.now_ms() >= end_ms:
                raise Refused(f"events are indexed up to block {height} of {last}: {ASK_AGAIN}")
            until = min(height + _BLOCKS_AT_ONCE, last)
            with database:
                database.execute("BEGIN")
                for number in range(height + 1, until + 1):
                    results = self._results.results(number)
                    assert results is not None, f"block {number} is committed"
                    database.executemany(
                        "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?)", _rows_of(number, results)
                    )
                database.execute("UPDATE origin SET height = ?", (until,))
            height = until


def _rows_of(height: int, results: tuple[TransactionResult, ...]) -> Iterator[tuple[object, ...]]:
    for place, result in enumerate(results):
        for event in result.events:
            for field, value in event.fields:
                text = render_value(value)
                if len(text) <= _VALUE_CHARACTERS_MAX:
                    yield (event.contract, field, text, event.name, height, place)


def _look_up(database: sqlite3.Connection, search: Search) -> Found:
    """Each condition is a walk through the primary key; transactions that are in all of them are the answer."""
    walks, values = [], []
    for sought in search.sought:
        walk, given = _walk(sought)
        walks.append(f"SELECT DISTINCT height, place FROM events WHERE {walk} AND height BETWEEN ? AND ?")
        values += [*given, search.height_min, search.height_max]
    found = " INTERSECT ".join(walks)
    ((total,),) = database.execute(f"SELECT count(*) FROM ({found})", values).fetchall()
    order = "DESC" if search.is_newest_first else "ASC"
    rows = database.execute(
        f"SELECT height, place FROM ({found}) ORDER BY height {order}, place {order} LIMIT ? OFFSET ?",
        [*values, search.limit, search.skip],
    )
    places = tuple(Place(height=Height(height), index=place) for height, place in rows)
    return Found(places=places, total=total)


def _walk(sought: Sought) -> tuple[str, list[str]]:
    wanted = [("contract", sought.contract), ("field", sought.field)]
    if sought.value is not None:
        wanted.append(("value", sought.value))
    if sought.event is not None:
        wanted.append(("event", sought.event))
    return " AND ".join(f"{column} = ?" for column, _ in wanted), [value for _, value in wanted]
