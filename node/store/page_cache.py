"""Pages of the newest state tree in memory, for the one thread that commits blocks; within so many bytes, upper ones first.

Every block needs the upper pages, and they are few: the first four levels of branches are 4,369 however large the state
is. A page is held with all its hashes, some of which a stored one has to compute anew. What does not fit any more is read
from the store. Of two pages the one nearer to the root is held, and of two at one level the older. They are held as bytes,
which Python's collector of cycles does not walk through: of a million entries it would take as long as the tree itself.
"""

from collections import defaultdict

from vm.tree.nodes import Page, PageKey, pack_page, unpack_page
from vm.tree.update import ReadPage, TreeUpdate

_VERSION_BYTES = 8
_AROUND_BYTES = 200  # of a page's way, its place in a dictionary, and what Python puts around bytes


class PageCache:
    """Reads pages, and remembers those of the newest height."""

    def __init__(self, read: ReadPage, bytes_max: int) -> None:
        self._read = read
        self._bytes_max = bytes_max
        self._levels: defaultdict[int, dict[bytes, bytes]] = defaultdict(dict)
        self.bytes_held = 0

    def read(self, key: PageKey) -> Page:
        """A page of the newest height's tree."""
        held = self._levels[len(key.path)].get(key.path)
        if held is not None and held.startswith(_encode_version(key)):
            return unpack_page(held, _VERSION_BYTES)
        page = self._read(key)
        self._hold(key, page)
        return page

    def adopt(self, update: TreeUpdate) -> None:
        """Takes what a block has written."""
        for key in update.stale:
            held = self._levels[len(key.path)].pop(key.path, None)
            if held is not None:
                self.bytes_held -= _compute_size(held)
        for key, page in update.written:
            self._hold(key, page)

    def _hold(self, key: PageKey, page: Page) -> None:
        data = _encode_version(key) + pack_page(page)
        size, depth = _compute_size(data), len(key.path)
        while self.bytes_held + size > self._bytes_max:
            lowest = max((level for level, pages in self._levels.items() if pages), default=0)
            if lowest <= depth:
                return
            _, dropped = self._levels[lowest].popitem()
            self.bytes_held -= _compute_size(dropped)
        self._levels[depth][key.path] = data
        self.bytes_held += size


def _encode_version(key: PageKey) -> bytes:
    return key.version.to_bytes(_VERSION_BYTES, "big")


def _compute_size(data: bytes) -> int:
    return _AROUND_BYTES + len(data)
