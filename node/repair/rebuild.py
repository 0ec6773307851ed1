"""A new store from what is left of a damaged one: rows that can be read are copied, then each is held to what commits to it.

    head      the record of the ledger, or what this node's own log of commits has of the newest height
    state     entries under the root after the head; the tree over them is built anew
    blocks    from the head back to the oldest that is kept, each held to the one after it; of older ones their headers, and
              the ids that may not come again

What is only there to find other rows, and the tree, is made anew; of older states, which only proofs of the last heights
need, none is kept. The head is written last: without it the new store is no ledger, and whoever finds it begins again.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from chain.certificate import Certificate
from chain.errors import Malformed
from chain.hashing import DIGEST_BYTES
from chain.limits import HEIGHT_MAX, REPAIR_BATCH_BYTES, STORE_CHECKED_BLOCKS
from chain.vote import Height
from genesis.document import Genesis
from node.commit_log import Commit, commit_of
from node.head import Head
from node.repair.blocks import BlocksRepair
from node.repair.source import Lost, Source
from node.repair.state import StateRepair, build_tree, leaf_of, put_entry, remove_entry
from node.store.keys import (
    BLOCK_IDS,
    BLOCKS,
    BLOCKS_SINCE_KEY,
    CERTIFICATES,
    EVIDENCE_SINCE_KEY,
    FORMAT_KEY,
    GENESIS_KEY,
    HAND_OVERS,
    HEAD_KEY,
    HEADERS,
    HEADERS_SINCE_KEY,
    HEIGHTS,
    LOCATIONS,
    RESULTS,
    STATE,
    STATE_BEFORE,
    STATE_CHANGED,
    STATE_KEYS,
    STATE_PAGES,
    STATE_REPLACED,
    STATE_SINCE_KEY,
    decode_height,
    encode_height,
    height_key,
    page_key,
)
from node.store.ledger import FORMAT, Ledger
from node.store.leveldb import Salvage
from node.store.reading import StateView
from node.store.records import decode_head, encode_head
from node.store.selfcheck import check_ledger
from node.store.store import Batch, Store
from node.store.walk import walk_ledger
from vm.deployment import ModuleCache
from vm.executor import read_governance
from vm.host import BlockEnvironment
from vm.tree.nodes import Leaf, encode_page

_MADE_ANEW = frozenset(
    table.prefix
    for table in (
        HEIGHTS, LOCATIONS,
        STATE_KEYS, STATE_PAGES, STATE_CHANGED, STATE_BEFORE, STATE_REPLACED,
    )
)  # fmt: skip
_HEIGHT_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What a repair has done: the height that the new store stands at, and what came from peers."""

    height: Height
    fetched: tuple[str, ...]


@dataclass(slots=True)
class _Writing:
    """Rows on their way into the new store, some of them at once."""

    store: Store
    batch: Batch
    size: int = 0

    def put(self, key: bytes, value: bytes) -> None:
        self.batch.put(key, value)
        self.size += len(key) + len(value)
        if self.size >= REPAIR_BATCH_BYTES:
            self.flush()

    def flush(self) -> None:
        self.store.write(self.batch, sync=False)
        self.batch, self.size = Batch(), 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copied:
    """What the copying saw: the entries of the state in the order of the tree, and the heights of its root pages."""

    leaves: list[Leaf]
    root_versions: list[int]


