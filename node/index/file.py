"""The index in its file: opened, read under its sums, and told when it is damaged.

Nothing is kept between two uses: each opens the file, so that what is on the disk is what is read. Whoever reads does so in
one transaction and sees one height, whatever is written beside.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from struct import error as StructError  # noqa: N812  # a class, whatever it is called
from typing import TypeVar

from chain.errors import Malformed
from node.index.rows import (
    NAMES_KEY,
    ORIGIN_KEY,
    TABLES,
    Entry,
    Name,
    Origin,
    Stretch,
    Sums,
    bucket_of,
    compute_check,
    compute_seal,
    decode_names,
    decode_origin,
    decode_stretch,
    decode_sums,
    stretch_key,
    sums_key,
)

T = TypeVar("T")
_PRAGMAS = "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
_STEPS_AT_ONCE = 20_000  # of SQLite's machine: some milliseconds
_SUFFIXES = ("", "-wal", "-shm", "-journal")


class IndexDamaged(Exception):
    """The file contradicts itself or the ledger: it has to be made anew."""


class OutOfTime(Exception):
    """What was asked for takes longer than it may."""


@contextmanager
def open_file(path: Path, is_over: Callable[[], bool]) -> Iterator["IndexFile"]:
    """The file, made where there is none; `is_over` is asked now and then and ends what is under way.

    Raises:
        IndexDamaged: it cannot be read.
        OutOfTime: by way of whoever uses it.
        sqlite3.OperationalError: it cannot be written.
    """
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as database, _faults():
        database.executescript(f"{_PRAGMAS} {TABLES}")
        database.set_progress_handler(is_over, _STEPS_AT_ONCE)
        yield IndexFile(database)


@contextmanager
def look_into_file(path: Path) -> Iterator["IndexFile"]:
    """The same for who only looks: a file that is not there is damage, and none is made. What a crash left beside it goes."""
    if not path.exists():
        raise IndexDamaged("it is not there")
    address = f"{path.absolute().as_uri()}?mode=rw"  # who may not write leaves files of its own beside it
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as database, _faults():
        database.execute("PRAGMA query_only=ON")
        yield IndexFile(database)


@contextmanager
def _faults() -> Iterator[None]:
    """SQLite's errors by what follows from them."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest of it says more of the same
        if code == sqlite3.SQLITE_INTERRUPT:
            raise OutOfTime from error
        if code in _OF_THE_DISK:
            raise
        raise IndexDamaged(str(error)) from error
    except UnicodeDecodeError as error:  # in SQLite's own words about names that are damaged
        raise IndexDamaged(f"its words are no text: {error}") from error


_OF_THE_DISK = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
    }
)
"""What says nothing about the content."""


def remove_file(path: Path) -> None:
    """Removes the index; raises `OSError`."""
    for suffix in _SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


class IndexFile:
    """The open file. Every reading method raises `IndexDamaged` where a sum does not fit."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One height, whatever is written beside."""
        self.database.execute("BEGIN")
        try:
            yield
        finally:
            if self.database.in_transaction:
                self.database.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All of it, or none."""
        self.database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.database.execute("COMMIT")
        finally:
            if self.database.in_transaction:
                self.database.execute("ROLLBACK")

    def shrink(self) -> None:
        """Gives back the room of what was removed."""
        self.database.executescript("PRAGMA incremental_vacuum")  # a plain execute gives back one page

    def origin(self) -> Origin | None:
        """What it is of; None where it is new or of another format."""
        if not self.database.execute("SELECT 1 FROM parts LIMIT 1").fetchall():
            return None
        return self._need(ORIGIN_KEY, decode_origin)

    def names(self, origin: Origin) -> tuple[Name, ...]:
        """Names by their numbers."""
        names = self._need(NAMES_KEY, decode_names)
        if len(names) != origin.names:
            raise IndexDamaged(f"expected {origin.names} names, got {len(names)}")
        return names

    def stretch(self, number: int) -> Stretch:
        """What a stretch says of itself."""
        return self._need(stretch_key(number), decode_stretch)

    def stretches(self, origin: Origin) -> list[tuple[int, Stretch]]:
        """All stretches with their numbers, in their order."""
        found = [(one, self.stretch(one)) for one in range(origin.first_stretch, origin.end_stretch)]
        ends = [origin.since - 1, *(stretch.last for _, stretch in found)]
        if [stretch.first for _, stretch in found] != [end + 1 for end in ends[:-1]] or ends[
            -1
        ] != origin.height:
            raise IndexDamaged("its stretches do not follow each other up to its height")
        return found

    def sums(self, stretch: int, name: int) -> Sums:
        """The sums of a name that occurs in a stretch."""
        return self._need(sums_key(stretch, name), decode_sums)

    def with_value(self, stretch: int, name: int, value: bytes) -> list[Entry]:
        """The rows of a name that have a value; their bucket is read whole."""
        sums, bucket = self.sums(stretch, name), bucket_of(value)
        rows = self._rows("stretch = ? AND name = ? AND bucket = ?", (stretch, name, bucket))
        self._check(rows, sums.counts[bucket], sums.totals[bucket])
        return [entry for entry in rows if entry.value == value]

    def of_name(self, stretch: int, name: int) -> list[Entry]:
        """All rows of a name."""
        sums = self.sums(stretch, name)
        rows = self._rows("stretch = ? AND name = ?", (stretch, name))
        self._check(rows, sum(sums.counts), sum(sums.totals))
        return rows

    def _rows(self, where: str, given: tuple[int, ...]) -> list[Entry]:
        found = self.database.execute(f"SELECT value, height, place, number FROM rows WHERE {where}", given)
        return [Entry._make(row) for row in found]

    @staticmethod
    def _check(rows: list[Entry], count: int, total: int) -> None:
        try:
            found = sum(map(compute_check, rows)) % 2**64
        except (TypeError, StructError) as error:
            raise IndexDamaged(f"a row has what no row has: {error}") from error
        if (len(rows), found) != (count, total % 2**64):
            raise IndexDamaged(f"expected {count} rows with their sum, got {len(rows)} with sum {found:x}")

    def _need(self, key: bytes, decoder: Callable[[bytes], T]) -> T:
        row = self.database.execute("SELECT content, seal FROM parts WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise IndexDamaged(f"{key.decode()} is not there")
        content, seal = row
        if not isinstance(content, bytes) or compute_seal(key, content) != seal:
            raise IndexDamaged(f"{key.decode()} is not as it was written")
        try:
            return decoder(content)
        except Malformed as error:
            raise IndexDamaged(f"{key.decode()} cannot be read: {error}") from error

    def put(self, key: bytes, content: bytes) -> None:
        """Writes a sealed part."""
        self.database.execute(
            "INSERT OR REPLACE INTO parts VALUES (?, ?, ?)", (key, content, compute_seal(key, content))
        )

    def drop(self, key: bytes) -> None:
        """Removes a part."""
        self.database.execute("DELETE FROM parts WHERE key = ?", (key,))
