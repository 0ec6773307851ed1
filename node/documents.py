"""Documents on this node's disk: one file for each, named by its hash, with the container's bytes and nothing else.

So `sha256sum` checks them, a copy of the directory is a copy of all, and removing a file erases it. What is counted, how much
there is and who put how much today, is found again at the start from sizes, times and headers. A file is written beside,
synced, renamed, and its directory synced before anybody gets a receipt; and it is checked by its hash whenever it is given
away, because years lie between.

Called from the threads of the HTTP side, several at once: one puts at a time, and reading needs no lock.
"""

import threading
from collections import defaultdict
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from chain.errors import Malformed
from chain.hashing import DIGEST_BYTES, Digest, sha256
from chain.keys import Address
from chain.limits import DOCUMENT_CONTAINER_BYTES_MAX, DOCUMENTS_HELD_MAX
from documents.container import HEAD_BYTES_MAX, Container, Header, cut_header, decode_header
from machine.files import Files, Measured, is_temporary, replace_file

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """What this node's operator gives room for."""

    bytes_max: int
    owner_day_bytes_max: int


class Lack(Enum):
    """Why a document is not taken."""

    ROOM = auto()
    DAY = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A document of this node. `header` is None where the file is damaged so far that it has none."""

    hash: Digest
    measured: Measured
    header: Header | None


class DocumentStore:
    """The documents of one directory. Nothing touches the disk before a method is called."""

    def __init__(self, directory: Path, limits: DocumentLimits, files: Files) -> None:
        self._directory = directory
        self._limits = limits
        self._files = files
        self._lock = threading.Lock()
        self._bytes = 0
        self._number = 0
        self._day = 0
        self._put_today: dict[Address, int] = defaultdict(int)

    def open(self, now_ms: int) -> None:
        """Makes the directory, clears away what a crash left half written, and counts. For the node alone."""
        self._files.make_directory(self._directory)
        for name in self._files.list_names(self._directory):
            if is_temporary(name):
                self._files.remove(self._directory / name)
        self._count()
        self._day = now_ms // _DAY_MS
        for held in self.list_held(since_ms=self._day * _DAY_MS):
            if held.header is not None:
                self._put_today[held.header.owner] += held.measured.size

    def count_bytes(self) -> int:
        """Of all documents, as they were counted at the start and since."""
        return self._bytes

    def find_lack(self, owner: Address, size: int, now_ms: int) -> Lack | None:
        """What is lacking for one more document of an owner, if anything is."""
        with self._lock:
            return self._find_lack(owner, size, now_ms)

    def keep(self, container: Container, data: bytes, now_ms: int) -> Lack | None:
        """Writes a document, unless it is held whole already; on disk when this returns. None: it is held."""
        hash_, owner = container.hash, container.header.owner
        with self._lock:
            if self.is_whole(hash_):
                return None
            lack = self._find_lack(owner, len(data), now_ms)
            if lack is None:
                damaged = self.measure(hash_)
                replace_file(self._files, self.place(hash_), data)
                self._bytes += len(data) - (0 if damaged is None else damaged.size)
                self._number += damaged is None
                self._put_today[owner] += len(data)
            return lack

    def header(self, hash_: Digest) -> Header | None:
        """The header of a document that is held and has one."""
        start = self._files.read_part(self.place(hash_), 0, HEAD_BYTES_MAX)
        if start is None:
            return None
        try:
            return decode_header(cut_header(start))
        except Malformed:
            return None

    def measure(self, hash_: Digest) -> Measured | None:
        """Size and time of a document that is held."""
        return self._files.measure(self.place(hash_))

    def is_whole(self, hash_: Digest) -> bool:
        """Whether a document is held with every byte as it was put."""
        data = self.read(hash_)
        return data is not None and sha256(data) == hash_

    def read(self, hash_: Digest) -> bytes | None:
        """What the disk has under this hash, unchecked; a file that is too long is cut, and does not check."""
        return self._files.read_part(self.place(hash_), 0, DOCUMENT_CONTAINER_BYTES_MAX + 1)

    def read_part(self, hash_: Digest, offset: int, length: int) -> bytes | None:
        """A part of it, unchecked."""
        return self._files.read_part(self.place(hash_), offset, length)

    def list_held(self, since_ms: int = 0) -> list[Held]:
        """What is held and was written since, in order of hashes."""
        found = []
        for hash_ in self._list_hashes():
            measured = self.measure(hash_)
            if measured is not None and measured.written_ms >= since_ms:
                found.append(Held(hash=hash_, measured=measured, header=self.header(hash_)))
        return found

    def remove(self, hash_: Digest) -> bool:
        """Erases a document here; False if it is not held. A node that runs on this directory notices by itself."""
        if self.measure(hash_) is None:
            return False
        self._files.remove(self.place(hash_))
        self._files.sync_directory(self._directory)
        return True

    def _find_lack(self, owner: Address, size: int, now_ms: int) -> Lack | None:
        if now_ms // _DAY_MS != self._day:
            self._day = now_ms // _DAY_MS
            self._put_today.clear()
        if self._put_today[owner] + size > self._limits.owner_day_bytes_max:
            return Lack.DAY
        if self._has_room(size):
            return None
        self._count()  # the operator may have removed some
        return None if self._has_room(size) else Lack.ROOM

    def _has_room(self, size: int) -> bool:
        return self._bytes + size <= self._limits.bytes_max and self._number < DOCUMENTS_HELD_MAX

    def _count(self) -> None:
        sizes = [found.size for found in map(self.measure, self._list_hashes()) if found is not None]
        self._bytes, self._number = sum(sizes), len(sizes)

    def _list_hashes(self) -> list[Digest]:
        names = self._files.list_names(self._directory)
        return [Digest(bytes.fromhex(name)) for name in names if _is_hash(name)]

    def place(self, hash_: Digest) -> Path:
        """Where a document lies, if it is held."""
        assert len(hash_) == DIGEST_BYTES, hash_
        return self._directory / hash_.hex()


def _is_hash(name: str) -> bool:
    return len(name) == 2 * DIGEST_BYTES and all(sign in "0123456789abcdef" for sign in name)
