"""A snapshot from a ledger: of the height before its head, since the head's own header has the roots after that height.

Certificates are those that the next block holds, so that all nodes make the same chunks; only what decided the head is each
node's own (`chain.snapshot.snapshot_id`). What the head's block changed was put aside by it, so the state before is the state
now with that in its place: one walk over all entries in the order of their keys, chunk after chunk, and little in memory. Read
from a snapshot of the database, so that blocks go on meanwhile.
"""

from collections import deque
from collections.abc import Generator, Iterator

from chain.block import Header
from chain.bundle import BundleBlock
from chain.certificate import Certificate
from chain.errors import Invalid
from chain.hashing import Digest, sha256
from chain.limits import LINEAGE_CHANGES_MAX, SNAPSHOT_CHUNKS_MAX, WINDOW_MS_MAX
from chain.parameters import Parameters
from chain.record import Decided
from chain.snapshot import Manifest, encode_manifest
from chain.snapshot_check import Trust, verify_manifest
from chain.snapshot_chunks import Row, WindowEntry, pack_hand_overs, pack_state, pack_window
from chain.validators import ValidatorSet
from chain.vote import Height
from node.snapshot.shelf import Shelf
from node.store.reading import LedgerReader
from node.store.state_rows import Aside

_ROWS_AT_ONCE = 256  # 16 MB of the largest, a third of a chunk of usual ones


class NoSnapshot(Exception):
    """None can be made of this ledger now; the message says why."""


class Making:
    """One snapshot under way: `chunks` gives its chunks in order, and when they are over there is a manifest.

    `height` is that of the snapshot, `rows` the number of entries so far. Raises `NoSnapshot` where the ledger has not got what
    it takes.
    """

    def __init__(self, reader: LedgerReader, genesis_hash: Digest) -> None:
        self._reader = reader
        self._genesis_hash = genesis_hash
        self.height = Height(reader.head.height - 1)
        if self.height < 1:
            raise NoSnapshot(f"a snapshot needs two blocks, this ledger has {reader.head.height}")
        if reader.history.since > self.height or reader.headers_since > self.height:
            raise NoSnapshot(
                f"a snapshot of height {self.height} needs its state and its header, and this ledger begins with height "
                f"{max(reader.history.since, reader.headers_since)}: wait for the next block"
            )
        self._parts: list[list[Digest]] = []
        self.rows = 0
        self._bytes = 0
        self.hand_overs: list[BundleBlock] = []

    def chunks(self) -> Iterator[bytes]:
        """All chunks, once. Raises `DiskFault`, and `NoSnapshot` where they would be too many."""
        assert not self._parts, "a snapshot is made once"
        for part in (
            pack_hand_overs(self._iterate_hand_overs()),
            pack_window(self._iterate_window()),
            pack_state(self._iterate_state()),
        ):
            self._parts.append([])
            for chunk in part:
                self._parts[-1].append(sha256(chunk))
                self._bytes += len(chunk)
                if sum(map(len, self._parts)) > SNAPSHOT_CHUNKS_MAX:
                    raise NoSnapshot(f"expected at most {SNAPSHOT_CHUNKS_MAX} chunks, the state has more")
                yield chunk

    @property
    def manifest(self) -> Manifest:
        """The manifest over the chunks that were given."""
        hand_overs, window, state = (tuple(part) for part in self._parts)
        reader, height = self._reader, self.height
        parameters = reader.parameters(height + 1)
        assert parameters is not None, "the head's header is there"
        return Manifest(
            genesis_hash=self._genesis_hash,
            last=self._decided(height, self._find_agreed(), reader.validators(height)),
            following=self._decided(height + 1, reader.certificate(height + 1), reader.head.last_validators),
            next_validators=reader.head.validators,
            parameters=parameters,
            rows=self.rows,
            bytes=self._bytes,
            hand_overs=hand_overs,
            window=window,
            state=state,
        )

    def _find_agreed(self) -> Certificate:
        """What decided the snapshot's block, as the next block holds it."""
        following = self._reader.block(self.height + 1)
        assert following is not None and following.last_certificate is not None, "the head has its block"
        return following.last_certificate

    def _decided(
        self, height: int, certificate: Certificate | None, validators: ValidatorSet | None
    ) -> Decided:
        assert certificate is not None and validators is not None, f"block {height} was decided"
        return Decided(header=self._header(height), certificate=certificate, validators=validators)

    def _iterate_hand_overs(self) -> Iterator[BundleBlock]:
        heights = self._reader.hand_overs
        if len(heights) > LINEAGE_CHANGES_MAX:
            raise NoSnapshot(f"expected at most {LINEAGE_CHANGES_MAX} changes of validators, there were more")
        for height in heights:
            if height <= self.height:
                header, certificate = self._header(height), self._reader.certificate_of_hand_over(height)
                assert certificate is not None, f"block {height} was decided"
                following = self._reader.read_validators(header.next_validators_hash)
                block = BundleBlock(header=header, certificate=certificate, next_validators=following)
                self.hand_overs.append(block)
                yield block

    def _iterate_window(self) -> Iterator[WindowEntry]:
        last = self._header(self.height)
        before: Parameters | None = None
        for height in range(self._find_first(last.time_ms - WINDOW_MS_MAX), self.height + 1):
            header, parameters = self._header(height), self._reader.parameters(height)
            assert parameters is not None, f"header {height} was read a moment ago"
            is_alive = header.time_ms + parameters.window_ms > last.time_ms
            yield WindowEntry(
                header=header,
                ids=self._reader.replay_ids(height) if is_alive else None,
                parameters=None if parameters == before else parameters,
            )
            before = parameters

    def _header(self, height: int) -> Header:
        header = self._reader.header(height)
        assert header is not None, f"header {height} is below the head"
        return header

    def _find_first(self, oldest_ms: int) -> int:
        """The last height whose block is as old as that, or the first there is."""
        low, high = int(self._reader.headers_since), int(self.height)
        while low < high:
            middle = (low + high + 1) // 2
            if self._header(middle).time_ms <= oldest_ms:
                low = middle
            else:
                high = middle - 1
        return low

    def _iterate_state(self) -> Iterator[Row]:
        for row in restore_before(self._iterate_now(), self._reader.history.before(self.height + 1)):
            self.rows += 1
            yield row

    def _iterate_now(self) -> Iterator[Row]:
        start = b""
        while rows := self._reader.state.iterate(start, b"", _ROWS_AT_ONCE):
            yield from rows
            start = rows[-1][0] + b"\x00"


