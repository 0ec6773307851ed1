"""The gateway's journal: every fact, on disk before anything that follows from it leaves the process.

One file, appended to for ever: an order takes some eight entries, together a little more than a kilobyte, and a tenth of
a millisecond of every start. Each entry is a frame
(`machine.frames`) whose seed is chance that stands in the file's name. The first one says whose journal it is, so that
one of another network or key is refused. A torn last frame was never acknowledged and is dropped; all other damage is
refused. A lock keeps a second gateway out.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chain.codec import as_array, decode, encode
from chain.errors import Malformed
from chain.hashing import tagged_hash
from chain.keys import Address
from chain.limits import PAYMENT_ENTRY_BYTES_MAX
from machine.faults import Damaged, InUse, WrongLedger
from machine.files import AppendFile, Files
from machine.frames import BrokenFrame, encode_frame, scan_frames
from payments.entries import Entry, decode_entry, encode_entry

_NAME = re.compile(r"payments-([0-9a-f]{16})\.log")
_VERSION = 1
_ADVICE = (
    "Restore it from a backup, or move it away: a gateway without a journal reads all orders of the ledger again and "
    "asks the bank about each before it sends anything"
)


@contextmanager
def locked(directory: Path, files: Files) -> Iterator[None]:
    """Holds the directory for this process. Raises `InUse`."""
    files.make_directory(directory)
    path = directory / "lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse(path, "another gateway runs on this directory", "End it first") from None
        yield
    finally:
        os.close(descriptor)


class Journal:
    """The open journal. After an error it must not be used again: the process ends and starts anew."""

    def __init__(self, directory: Path, files: Files, *, chain_id: str, key: Address) -> None:
        """Opens the journal in `directory`, or begins one.

        Raises:
            Damaged: something acknowledged cannot be read any more.
            WrongLedger: it was written for another network or another key.
            DiskFault: the operating system refuses.
        """
        self._files = files
        self._directory = directory
        self._owner = encode((_VERSION, chain_id, key))
        self._file: AppendFile | None = None
        self._frames = 0
        files.make_directory(directory)
        self._path, salt = self._find()
        self._seed = tagged_hash("payments journal", salt)

    def read(self) -> tuple[Entry, ...]:
        """All entries in their order; comes before the first `append`."""
        data = self._files.read(self._path)
        payloads: tuple[bytes, ...] = ()
        if data is not None:
            scanned = scan_frames(self._seed, data)
            if isinstance(scanned, BrokenFrame):
                where = f"entry {scanned.number} at byte {scanned.offset}"
                raise Damaged(self._path, f"{where} is damaged: {scanned.reason}", _ADVICE)
            # What a killed process left may be in the system's memory alone: make it as durable as it will be believed.
            self._files.truncate(self._path, scanned.length)
            self._files.sync_directory(self._directory)
            payloads = scanned.payloads
        self._file = self._files.open_append(self._path)
        self._frames = len(payloads)
        if not payloads:
            self._append(self._owner)
            self._files.sync_directory(self._directory)
            return ()
        if payloads[0] != self._owner:
            raise self._compute_wrong_owner(payloads[0])
        try:
            return tuple(decode_entry(payload) for payload in payloads[1:])
        except Malformed as error:
            raise Damaged(self._path, f"a checked entry cannot be read: {error}", _ADVICE) from error

    def append(self, entry: Entry) -> None:
        """Returns when the entry is on disk."""
        self._append(encode_entry(entry))

    def close(self) -> None:
        """Releases the file."""
        if self._file is not None:
            self._file.close()
        self._file = None

    def _append(self, payload: bytes) -> None:
        assert self._file is not None, "the journal has been read"
        self._file.append(encode_frame(self._seed, self._frames, payload))
        self._file.sync()
        self._frames += 1

    def _find(self) -> tuple[Path, bytes]:
        found = [name for name in self._files.list_names(self._directory) if _NAME.fullmatch(name)]
        if len(found) > 1:
            raise Damaged(self._directory, f"{len(found)} journals", "Keep the one this gateway wrote last")
        salt = os.urandom(8).hex()
        name = found[0] if found else f"payments-{salt}.log"
        return self._directory / name, name.encode()

    def _compute_wrong_owner(self, found: bytes) -> WrongLedger | Damaged:
        try:
            _, chain_id, key = as_array(decode(found, bytes_max=PAYMENT_ENTRY_BYTES_MAX), "owner", 3)
        except Malformed as error:
            return Damaged(self._path, f"it does not say whose it is: {error}", _ADVICE)
        shown = key.hex().upper() if isinstance(key, bytes) else str(key)
        return WrongLedger(
            self._path,
            f"the journal is of key {shown} on {chain_id!r}",
            "Give the directory of this gateway, or the key that the journal was written with",
        )
