"""What a block does to the state, and to the tree whose root the next header carries.

A change has the value before and after it: the tree wants what is new, earlier heights what was there. Pure, as the tree
is: pages come through a function, and what is to be stored is returned.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, NoReturn

from chain.hashing import Digest, sha256
from vm.tree.hashing import EMPTY_STATE_ROOT, hash_leaf
from vm.tree.nodes import PageKey
from vm.tree.update import LeafChange, ReadPage, TreeUpdate, update_tree

Writes = Sequence[tuple[bytes, bytes | None]]
"""State rows to set, or to remove where the value is None."""


class Change(NamedTuple):
    """One state row: its value before and after, None where it is not there."""

    key: bytes
    before: bytes | None
    after: bytes | None


def writes_of(changes: Sequence[Change]) -> tuple[tuple[bytes, bytes | None], ...]:
    """What is to be written, without what was there before."""
    return tuple((change.key, change.after) for change in changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateUpdate:
    """Everything that a block does to the state: its changes in the order of their keys' hashes, which stand beside them.

    `tree` is None without changes.
    """

    root: Digest
    changes: tuple[Change, ...]
    key_hashes: tuple[bytes, ...]
    tree: TreeUpdate | None


def update_state(
    read: ReadPage, root_page: PageKey | None, root: Digest, changes: Sequence[Change], height: int
) -> StateUpdate:
    """The state after `changes`, which are sorted by key, on that of `root`, as the block of `height` leaves it."""
    if not changes:
        return StateUpdate(root=root, changes=(), key_hashes=(), tree=None)
    assert all(one.key < other.key for one, other in pairwise(changes)), "sorted, once each"
    hashed = sorted((sha256(change.key), change) for change in changes)
    tree = update_tree(read, root_page, [_leaf_change(*pair) for pair in hashed], height)
    return StateUpdate(
        root=tree.root,
        changes=tuple(change for _, change in hashed),
        key_hashes=tuple(key_hash for key_hash, _ in hashed),
        tree=tree,
    )


def begin_state(changes: Sequence[Change]) -> StateUpdate:
    """The state of height 0, of nothing but these changes."""
    return update_state(_read_nothing, None, EMPTY_STATE_ROOT, changes, 0)


def _read_nothing(key: PageKey) -> NoReturn:
    raise AssertionError(f"an empty tree has no pages, and so none at {key}")


def _leaf_change(key_hash: bytes, change: Change) -> LeafChange:
    return key_hash if change.after is None else key_hash + hash_leaf(key_hash, change.after)
