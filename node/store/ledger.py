"""The ledger on disk: one atomic synced batch a block, and a reader at the head.

A block, the certificate that decided it, its results, the state it left and the head after it become durable together
or not at all; there is nothing to repair after a crash and no order of files to reason about. The commit task writes,
any thread reads; who needs several reads of one height takes a snapshot. Who catches up *stages* some blocks, each on the
state that the one before it left, and flushes them as one such batch: a disk takes as long for one as for all.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from chain.block import CertifiedBlock, compute_block_id, encode_block, encode_header
from chain.certificate import encode_certificate
from chain.evidence import DuplicateVote, Offence, encode_evidence, is_expired, offence_of
from chain.hashing import Digest
from chain.limits import (
    EVIDENCE_AGE_BLOCKS_MAX,
    EVIDENCE_ROWS_FORGOTTEN,
    STATE_PAGES_BYTES_MAX,
    STATE_VERSIONS_KEPT,
    WINDOW_MS_MAX,
)
from chain.parameters import encode_parameters, parameters_hash
from chain.transaction import TxId, compute_transaction_id
from chain.validators import encode_validators
from machine.faults import Damaged, WrongLedger
from node.growth import Sample, decode_samples, encode_samples
from node.head import Head
from node.store.keys import (
    BLOCK_IDS,
    BLOCKS,
    CERTIFICATES,
    EVIDENCE,
    EVIDENCE_WAITING,
    FORMAT_KEY,
    GENESIS_KEY,
    GROWTH_KEY,
    HAND_OVERS,
    HEAD_KEY,
    HEADERS,
    PARAMETERS,
    RESULTS,
    VALIDATORS,
    block_id_key,
    decode_height,
    encode_height,
    hash_key,
    height_key,
    location_key,
    offence_key,
)
from node.store.page_cache import PageCache
from node.store.pruning import Slice, pick_slice
from node.store.reading import LedgerReader, Records, StateView
from node.store.records import decode_head, encode_head, encode_location, encode_results
from node.store.sizes import measure_blocks, measure_classes
from node.store.staged import StagedStore
from node.store.state_history import StateHistory
from node.store.state_rows import forget_states, put_state
from node.store.store import MEND_ADVICE, Batch, Store
from node.store.window import ReplayWindow
from vm.state import Change, StateUpdate, update_state
from vm.tree.nodes import PageKey

FORMAT = b"terang ledger 3"
"""Changes with anything in `keys.py` or `records.py`; a store of another format is refused."""


class _Staged(NamedTuple):
    """Until when a staged block's transactions are valid, and their ids."""

    expires_ms: int
    ids: tuple[TxId, ...]


