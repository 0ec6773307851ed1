"""The store on disk: LevelDB, the only file that knows plyvel.

Every check that LevelDB has is on: paranoid checks at opening and in compactions, checksums at every read. A store
that fails one is named and refused. `Salvage` reads what is left of it, for `node.repair`, which believes none of it.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice, takewhile
from pathlib import Path

import plyvel

from chain.limits import STORE_OPEN_FILES_MAX, STORE_WRITE_BUFFER_BYTES
from machine.faults import FULL_ADVICE, LIMIT_ADVICE, Damaged, DiskFault, DiskFull, InUse, Unusable
from machine.files import DiskFiles, Files, file_faults
from node.store.store import MEND_ADVICE, Batch, StoreReader

_BLOOM_FILTER_BITS = 10  # one read in a hundred for an absent key touches the disk
_IN_USE_ADVICE = "Stop the other node that runs from this home, or give this one another --home"


@contextmanager
def _faults(path: Path) -> Iterator[None]:
    """LevelDB speaks in texts; this makes typed errors of them."""
    try:
        yield
    except plyvel.Error as error:
        raise _compute_fault(error, path) from error


def _compute_fault(error: plyvel.Error, path: Path) -> DiskFault:
    return compute_store_fault(str(error), isinstance(error, plyvel.CorruptionError), path)


def compute_store_fault(text: str, is_corruption: bool, path: Path) -> DiskFault:
    """The typed error of one of LevelDB's messages."""
    reason = text.removeprefix("b'").removesuffix("'")
    if is_corruption or "orruption" in reason:
        return Damaged(path, f"the store is damaged: {reason}", MEND_ADVICE)
    if "/LOCK" in reason and ("already held" in reason or "temporarily unavailable" in reason):
        return InUse(path, "the store is in use by another process", _IN_USE_ADVICE)
    if "No space left" in reason or "quota exceeded" in reason:
        return DiskFull(path, "the disk is full", FULL_ADVICE)
    if "File too large" in reason:
        return DiskFull(path, "a file may not grow further", LIMIT_ADVICE)
    if "Invalid argument" in reason:  # it seeks the end of a table before its beginning
        return Damaged(path, f"a table of the store is cut short: {reason}", MEND_ADVICE)
    if "missing files" in reason or "No such file" in reason:
        return Damaged(path, f"files of the store are missing: {reason}", MEND_ADVICE)
    return Unusable(
        path,
        f"the store cannot be used: {reason}",
        "Check its owner, its permissions and the device it is on",
    )


LOCK = "LOCK"
"""The file of a store by which one process alone has it."""
_NOT_COPIED = frozenset({LOCK, "LOG", "LOG.old"})


class _Reader:
    """Checked reading of a database or of one of its snapshots, which only our stub gives a public name."""

    def __init__(self, path: Path, source: "plyvel.Snapshot") -> None:
        self._path = path
        self._source = source

    def get(self, key: bytes) -> bytes | None:
        """See `StoreReader`."""
        try:  # not `_faults`, which costs as much as the read itself
            return self._source.get(key, verify_checksums=True)
        except plyvel.Error as error:
            raise _compute_fault(error, self._path) from error

    def iterate(
        self, start: bytes, end: bytes, *, reverse: bool = False, limit: int
    ) -> list[tuple[bytes, bytes]]:
        """See `StoreReader`."""
        if start >= end:
            return []
        # plyvel 1.5 misses a single row that equals `start` when it goes backwards, so there the end is found here.
        lowest = None if reverse else start
        with _faults(self._path):
            rows = self._source.iterator(reverse=reverse, start=lowest, stop=end, verify_checksums=True)
            try:
                return list(takewhile(lambda row: row[0] >= start, islice(rows, limit)))
            finally:
                rows.close()


