"""How the tree hashes: as the `jmt` crate does, with SHA-256.

Keys and values are hashed first; a leaf is named by its key's hash, whose bits say the way to it from the root. Of the
binary tree over all 2^256 ways only what must be is there: a subtree without leaves is the placeholder, one with a single
leaf is that leaf however deep it could stand, and all others are inner nodes. So the root is a function of the entries
alone, whatever their history.
"""

from collections.abc import Sequence
from hashlib import sha256

from chain.hashing import DIGEST_BYTES, Digest
from chain.ics23 import EMPTY_CHILD, INNER_PREFIX, LEAF_PREFIX

EMPTY_STATE_ROOT = Digest(EMPTY_CHILD)
"""The root of a tree without leaves."""

EMPTY, LEAF, INNER = 0, 1, 2
"""Kinds of a subtree. That of two halves together is their sum, and an inner node's from two leaves on."""


def hash_leaf(key_hash: bytes, value: bytes) -> bytes:
    """The hash of the leaf of a key."""
    return sha256(LEAF_PREFIX + key_hash + sha256(value).digest()).digest()


_HEAP_PLACES = 32  # of the largest: sixteen children and what is above them

PLACES = tuple(slice(at * DIGEST_BYTES, (at + 1) * DIGEST_BYTES) for at in range(_HEAP_PLACES))
"""Where the hash of each place of a heap stands among its joined hashes."""

_HALVES = tuple(slice(2 * at * DIGEST_BYTES, 2 * (at + 1) * DIGEST_BYTES) for at in range(_HEAP_PLACES // 2))
_ABOVE = tuple(tuple(at >> up for up in range(1, at.bit_length())) for at in range(_HEAP_PLACES))


def join_up(hashes: bytearray, kinds: bytearray, places: Sequence[int]) -> None:
    """Computes anew what stands above some places of a heap of the binary tree, which are all of one level.

    The heap counts from 1: the halves of `at` are `2 * at` and `2 * at + 1`. A byte says the kind of each subtree.
    """
    above: Sequence[int] = _ABOVE[places[0]]
    if len(places) > 1:
        above = sorted(
            {at for place in places for at in _ABOVE[place]}, reverse=True
        )  # halves come before the whole
    for at in above:
        right = kinds[2 * at + 1]
        kind = kinds[2 * at] + right
        if kind > LEAF:
            hashes[PLACES[at]] = sha256(INNER_PREFIX + hashes[_HALVES[at]]).digest()
            kinds[at] = INNER
        else:  # at most one leaf, and it stands for both
            hashes[PLACES[at]] = hashes[PLACES[2 * at + right]]
            kinds[at] = kind
