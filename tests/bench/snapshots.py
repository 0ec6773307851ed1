"""Seconds and bytes of a snapshot and of a ledger from it: `python -m tests.bench.snapshots 100000 1000000`.

A ledger of so many entries is grown in LevelDB, block by block as a node does; then a snapshot is put on the shelf, exported
into a file, and restored from the file with every check.
"""

import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from chain.vote import Height
from machine.files import DiskFiles
from node.snapshot.file import export_snapshot, open_snapshot
from node.snapshot.making import Making, write_snapshot
from node.snapshot.restoring import Restoration
from node.snapshot.shelf import Shelf
from node.store.leveldb import LevelStore
from tests.node.making import GENESIS_HASH
from tests.node.snapshot.making import TRUST
from tests.node.store.chains import Chain

_BATCH = 6_000
_VALUE_BYTES = 200  # a bid's record without its envelopes


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """Seconds by the clock, and of the processor."""

    wall_s: float
    cpu_s: float

    def __str__(self) -> str:
        return f"{self.wall_s:.1f} s ({self.cpu_s:.1f} s of the processor)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of one size."""

    entries: int
    chunks: int
    file_bytes: int
    store_bytes: int
    make: Took
    export: Took
    restore: Took
    memory_bytes: int


def measure(entries: int, directory: Path) -> Figures:
    """Grows, makes, exports and restores."""
    files, store = DiskFiles(), LevelStore(directory / "store", cache_bytes=32 * 1024 * 1024)
    chain = Chain(store)
    for batch in _split(entries):
        chain.grow(writes=batch)
    chain.grow()
    shelf, making = Shelf(directory / "shelf", files), Making(chain.ledger, GENESIS_HASH)
    make = _time(lambda: list(write_snapshot(making, shelf, TRUST)))
    file = directory / "snapshot"
    export = _time(lambda: list(export_snapshot(shelf, Height(making.height), file, files)))
    chunks = len(making.manifest.chunks)
    store.close()
    restore = _time(lambda: _restore(file, directory / "again"))
    return Figures(
        entries=making.rows,
        chunks=chunks,
        file_bytes=file.stat().st_size,
        store_bytes=sum(path.stat().st_size for path in (directory / "again").iterdir()),
        make=make,
        export=export,
        restore=restore,
        memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    )


def _split(entries: int) -> Iterator[tuple[tuple[bytes, bytes], ...]]:
    for start in range(0, entries, _BATCH):
        numbers = range(start, min(start + _BATCH, entries))
        yield tuple((b"tender\x00" + number.to_bytes(8, "big"), _make_value(number)) for number in numbers)


def _make_value(number: int) -> bytes:
    seed = sha256(number.to_bytes(8, "big")).digest()
    return seed * 3 + bytes(_VALUE_BYTES - 96)  # half of it cannot be compressed


def _restore(file: Path, store: Path) -> None:
    with (
        open_snapshot(file) as (manifest, chunks),
        Restoration(store, manifest, TRUST, DiskFiles()) as taking,
    ):
        for chunk in chunks:
            taking.take(chunk)
        taking.finish(lambda _: None)


def _time(do: Callable[[], object]) -> Took:
    wall, cpu = time.perf_counter(), time.process_time()
    do()
    return Took(wall_s=time.perf_counter() - wall, cpu_s=time.process_time() - cpu)


def main() -> None:
    """A line for each size."""
    for entries in map(int, sys.argv[1:] or ["100000"]):
        with TemporaryDirectory() as directory:
            found = measure(entries, Path(directory))
        print(
            f"{found.entries:,} entries: {found.chunks} chunks, file {found.file_bytes / 1e6:.1f} MB, store "
            f"{found.store_bytes / 1e6:.1f} MB; made in {found.make}, exported in {found.export}, restored in "
            f"{found.restore}; memory {found.memory_bytes / 1e6:.0f} MB",
            flush=True,
        )


if __name__ == "__main__":
    main()
