"""The state of a height made whole: which entries belong to it is what its root says, and nothing else.

Of the entries that could be read the tree is computed. Where a subtree has not the hash that its parent states, its page is
looked for, here or at a peer, held to that hash, and its children are looked at likewise, down to the leaves. So what is
missing, old, or too much is found without trust in any row, and an entry that is fetched is held to the hash of its leaf.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

from chain.errors import Malformed
from chain.hashing import DIGEST_BYTES, Digest, sha256
from chain.ics23 import EMPTY_CHILD
from chain.limits import ROWS_PER_REQUEST_MAX
from chain.vote import Height
from node.repair.source import Lost, Source
from node.store.keys import page_key, state_key, state_name_key
from node.store.store import Batch, StoreReader
from p2p.messages import RowKind
from vm.tree.hashing import hash_leaf
from vm.tree.nodes import FANOUT, Branch, Bucket, Leaf, Page, PageKey, decode_page, hash_leaves, hash_page
from vm.tree.update import update_tree

ReadRow = Callable[[bytes], bytes | None]
"""A row of what is left of the damaged store; None where it cannot be read."""


class StateRepair:
    """The state after one height, under its root."""

    def __init__(self, height: Height, root: Digest, read_row: ReadRow, source: Source) -> None:
        self._height = height
        self._root = root
        self._read_row = read_row
        self._source = source

    def find_leaves(self, entries: Sequence[Leaf], root_version: int | None) -> list[Leaf]:
        """The leaves that belong to the state; `entries` are those of the rows that were read, in order.

        Raises:
            Lost: a page can be had from nowhere.
        """
        return list(self._correct(b"", self._root, entries, root_version))

    def _correct(
        self, path: bytes, expected: bytes, leaves: Sequence[Leaf], version: int | None
    ) -> Iterator[Leaf]:
        if hash_leaves(leaves, 4 * len(path))[0] == expected:
            yield from leaves
            return
        if expected == EMPTY_CHILD:
            return
        page: Page | None = None if version is None else self._read_page(path, expected, version)
        is_own = page is not None  # only then are the versions of its children those that stand here
        if page is None:
            page = self._fetch_page(path, expected)
        if isinstance(page, Bucket):
            yield from page.leaves
            return
        for place in range(FANOUT):
            below = path + bytes((place,))
            child = page.version(place) if is_own else None
            yield from self._correct(below, page.hash_at(FANOUT + place), _pick_inside(leaves, below), child)

    def _read_page(self, path: bytes, expected: bytes, version: int) -> Page | None:
        data = self._read_row(page_key(PageKey(path, version)))
        return _accept_page(() if data is None else (data,), path, expected)

    def _fetch_page(self, path: bytes, expected: bytes) -> Page:
        def accept(rows: Sequence[bytes]) -> list[Page] | None:
            page = _accept_page(rows, path, expected)
            return None if page is None else [page]

        found = self._source.rows(RowKind.PAGE, self._height, path, accept)
        if found is None:
            raise Lost(f"the state tree of height {self._height} at {path.hex() or 'its root'}")
        return found[0]

    def fetch_entries(self, leaves: Sequence[Leaf]) -> Iterator[tuple[bytes, bytes]]:
        """Key and value of each of these leaves, from peers.

        Raises:
            Lost: nobody has one of them.
        """
        wanted = {leaf[:DIGEST_BYTES]: leaf for leaf in leaves}
        while wanted:
            asked = b"".join(list(wanted)[:ROWS_PER_REQUEST_MAX])
            found = self._source.rows(
                RowKind.ENTRIES, self._height, asked, lambda rows: _accept_entries(rows, wanted)
            )
            if found is None:
                raise Lost(f"an entry of the state of height {self._height}: {asked[:DIGEST_BYTES].hex()}")
            for key, value in found:
                del wanted[sha256(key)]
                yield key, value


def _pick_inside(leaves: Sequence[Leaf], path: bytes) -> Sequence[Leaf]:
    """Those of the leaves, which are in order, that stand below a way."""
    bits = 4 * len(path)
    number = int.from_bytes(_pack(path), "big") << 8 * DIGEST_BYTES - bits
    first = number.to_bytes(DIGEST_BYTES, "big")
    end = number + (1 << 8 * DIGEST_BYTES - bits)
    last = end.to_bytes(DIGEST_BYTES + 1, "big")
    stop = len(leaves) if last[0] else bisect_left(leaves, last[1:])
    return leaves[bisect_left(leaves, first) : stop]


def _pack(path: bytes) -> bytes:
    number = 0
    for nibble in path:
        number = number << 4 | nibble
    return number.to_bytes((len(path) + 1) // 2, "big")


def _accept_page(rows: Sequence[bytes], path: bytes, expected: bytes) -> Page | None:
    if not rows:
        return None
    try:
        page = decode_page(rows[0])
    except Malformed:
        return None
    is_it = _stands_at(page, path) and hash_page(page, 4 * len(path))[0] == expected
    return page if is_it else None


def _stands_at(page: Page, path: bytes) -> bool:
    """Whether what a page holds can be below the way: its hash says so only from its own depth on."""
    if isinstance(page, Branch):
        return len(path) < 2 * DIGEST_BYTES
    return len(_pick_inside(page.leaves, path)) == len(page.leaves)


def _accept_entries(rows: Sequence[bytes], wanted: dict[bytes, Leaf]) -> list[tuple[bytes, bytes]] | None:
    """Those of the entries that are wanted and have the hash of their leaf, each once; None if there are none."""
    found = {}
    for key, value in zip(rows[::2], rows[1::2], strict=False):
        key_hash = sha256(key)
        if wanted.get(key_hash) == key_hash + hash_leaf(key_hash, value):
            found[key] = value
    return list(found.items()) or None


def leaf_of(key: bytes, value: bytes) -> Leaf:
    """The leaf of an entry."""
    key_hash = sha256(key)
    return key_hash + hash_leaf(key_hash, value)


def put_entry(batch: Batch, key: bytes, value: bytes) -> None:
    """An entry and its name."""
    batch.put(state_key(key), value)
    batch.put(state_name_key(sha256(key)), key)


def remove_entry(batch: Batch, reader: StoreReader, key_hash: bytes) -> None:
    """Removes what stands under a key's hash."""
    key = reader.get(state_name_key(key_hash))
    assert key is not None, "an entry that was copied has its name"
    batch.delete(state_key(key))
    batch.delete(state_name_key(key_hash))


def build_tree(leaves: Sequence[Leaf], height: Height, root: Digest) -> tuple[tuple[PageKey, Page], ...]:
    """The pages of a tree of just these leaves, as if the height had written all of it.

    Raises:
        Lost: it has another root: somebody told of leaves that are none.
    """
    if not leaves:
        return ()
    tree = update_tree(_read_nothing, None, leaves, height)
    if tree.root != root:
        raise Lost(f"the state of height {height}: what could be had has another root")
    return tree.written


def _read_nothing(key: PageKey) -> NoReturn:
    raise AssertionError(f"an empty tree has no pages, and so none at {key}")
