"""What this node has committed, in a file of its own: height, block id and roots after it, each entry chained to the last.

LevelDB drops the end of its own log without a word where a disk has cut it short, and a ledger that lost its newest blocks
looks whole. A validator's journal and record would be ahead of it; a full node has neither. So every commit leaves 128 bytes
here, after its batch is on disk: where this log is ahead of the ledger, the ledger has lost something, and where they
contradict each other, one of them is not what was written. Entries none of which straddles a sector, each checked together
with the one before it, tell by themselves whether it is this log.

It is not synced: a commit shall not wait for a second disk write. What a power cut takes of it makes it say less, and
nothing false. Whatever is wrong with it is told and it is made anew, since the ledger has all of it. It is begun anew with its
newest entries when it has grown long.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from chain.block import compute_block_id
from chain.hashing import DIGEST_BYTES, Digest, tagged_hash
from chain.limits import COMMITS_KEPT, COMMITS_MAX
from chain.vote import BlockId, Height
from machine.files import AppendFile, Files, replace_file
from node.head import Head
from node.store.reading import LedgerReader

ENTRY_BYTES = 128
_CHECK_BYTES = 24
_CONTENT_BYTES = ENTRY_BYTES - _CHECK_BYTES
_MAGIC = b"terang commits 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One committed height: its block, and what its execution left."""

    height: Height
    block_id: BlockId
    state_root: Digest
    results_root: Digest


def commit_of(head: Head) -> Commit:
    """What is remembered of a height."""
    return Commit(
        height=head.height,
        block_id=head.block_id,
        state_root=head.state_root,
        results_root=head.results_root,
    )


class CommitLog:
    """The open log; the committing thread owns it. `damage` says what was wrong with it when it was opened."""

    def __init__(self, path: Path, genesis_hash: Digest, files: Files) -> None:
        """Reads the file at `path`, if there is one; it is `begin` that makes it. Raises `DiskFault`."""
        self.path = path
        self.damage: str | None = None
        self._genesis_hash = genesis_hash
        self._files = files
        self._file: AppendFile | None = None
        self._commits: list[Commit] = []
        self._check = b""
        data = files.read(path)
        if data is not None:
            self._read(data)

    @property
    def last(self) -> Commit | None:
        """The highest height that was ever written, of those that can be read."""
        return self._commits[-1] if self._commits else None

    @property
    def commits(self) -> tuple[Commit, ...]:
        """All that are kept, in their order."""
        return tuple(self._commits)

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return ENTRY_BYTES * (1 + len(self._commits))

    def begin(self, commits: Iterable[Commit]) -> None:
        """Puts a new log of these in the place of whatever is there. On disk when it returns."""
        self.close()
        self._files.make_directory(self.path.parent)
        sealed = [_seal(_MAGIC + self._genesis_hash, b"")]
        self._commits = list(commits)
        for commit in self._commits:
            sealed.append(_seal(_encode(commit), _check_of(sealed[-1])))
        replace_file(self._files, self.path, b"".join(sealed))
        self._check = _check_of(sealed[-1])
        self.damage = None

    def append(self, commit: Commit) -> None:
        """Remembers a height whose batch is on disk; one that is fetched again, after a loss, is remembered already."""
        last = self.last
        if last is not None and commit.height <= last.height:
            return
        if not self._check or last is None or commit.height != last.height + 1:
            self.begin([commit])
            return
        if len(self._commits) >= COMMITS_MAX:
            self.begin(self._commits[-COMMITS_KEPT:])
        if self._file is None:
            self._file = self._files.open_append(self.path)
        sealed = _seal(_encode(commit), self._check)
        self._file.append(sealed)
        self._commits.append(commit)
        self._check = _check_of(sealed)

    def close(self) -> None:
        """Releases the file."""
        if self._file is not None:
            self._file.close()
        self._file = None

    def _read(self, data: bytes) -> None:
        head = data[:ENTRY_BYTES]
        if head != _seal(_MAGIC + self._genesis_hash, b""):
            self.damage = "its head does not check, or it is that of another network"
            return
        whole, before = len(data), head
        for offset in range(ENTRY_BYTES, len(data), ENTRY_BYTES):
            sealed = data[offset : offset + ENTRY_BYTES]
            if sealed == _seal(sealed[:_CONTENT_BYTES], _check_of(before)):
                self._take(_decode(sealed))
            elif whole == len(data):
                whole = offset
            before = sealed
        self._settle(data, whole)

    def _take(self, commit: Commit) -> None:
        last = self.last
        if self.damage is None and last is not None and commit.height != last.height + 1:
            self.damage = f"height {commit.height} follows on {last.height}"
        self._commits.append(commit)

    def _settle(self, data: bytes, whole: int) -> None:
        """Drops a torn end; anything else that does not check is damage, which `begin` mends."""
        tail = data[whole:]
        is_torn = len(tail) < ENTRY_BYTES or not tail[-_CHECK_BYTES:].strip(b"\x00")
        if tail and not is_torn and self.damage is None:
            self.damage = f"entry {whole // ENTRY_BYTES} does not check"
        if self.damage is None:
            self._files.truncate(self.path, whole)
            self._check = _check_of(data[:whole])


