"""The state after an older height as contracts read it: the rows of now, behind what later heights put aside."""

from bisect import bisect_left
from collections.abc import Sequence

from node.store.reading import LedgerReader


class PastState:
    """See `vm.overlay.StateReader`. Holds what changed since in memory: it is for one look, not for answering."""

    def __init__(self, reader: LedgerReader, height: int) -> None:
        assert reader.history.since <= height <= reader.head.height, f"the state of height {height} is kept"
        self._now = reader.state
        self._before: dict[bytes, bytes | None] = {}
        for later in range(reader.head.height, height, -1):
            self._before.update((aside.key, aside.value) for aside in reader.history.before(later))
        self._keys = sorted(self._before)

    def get(self, key: bytes) -> bytes | None:
        """See `StateReader`."""
        return self._before[key] if key in self._before else self._now.get(key)

    def iterate(self, start: bytes, end: bytes, limit: int) -> Sequence[tuple[bytes, bytes]]:
        """See `StateReader`."""
        changed = self._keys[bisect_left(self._keys, start) : bisect_left(self._keys, end)]
        rows = dict(self._now.iterate(start, end, limit + len(changed)))
        for key in changed:
            value = self._before[key]
            if value is None:
                rows.pop(key, None)
            else:
                rows[key] = value
        return sorted(rows.items())[:limit]
