"""One block's changes into the tree: one sorted batch, one recursion, each page on the way read and written once.

Pure: pages are read through a function, and what is to be written is returned. Whoever stores it may fail, and then the
tree is what it was.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from chain.hashing import DIGEST_BYTES, Digest
from chain.limits import BUCKET_LEAVES_MAX
from vm.tree.hashing import EMPTY
from vm.tree.nodes import (
    NOTHING,
    Branch,
    Bucket,
    Leaf,
    Page,
    PageKey,
    Subtree,
    change_children,
    hash_page,
    make_bucket,
)

ReadPage = Callable[[PageKey], Page]
"""A page that the tree names; what is not there or cannot be read is the reader's to raise."""

LeafChange = bytes
"""A leaf that is set, or the hash of a key alone that is removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeUpdate:
    """The tree after a block: pages to put beside the others, and those that only earlier heights need from now on."""

    root: Digest
    written: tuple[tuple[PageKey, Page], ...]
    stale: tuple[PageKey, ...]


def update_tree(
    read: ReadPage, root: PageKey | None, changes: Sequence[LeafChange], version: int
) -> TreeUpdate:
    """The tree of height `version`: one of root page `root` after `changes`, in any order and each key once.

    `root` is None where nothing was ever written. A block that changes nothing has no tree of its own.
    """
    ordered = sorted(changes)
    assert ordered, "a block that changes nothing keeps its tree"
    assert all(one[:DIGEST_BYTES] < other[:DIGEST_BYTES] for one, other in pairwise(ordered)), "each key once"
    writing = _Writing(read, version)
    top = writing.change(b"", None if root is None else root.version, ordered)
    if top.version is None:
        writing.written.append((PageKey(b"", version), Bucket(b"")))
    return TreeUpdate(root=Digest(top.hash), written=tuple(writing.written), stale=tuple(writing.stale))


class _Writing:
    """The recursion's own: what it reads through, and what it has written and replaced so far."""

    def __init__(self, read: ReadPage, version: int) -> None:
        self._read = read
        self._version = version
        self.written: list[tuple[PageKey, Page]] = []
        self.stale: list[PageKey] = []

    def change(self, path: bytes, version: int | None, changes: Sequence[LeafChange]) -> Subtree:
        """The subtree at `path` after its changes, which are in order."""
        if version is None:
            return self._plant(path, _change_leaves((), changes))
        key = PageKey(path, version)
        page = self._read(key)
        self.stale.append(key)
        if isinstance(page, Bucket):
            return self._plant(path, _change_leaves(page.leaves, changes), page, changes)
        children = [
            (place, self.change(path + bytes((place,)), page.version(place), inside))
            for place, inside in _split(changes, len(path))
        ]
        return self._write_branch(path, change_children(page, children))

    def _plant(
        self,
        path: bytes,
        leaves: Sequence[Leaf],
        before: Bucket | None = None,
        changes: Sequence[LeafChange] = (),
    ) -> Subtree:
        """A subtree of just these leaves, in the place of a bucket and what changed of it, where there was one."""
        if not leaves:
            return NOTHING
        if len(leaves) <= BUCKET_LEAVES_MAX:
            bucket = make_bucket(leaves, len(path), before, changes)
            self.written.append((PageKey(path, self._version), bucket))
            return Subtree(self._version, *hash_page(bucket, 4 * len(path)))
        children = [
            (place, self._plant(path + bytes((place,)), inside))
            for place, inside in _split(leaves, len(path))
        ]
        return self._write_branch(path, change_children(None, children))

    def _write_branch(self, path: bytes, branch: Branch) -> Subtree:
        if branch.kinds[1] == EMPTY:
            return NOTHING
        self.written.append((PageKey(path, self._version), branch))
        return Subtree(self._version, *hash_page(branch, 4 * len(path)))


def _split(ordered: Sequence[bytes], level: int) -> Iterator[tuple[int, Sequence[bytes]]]:
    """What belongs to each child of a branch, by the nibble at its level."""
    at, is_low = level >> 1, level & 1
    places = [item[at] & 15 for item in ordered] if is_low else [item[at] >> 4 for item in ordered]
    if places[0] == places[-1]:
        yield places[0], ordered
        return
    start = 0
    while start < len(places):
        place = places[start]
        end = bisect_left(places, place + 1, start)
        yield place, ordered[start:end]
        start = end


def _change_leaves(leaves: Sequence[Leaf], changes: Sequence[LeafChange]) -> list[Leaf]:
    """Leaves in order after changes."""
    if not leaves:
        return [change for change in changes if len(change) > DIGEST_BYTES]
    changed = list(leaves)
    for change in changes:
        key_hash = change[:DIGEST_BYTES]
        at = bisect_left(changed, key_hash)
        if at < len(changed) and changed[at].startswith(key_hash):
            del changed[at]
        if len(change) > DIGEST_BYTES:
            changed.insert(at, change)
    return changed
