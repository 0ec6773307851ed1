"""What the tree is stored as: pages of its binary tree, each under its way from the root and the height that wrote it.

A *branch* holds four levels: the hashes of its sixteen children and of what is between. A *bucket* holds all leaves below
it, few enough to be read and written together; in memory it knows the hashes of its four quarters, so that a leaf that
changes costs those near it and not all. A page is never changed: a block that changes a leaf writes the pages on the way
to it anew, under its own height, and each branch says of which height each child is. So every height that is kept has its
whole tree, and shares what did not change.

A bucket becomes a branch when it has more than `BUCKET_LEAVES_MAX` leaves, and a branch disappears with its last leaf.
That does not show in any hash. Pages are bytes, and no lists of them: Python's collector of cycles would walk through
every list that is held, again and again.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

from chain.codec import as_bytes
from chain.errors import Malformed
from chain.hashing import DIGEST_BYTES
from chain.ics23 import EMPTY_CHILD, INNER_PREFIX
from chain.limits import BUCKET_LEAVES_MAX
from vm.tree.hashing import EMPTY, INNER, LEAF, PLACES, join_up

FANOUT = 16
LEAF_BYTES = 2 * DIGEST_BYTES
_QUARTERS, _QUARTER_BITS = 4, 2
_BRANCH, _BUCKET, _HASHED_BUCKET = b"I", b"L", b"Q"
_VERSION_BYTES = 8
_VERSIONS_BYTES, _CHILDREN_BYTES = FANOUT * _VERSION_BYTES, FANOUT * DIGEST_BYTES

Leaf = bytes
"""A key's hash and its leaf's hash, joined."""


class PageKey(NamedTuple):
    """Where a page stands: its way from the root, a nibble a byte, and the height that wrote it."""

    path: bytes
    version: int


class Branch(NamedTuple):
    """Sixteen children. `hashes` and `kinds` are a heap from 1 (see `join_up`), joined; its last sixteen are the children.

    `joined_versions` are their heights, 8 bytes each. A child without leaves has the placeholder for a hash, and 0.
    """

    joined_versions: bytes
    hashes: bytes
    kinds: bytes

    def version(self, place: int) -> int | None:
        """The height of a child's page; None of one without leaves."""
        if self.kinds[FANOUT + place] == EMPTY:
            return None
        start = place * _VERSION_BYTES
        return int.from_bytes(self.joined_versions[start : start + _VERSION_BYTES], "big")

    def hash_at(self, at: int) -> bytes:
        """The hash at a place of the heap."""
        return self.hashes[PLACES[at]]


class Quarters(NamedTuple):
    """The hashes of a bucket's quarters and of what is above them: a heap from 1, as of a branch."""

    hashes: bytes
    kinds: bytes


class Bucket(NamedTuple):
    """Leaves joined, in the order of their keys' hashes. Without any it stands at the root of an empty tree alone.

    `quarters` are not stored: None in a bucket that was read from the store.
    """

    joined: bytes
    quarters: Quarters | None = None

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

    @property
    def kind(self) -> int:
        """As a heap says it."""
        return EMPTY if self.version is None else LEAF if self.is_leaf else INNER


NOTHING = Subtree(None, EMPTY_CHILD, False)
_NO_CHILDREN = Branch(
    joined_versions=bytes(_VERSIONS_BYTES), hashes=EMPTY_CHILD * (2 * FANOUT), kinds=bytes(2 * FANOUT)
)
_NO_QUARTERS = Quarters(EMPTY_CHILD * (2 * _QUARTERS), bytes(2 * _QUARTERS))


def change_children(branch: Branch | None, children: Sequence[tuple[int, Subtree]]) -> Branch:
    """A branch with other children at some places; only what is above those is hashed anew."""
    before = branch or _NO_CHILDREN
    versions, hashes, kinds = (
        bytearray(before.joined_versions),
        bytearray(before.hashes),
        bytearray(before.kinds),
    )
    for place, child in children:
        at = FANOUT + place
        start = place * _VERSION_BYTES
        versions[start : start + _VERSION_BYTES] = (child.version or 0).to_bytes(_VERSION_BYTES, "big")
        hashes[PLACES[at]] = child.hash
        kinds[at] = child.kind
    join_up(hashes, kinds, [FANOUT + place for place, _ in children])
    return Branch(bytes(versions), bytes(hashes), bytes(kinds))