class Ledger(LedgerReader):
    """The open ledger. `head` moves when a block is on disk, never before.

    The state of the newest `versions_kept` heights before it can be read and proved as well.
    """

    def __init__(self, store: Store, path: Path, head: Head, versions_kept: int) -> None:
        super().__init__(store, head, path)
        self._store = store
        self._versions_kept = versions_kept
        self._staged = StagedStore(store)
        self._staged_head = head
        self._staged_blocks: list[_Staged] = []
        self._staged_history = StateHistory(self._staged, path)
        self.staged_state = StateView(self._staged)
        self._root_page = self.history.root_page(head.height)
        self._pages = PageCache(self._staged_history.page, STATE_PAGES_BYTES_MAX)
        self._lock = Lock()  # keeps a snapshot and its head together, and one writer at a time
        self._window = ReplayWindow()
        self._load_window()

    @classmethod
    def create(
        cls,
        store: Store,
        path: Path,
        genesis_hash: Digest,
        head: Head,
        state: StateUpdate,
        versions_kept: int = STATE_VERSIONS_KEPT,
    ) -> "Ledger":
        """Begins a ledger with the state of the genesis document; the store must be empty."""
        assert store.get(HEAD_KEY) is None and head.height == 0, "a ledger begins once, at height 0"
        assert head.state_root == state.root, "the head is the one after this state"
        batch = Batch()
        batch.put(FORMAT_KEY, FORMAT)
        batch.put(GENESIS_KEY, genesis_hash)
        put_state(batch, state, 0)
        put_head(batch, head)
        store.write(batch, sync=True)
        return cls(store, path, head, versions_kept)

    @classmethod
    def open(
        cls, store: Store, path: Path, genesis_hash: Digest, versions_kept: int = STATE_VERSIONS_KEPT
    ) -> "Ledger | None":
        """The ledger that the store holds, or None if it holds none yet.

        Raises:
            WrongLedger: it grew from another genesis document, or is of another format.
            Damaged: its head cannot be read.
        """
        data = store.get(HEAD_KEY)
        if data is None:
            _check_empty(store, path)
            return None
        _check_origin(store, path, genesis_hash)
        return cls(store, path, _read_head(store, path, data), versions_kept)

    def update_state(self, changes: Sequence[Change]) -> StateUpdate:
        """What the changes of the next block do to the state; nothing is written. The committing thread's own."""
        head = self._staged_head
        return update_state(
            self._pages.read,
            self._root_page,
            head.state_root,
            changes,
            head.next_height,
        )

    def append(
        self, certified: CertifiedBlock, encoded_results: Sequence[bytes], state: StateUpdate, head: Head
    ) -> None:
        """Writes a decided block with all that follows from it; `head` is the head after it.

        On disk when it returns. Raises `DiskFault`, and then nothing of the block is in the ledger.
        """
        self.stage(certified, encoded_results, state, head)
        self.flush()

    def stage(
        self, certified: CertifiedBlock, encoded_results: Sequence[bytes], state: StateUpdate, head: Head
    ) -> None:
        """Puts a decided block behind the head and those that are staged already; `head` is the head after it.

        Nobody but the committing thread sees it, in `staged_state` and `update_state`, before `flush`.
        """
        block = certified.block
        assert head.height == block.header.height == self._staged_head.next_height, (
            "blocks are written in order"
        )
        assert head.block_id == compute_block_id(block.header) == certified.certificate.block_id
        assert len(encoded_results) == len(block.transactions), "one result for each transaction"
        assert head.state_root == state.root, "the head is the one after this state"
        ids = tuple(compute_transaction_id(raw) for raw in block.transactions)
        expires_ms = head.time_ms + self._staged_head.parameters.window_ms
        batch = _build_batch(certified, ids, encoded_results, self._staged_head, head)
        put_state(batch, state, head.height)
        for row in self._expired_evidence(head):
            batch.delete(row)
        forget_states(batch, self._staged_history.oldest(head.height - self._versions_kept))
        self._staged.stage(batch)
        self._staged_head = head
        self._staged_blocks.append(_Staged(expires_ms, ids))
        if state.tree is not None:
            self._pages.adopt(state.tree)
            self._root_page = PageKey(b"", head.height)

    def flush(self) -> None:
        """Writes all blocks that are staged, if any; they are on disk when it returns.

        Raises `DiskFault`, and then none of them is in the ledger, and nothing more can be staged.
        """
        if not self._staged_blocks:
            return
        with self._lock:
            self._staged.flush()
            self.head = self._staged_head
        for expires_ms, ids in self._staged_blocks:
            self._window.add(expires_ms, ids)
        self._staged_blocks.clear()
        self._window.forget(self.head.time_ms)

    def prune(self, below: int) -> Slice | None:
        """Lets go of the oldest blocks below a height, a slice of them; None where there is none that may go.

        From any thread, beside the committing one. Not synced: what a power cut brings back goes again.
        """
        found = pick_slice(self, below)
        if found is not None:
            with self._lock:
                self._store.write(found.batch, sync=False)
        return found

    def keep_evidence(self, evidence: DuplicateVote) -> None:
        """Keeps evidence until a block has it or it expires. On disk when it returns."""
        batch = Batch()
        batch.put(offence_key(EVIDENCE_WAITING, offence_of(evidence)), encode_evidence(evidence))
        with self._lock:
            self._store.write(batch, sync=True)

    def drop_evidence(self, offences: Sequence[Offence]) -> None:
        """Lets go of evidence that no block will have any more."""
        batch = Batch()
        for offence in offences:
            batch.delete(offence_key(EVIDENCE_WAITING, offence))
        with self._lock:
            self._store.write(batch, sync=False)

    def _expired_evidence(self, head: Head) -> list[bytes]:
        """The oldest rows of evidence that has expired after `head`: from here on its age alone keeps it out."""
        start, end = (
            height_key(EVIDENCE, 0),
            height_key(EVIDENCE, max(0, head.height - EVIDENCE_AGE_BLOCKS_MAX)),
        )
        rows = self._store.iterate(start, end, limit=EVIDENCE_ROWS_FORGOTTEN)
        return [key for key, _ in rows if self._is_expired(decode_height(key[1:9]), head)]

    def _is_expired(self, height: int, head: Head) -> bool:
        header = None if height < self.evidence_since else self.header(height)
        return header is None or is_expired(
            offence_height=height,
            offence_time_ms=header.time_ms,
            height=head.height,
            time_ms=head.time_ms,
        )

    def compact(self, start: bytes, end: bytes) -> None:
        """See `Store.compact`. From any thread."""
        self._store.compact(start, end)

    def measure(self, start: bytes, end: bytes) -> int:
        """See `Store.approximate_size`."""
        return self._store.approximate_size(start, end)

    def measure_classes(self) -> dict[str, int]:
        """About how many bytes each class of rows takes."""
        return measure_classes(self._store)

    def measure_blocks(self, first: int) -> int:
        """About how many bytes the blocks from a height on take, with their results."""
        return measure_blocks(self._store, first)

    @property
    def growth(self) -> tuple[Sample, ...]:
        """Sizes of the node's directory, as they were noted."""
        return self._records.read(GROWTH_KEY, decode_samples, "sizes") or ()

    def note_growth(self, samples: Sequence[Sample]) -> None:
        """Notes them, in place of those before. Not synced: a lost one is one less."""
        batch = Batch()
        batch.put(GROWTH_KEY, encode_samples(samples))
        with self._lock:
            self._store.write(batch, sync=False)

    def has_transaction(self, transaction_id: TxId) -> bool:
        """Whether a block whose transactions may not have expired holds the transaction."""
        return transaction_id in self._window

    @contextmanager
    def snapshot(self) -> Iterator[LedgerReader]:
        """The ledger at the present head, unmoved by later blocks, until the context ends."""
        with ExitStack() as stack:
            with self._lock:
                head, reader = self.head, stack.enter_context(self._store.snapshot())
            yield LedgerReader(reader, head, self.path)

    def close(self) -> None:
        """Releases the store. Whoever reads must have ended before."""
        self._store.close()

    def _load_window(self) -> None:
        oldest_ms = self.head.time_ms - WINDOW_MS_MAX
        blocks: list[tuple[int, tuple[TxId, ...]]] = []
        for height in range(self.head.height, self.headers_since - 1, -1):
            header = self.header(height)
            if header is not None and header.time_ms <= oldest_ms:
                break
            if header is None:
                raise self._missing(height)
            expires_ms = header.time_ms + self._records.parameters(header.parameters_hash).window_ms
            if expires_ms > self.head.time_ms:  # a snapshot brought no ids of those that have expired
                blocks.append((expires_ms, self.replay_ids(height)))
        for expires_ms, ids in reversed(blocks):
            self._window.add(expires_ms, ids)


