"""The write-ahead log: what consensus remembers of the height being decided, and the bodies it vouched for.

A validator that forgets a vote or a lock in a crash could contradict itself, so every input that changed the core is
appended here and synced before anything that follows from it leaves the node; replaying the inputs through a fresh
engine gives the same state. Beside them stand the bodies of a proposed block, synced before our precommit: they can
be served after a restart until the height is committed.

One segment file for each height, made with its first sync, so that an idle height writes nothing; segments of lower
heights are removed once the ledger, which is synced before, has moved on. So in any crash the height in doubt has its
segment. What one `sync` makes durable is one frame (`machine.frames`), whole or not there.

Of a height at which this validator must not vote, because what it remembered was lost, nothing is written: a log that grew
again would look at the next start like the one that is gone, and the lock in that one would be forgotten.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from chain.codec import Value, as_array, as_bytes, as_uint, decode, encode
from chain.errors import Malformed
from chain.hashing import tagged_hash
from chain.limits import STORE_RECORD_BYTES_MAX, TRANSACTION_BYTES_MAX
from chain.transaction import CheckedTransaction, TxId, compute_transaction_id
from chain.vote import Height
from consensus.inputs import Remembered
from machine.faults import Damaged
from machine.files import AppendFile, Files
from machine.frames import BrokenFrame, encode_frame, scan_frames
from node.remembered import remembered_from, remembered_value

_NAME = re.compile(r"(\d{20})-([0-9a-f]{16})\.log")
_SALT_BYTES = 8
_INPUT, _BODY = 0, 1
_ADVICE = (
    "Move the file away and start again: by the signer's record this validator then stays silent until the others "
    "have decided this height"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What is remembered of a height: inputs in their order, and pinned bodies by id."""

    inputs: tuple[Remembered, ...]
    bodies: dict[TxId, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Segment:
    """The file of one height, and the chance in its name that ties frames to it."""

    height: int
    salt: bytes
    path: Path

    def compute_seed(self, chain_id: str) -> bytes:
        return tagged_hash("journal", encode((chain_id, self.height, self.salt)))


class Journal:
    """The open log; one task owns it. After an error it must not be used again: the node stops and starts anew."""

    def __init__(self, directory: Path, chain_id: str, files: Files) -> None:
        """Finds the segments in `directory`, which is made if need be; `start_height` comes next.

        Raises:
            Damaged: two segments claim one height.
        """
        self._directory = directory
        self._chain_id = chain_id
        self._files = files
        self._pending: list[Value] = []
        self._pinned: set[TxId] = set()
        self._mark = 0
        self._write_from = 0
        self._file: AppendFile | None = None
        files.make_directory(directory)
        self._segments = _find_segments(files, directory)
        self._current: _Segment | None = None

    @property
    def newest_height(self) -> Height | None:
        """The highest height with something on disk."""
        return Height(max(self._segments)) if self._segments else None

    @property
    def mark(self) -> int:
        """How many syncs of the present height are on disk; the signer's record keeps it beside each signature."""
        return self._mark

    @property
    def has_unsynced(self) -> bool:
        """Whether something remembered is not on disk."""
        return bool(self._pending)

    def start_height(self, height: int) -> Replay:
        """Turns to a height, removes what is remembered of lower ones, and gives back what is remembered of this one.

        The ledger must hold the block before, on disk. A torn tail is dropped: nobody saw what followed from it.

        Raises:
            Damaged: something acknowledged cannot be read any more.
        """
        self.close()
        for lower in [other for other in self._segments if other < height]:
            self._files.remove(self._segments.pop(lower).path)
        self._mark, self._pinned = 0, set()
        self._current = self._segments.get(height) or self._name_segment(height)
        return self._recover(self._current)

    def write_from(self, height: int) -> None:
        """Below this height nothing is written any more."""
        self._write_from = height

    def append(self, remembered: Remembered) -> None:
        """Remembers an input; not on disk before `sync`."""
        self._pending.append((_INPUT, remembered_value(remembered)))

    def pin_bodies(self, transactions: Iterable[CheckedTransaction]) -> None:
        """Remembers bodies, each once for a height; not on disk before `sync`."""
        for checked in transactions:
            if checked.id not in self._pinned:
                self._pinned.add(checked.id)
                self._pending.append((_BODY, checked.raw))

    def sync(self) -> None:
        """Returns when everything remembered is on disk; costs nothing if it is already. Blocks for a disk sync."""
        if not self._pending:
            return
        assert self._current is not None, "a height has been started"
        if self._current.height < self._write_from:
            self._pending.clear()
            return
        payload = encode(tuple(self._pending))
        is_new = self._current.height not in self._segments
        if self._file is None:
            self._file = self._files.open_append(self._current.path)
        self._file.append(encode_frame(self._current.compute_seed(self._chain_id), self._mark, payload))
        self._file.sync()
        if is_new:
            self._files.sync_directory(self._directory)
            self._segments[self._current.height] = self._current
        self._pending.clear()
        self._mark += 1

    def close(self) -> None:
        """Releases the file; what was not synced is forgotten."""
        if self._file is not None:
            self._file.close()
        self._file = None
        self._pending.clear()

    def _name_segment(self, height: int) -> _Segment:
        salt = os.urandom(_SALT_BYTES)
        return _Segment(height=height, salt=salt, path=self._directory / f"{height:020d}-{salt.hex()}.log")

    def _recover(self, segment: _Segment) -> Replay:
        data = self._files.read(segment.path)
        if data is None:
            return Replay(inputs=(), bodies={})
        scanned = scan_frames(segment.compute_seed(self._chain_id), data)
        if isinstance(scanned, BrokenFrame):
            where = f"frame {scanned.number} at byte {scanned.offset}"
            raise Damaged(segment.path, f"{where} is damaged: {scanned.reason}", _ADVICE)
        # What a killed process left may be in the system's memory alone: make it as durable as it will be believed.
        self._files.truncate(segment.path, scanned.length)
        self._files.sync_directory(self._directory)
        try:
            replay = _read_payloads(scanned.payloads)
        except Malformed as error:
            raise Damaged(segment.path, f"a checked frame cannot be read: {error}", _ADVICE) from error
        self._mark, self._pinned = len(scanned.payloads), set(replay.bodies)
        return replay


def _find_segments(files: Files, directory: Path) -> dict[int, _Segment]:
    found: dict[int, _Segment] = {}
    for name in files.list_names(directory):
        match = _NAME.fullmatch(name)
        if match is None:
            continue
        segment = _Segment(height=int(match[1]), salt=bytes.fromhex(match[2]), path=directory / name)
        if segment.height in found:
            raise Damaged(
                directory, f"two logs of height {segment.height}", "Keep the one this node wrote last"
            )
        found[segment.height] = segment
    return found


def _read_payloads(payloads: Iterable[bytes]) -> Replay:
    inputs: list[Remembered] = []
    bodies: dict[TxId, bytes] = {}
    for payload in payloads:
        for record in as_array(decode(payload, bytes_max=STORE_RECORD_BYTES_MAX), "frame"):
            kind, value = as_array(record, "record", 2)
            if as_uint(kind, "record kind", _BODY) == _INPUT:
                inputs.append(remembered_from(value))
            else:
                body = as_bytes(value, "body", length_max=TRANSACTION_BYTES_MAX)
                bodies[compute_transaction_id(body)] = body
    return Replay(inputs=tuple(inputs), bodies=bodies)
