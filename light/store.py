"""What the light client goes on from after a restart: who reigned since when, and verified headers, bounded in number.

One SQLite file. It is believed no more than a node is: the reigns are verified from the anchor on when it is opened, and
each header when it is read, so that a bit that flipped on this disk is told and never served.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from chain.block import decode_header, encode_header
from chain.certificate import decode_certificate, encode_certificate
from chain.errors import Invalid, Malformed
from chain.limits import HEIGHT_MAX, LIGHT_HEADERS_MAX
from chain.record import Decided, verify_decided
from chain.validators import ValidatorSet, decode_validators, encode_validators
from machine.faults import Damaged, Unusable, WrongLedger
from rpc.lineage import Anchor, Reign

_FORMAT = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS origin (
    genesis BLOB NOT NULL, since INTEGER NOT NULL, block BLOB NOT NULL, validators BLOB NOT NULL, format INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS reigns (
    since INTEGER PRIMARY KEY, header BLOB NOT NULL, certificate BLOB NOT NULL, validators BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS headers (
    number INTEGER PRIMARY KEY AUTOINCREMENT, height INTEGER NOT NULL UNIQUE, header BLOB NOT NULL, certificate BLOB NOT NULL
);
"""
_ADVICE = "Remove it and start again: the client follows from the beginning of its trust"


class HeaderStore:
    """See the module. Use it as a context manager; every method may raise a `DiskFault`."""

    def __init__(self, path: Path, anchor: Anchor, headers_max: int = LIGHT_HEADERS_MAX) -> None:
        self._path = path
        self._anchor = anchor
        self._headers_max = headers_max
        with self._faults():
            self._database = sqlite3.connect(path, isolation_level=None)
            self._database.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {_TABLES}")
            self._check_origin()
        self.reigns = self._read_reigns()
        """The anchor's own first, each verified by the one before."""

    def __enter__(self) -> "HeaderStore":
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def _check_origin(self) -> None:
        anchor = self._anchor
        block = b"" if anchor.block_id is None else bytes(anchor.block_id)
        wanted = (bytes(anchor.genesis_hash), anchor.since, block, bytes(anchor.validators.hash), _FORMAT)
        found = self._database.execute(
            "SELECT genesis, since, block, validators, format FROM origin"
        ).fetchone()
        if found is None:
            self._database.execute("INSERT INTO origin VALUES (?, ?, ?, ?, ?)", wanted)
        elif found != wanted:
            raise WrongLedger(
                self._path,
                "it follows another network, or this one from another block on",
                "Give another directory with --home",
            )

    def _read_reigns(self) -> tuple[Reign, ...]:
        reigns = [Reign(validators=self._anchor.validators, since=self._anchor.since)]
        with self._faults():
            rows = self._database.execute(
                "SELECT since, header, certificate, validators FROM reigns ORDER BY since"
            ).fetchall()
        for since, header, certificate, validators in rows:
            with self._faults():
                decided = self._verified(header, certificate, reigns[-1].validators)
                following = decode_validators(validators)
                named = decided.header.next_validators_hash
                if decided.header.height != since - 1 or named != following.hash:
                    raise Malformed(f"block {since - 1} does not hand over to these validators")
            reigns.append(Reign(validators=following, since=since, handed_over=decided))
        return tuple(reigns)

    def get(self, height: int) -> Decided | None:
        """A header that was verified before, and is again; None where none is kept."""
        with self._faults():
            found = self._database.execute(
                "SELECT header, certificate FROM headers WHERE height = ?", (height,)
            ).fetchone()
            if found is None:
                return None
            header, certificate = found
            reign = self._find_reign(height)
            if reign is None:
                raise Malformed(f"block {height} lies before {self._anchor.since}, where trust begins")
            decided = self._verified(header, certificate, reign.validators)
            if decided.header.height != height:
                raise Malformed(f"expected block {height}, got block {decided.header.height}")
            return decided

    def _find_reign(self, height: int) -> Reign | None:
        before = (one for one in self.reigns if one.since <= height)
        return max(before, key=lambda one: one.since, default=None)

    def head(self) -> Decided | None:
        """The highest of them."""
        with self._faults():
            (height,) = self._database.execute("SELECT max(height) FROM headers").fetchone()
        return None if height is None else self.get(height)

    def put(self, decided: Decided, reigns: Sequence[Reign] = ()) -> None:
        """Keeps a header, and with it what was learned of who reigns; lets go of the oldest but never of the highest.

        A header of a set that was stepped over (`rpc.lineage`) is not kept: it could not be verified by what is.
        """
        header = decided.header
        assert header.height <= HEIGHT_MAX, "as it was decoded"
        if len(reigns) > len(self.reigns):
            self.reigns = tuple(reigns)
        reign = self._find_reign(header.height)
        if reign is None or reign.validators.hash != decided.validators.hash:
            return
        with self._faults(), self._transaction():
            self._database.executemany(
                "INSERT OR IGNORE INTO reigns VALUES (?, ?, ?, ?)",
                [
                    (reign.since, *_encoded(reign.handed_over), encode_validators(reign.validators))
                    for reign in reigns
                    if reign.handed_over is not None
                ],
            )
            self._database.execute(
                "INSERT OR IGNORE INTO headers (height, header, certificate) VALUES (?, ?, ?)",
                (header.height, *_encoded(decided)),
            )
            self._database.execute(
                "DELETE FROM headers WHERE number <= (SELECT max(number) FROM headers) - ? "
                "AND height < (SELECT max(height) FROM headers)",
                (self._headers_max,),
            )

    def _verified(self, header: bytes, certificate: bytes, validators: ValidatorSet) -> Decided:
        decided = Decided(
            header=decode_header(header), certificate=decode_certificate(certificate), validators=validators
        )
        verify_decided(decided, self._anchor.chain_id)
        return decided

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN")
        try:
            yield
        except sqlite3.Error:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Whatever is wrong with the file names it and what to do."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise Unusable(
                self._path, f"cannot be used: {error}", "Check its owner, its permissions and the disk"
            ) from error
        except (sqlite3.DatabaseError, Invalid, TypeError) as error:
            raise Damaged(self._path, f"is damaged: {error}", _ADVICE) from error


def _encoded(decided: Decided) -> tuple[bytes, bytes]:
    return encode_header(decided.header), encode_certificate(decided.certificate)
