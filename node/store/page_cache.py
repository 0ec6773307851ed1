"""Pages of the newest state tree in memory, for the one thread that commits blocks; within so many bytes, upper ones first.

Every block needs the upper pages, and they are few: the first four levels of branches are 4,369 however large the state
is. A branch is held with its hashes, which a stored one has to compute anew. What does not fit any more is read from the
store. Of two pages the one nearer to the root is held, and of two at one level the older.
"""

from collections import defaultdict

from vm.tree.nodes import Branch, Page, PageKey
from vm.tree.update import ReadPage, TreeUpdate

_BRANCH_BYTES = 3_000  # thirty-one hashes and what Python puts around each
_AROUND_BYTES = 300  # way, version, and the places in dictionaries of a page


class PageCache:
    """Reads pages, and remembers those of the newest height."""

    def __init__(self, read: ReadPage, bytes_max: int) -> None:
        self._read = read
        self._bytes_max = bytes_max
        self._levels: defaultdict[int, dict[bytes, tuple[int, Page]]] = defaultdict(dict)
        self.bytes_held = 0

    def read(self, key: PageKey) -> Page:
        """A page of the newest height's tree."""
        held = self._levels[len(key.path)].get(key.path)
        if held is not None and held[0] == key.version:
            return held[1]
        page = self._read(key)
        self._hold(key, page)
        return page

    def adopt(self, update: TreeUpdate) -> None:
        """Takes what a block has written, once it is on disk."""
        for key in update.stale:
            held = self._levels[len(key.path)].pop(key.path, None)
            if held is not None:
                self.bytes_held -= _compute_size(held[1])
        for key, page in update.written:
            self._hold(key, page)

    def _hold(self, key: PageKey, page: Page) -> None:
        size, depth = _compute_size(page), len(key.path)
        while self.bytes_held + size > self._bytes_max:
            lowest = max((level for level, pages in self._levels.items() if pages), default=0)
            if lowest <= depth:
                return
            _, (_, dropped) = self._levels[lowest].popitem()
            self.bytes_held -= _compute_size(dropped)
        self._levels[depth][key.path] = (key.version, page)
        self.bytes_held += size


def _compute_size(page: Page) -> int:
    return _AROUND_BYTES + (_BRANCH_BYTES if isinstance(page, Branch) else len(page.joined))
