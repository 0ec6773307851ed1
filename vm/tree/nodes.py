"""What the tree is stored as: pages of its binary tree, each under its way from the root and the height that wrote it.

A *branch* holds four levels: the hashes of its sixteen children and of what is between. A *bucket* holds all leaves below
it, few enough to hash them anew whenever one changes; what is between needs no storing. A page is never changed: a
block that changes a leaf writes the pages on the way to it anew, under its own height, and each branch says of which
height each child is. So every height that is kept has its whole tree, and shares what did not change.

A bucket becomes a branch when it has more than `BUCKET_LEAVES_MAX` leaves, and a branch disappears with its last leaf.
That does not show in any hash.
"""

from collections.abc import Sequence
from hashlib import sha256
from struct import Struct
from typing import NamedTuple

from chain.codec import as_bytes
from chain.errors import Malformed
from chain.hashing import DIGEST_BYTES
from chain.ics23 import EMPTY_CHILD, INNER_PREFIX
from chain.limits import BUCKET_LEAVES_MAX
from vm.tree.hashing import join

FANOUT = 16
LEAF_BYTES = 2 * DIGEST_BYTES
_BRANCH, _BUCKET = b"I", b"L"
_VERSIONS = Struct(f">{FANOUT}Q")

Leaf = bytes
"""A key's hash and its leaf's hash, joined."""


class PageKey(NamedTuple):
    """Where a page stands: its way from the root, a nibble a byte, and the height that wrote it."""

    path: bytes
    version: int


class Branch(NamedTuple):
    """Sixteen children. `hashes` and `are_leaves` are a binary heap from 1; its last sixteen are the children.

    A child without leaves has the placeholder for a hash, and no version.
    """

    versions: Sequence[int | None]
    hashes: Sequence[bytes]
    are_leaves: Sequence[bool]


class Bucket(NamedTuple):
    """Leaves joined, in the order of their keys' hashes. Without any it stands at the root of an empty tree alone."""

    joined: bytes

    @property
    def leaves(self) -> list[Leaf]:
        """One by one."""
        return [self.joined[at : at + LEAF_BYTES] for at in range(0, len(self.joined), LEAF_BYTES)]


Page = Branch | Bucket


class Subtree(NamedTuple):
    """What a branch knows of a child: the height of its page, its hash, and whether that is a single leaf's."""

    version: int | None
    hash: bytes
    is_leaf: bool


NOTHING = Subtree(None, EMPTY_CHILD, False)
_NO_CHILDREN = Branch(
    versions=[None] * FANOUT, hashes=[EMPTY_CHILD] * (2 * FANOUT), are_leaves=[False] * (2 * FANOUT)
)


def change_children(branch: Branch | None, children: Sequence[tuple[int, Subtree]]) -> Branch:
    """A branch with other children at some places; only what is above those is hashed anew."""
    before = branch or _NO_CHILDREN
    versions, hashes, are_leaves = list(before.versions), list(before.hashes), list(before.are_leaves)
    for place, child in children:
        versions[place], hashes[FANOUT + place], are_leaves[FANOUT + place] = child
    above = sorted({(FANOUT + place) >> 1 for place, _ in children})
    while above[-1]:
        for at in above:
            left, right = 2 * at, 2 * at + 1
            hashes[at], are_leaves[at] = join(
                hashes[left], are_leaves[left], hashes[right], are_leaves[right]
            )
        above = sorted({at >> 1 for at in above})
    return Branch(versions, hashes, are_leaves)


def hash_leaves(leaves: Sequence[Leaf], depth: int) -> tuple[bytes, bool]:
    """The hash of the subtree at `depth` bits that has just these leaves, and whether it is a single leaf."""
    if len(leaves) < 2:
        return (leaves[0][DIGEST_BYTES:], True) if leaves else (EMPTY_CHILD, False)
    numbers = [int.from_bytes(leaf, "big") for leaf in leaves]
    hashes = [leaf[DIGEST_BYTES:] for leaf in leaves]
    return _hash_range(numbers, hashes, 0, len(leaves), 8 * LEAF_BYTES - 1 - depth), False


def _hash_range(numbers: Sequence[int], hashes: Sequence[bytes], start: int, end: int, bit: int) -> bytes:
    """The hash of the leaves from `start` to before `end` where the tree parts by `bit`; bits count from a leaf's last."""
    if end - start == 1:
        return hashes[start]
    first = numbers[start]
    parting = (first ^ numbers[end - 1]).bit_length() - 1
    middle = start + 1
    while not numbers[middle] >> parting & 1:
        middle += 1
    left = _hash_range(numbers, hashes, start, middle, parting - 1)
    right = _hash_range(numbers, hashes, middle, end, parting - 1)
    found = sha256(INNER_PREFIX + left + right).digest()
    for above in range(parting + 1, bit + 1):  # up to where it is asked for, without a sibling
        pair = EMPTY_CHILD + found if first >> above & 1 else found + EMPTY_CHILD
        found = sha256(INNER_PREFIX + pair).digest()
    return found


def hash_page(page: Page, depth: int) -> tuple[bytes, bool]:
    """The hash of a page's subtree, and whether it is a single leaf's."""
    if isinstance(page, Branch):
        return page.hashes[1], page.are_leaves[1]
    return hash_leaves(page.leaves, depth)


def encode_page(page: Page) -> bytes:
    """Bytes of a page: of a branch which children are single leaves, the version of each, the hash of each.

    A child without leaves has the version 0.
    """
    if isinstance(page, Bucket):
        return _BUCKET + page.joined
    versions = _VERSIONS.pack(*[version or 0 for version in page.versions])
    return b"".join((_BRANCH, bytes(page.are_leaves[FANOUT:]), versions, *page.hashes[FANOUT:]))


def decode_page(data: bytes) -> Page:
    """Inverse of `encode_page`: hashes of a branch between its children and its top are computed anew. Raises `Malformed`."""
    kind, rest = data[:1], data[1:]
    if kind == _BUCKET:
        return _decode_bucket(rest)
    if kind != _BRANCH:
        raise Malformed(f"tree page: expected a branch or a bucket, got {data[:8]!r}")
    as_bytes(rest, "branch", FANOUT + _VERSIONS.size + FANOUT * DIGEST_BYTES)
    versions, digests = _VERSIONS.unpack_from(rest, FANOUT), rest[FANOUT + _VERSIONS.size :]
    children = []
    for place, version in enumerate(versions):
        digest = digests[place * DIGEST_BYTES : (place + 1) * DIGEST_BYTES]
        if digest != EMPTY_CHILD:
            children.append((place, Subtree(version, digest, rest[place] == 1)))
        elif version:
            raise Malformed("branch: expected no version of a child without leaves, got one")
    if not children or max(rest[:FANOUT]) > 1:
        raise Malformed("branch: expected children, and of each whether it is a single leaf")
    return change_children(None, children)


def _decode_bucket(data: bytes) -> Bucket:
    if len(data) % LEAF_BYTES or len(data) > LEAF_BYTES * BUCKET_LEAVES_MAX:
        raise Malformed(f"bucket: expected at most {BUCKET_LEAVES_MAX} whole leaves, got {len(data)} bytes")
    bucket = Bucket(data)
    if bucket.leaves != sorted(bucket.leaves):
        raise Malformed("bucket: expected leaves in the order of their keys")
    return bucket