def write_snapshot(making: Making, shelf: Shelf, trust: Trust) -> Generator[int, None, None]:
    """Puts a snapshot on the shelf, a chunk a step; gives how many entries of the state are in it so far. It is there when the
    steps are over, and nothing of it where they end otherwise: nobody is offered what does not hold from the founders on.
    """
    is_whole = False
    shelf.remove(making.height)  # one that is there is made anew, and until then it is none
    try:
        for chunk in making.chunks():
            shelf.put_chunk(making.height, chunk)
            yield making.rows
        _check(making, trust)
        shelf.finish(making.height, encode_manifest(making.manifest))
        is_whole = True
    finally:
        if not is_whole:
            shelf.remove(making.height)


def _check(making: Making, trust: Trust) -> None:
    try:
        verify_manifest(making.manifest, tuple(making.hand_overs), trust)
    except Invalid as error:
        raise NoSnapshot(
            f"it would not be believed, for this ledger lacks what proves it: {error}"
        ) from error


def restore_before(rows: Iterator[Row], asides: tuple[Aside, ...]) -> Iterator[Row]:
    """Rows in the order of their keys as they were before a height that put these aside."""
    waiting = deque(sorted((aside.key, aside.value) for aside in asides))
    for key, value in rows:
        while waiting and waiting[0][0] < key:
            yield from _present(*waiting.popleft())
        if waiting and waiting[0][0] == key:
            yield from _present(*waiting.popleft())
        else:
            yield key, value
    for key, before in waiting:
        yield from _present(key, before)


def _present(key: bytes, value: bytes | None) -> Iterator[Row]:
    if value is not None:
        yield key, value