class LevelStore(_Reader):
    """A `Store` in a directory of its own."""

    def __init__(self, path: Path, *, cache_bytes: int) -> None:
        """Opens the database, or makes it where there is none.

        Raises:
            InUse: another process has it open.
            Damaged: a check failed.
            Unusable: the operating system refuses.
        """
        self._files = DiskFiles()
        self._files.make_directory(path)
        _check_whole(path, self._files)
        with _faults(path):
            self._database = plyvel.DB(
                str(path),
                create_if_missing=True,
                paranoid_checks=True,
                write_buffer_size=STORE_WRITE_BUFFER_BYTES,
                max_open_files=STORE_OPEN_FILES_MAX,
                lru_cache_size=cache_bytes,
                bloom_filter_bits=_BLOOM_FILTER_BITS,
            )
        super().__init__(path, self._database)
        self._safe_logs: set[str] = set()

    def write(self, batch: Batch, *, sync: bool) -> None:
        """See `Store`."""
        with _faults(self._path), self._database.write_batch(transaction=True, sync=sync) as operations:
            for key, value in batch:
                if value is None:
                    operations.delete(key)
                else:
                    operations.put(key, value)
        if sync:
            self._sync_new_logs()

    def _sync_new_logs(self) -> None:
        """LevelDB syncs a new log but not the directory that names it, so that is done here."""
        logs = {name for name in self._files.list_names(self._path) if name.endswith(".log")}
        if not logs <= self._safe_logs:
            self._files.sync_directory(self._path)
        self._safe_logs = logs

    @contextmanager
    def snapshot(self) -> Iterator[StoreReader]:
        """See `Store`."""
        with _faults(self._path):
            snapshot = self._database.snapshot()
        try:
            yield _Reader(self._path, snapshot)
        finally:
            snapshot.close()

    def compact(self, start: bytes, end: bytes) -> None:
        """See `Store`."""
        with _faults(self._path):
            self._database.compact_range(start=start, stop=end)

    def approximate_size(self, start: bytes, end: bytes) -> int:
        """See `Store`."""
        with _faults(self._path):
            return self._database.approximate_size(start, end)

    def close(self) -> None:
        """See `Store`."""
        self._database.close()


class Salvage:
    """What can still be read of a damaged store, from a copy of its files beside it: the store itself stays as it is.

    LevelDB reads a table in blocks of 4 kB and passes over those whose checksum fails. Whatever stood there is missing, and
    an older row may show in its place. Where not even its list of tables can be read, it makes one of the tables it finds.
    """

    def __init__(self, path: Path, copy: Path) -> None:
        """Raises `Damaged` where nothing can be read at all."""
        self._copy = copy
        self.holes = 0
        shutil.rmtree(copy, ignore_errors=True)
        copy_store(path, copy)
        self._database = self._open()

    def _open(self) -> plyvel.DB:
        try:
            return plyvel.DB(str(self._copy), max_open_files=STORE_OPEN_FILES_MAX)
        except plyvel.Error:
            self.holes += 1
        with _faults(self._copy):
            plyvel.repair_db(str(self._copy))
            return plyvel.DB(str(self._copy), max_open_files=STORE_OPEN_FILES_MAX)

    def get(self, key: bytes) -> bytes | None:
        """The value of `key`; None as well where it cannot be read."""
        try:
            return self._database.get(key, verify_checksums=True)
        except plyvel.Error:
            return None

    def rows(self) -> Iterator[tuple[bytes, bytes]]:
        """Every row that can be read, in order of keys."""
        rows = self._database.raw_iterator(verify_checksums=True)
        try:
            self._step(rows.seek_to_first)
            while rows.valid():
                yield rows.key(), rows.value()
                self._step(rows.next)
        finally:
            rows.close()

    def _step(self, step: Callable[[], None]) -> None:
        try:
            step()
        except plyvel.Error:  # it says so at every step from the first hole on, and goes on after it
            self.holes = max(1, self.holes)

    def close(self) -> None:
        """Removes the copy."""
        self._database.close()
        shutil.rmtree(self._copy, ignore_errors=True)


def copy_store(path: Path, copy: Path) -> None:
    """A second store of the same content in a new directory, for whoever keeps the first one from being opened meanwhile.

    Tables never change, so that a second name for one will do where it is the same disk; LevelDB may write into the others.
    Whoever closes the lock, lets go of what this process has of it, so that it is not even read.
    """
    with file_faults(copy):
        copy.mkdir(parents=True)
        for file in sorted(path.iterdir()):
            if file.is_file() and file.name not in _NOT_COPIED:
                _link_or_copy(file, copy / file.name)


def _link_or_copy(file: Path, target: Path) -> None:
    if file.suffix in (".ldb", ".sst"):
        with suppress(OSError):  # another disk, or one that knows no second name
            os.link(file, target)
            return
    shutil.copyfile(file, target)


def _check_whole(path: Path, files: Files) -> None:
    """LevelDB makes a new database where CURRENT is not there, and removes what it finds; so look before."""
    names = files.list_names(path)
    if "CURRENT" not in names and any(name.endswith((".ldb", ".sst", ".log")) for name in names):
        raise Damaged(path, "the store has tables but its file CURRENT is missing", MEND_ADVICE)
