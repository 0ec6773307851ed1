"""Proofs out of the tree: the way up from a leaf, and the two leaves between which an absent key would stand."""

from bisect import bisect_left
from collections.abc import Callable, Sequence

from chain.hashing import DIGEST_BYTES, sha256
from chain.ics23 import (
    INNER_PREFIX,
    JMT_SPEC,
    CommitmentProof,
    ExistenceProof,
    HashOp,
    InnerOp,
    NonExistenceProof,
)
from vm.tree.hashing import LEAF
from vm.tree.nodes import FANOUT, Branch, Bucket, Leaf, PageKey, hash_leaves
from vm.tree.update import ReadPage

FindEntry = Callable[[bytes], tuple[bytes, bytes]]
"""Key and value of the leaf with a key's hash: the tree itself knows them by their hashes alone."""


def prove(read: ReadPage, root: PageKey, key: bytes, find_entry: FindEntry) -> CommitmentProof | None:
    """That the entry of `key` stands in the tree, or that none does. None for an empty tree: ICS-23 has no proof of it."""
    key_hash = sha256(key)
    left, right = _find_before(read, root, key_hash), _find_from(read, root, key_hash)
    if right is not None and right.startswith(key_hash):
        return _prove_leaf(read, root, key_hash, find_entry)
    if left is None and right is None:
        return None
    sides = (
        None if leaf is None else _prove_leaf(read, root, leaf[:DIGEST_BYTES], find_entry)
        for leaf in (left, right)
    )
    return NonExistenceProof(key=key, left=next(sides), right=next(sides))


def _prove_leaf(read: ReadPage, root: PageKey, key_hash: bytes, find_entry: FindEntry) -> ExistenceProof:
    key, value = find_entry(key_hash)
    return ExistenceProof(key=key, value=value, leaf=JMT_SPEC.leaf, path=_find_path(read, root, key_hash))


def _find_before(read: ReadPage, at: PageKey, bound: bytes | None) -> Leaf | None:
    """The last leaf below a page before `bound`, or of all."""
    page = read(at)
    if isinstance(page, Bucket):
        leaves = page.leaves
        end = len(leaves) if bound is None else bisect_left(leaves, bound)
        return leaves[end - 1] if end else None
    edge = FANOUT - 1 if bound is None else _nibble(bound, len(at.path))
    for place in range(edge, -1, -1):
        version = page.version(place)
        if version is not None:
            inner = bound if place == edge else None
            found = _find_before(read, PageKey(at.path + bytes((place,)), version), inner)
            if found is not None:
                return found
    return None


def _find_from(read: ReadPage, at: PageKey, bound: bytes | None) -> Leaf | None:
    """The first leaf below a page at `bound` or after it, or of all."""
    page = read(at)
    if isinstance(page, Bucket):
        leaves = page.leaves
        start = 0 if bound is None else bisect_left(leaves, bound)
        return leaves[start] if start < len(leaves) else None
    edge = 0 if bound is None else _nibble(bound, len(at.path))
    for place in range(edge, FANOUT):
        version = page.version(place)
        if version is not None:
            inner = bound if place == edge else None
            found = _find_from(read, PageKey(at.path + bytes((place,)), version), inner)
            if found is not None:
                return found
    return None


def _nibble(key_hash: bytes, level: int) -> int:
    pair = key_hash[level // 2]
    return pair & 15 if level % 2 else pair >> 4


def _find_path(read: ReadPage, root: PageKey, key_hash: bytes) -> tuple[InnerOp, ...]:
    """The steps up from a leaf that is there."""
    down: list[InnerOp] = []
    at = root
    while isinstance(page := read(at), Branch):
        place = _nibble(key_hash, len(at.path))
        down += _steps_in_branch(page, place)
        version = page.version(place)
        assert version is not None, "the leaf was found below this child"
        at = PageKey(at.path + bytes((place,)), version)
    down += _steps_in_bucket(page.leaves, key_hash, 4 * len(at.path))
    return tuple(reversed(down))


def _steps_in_branch(page: Branch, place: int) -> list[InnerOp]:
    steps, at = [], 1
    for shift in (3, 2, 1, 0):
        if page.kinds[at] == LEAF:
            break
        child = 2 * at + (place >> shift & 1)
        steps.append(_step(page.hash_at(child ^ 1), is_right=bool(child & 1)))
        at = child
    return steps


def _steps_in_bucket(leaves: Sequence[Leaf], key_hash: bytes, depth: int) -> list[InnerOp]:
    steps = []
    while len(leaves) > 1:
        byte, mask = depth // 8, 128 >> depth % 8
        halves = (
            [leaf for leaf in leaves if not leaf[byte] & mask],
            [leaf for leaf in leaves if leaf[byte] & mask],
        )
        is_right = bool(key_hash[byte] & mask)
        depth += 1
        steps.append(_step(hash_leaves(halves[not is_right], depth)[0], is_right=is_right))
        leaves = halves[is_right]
    return steps


def _step(sibling: bytes, *, is_right: bool) -> InnerOp:
    prefix, suffix = (INNER_PREFIX + sibling, b"") if is_right else (INNER_PREFIX, sibling)
    return InnerOp(hash=HashOp.SHA256, prefix=prefix, suffix=suffix)
