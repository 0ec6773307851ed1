"""How the index follows the ledger: new blocks at its end, stretches that the ledger let go of away from its beginning.

A slice of blocks is one transaction of the file, its origin included: a crash leaves the slice there or not.
"""

from collections import defaultdict
from dataclasses import replace
from typing import Protocol

from chain.hashing import Digest
from chain.limits import INDEX_SLICE_BLOCKS, INDEX_STRETCH_ROWS
from chain.result import TransactionResult
from node.head import Head
from node.index.file import IndexFile
from node.index.rows import (
    NAMES_KEY,
    ORIGIN_KEY,
    Name,
    Origin,
    Stretch,
    Sums,
    bucket_of,
    encode_names,
    encode_origin,
    encode_stretch,
    encode_sums,
    entries_of,
    stretch_key,
    sums_key,
)


class Results(Protocol):
    """The ledger, as far as it is indexed here."""

    @property
    def head(self) -> Head:
        """After the last block."""
        ...

    @property
    def blocks_since(self) -> int:
        """The oldest height whose results are kept."""
        ...

    def results(self, height: int) -> tuple[TransactionResult, ...] | None:
        """Results of a block in the order of its transactions. Raises `Pruned`."""
        ...


def fit(file: IndexFile, genesis: Digest, since: int, last: int) -> Origin:
    """Makes the file one of a ledger with blocks from `since` to `last`: what is of another one, above or below goes. What is
    left.
    """
    origin = file.origin()
    if origin is None or origin.genesis != genesis or origin.height + 1 < since:
        return _begin(file, genesis, since)
    kept = [
        (number, stretch)
        for number, stretch in file.stretches(origin)
        if stretch.last >= since and stretch.last <= last
    ]
    if len(kept) == origin.end_stretch - origin.first_stretch:
        return origin
    if not kept:
        return _begin(file, genesis, since)
    fitted = replace(
        origin,
        since=kept[0][1].first,
        height=kept[-1][1].last,
        first_stretch=kept[0][0],
        end_stretch=kept[-1][0] + 1,
    )
    _drop_stretches(file, origin, fitted)
    return fitted


def _begin(file: IndexFile, genesis: Digest, since: int) -> Origin:
    origin = Origin(genesis=genesis, since=since, height=since - 1, first_stretch=0, end_stretch=0, names=0)
    with file.writing():
        for before in ("events", "origin"):  # of the first format
            file.database.execute(f"DROP TABLE IF EXISTS {before}")
        file.database.execute("DELETE FROM rows")
        file.database.execute("DELETE FROM parts")
        file.put(NAMES_KEY, encode_names(()))
        file.put(ORIGIN_KEY, encode_origin(origin))
    file.shrink()
    return origin


def _drop_stretches(file: IndexFile, origin: Origin, fitted: Origin) -> None:
    with file.writing():
        for number in range(origin.first_stretch, origin.end_stretch):
            if not fitted.first_stretch <= number < fitted.end_stretch:
                for name in file.stretch(number).names:
                    file.drop(sums_key(number, name))
                file.drop(stretch_key(number))
                file.database.execute("DELETE FROM rows WHERE stretch = ?", (number,))
        file.put(ORIGIN_KEY, encode_origin(fitted))
    file.shrink()


def add_slice(file: IndexFile, origin: Origin, results: Results) -> Origin:
    """Indexes the next blocks, up to the end of a stretch, a slice's length or the head. Raises `Pruned`."""
    writer = _Writer(file, origin)
    until = min(origin.height + INDEX_SLICE_BLOCKS, results.head.height)
    height = origin.height
    while height < until and (height == origin.height or writer.count < INDEX_STRETCH_ROWS):
        height += 1
        found = results.results(height)
        assert found is not None, f"block {height} is committed"
        writer.add(height, found)
    return writer.write(height)


class _Writer:
    """The newest stretch, or one after it where that one is full, with some blocks more."""

    def __init__(self, file: IndexFile, origin: Origin) -> None:
        self._file = file
        self._origin = origin
        self._names = dict(zip(file.names(origin), range(origin.names), strict=True))
        self._sums: dict[int, Sums] = {}
        self._rows: list[tuple[int, int, int, bytes, int, int, int]] = []
        self._number, self._stretch = origin.end_stretch, None
        if origin.first_stretch < origin.end_stretch:
            newest = file.stretch(origin.end_stretch - 1)
            if newest.rows < INDEX_STRETCH_ROWS:
                self._number, self._stretch = origin.end_stretch - 1, newest

    @property
    def count(self) -> int:
        """Rows of the stretch."""
        return len(self._rows) + (0 if self._stretch is None else self._stretch.rows)

    def add(self, height: int, results: tuple[TransactionResult, ...]) -> None:
        """The rows of a block."""
        for name, entry in entries_of(height, results):
            number, bucket = self._names.setdefault(name, len(self._names)), bucket_of(entry.value)
            self._sums_of(number).add(bucket, entry)
            self._rows.append((self._number, number, bucket, *entry))

    def _sums_of(self, name: int) -> Sums:
        if name not in self._sums:
            is_there = self._stretch is not None and name in self._stretch.names
            self._sums[name] = self._file.sums(self._number, name) if is_there else Sums()
        return self._sums[name]

    def write(self, height: int) -> Origin:
        """Everything in one transaction; the origin after it."""
        before = self._stretch
        stretch = Stretch(
            first=self._origin.height + 1 if before is None else before.first,
            last=height,
            rows=self.count,
            names=tuple(sorted({*self._sums, *(() if before is None else before.names)})),
        )
        origin = replace(self._origin, height=height, end_stretch=self._number + 1, names=len(self._names))
        file = self._file
        with file.writing():
            file.database.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)", self._rows)
            for name, sums in self._sums.items():
                file.put(sums_key(self._number, name), encode_sums(sums))
            file.put(stretch_key(self._number), encode_stretch(stretch))
            if len(self._names) != self._origin.names:
                file.put(NAMES_KEY, encode_names(tuple(self._names)))
            file.put(ORIGIN_KEY, encode_origin(origin))
        return origin


def compute_sums(results: Results, stretch: Stretch) -> dict[Name, Sums]:
    """What the sums of a stretch have to be, from the ledger itself. Raises `Pruned`."""
    sums: defaultdict[Name, Sums] = defaultdict(Sums)
    for height in range(stretch.first, stretch.last + 1):
        found = results.results(height)
        assert found is not None, f"block {height} is committed"
        for name, entry in entries_of(height, found):
            sums[name].add(bucket_of(entry.value), entry)
    return dict(sums)