def _seal(content: bytes, previous_check: bytes) -> bytes:
    padded = content.ljust(_CONTENT_BYTES, b"\x00")
    return padded + tagged_hash("commit log", previous_check + padded)[:_CHECK_BYTES]


def _check_of(sealed: bytes) -> bytes:
    return sealed[-_CHECK_BYTES:]


def _encode(commit: Commit) -> bytes:
    return commit.height.to_bytes(8, "big") + commit.block_id + commit.state_root + commit.results_root


def _decode(sealed: bytes) -> Commit:
    digests = [sealed[8 + at * DIGEST_BYTES :][:DIGEST_BYTES] for at in range(3)]
    return Commit(
        height=Height(int.from_bytes(sealed[:8], "big")),
        block_id=BlockId(Digest(digests[0])),
        state_root=Digest(digests[1]),
        results_root=Digest(digests[2]),
    )


def read_commit(reader: LedgerReader, height: Height) -> Commit | None:
    """What the ledger itself says of a height, by its header and the one after it; None where there is none."""
    head = reader.head
    if height == head.height:
        return commit_of(head)
    header, following = reader.header(height), reader.header(height + 1)
    if header is None or following is None:
        return None
    return Commit(
        height=height,
        block_id=compute_block_id(header),
        state_root=following.state_root,
        results_root=following.results_root,
    )


def find_contradiction(reader: LedgerReader, commits: Iterable[Commit]) -> str | None:
    """The first of these commits, up to the head, of which the ledger says otherwise."""
    for commit in commits:
        is_held = reader.headers_since <= commit.height <= reader.head.height
        if is_held and read_commit(reader, commit.height) != commit:
            return f"block {commit.height} is not the one that this node's own log of commits has"
    return None


def settle_commits(log: CommitLog, reader: LedgerReader) -> str | None:
    """Makes the log good again where it lacks the ledger's newest heights or is damaged; says what was wrong.

    The ledger must have been checked. A power cut takes the newest entries, and a crash those of one batch: that is not told.
    """
    head, last, damage = reader.head, log.last, log.damage
    if damage is None and last is not None and last.height >= head.height:
        return None
    if damage is None and last is not None and last.height == head.height - 1:
        log.append(commit_of(head))
        return None
    newest = max(head.height, 0 if last is None else last.height)
    of_ledger = {
        height: read_commit(reader, Height(height))
        for height in range(max(reader.headers_since, head.height - COMMITS_KEPT + 1), head.height + 1)
    }
    ahead = [commit for commit in log.commits if commit.height > head.height]
    log.begin([*filter(None, of_ledger.values()), *ahead])
    if damage is not None:
        return f"{log.path}: {damage}. It was made anew from the ledger, up to height {newest}"
    return None