def make_bucket(
    leaves: Sequence[Leaf], level: int, before: Bucket | None = None, changed: Iterable[bytes] = ()
) -> Bucket:
    """A bucket of these leaves, `level` nibbles below the root. Only quarters of `changed` keys differ from those `before`."""
    at, shift = level >> 1, 2 if level & 1 else 6
    places = [leaf[at] >> shift & 3 for leaf in leaves]
    if before is not None and before.quarters is not None:
        known, anew = before.quarters, sorted({key[at] >> shift & 3 for key in changed})
    else:
        known, anew = _NO_QUARTERS, sorted(set(places))
    hashes, kinds = bytearray(known.hashes), bytearray(known.kinds)
    for quarter in anew:
        start = bisect_left(places, quarter)
        end = bisect_left(places, quarter + 1, start)
        digest, _ = hash_leaves(leaves[start:end], 4 * level + _QUARTER_BITS)
        in_heap = _QUARTERS + quarter
        hashes[PLACES[in_heap]] = digest
        kinds[in_heap] = min(end - start, INNER)
    join_up(hashes, kinds, [_QUARTERS + quarter for quarter in anew])
    return Bucket(b"".join(leaves), Quarters(bytes(hashes), bytes(kinds)))


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
        return page.hash_at(1), page.kinds[1] == LEAF
    if page.quarters is None:
        return hash_leaves(page.leaves, depth)
    return page.quarters.hashes[PLACES[1]], page.quarters.kinds[1] == LEAF


def encode_page(page: Page) -> bytes:
    """Bytes of a page: of a branch the kind of each child, the version of each, the hash of each."""
    if isinstance(page, Bucket):
        return _BUCKET + page.joined
    return b"".join((_BRANCH, page.kinds[FANOUT:], page.joined_versions, page.hashes[_CHILDREN_BYTES:]))


def decode_page(data: bytes) -> Page:
    """Inverse of `encode_page`: hashes of a branch between its children and its top are computed anew. Raises `Malformed`."""
    kind, rest = data[:1], data[1:]
    if kind == _BUCKET:
        return _decode_bucket(rest)
    if kind != _BRANCH:
        raise Malformed(f"tree page: expected a branch or a bucket, got {data[:8]!r}")
    as_bytes(rest, "branch", FANOUT + _VERSIONS_BYTES + _CHILDREN_BYTES)
    versions, digests = rest[FANOUT : FANOUT + _VERSIONS_BYTES], rest[FANOUT + _VERSIONS_BYTES :]
    hashes, kinds = bytearray(EMPTY_CHILD * FANOUT + digests), bytearray(bytes(FANOUT) + rest[:FANOUT])
    if max(kinds) > INNER or not any(kinds):
        raise Malformed("branch: expected children, and of each whether it is a single leaf")
    for place in range(FANOUT):
        at = FANOUT + place
        is_empty = hashes[PLACES[at]] == EMPTY_CHILD
        if is_empty != (kinds[at] == EMPTY):
            raise Malformed("branch: expected the placeholder of children without leaves, and of no others")
        if is_empty and any(versions[place * _VERSION_BYTES : (place + 1) * _VERSION_BYTES]):
            raise Malformed("branch: expected no version of a child without leaves, got one")
    join_up(hashes, kinds, range(FANOUT, 2 * FANOUT))
    return Branch(versions, bytes(hashes), bytes(kinds))


def _decode_bucket(data: bytes) -> Bucket:
    if len(data) % LEAF_BYTES or len(data) > LEAF_BYTES * BUCKET_LEAVES_MAX:
        raise Malformed(f"bucket: expected at most {BUCKET_LEAVES_MAX} whole leaves, got {len(data)} bytes")
    bucket = Bucket(data)
    if bucket.leaves != sorted(bucket.leaves):
        raise Malformed("bucket: expected leaves in the order of their keys")
    return bucket


def pack_page(page: Page) -> bytes:
    """Everything of a page, with the hashes that `encode_page` leaves out: to be held in memory."""
    if isinstance(page, Branch):
        return b"".join((_BRANCH, page.joined_versions, page.kinds, page.hashes))
    if page.quarters is None:
        return _BUCKET + page.joined
    return b"".join((_HASHED_BUCKET, page.quarters.kinds, page.quarters.hashes, page.joined))


def unpack_page(data: bytes, start: int) -> Page:
    """Inverse of `pack_page`, of this process's own bytes from `start` on."""
    kind, at = data[start : start + 1], start + 1
    if kind == _HASHED_BUCKET:
        hashes_from = at + 2 * _QUARTERS
        leaves_from = hashes_from + 2 * _QUARTERS * DIGEST_BYTES
        return Bucket(data[leaves_from:], Quarters(data[hashes_from:leaves_from], data[at:hashes_from]))
    if kind == _BUCKET:
        return Bucket(data[at:])
    kinds_from = at + _VERSIONS_BYTES
    hashes_from = kinds_from + 2 * FANOUT
    return Branch(data[at:kinds_from], data[hashes_from:], data[kinds_from:hashes_from])
