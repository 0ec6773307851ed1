"""A ledger from a snapshot: built beside the place where it shall stand, and moved there when all of it is proven.

    data/store.restoring           the ledger that is being built: entries as they come, then the tree over them
    data/store.restoring.leaves    leaves of the tree in the order of their hashes, until it is built

Entries come in the order of their keys, the tree wants them in that of their hashes: so LevelDB sorts the leaves, and the
tree grows from left to right by its own code, in parts that fit memory. Its root must be that of the header after the
snapshot; before that nothing of this is a ledger to anybody. A crash at any moment leaves the old place as it was, which is
empty, or the whole ledger in it; what is left beside it is removed by the next attempt. Keys, log and the signer's record
are never touched: what they remember is held against the new ledger at the next start, as against any other.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from chain.block import compute_block_id
from chain.hashing import Digest
from chain.snapshot import Manifest
from chain.snapshot_check import Passed, SnapshotReader, SnapshotRefused, Step, Taken, Trust
from machine.faults import Damaged, Unusable
from machine.files import Files, clear_directory
from node.head import Head
from node.store.keys import page_key
from node.store.ledger import Ledger
from node.store.leveldb import LevelStore
from node.store.restored import put_beginning, put_hand_over, put_rows, put_window
from node.store.selfcheck import check_ledger
from node.store.store import Batch, StoreReader
from vm.tree.hashing import EMPTY_STATE_ROOT
from vm.tree.nodes import Page, PageKey, decode_page, encode_page
from vm.tree.update import update_tree

_CACHE_BYTES = 8 * 1024 * 1024
_LEAVES_AT_ONCE = 20_000  # of the tree in one part: some megabytes
_CHECKED_BLOCKS = 1  # there is none yet above the snapshot; the check is of head, root and contracts
_ABOVE_ALL = b"\xff" * 33
_TAKEN_ADVICE = (
    "Move the ledger away, or give another --home; keys and the signer's record stay where they are"
)
_AGAIN_ADVICE = "Begin anew: nothing of it has become a ledger"


def find_building_places(store: Path) -> tuple[Path, Path]:
    """Where the ledger and the leaves of its tree are built, beside the place where it shall stand."""
    return store.with_name(store.name + ".restoring"), store.with_name(store.name + ".restoring.leaves")


def clear_building_places(store: Path, files: Files) -> None:
    """Removes what a crash left there."""
    for place in find_building_places(store):
        clear_directory(files, place)


class Restoration:
    """Takes the chunks of a snapshot in their order, from one thread at a time. Use it as a context: whatever ends it
    before `finish` has returned leaves no ledger.

    Raises:
        SnapshotRefused: the snapshot is not what it should be, already when this is made.
        Unusable: there is a ledger in that place.
        DiskFault: any other fault of the disk.
    """

    def __init__(self, store: Path, manifest: Manifest, trust: Trust, files: Files) -> None:
        self._store = store
        self._trust = trust
        self._files = files
        self.reader = SnapshotReader(manifest, trust)
        self._headers_since: int | None = None
        self._has_transactions = False
        self._building, self._leaves_place = find_building_places(store)
        if files.list_names(store):
            raise Unusable(store, "there is a ledger here", _TAKEN_ADVICE)
        clear_building_places(store, files)
        self._opened = ExitStack()

    def __enter__(self) -> "Restoration":
        self._ledger = LevelStore(self._building, cache_bytes=_CACHE_BYTES)
        self._opened.callback(self._ledger.close)
        self._leaves = LevelStore(self._leaves_place, cache_bytes=_CACHE_BYTES)
        self._opened.callback(self._leaves.close)
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()
        clear_building_places(self._store, self._files)

    def take(self, chunk: bytes) -> None:
        """The next chunk. Raises `SnapshotRefused`."""
        taken = self.reader.take(chunk)
        batch, leaves = Batch(), Batch()
        for block in taken.hand_overs:
            put_hand_over(batch, block)
        self._take_window(batch, taken)
        if taken.rows is not None:
            put_rows(batch, leaves, taken.rows)
            self._leaves.write(leaves, sync=False)
        self._ledger.write(batch, sync=False)

    def finish(self, tell: Callable[[int], None]) -> Head:
        """Builds the tree, checks its root, and moves the ledger to its place; on disk when it returns. `tell` hears how many
        entries the tree has so far. Raises `SnapshotRefused`.
        """
        self.reader.finish()
        manifest = self.reader.manifest
        root, expected = self._grow(tell), manifest.following.header.state_root
        if root != expected:
            raise SnapshotRefused(
                Step.ROOT,
                f"header {manifest.following.header.height} says {expected.hex()}, the root of the "
                f"{manifest.rows} entries is {root.hex()}",
            )
        self.reader.passed.append(Passed(step=Step.ROOT, shown=root.hex()))
        head = make_head(manifest, has_transactions=self._has_transactions)
        batch = Batch()
        assert self._headers_since is not None, "a window has headers"
        put_beginning(batch, manifest.genesis_hash, self._trust.founders, head, self._headers_since)
        self._ledger.write(batch, sync=True)
        self._check(head)
        self._opened.close()
        self._sync()
        self._files.rename(self._building, self._store)
        self._files.sync_directory(self._store.parent)
        return head

    def _take_window(self, batch: Batch, taken: Taken) -> None:
        for entry in taken.window:
            if self._headers_since is None:
                self._headers_since = entry.header.height
            self._has_transactions = bool(entry.ids)
            put_window(batch, entry)

    def _grow(self, tell: Callable[[int], None]) -> Digest:
        """The tree over all leaves, in parts from left to right; its root."""
        version, number = self.reader.manifest.height, 0
        top, root = None, EMPTY_STATE_ROOT
        for part in _split_leaves(self._leaves):
            update = update_tree(self._read_page, top, part, version)
            top, root = PageKey(b"", version), update.root
            batch = Batch()
            for key, page in update.written:
                batch.put(page_key(key), encode_page(page))
            written = {key for key, _ in update.written}
            assert written.issuperset(update.stale), "a tree that only grows writes its pages anew"
            self._ledger.write(batch, sync=False)
            number += len(part)
            tell(number)
        return root

    def _read_page(self, key: PageKey) -> Page:
        data = self._ledger.get(page_key(key))
        if data is None:
            raise Damaged(self._building, f"page {key} of the tree is not there", _AGAIN_ADVICE)
        return decode_page(data)

    def _check(self, head: Head) -> None:
        """As a start does, before anybody starts from it."""
        ledger = Ledger.open(self._ledger, self._building, self._trust.genesis_hash)
        assert ledger is not None and ledger.head == head, "it was written a moment ago"
        check_ledger(self._ledger, ledger, self._building, _CHECKED_BLOCKS)

    def _sync(self) -> None:
        """LevelDB syncs what it writes last, but not a log before it; so everything is synced here."""
        for name in self._files.list_names(self._building):
            file = self._files.open_append(self._building / name)
            file.sync()
            file.close()
        self._files.sync_directory(self._building)


def make_head(manifest: Manifest, *, has_transactions: bool) -> Head:
    """The head after the snapshot's block. The snapshot was checked."""
    last, following = manifest.last, manifest.following
    return Head(
        chain_id=last.header.chain_id,
        height=manifest.height,
        block_id=compute_block_id(last.header),
        time_ms=last.header.time_ms,
        certificate=last.certificate,
        results_root=following.header.results_root,
        state_root=following.header.state_root,
        last_validators=last.validators,
        validators=following.validators,
        next_validators=manifest.next_validators,
        parameters=manifest.parameters,
        has_transactions=has_transactions,
    )


def _split_leaves(leaves: StoreReader) -> Iterator[list[bytes]]:
    start = b""
    while rows := leaves.iterate(start, _ABOVE_ALL, limit=_LEAVES_AT_ONCE):
        yield [key_hash + leaf for key_hash, leaf in rows]
        start = rows[-1][0] + b"\x00"
