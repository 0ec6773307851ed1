"""What a transaction and a block have written over the committed state, layer upon layer.

A layer reads through to the one below and keeps its own writes; merging a layer applies it, dropping it is the undo of a
refused transaction. Rows under a prefix are those of the layers together, in key order.
"""

from bisect import bisect_left, insort
from collections.abc import Sequence
from typing import Protocol

from vm.state import Change, writes_of


class StateReader(Protocol):
    """Committed state, or a layer over it."""

    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""
        ...

    def iterate(self, start: bytes, end: bytes, limit: int) -> Sequence[tuple[bytes, bytes]]:
        """At most `limit` rows with start <= key < end, in key order."""
        ...


class MemoryState:
    """State in memory: the twin of the store's, for tests and for genesis."""

    def __init__(self, rows: dict[bytes, bytes] | None = None) -> None:
        self.rows = dict(rows or {})

    def get(self, key: bytes) -> bytes | None:
        """See `StateReader`."""
        return self.rows.get(key)

    def iterate(self, start: bytes, end: bytes, limit: int) -> Sequence[tuple[bytes, bytes]]:
        """See `StateReader`."""
        return sorted((key, value) for key, value in self.rows.items() if start <= key < end)[:limit]

    def apply(self, writes: Sequence[tuple[bytes, bytes | None]]) -> None:
        """Applies a block's writes."""
        for key, value in writes:
            if value is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = value


class Overlay:
    """Writes over a `below` that does not change meanwhile."""

    def __init__(self, below: StateReader) -> None:
        self._below = below
        self._writes: dict[bytes, bytes | None] = {}
        self._keys: list[bytes] = []
        self._removed: list[bytes] = []

    def __len__(self) -> int:
        return len(self._writes)

    def get(self, key: bytes) -> bytes | None:
        """See `StateReader`."""
        if key in self._writes:
            return self._writes[key]
        return self._below.get(key)

    def set(self, key: bytes, value: bytes | None) -> None:
        """Writes a value; None removes the key."""
        if key not in self._writes:
            insort(self._keys, key)
        if (value is None) != (key in self._writes and self._writes[key] is None):
            if value is None:
                insort(self._removed, key)
            else:
                del self._removed[bisect_left(self._removed, key)]
        self._writes[key] = value

    def iterate(self, start: bytes, end: bytes, limit: int) -> Sequence[tuple[bytes, bytes]]:
        """See `StateReader`."""
        wanted = limit + _count_between(self._removed, start, end)
        first = bisect_left(self._keys, start)
        mine = self._keys[first : min(first + wanted, bisect_left(self._keys, end))]
        rows = dict(self._below.iterate(start, end, wanted))
        for key in mine:  # a write beyond `wanted` has `limit` rows before it
            value = self._writes[key]
            if value is None:
                rows.pop(key, None)
            else:
                rows[key] = value
        return sorted(rows.items())[:limit]

    def count_removed(self, start: bytes, end: bytes) -> int:
        """How many keys with start <= key < end the layers have removed: what `iterate` passes over at most."""
        below = self._below.count_removed(start, end) if isinstance(self._below, Overlay) else 0
        return _count_between(self._removed, start, end) + below

    def merge_into(self, other: "Overlay") -> None:
        """Applies all writes to the layer below."""
        for key, value in self._writes.items():
            other.set(key, value)

    def sorted_changes(self) -> tuple[Change, ...]:
        """What the writes change of the layer below, in key order; those that change nothing are left out."""
        changes = (Change(key, self._below.get(key), self._writes[key]) for key in self._keys)
        return tuple(change for change in changes if change.before != change.after)

    def sorted_writes(self) -> tuple[tuple[bytes, bytes | None], ...]:
        """The same without what was there before."""
        return writes_of(self.sorted_changes())


def _count_between(keys: Sequence[bytes], start: bytes, end: bytes) -> int:
    return bisect_left(keys, end) - bisect_left(keys, start)
