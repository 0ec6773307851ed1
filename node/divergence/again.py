"""A block executed again by this release, one transaction after the other, over the state that a ledger had before.

It tells which transaction wrote which key, and whose root comes out. What is read on the way is held to the ledger's own
tree: a row that the tree contradicts was changed behind the node's back, and explains a difference better than any
transaction does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chain.hashing import Digest, sha256
from chain.transaction import TxId, check_transaction
from chain.vote import Height
from node.divergence.past import PastState
from node.state_entry import find_leaf_hash
from node.store.reading import LedgerReader
from node.store.state_history import StateHistory
from vm.deployment import ModuleCache
from vm.executor import execute_block
from vm.host import BlockEnvironment
from vm.overlay import Overlay, StateReader
from vm.state import update_state
from vm.tree.hashing import hash_leaf


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """A transaction that wrote a key, by its place in the block, and the value it left; None where it removed it."""

    key: bytes
    index: int
    id: TxId
    value: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """All that was written, in order; the values after it; the root that follows; the keys of rows that are not the tree's."""

    writers: tuple[Writer, ...]
    values: Mapping[bytes, bytes | None]
    root: Digest
    false_rows: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlike:
    """A key under which a ledger holds another value than this release computes."""

    key: bytes
    held: bytes | None
    computed: bytes | None


class _Watched:
    """A state that remembers which keys were read."""

    def __init__(self, below: StateReader) -> None:
        self._below = below
        self.read: set[bytes] = set()

    def get(self, key: bytes) -> bytes | None:
        """See `StateReader`."""
        self.read.add(key)
        return self._below.get(key)

    def iterate(self, start: bytes, end: bytes, limit: int) -> Sequence[tuple[bytes, bytes]]:
        """See `StateReader`."""
        rows = self._below.iterate(start, end, limit)
        self.read.update(key for key, _ in rows)
        return rows


def can_execute(reader: LedgerReader, height: Height) -> bool:
    """Whether the ledger has the block, and the state before it."""
    lowest = max(reader.history.since + 1, reader.blocks_since)
    return lowest <= height <= reader.head.height


def execute_again(reader: LedgerReader, height: Height) -> Execution:
    """Executes a block, of which `can_execute` holds; nothing is written."""
    block = reader.block(height)
    assert block is not None, f"block {height} is there"
    before = Height(height - 1)
    past = PastState(reader, before)
    watched = _Watched(past)
    state, modules = Overlay(watched), ModuleCache()
    environment = BlockEnvironment(chain_id=reader.head.chain_id, height=height, time_ms=block.header.time_ms)
    writers: list[Writer] = []
    for index, raw in enumerate(block.transactions):
        checked = check_transaction(raw, reader.head.chain_id)
        for change in execute_block(state, environment, [checked], modules).changes:
            state.set(change.key, change.after)
            writers.append(Writer(key=change.key, index=index, id=checked.id, value=change.after))
    history = reader.history
    update = update_state(
        history.page, history.root_page(before), history.root(before), state.sorted_changes(), height
    )
    return Execution(
        writers=tuple(writers),
        values={writer.key: state.get(writer.key) for writer in writers},
        root=update.root,
        false_rows=_find_false_rows(history, before, past, sorted(watched.read)),
    )


def find_unlike(reader: LedgerReader, height: Height, execution: Execution) -> tuple[Unlike, ...]:
    """The keys that the block changed, or should have changed, and under which the ledger holds something else."""
    computed = {aside.key: aside.value for aside in reader.history.before(height)} | dict(execution.values)
    found = (
        Unlike(key=key, held=reader.history.value(key, height), computed=computed[key])
        for key in sorted(computed)
    )
    return tuple(one for one in found if one.held != one.computed)


def _find_false_rows(
    history: StateHistory, height: Height, state: StateReader, keys: Sequence[bytes]
) -> tuple[bytes, ...]:
    return tuple(key for key in keys if not _is_in_tree(history, height, key, state.get(key)))


def _is_in_tree(history: StateHistory, height: Height, key: bytes, value: bytes | None) -> bool:
    key_hash = sha256(key)
    leaf = find_leaf_hash(history, height, key_hash)
    return leaf == (None if value is None else hash_leaf(key_hash, value))
