"""How the tree hashes: as the `jmt` crate does, with SHA-256.

Keys and values are hashed first; a leaf is named by its key's hash, whose bits say the way to it from the root. Of the
binary tree over all 2^256 ways only what must be is there: a subtree without leaves is the placeholder, one with a single
leaf is that leaf however deep it could stand, and all others are inner nodes. So the root is a function of the entries
alone, whatever their history.
"""

from hashlib import sha256

from chain.hashing import Digest
from chain.ics23 import EMPTY_CHILD, INNER_PREFIX, LEAF_PREFIX

EMPTY_STATE_ROOT = Digest(EMPTY_CHILD)
"""The root of a tree without leaves."""


def hash_leaf(key_hash: bytes, value: bytes) -> bytes:
    """The hash of the leaf of a key."""
    return sha256(LEAF_PREFIX + key_hash + sha256(value).digest()).digest()


def join(left: bytes, left_is_leaf: bool, right: bytes, right_is_leaf: bool) -> tuple[bytes, bool]:
    """The hash of two halves together, and whether it is that of a single leaf."""
    if left == EMPTY_CHILD:
        if right_is_leaf or right == EMPTY_CHILD:
            return right, right_is_leaf
    elif left_is_leaf and right == EMPTY_CHILD:
        return left, True
    return sha256(INNER_PREFIX + left + right).digest(), False