class Rebuild:
    """One repair, of which every step may raise `Lost`. `tell` hears what is under way, and how far."""

    def __init__(
        self,
        *,
        genesis: Genesis,
        salvage: Salvage,
        commits: Iterable[Commit],
        store: Store,
        source: Source,
        path: Path,
        tell: Callable[[str, int], None],
    ) -> None:
        self._genesis = genesis
        self._salvage = salvage
        self._commits = {commit.height: commit for commit in commits}
        self._store = store
        self._source = source
        self._path = path
        self._tell = tell
        self._blocks = BlocksRepair(store, source, genesis.chain_id)

    def run(self) -> Rebuilt:
        """Makes the new store whole and checks it.

        Raises:
            Lost: something can be had from nowhere.
            Damaged: the new store does not pass its own checks.
        """
        writing = _Writing(self._store, Batch())
        copied = self._copy(writing)
        writing.flush()
        commit, known = self._find_head()
        self._repair_state(commit, copied, writing)
        head = known or self._derive_head(commit, writing)
        self._repair_blocks(head, writing)
        writing.flush()
        self._finish(head)
        self._check(head)
        return Rebuilt(height=head.height, fetched=tuple(self._blocks.fetched))

    def _copy(self, writing: _Writing) -> _Copied:
        leaves: list[Leaf] = []
        root_versions: list[int] = []
        for count, (key, value) in enumerate(self._salvage.rows()):
            table = key[:1]
            if table == STATE.prefix:
                leaves.append(leaf_of(key[1:], value))
                put_entry(writing.batch, key[1:], value)
                writing.put(key, value)
            elif table == STATE_PAGES.prefix and len(key) == 1 + _HEIGHT_BYTES:
                root_versions.append(decode_height(key[1:]))
            elif table not in _MADE_ANEW and key != HEAD_KEY:
                writing.put(key, value)
            if count % 1_000 == 0:
                self._tell("rows", count)
        return _Copied(leaves=sorted(leaves), root_versions=root_versions)

    # --- The head -------------------------------------------------------------------------------------------------

    def _find_head(self) -> tuple[Commit, Head | None]:
        """What stands at the newest height, and the record of it where that can be read and is of this height."""
        data = self._salvage.get(HEAD_KEY)
        known = None if data is None else self._decode_head(data)
        newest = self._commits.get(max(self._commits, default=Height(0)))
        if newest is not None and (known is None or known.height <= newest.height):
            return newest, None  # of a damaged record nothing is believed where it can be had otherwise
        if known is None:
            raise Lost("the head of the ledger, and there is no log of commits")
        return commit_of(known), known

    def _decode_head(self, data: bytes) -> Head | None:
        batch = Batch()
        try:
            head = decode_head(
                data,
                lambda digest: self._blocks.validators(digest, batch),
                lambda digest: self._blocks.parameters(digest, batch),
            )
        except (Malformed, Lost):
            return None
        self._store.write(batch, sync=False)
        return head

    def _derive_head(self, commit: Commit, writing: _Writing) -> Head:
        """The head by the log of commits, the block's header, and what governance says in its state."""
        header = self._blocks.header(commit.height, commit.block_id, writing.batch)
        block = self._blocks.block(header, writing.batch)
        certificate = self._blocks.certificate(header, None, writing.batch)
        validators = self._blocks.validators(header.validators_hash, writing.batch)
        next_validators = self._blocks.validators(header.next_validators_hash, writing.batch)
        writing.flush()
        environment = BlockEnvironment(chain_id=header.chain_id, height=header.height, time_ms=header.time_ms)
        governance = read_governance(StateView(self._store), environment, ModuleCache())
        return Head(
            chain_id=header.chain_id,
            height=commit.height,
            block_id=commit.block_id,
            time_ms=header.time_ms,
            certificate=certificate,
            results_root=commit.results_root,
            state_root=commit.state_root,
            last_validators=validators,
            validators=next_validators,
            next_validators=governance.validators,
            parameters=governance.parameters,
            has_transactions=bool(block.transactions),
        )

    # --- The state ------------------------------------------------------------------------------------------------

    def _repair_state(self, commit: Commit, copied: _Copied, writing: _Writing) -> None:
        height, root = commit.height, commit.state_root
        repair = StateRepair(height, root, self._salvage.get, self._source)
        version = max((one for one in copied.root_versions if one <= height), default=None)
        self._tell("state", height)
        leaves = repair.find_leaves(copied.leaves, version)
        held, wanted = set(copied.leaves), set(leaves)
        wanted_hashes = {leaf[:DIGEST_BYTES] for leaf in leaves}
        for leaf in sorted(held - wanted):
            if leaf[:DIGEST_BYTES] not in wanted_hashes:
                remove_entry(writing.batch, self._store, leaf[:DIGEST_BYTES])
        for key, value in repair.fetch_entries(sorted(wanted - held)):
            put_entry(writing.batch, key, value)
            self._blocks.fetched.append(f"state entry {key.hex()}")
        for page_at, page in build_tree(leaves, height, root):
            writing.put(page_key(page_at), encode_page(page))
        writing.flush()

    # --- Blocks ---------------------------------------------------------------------------------------------------

    def _repair_blocks(self, head: Head, writing: _Writing) -> None:
        headers_since, blocks_since = self._since(HEADERS_SINCE_KEY), self._since(BLOCKS_SINCE_KEY)
        decided_since = self._since(
            EVIDENCE_SINCE_KEY
        )  # a snapshot brought no certificates of blocks before it
        self._remove_above(head.height, writing.batch)
        block_id, results_root = head.block_id, head.results_root
        certificate: Certificate | None = head.certificate
        for number in range(head.height, headers_since - 1, -1):
            height = Height(number)
            header = self._blocks.header(height, block_id, writing.batch)
            if height >= decided_since:
                self._blocks.certificate(header, certificate, writing.batch)
            certificate = None
            if height >= blocks_since:
                block = self._blocks.block(header, writing.batch)
                self._blocks.results(height, len(block.transactions), results_root, writing.batch)
                certificate = block.last_certificate
            else:
                self._blocks.replay_ids(header, head.time_ms, writing.batch)
            block_id, results_root = header.previous_block_id, header.results_root
            if height % 64 == 0:
                writing.flush()
                self._tell("blocks", height)

    def _remove_above(self, head: Height, batch: Batch) -> None:
        for table in (HEADERS, BLOCKS, CERTIFICATES, RESULTS, BLOCK_IDS, HAND_OVERS):
            start, end = height_key(table, head + 1), height_key(table, HEIGHT_MAX)
            for key, _ in self._store.iterate(start, end, limit=HEIGHT_MAX):
                batch.delete(key)

    def _since(self, key: bytes) -> Height:
        """From which height on something was kept. Where the record of it is lost, all of it has to be had."""
        data = self._salvage.get(key)
        return Height(1 if data is None or len(data) != _HEIGHT_BYTES else decode_height(data))

    # --- The end --------------------------------------------------------------------------------------------------

    def _finish(self, head: Head) -> None:
        batch = Batch()
        batch.put(FORMAT_KEY, FORMAT)
        batch.put(GENESIS_KEY, self._genesis.hash)
        batch.put(STATE_SINCE_KEY, encode_height(head.height))
        for key in (HEADERS_SINCE_KEY, BLOCKS_SINCE_KEY):
            batch.put(key, encode_height(self._since(key)))
        batch.put(HEAD_KEY, encode_head(head))
        self._store.write(batch, sync=True)

    def _check(self, head: Head) -> None:
        ledger = Ledger.open(self._store, self._path, self._genesis.hash)
        assert ledger is not None and ledger.head == head, "the head was written a moment ago"
        check_ledger(self._store, ledger, self._path, STORE_CHECKED_BLOCKS)
        deque(walk_ledger(ledger.snapshot, self._tell), maxlen=0)
