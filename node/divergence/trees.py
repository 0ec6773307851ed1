"""Where two state trees differ: from the root down, only into what has different hashes, the keys in order of their hashes.

Pages are asked for one by one and held to the hash that the page above, or the root, says of them: so neither a node that
makes pages up nor a store that is damaged leads to a false difference. Pure but for the two functions that read.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chain.errors import Malformed
from chain.hashing import DIGEST_BYTES, Digest
from chain.ics23 import EMPTY_CHILD
from chain.limits import DIVERGED_PAGES_MAX
from vm.tree.nodes import FANOUT, Branch, Leaf, Page, hash_page

_NIBBLE_BITS = 4

ReadPage = Callable[[bytes], Page | None]
"""The page at a way from the root; None where none begins there."""


class TooDifferent(Malformed):
    """So many pages were read without an end that the trees have hardly anything in common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A key, by its hash, and the hash of its leaf in each tree; None where a tree has no such key."""

    key_hash: Digest
    in_one: Digest | None
    in_other: Digest | None


class Tree:
    """One of the two: how its pages are read, and whose they are."""

    def __init__(self, name: str, root: Digest, read: ReadPage) -> None:
        self._name = name
        self._read = read
        self._left = DIVERGED_PAGES_MAX
        self.root = root

    def page(self, path: bytes, expected: bytes) -> Page | None:
        """The page at `path`, whose hash is `expected`. Raises `Malformed` where it is not."""
        if expected == EMPTY_CHILD:
            return None
        if self._left == 0:
            raise TooDifferent(f"{self._name}: read {DIVERGED_PAGES_MAX} pages of its state tree and stopped")
        self._left -= 1
        page = self._read(path)
        found = EMPTY_CHILD if page is None else hash_page(page, _NIBBLE_BITS * len(path))[0]
        if found != expected:
            raise Malformed(
                f"{self._name}: expected the page at {path.hex() or 'the root'} of its state tree to have the hash "
                f"{expected.hex()}, got {found.hex()}: its store is damaged, or it does not tell the truth"
            )
        return page

    def leaves(self, path: bytes, page: Page | None) -> Iterator[Leaf]:
        """All leaves below a page, in order."""
        if isinstance(page, Branch):
            for place in range(FANOUT):
                below = path + bytes([place])
                yield from self.leaves(below, self.page(below, page.hash_at(FANOUT + place)))
        elif page is not None:
            yield from page.leaves


def iterate_differences(one: Tree, other: Tree) -> Iterator[Difference]:
    """Every key in which the trees differ; reads no further than it is asked. Raises `Malformed`."""
    yield from _walk(one, other, b"", one.root, other.root)


def _walk(one: Tree, other: Tree, path: bytes, left: bytes, right: bytes) -> Iterator[Difference]:
    if left == right:
        return
    left_page, right_page = one.page(path, left), other.page(path, right)
    if isinstance(left_page, Branch) and isinstance(right_page, Branch):
        for place in range(FANOUT):
            at = FANOUT + place
            yield from _walk(one, other, path + bytes([place]), left_page.hash_at(at), right_page.hash_at(at))
    else:
        yield from _compare(one.leaves(path, left_page), other.leaves(path, right_page))


def _compare(left: Iterator[Leaf], right: Iterator[Leaf]) -> Iterator[Difference]:
    """Two ordered rows of leaves side by side."""
    one, other = next(left, None), next(right, None)
    while one is not None or other is not None:
        key_hash = min(leaf[:DIGEST_BYTES] for leaf in (one, other) if leaf is not None)
        in_one, in_other = _leaf_hash(one, key_hash), _leaf_hash(other, key_hash)
        if in_one != in_other:
            yield Difference(key_hash=Digest(key_hash), in_one=in_one, in_other=in_other)
        one = one if in_one is None else next(left, None)
        other = other if in_other is None else next(right, None)


def _leaf_hash(leaf: Leaf | None, key_hash: bytes) -> Digest | None:
    return Digest(leaf[DIGEST_BYTES:]) if leaf is not None and leaf.startswith(key_hash) else None
