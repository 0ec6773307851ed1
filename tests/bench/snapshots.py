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
class Figures:
    """Of one size."""

    entries: int
    chunks: int
    file_bytes: int
    store_bytes: int
    make_s: float
    export_s: float
    restore_s: float
    memory_bytes: int


def measure(entries: int, directory: Path) -> Figures:
    """Grows, makes, exports and restores."""
    files, store = DiskFiles(), LevelStore(directory / "store", cache_bytes=32 * 1024 * 1024)
    chain = Chain(store)
    for batch in _split(entries):
        chain.grow(writes=batch)
    chain.grow()
    shelf, making = Shelf(directory / "shelf", files), Making(chain.ledger, GENESIS_HASH)
    make_s = _time(lambda: list(write_snapshot(making, shelf)))
    file = directory / "snapshot"
    export_s = _time(lambda: list(export_snapshot(shelf, Height(making.height), file, files)))
    store.close()
    started = time.perf_counter()
    with (
        open_snapshot(file) as (manifest, chunks),
        Restoration(directory / "again", manifest, TRUST, files) as taking,
    ):
        for chunk in chunks:
            taking.take(chunk)
        taking.finish(lambda _: None)
    return Figures(
        entries=manifest.rows,
        chunks=len(manifest.chunks),
        file_bytes=file.stat().st_size,
        store_bytes=sum(path.stat().st_size for path in (directory / "again").iterdir()),
        make_s=make_s,
        export_s=export_s,
        restore_s=time.perf_counter() - started,
        memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    )


def _split(entries: int) -> Iterator[tuple[tuple[bytes, bytes], ...]]:
    for start in range(0, entries, _BATCH):
        numbers = range(start, min(start + _BATCH, entries))
        yield tuple((b"tender\x00" + number.to_bytes(8, "big"), _make_value(number)) for number in numbers)


def _make_value(number: int) -> bytes:
    seed = sha256(number.to_bytes(8, "big")).digest()
    return seed * 3 + bytes(_VALUE_BYTES - 96)  # half of it cannot be compressed


def _time(do: Callable[[], object]) -> float:
    started = time.perf_counter()
    do()
    return time.perf_counter() - started


def main() -> None:
    """A line for each size."""
    for entries in map(int, sys.argv[1:] or ["100000"]):
        with TemporaryDirectory() as directory:
            found = measure(entries, Path(directory))
        print(
            f"{found.entries:,} entries: {found.chunks} chunks, file {found.file_bytes / 1e6:.1f} MB, store "
            f"{found.store_bytes / 1e6:.1f} MB; made in {found.make_s:.1f} s, exported in {found.export_s:.1f} s, "
            f"restored in {found.restore_s:.1f} s ({found.restore_s / found.entries * 1e6:.1f} µs an entry); "
            f"memory {found.memory_bytes / 1e6:.0f} MB",
            flush=True,
        )


if __name__ == "__main__":
    main()
