"""Writes that are not on disk yet, and a view of the store in which they are: how several blocks become one synced batch.

The next block of a group is carried out on what the one before it left, while nothing of the group is on disk; then all of
them are written together or not at all. The committing thread's own: everybody else reads the store below.
"""

from bisect import bisect_left

from node.store.store import Batch, Store


class StagedStore:
    """A `StoreReader` over a store and what waits to be written to it. What waits is indexed when it is first read."""

    def __init__(self, store: Store) -> None:
        self._store: Store = store
        self._batch = Batch()
        self._indexed = 0
        self._waiting: dict[bytes, bytes | None] = {}
        self._keys: list[bytes] = []

    def stage(self, batch: Batch) -> None:
        """Adds to what waits; what is added later counts."""
        self._batch.extend(batch)

    def flush(self) -> None:
        """Writes everything that waits as one batch, on disk when it returns. Raises `DiskFault`, and then none of it is."""
        batch = self._batch
        self._batch, self._indexed, self._waiting, self._keys = Batch(), 0, {}, []
        self._store.write(batch, sync=True)

    def get(self, key: bytes) -> bytes | None:
        """See `StoreReader`."""
        self._index()
        return self._waiting[key] if key in self._waiting else self._store.get(key)

    def iterate(
        self, start: bytes, end: bytes, *, reverse: bool = False, limit: int
    ) -> list[tuple[bytes, bytes]]:
        """See `StoreReader`."""
        self._index()
        first, last = bisect_left(self._keys, start), bisect_left(self._keys, end)
        here = self._keys[first:last]
        if not here:
            return self._store.iterate(start, end, reverse=reverse, limit=limit)
        enough = limit + sum(self._waiting[key] is None for key in here)
        below = self._store.iterate(start, end, reverse=reverse, limit=enough)
        rows = dict(below) | {key: self._waiting[key] for key in here}
        if len(below) == limit + len(
            here
        ):  # beyond its last key the store may have more, so nothing counts there
            edge = below[-1][0]
            rows = {key: value for key, value in rows.items() if (key >= edge if reverse else key <= edge)}
        found = [(key, rows[key]) for key in sorted(rows, reverse=reverse)]
        return [(key, value) for key, value in found if value is not None][:limit]

    def _index(self) -> None:
        if self._indexed == len(self._batch):
            return
        new = dict(self._batch.since(self._indexed))
        self._keys.extend(key for key in new if key not in self._waiting)
        self._keys.sort()  # two runs in order, for the most part
        self._waiting.update(new)
        self._indexed = len(self._batch)
