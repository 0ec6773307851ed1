"""What the ledger needs of a database: an ordered map of bytes, atomic synced batches, snapshots. Seven methods.

Two of them are the reading half, which a snapshot has as well. `leveldb.py` fills this on disk and `memory.py` in
memory; one suite of laws runs over both.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

MEND_ADVICE = "Start the node: it mends its store from its peers and keeps the damaged one. Leave the signer's record where it is"
"""For whoever meets damage of a store in a command."""


class StoreReader(Protocol):
    """Reading. Safe from any thread."""

    def get(self, key: bytes) -> bytes | None:
        """The value of `key`, or None."""
        ...

    def iterate(
        self, start: bytes, end: bytes, *, reverse: bool = False, limit: int
    ) -> list[tuple[bytes, bytes]]:
        """At most `limit` rows with start <= key < end, in order of keys (descending if `reverse`)."""
        ...


class Batch:
    """Puts and deletes that happen together or not at all; of two for one key the later counts."""

    __slots__ = ("_operations",)

    def __init__(self) -> None:
        self._operations: list[tuple[bytes, bytes | None]] = []

    def put(self, key: bytes, value: bytes) -> None:
        """Sets `key` to `value`."""
        self._operations.append((key, value))

    def delete(self, key: bytes) -> None:
        """Removes `key` if it is there."""
        self._operations.append((key, None))

    def extend(self, batch: "Batch") -> None:
        """Everything of another batch, after what is here."""
        self._operations.extend(batch._operations)

    def since(self, number: int) -> list[tuple[bytes, bytes | None]]:
        """Operations in order, without the first `number`."""
        return self._operations[number:]

    def __iter__(self) -> Iterator[tuple[bytes, bytes | None]]:
        """Operations in order; None deletes."""
        return iter(self._operations)

    def __len__(self) -> int:
        return len(self._operations)


class Store(StoreReader, Protocol):
    """An open database. One thread writes; all raise `DiskFault` where the disk fails them."""

    def write(self, batch: Batch, *, sync: bool) -> None:
        """Carries out the whole batch; with `sync` it is on disk when this returns."""
        ...

    def snapshot(self) -> AbstractContextManager[StoreReader]:
        """The content of this moment, unmoved by later writes, until the context ends."""
        ...

    def compact(self, start: bytes, end: bytes) -> None:
        """Gives back the room of what was deleted of the keys with start <= key < end. Takes as long as the range is large;
        others read and write meanwhile.
        """
        ...

    def approximate_size(self, start: bytes, end: bytes) -> int:
        """About how many bytes the rows with start <= key < end take on disk; recent ones may not count yet."""
        ...

    def close(self) -> None:
        """Releases the database; it must not be used afterwards."""
        ...
