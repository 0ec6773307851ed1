"""The store in memory: for tests and simulations, same laws as on disk.

A snapshot shares the content until the next write, which then works on a copy.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from contextlib import contextmanager

from node.store.store import Batch, StoreReader


class _Rows:
    """Keys in order beside their values."""

    __slots__ = ("keys", "values")

    def __init__(self, keys: list[bytes], values: dict[bytes, bytes]) -> None:
        self.keys = keys
        self.values = values

    def get(self, key: bytes) -> bytes | None:
        return self.values.get(key)

    def iterate(
        self, start: bytes, end: bytes, *, reverse: bool = False, limit: int
    ) -> list[tuple[bytes, bytes]]:
        first = bisect_left(self.keys, start)
        last = max(first, bisect_left(self.keys, end))
        if reverse:
            chosen = self.keys[max(first, last - limit) : last][::-1]
        else:
            chosen = self.keys[first : min(last, first + limit)]
        return [(key, self.values[key]) for key in chosen]


class MemoryStore:
    """A `Store` that forgets everything with its process."""

    def __init__(self) -> None:
        self._rows = _Rows([], {})
        self._is_shared = False

    def get(self, key: bytes) -> bytes | None:
        """See `StoreReader`."""
        return self._rows.get(key)

    def iterate(
        self, start: bytes, end: bytes, *, reverse: bool = False, limit: int
    ) -> list[tuple[bytes, bytes]]:
        """See `StoreReader`."""
        return self._rows.iterate(start, end, reverse=reverse, limit=limit)

    def write(self, batch: Batch, *, sync: bool) -> None:
        """See `Store`; `sync` changes nothing here."""
        if self._is_shared:
            self._rows = _Rows(list(self._rows.keys), dict(self._rows.values))
            self._is_shared = False
        rows = self._rows
        for key, value in batch:
            if value is not None:
                if key not in rows.values:
                    insort(rows.keys, key)
                rows.values[key] = value
            elif key in rows.values:
                del rows.values[key]
                del rows.keys[bisect_left(rows.keys, key)]

    @contextmanager
    def snapshot(self) -> Iterator[StoreReader]:
        """See `Store`."""
        self._is_shared = True
        yield self._rows

    def compact(self, start: bytes, end: bytes) -> None:
        """See `Store`; there is nothing to give back."""

    def approximate_size(self, start: bytes, end: bytes) -> int:
        """See `Store`; exact."""
        rows = self._rows.iterate(start, end, limit=len(self._rows.keys))
        return sum(len(key) + len(value) for key, value in rows)

    def close(self) -> None:
        """See `Store`; the content stays, so that tests can open the same store again."""
