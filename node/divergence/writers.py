"""Which transactions of a block wrote some keys, and what this release makes of it: the block is executed again, one transaction
after the other, over the state that a ledger had before.

What is read on the way is held to the ledger's own tree. A row that the tree contradicts was changed behind the node's
back, and explains a difference better than any transaction does.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from chain.hashing import sha256
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
from vm.tree.hashing import hash_leaf


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """A transaction that wrote one of the keys, by its place in the block, and the value it left; None where it removed it."""

    key: bytes
    index: int
    id: TxId
    value: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who wrote the keys, their values after the block as this release computes them, and which rows are not the tree's."""

    writers: tuple[Writer, ...]
    values: Mapping[bytes, bytes | None]
    false_rows: tuple[bytes, ...]


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


def find_writers(reader: LedgerReader, height: Height, keys: Collection[bytes]) -> Account:
    """Executes the block of `height` again. The ledger must have it, and keep the state before it."""
    block = reader.block(height)
    assert block is not None and height > 0, f"block {height} is there"
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
            if change.key in keys:
                writers.append(Writer(key=change.key, index=index, id=checked.id, value=change.after))
    return Account(
        writers=tuple(writers),
        values={key: state.get(key) for key in keys},
        false_rows=_find_false_rows(reader.history, before, past, sorted(watched.read)),
    )


def _find_false_rows(
    history: StateHistory, height: Height, state: StateReader, keys: Sequence[bytes]
) -> tuple[bytes, ...]:
    return tuple(key for key in keys if not _is_in_tree(history, height, key, state.get(key)))


def _is_in_tree(history: StateHistory, height: Height, key: bytes, value: bytes | None) -> bool:
    key_hash = sha256(key)
    leaf = find_leaf_hash(history, height, key_hash)
    return leaf == (None if value is None else hash_leaf(key_hash, value))
