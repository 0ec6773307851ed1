"""Where two ledgers part: the first height after which they differ, found by halving, and the keys in which their trees do.

Every header names the one before it and the state root after that, so two ledgers that agree after one height agree
after all before it, and halving is allowed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from chain.errors import Invalid
from chain.hashing import Digest
from chain.limits import DIVERGED_SHOWN_MAX
from chain.vote import Height
from machine.faults import Damaged
from node.divergence.sides import Side
from node.divergence.trees import Difference, Tree, iterate_differences
from vm.tree.hashing import hash_leaf


@dataclass(frozen=True, slots=True, kw_only=True)
class Stands:
    """What one side has under a differing key; None where it has nothing.

    `is_in_tree`: the row is the one that the side's own tree holds. Where not, it was changed behind the tree's back.
    """

    value: bytes | None
    is_in_tree: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferingKey:
    """One key, and what each side has."""

    key: bytes
    one: Stands
    other: Stands


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """Where they part. `is_other_block`: they do not even have the same block at that height.

    `last_equal` is None where they differ from the oldest height on that both can tell of.
    """

    last_equal: Height | None
    height: Height
    is_other_block: bool


class NothingInCommon(Invalid):
    """There is no height of which both sides can tell: nothing can be compared."""


def find_parting(one: Side, other: Side) -> Parting | None:
    """The first height after which the sides differ; None where they agree as far as both go. Raises `NothingInCommon`."""
    first = max(one.extent.first, other.extent.first)
    last = min(one.extent.last, other.extent.last)
    if first > last:
        told = " and ".join(
            f"{side.name} of {side.extent.first} to {side.extent.last}" for side in (one, other)
        )
        raise NothingInCommon(
            f"expected a height of which both can tell, got {told}. Give a node that keeps more"
        )

    def is_equal(height: int) -> bool:
        return _identity(one, Height(height)) == _identity(other, Height(height))

    if is_equal(last):
        return None
    height = Height(find_first_false(is_equal, first, last))
    return Parting(
        last_equal=None if height == first else Height(height - 1),
        height=height,
        is_other_block=one.block_id(height) != other.block_id(height),
    )


def _identity(side: Side, height: Height) -> tuple[bytes, bytes]:
    return side.block_id(height), side.root(height)


def find_first_false(holds: Callable[[int], bool], first: int, last: int) -> int:
    """The first number from `first` to `last` for which it does not hold: nor does it for any after that, `last` included."""
    while first < last:
        middle = (first + last) // 2
        if holds(middle):
            first = middle + 1
        else:
            last = middle
    return first


def find_keys(one: Side, other: Side, height: Height) -> tuple[tuple[DifferingKey, ...], bool]:
    """The first keys in which the trees after a height differ, in order of their hashes; and whether there are more.

    Raises:
        Malformed: a side's pages do not fit its root.
        Damaged: rows of a home are not there.
    """
    found = tuple(
        islice(iterate_differences(_tree(one, height), _tree(other, height)), DIVERGED_SHOWN_MAX + 1)
    )
    keys = tuple(_read(one, other, height, difference) for difference in found[:DIVERGED_SHOWN_MAX])
    return keys, len(found) > DIVERGED_SHOWN_MAX


def _tree(side: Side, height: Height) -> Tree:
    return Tree(side.name, side.root(height), lambda path: side.page(height, path))


def _read(one: Side, other: Side, height: Height, difference: Difference) -> DifferingKey:
    key_hash = difference.key_hash
    sides = ((one, difference.in_one), (other, difference.in_other))
    found = [None if leaf is None else _find_entry(side, height, key_hash) for side, leaf in sides]
    entry = next((entry for entry in found if entry is not None), None)
    if entry is None:  # nobody has the key's name any more, and whoever is asked for it says so
        entry = (one if difference.in_one is not None else other).leaf(height, key_hash)
    stands = [_stands(entry, leaf, key_hash) for entry, (_, leaf) in zip(found, sides, strict=True)]
    return DifferingKey(key=entry[0], one=stands[0], other=stands[1])


def _find_entry(side: Side, height: Height, key_hash: Digest) -> tuple[bytes, bytes] | None:
    """Key and value of a leaf; None where the tree has it and the row is gone: that is a difference to tell, too."""
    try:
        return side.leaf(height, key_hash)
    except Damaged:
        return None


def _stands(entry: tuple[bytes, bytes] | None, leaf: Digest | None, key_hash: Digest) -> Stands:
    value = None if entry is None else entry[1]
    return Stands(value=value, is_in_tree=leaf == (None if value is None else hash_leaf(key_hash, value)))
