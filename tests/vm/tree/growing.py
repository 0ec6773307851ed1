"""A tree in memory that grows by a line of test code, and the root of a set of entries by its definition alone."""

from collections.abc import Mapping
from hashlib import sha256

from chain.ics23 import CommitmentProof
from vm.tree.hashing import EMPTY_STATE_ROOT, hash_leaf
from vm.tree.nodes import FANOUT, Branch, Page, PageKey, decode_page, encode_page
from vm.tree.proving import prove
from vm.tree.update import LeafChange, TreeUpdate, update_tree

Entries = Mapping[bytes, bytes]


def hash_by_definition(entries: Entries) -> bytes:
    """Of no entry the placeholder, of one its leaf, of more the hash of both halves, bit after bit."""
    return _hash_part({sha256(key).digest(): value for key, value in entries.items()}, 0)


def _hash_part(leaves: Mapping[bytes, bytes], depth: int) -> bytes:
    if not leaves:
        return b"SPARSE_MERKLE_PLACEHOLDER_HASH__"
    if len(leaves) == 1:
        ((key_hash, value),) = leaves.items()
        return sha256(b"JMT::LeafNode" + key_hash + sha256(value).digest()).digest()
    halves: tuple[dict[bytes, bytes], dict[bytes, bytes]] = ({}, {})
    for key_hash, value in leaves.items():
        halves[int.from_bytes(key_hash, "big") >> (255 - depth) & 1][key_hash] = value
    left, right = (_hash_part(half, depth + 1) for half in halves)
    return sha256(b"JMT::IntrnalNode" + left + right).digest()


def change_of(key: bytes, value: bytes | None) -> LeafChange:
    """What becomes of the leaf of a key."""
    key_hash = sha256(key).digest()
    return key_hash if value is None else key_hash + hash_leaf(key_hash, value)


class Tree:
    """Every height's pages, encoded, until they are forgotten, and the entries of each height."""

    def __init__(self) -> None:
        self.pages: dict[PageKey, bytes] = {}
        self.stale: dict[int, tuple[PageKey, ...]] = {}
        self.tops: list[PageKey | None] = [None]
        self.roots: list[bytes] = [EMPTY_STATE_ROOT]
        self.entries: list[dict[bytes, bytes]] = [{}]

    @property
    def height(self) -> int:
        """The newest height."""
        return len(self.roots) - 1

    def read(self, key: PageKey) -> Page:
        """A page as a store would give it."""
        return decode_page(self.pages[key])

    def grow(self, changes: Mapping[bytes, bytes | None]) -> bytes:
        """The next height; its root."""
        entries = {**self.entries[-1], **changes}
        self.entries.append({key: value for key, value in entries.items() if value is not None})
        if changes:
            self._adopt(self.compute(changes))
        else:
            self.tops.append(self.tops[-1])
            self.roots.append(self.roots[-1])
        return self.roots[-1]

    def compute(self, changes: Mapping[bytes, bytes | None]) -> TreeUpdate:
        """What a next height would be; nothing is written."""
        leaves = [change_of(key, value) for key, value in changes.items()]
        return update_tree(self.read, self.tops[-1], leaves, self.height + 1)

    def _adopt(self, update: TreeUpdate) -> None:
        version = self.height + 1
        assert all(key.version == version and key not in self.pages for key, _ in update.written)
        self.pages |= {key: encode_page(page) for key, page in update.written}
        self.stale[version] = update.stale
        self.tops.append(PageKey(b"", version))
        self.roots.append(update.root)

    def forget(self, before: int) -> None:
        """Lets go of what only heights before this one needed."""
        for version in [version for version in self.stale if version <= before]:
            for key in self.stale.pop(version):
                del self.pages[key]

    def reachable(self, height: int) -> set[PageKey]:
        """All pages of a height's tree."""
        found: set[PageKey] = set()
        waiting = [top for top in (self.tops[height],) if top is not None]
        while waiting:
            key = waiting.pop()
            found.add(key)
            page = self.read(key)
            if isinstance(page, Branch):
                waiting += [
                    PageKey(key.path + bytes([place]), version)
                    for place in range(FANOUT)
                    if (version := page.version(place)) is not None
                ]
        return found

    def prove(self, key: bytes, height: int) -> CommitmentProof | None:
        """A proof out of a height's tree."""
        top = self.tops[height]
        assert top is not None
        by_hash = {sha256(held).digest(): (held, value) for held, value in self.entries[height].items()}
        return prove(self.read, top, key, by_hash.__getitem__)