def _check_empty(store: Store, path: Path) -> None:
    if store.iterate(b"", b"\xff", limit=1):
        raise Damaged(path, "the store has rows but no head record", MEND_ADVICE)


def _check_origin(store: Store, path: Path, genesis_hash: Digest) -> None:
    stored_format = store.get(FORMAT_KEY)
    if stored_format != FORMAT:
        raise WrongLedger(
            path,
            f"this release reads stores of format {FORMAT!r}, this one is of {stored_format!r}",
            "Use the release that wrote it. The network it belongs to goes on with that release",
        )
    stored = store.get(GENESIS_KEY) or b""
    if stored != genesis_hash:
        raise WrongLedger(
            path,
            f"expected a ledger of genesis {genesis_hash.hex()}, got one of {stored.hex()}",
            "Put back the genesis document of this home, or start in an empty one",
        )


def _read_head(store: Store, path: Path, data: bytes) -> Head:
    records = Records(store, path)
    return records.decode(
        data, lambda found: decode_head(found, records.validators, records.parameters), "head record"
    )


def _build_batch(
    certified: CertifiedBlock,
    ids: Sequence[TxId],
    encoded_results: Sequence[bytes],
    before: Head,
    head: Head,
) -> Batch:
    """Rows of a block; `before` is the head that it follows, `head` the one after it."""
    header, height, last = certified.block.header, head.height, certified.block.last_certificate
    batch = Batch()
    batch.put(height_key(HEADERS, height), encode_header(header))
    batch.put(height_key(BLOCKS, height), encode_block(certified.block))
    batch.put(height_key(CERTIFICATES, height), encode_certificate(certified.certificate))
    batch.put(height_key(RESULTS, height), encode_results(encoded_results))
    batch.put(height_key(BLOCK_IDS, height), b"".join(ids))
    batch.put(block_id_key(head.block_id), encode_height(height))
    for index, transaction_id in enumerate(ids):
        batch.put(location_key(transaction_id), encode_location(height, index, header.time_ms))
    for offence in map(offence_of, certified.block.evidence):
        batch.put(offence_key(EVIDENCE, offence), encode_height(height))
        batch.delete(offence_key(EVIDENCE_WAITING, offence))
    if header.next_validators_hash != header.validators_hash:
        batch.put(height_key(HAND_OVERS, height), b"")
    if last is not None and before.validators.hash != before.last_validators.hash:
        batch.put(height_key(HAND_OVERS, before.height), encode_certificate(last))
    put_head(batch, head)
    return batch


def put_head(batch: Batch, head: Head) -> None:
    """The head record, and what it names."""
    for validators in {head.last_validators.hash: head.last_validators,
                       head.validators.hash: head.validators,
                       head.next_validators.hash: head.next_validators}.values():  # fmt: skip
        batch.put(hash_key(VALIDATORS, validators.hash), encode_validators(validators))
    batch.put(hash_key(PARAMETERS, parameters_hash(head.parameters)), encode_parameters(head.parameters))
    batch.put(HEAD_KEY, encode_head(head))
