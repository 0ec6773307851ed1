"""How much room a node's directory takes, by class, and how long the disk lasts.

Rows of the store are told by LevelDB (`node.store.sizes`), everything else by the sizes of its files. What the store's files
have beyond their rows is LevelDB's own log and what it has not cleared away yet.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from chain.errors import Invalid
from genesis.file import read_genesis
from node.config import Config
from node.growth import Sample, add_sample, compute_growth
from node.home import Home
from node.store.ledger import Ledger
from node.store.leveldb import LevelStore
from rpc.values import Room


class NoLedger(Invalid):
    """There is no ledger yet whose room could be told."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: expected a node's ledger, got none yet: the first start begins it")


class DataFiles:
    """The files of a node beside the ledger's rows, by class. `count_documents` tells their bytes where somebody has counted
    them: there may be a million.
    """

    def __init__(self, home: Home, config: Config, count_documents: Callable[[], int] | None = None) -> None:
        self._home = home.path
        self._index = home.search_index
        self._snapshots = home.snapshots
        self._documents = home.documents(config.documents.directory)
        self._count_documents = count_documents or (lambda: _size_of(self._documents))
        self.store = home.store(config.store.directory)

    def measure(self, rows: Mapping[str, int]) -> dict[str, int]:
        """Bytes by class, of the rows that are given and of all files; `the rest` is what else lies in the home."""
        counted = frozenset({self.store, self._snapshots, self._documents})
        index = _size_of(self._index)
        return {
            **rows,
            "store's own": max(0, _size_of(self.store) - sum(rows.values())),
            "index": index,
            "snapshots": _size_of(self._snapshots),
            "documents": self._count_documents(),
            "the rest": max(0, sum(_sizes_under(self._home, counted)) - index),
        }

    @property
    def free_bytes(self) -> int:
        """Of the disk that the store is on."""
        return shutil.disk_usage(self.store).free


def make_room(
    ledger: Ledger, role: str, sizes: Mapping[str, int], free_bytes: int, samples: Sequence[Sample]
) -> Room:
    """All of it, with what follows."""
    growth = compute_growth(samples)
    return Room(
        role=role,
        blocks_since=ledger.blocks_since,
        headers_since=ledger.headers_since,
        states_since=ledger.history.since,
        classes=dict(sizes),
        free_bytes=free_bytes,
        growth_bytes_per_day=None if growth is None else growth.bytes_per_day,
        growth_over_ms=0 if growth is None else growth.over_ms,
    )


def read_room(home: Home, config: Config, now_ms: int) -> Room:
    """That of a node that does not run.

    Raises:
        NoLedger: it has not begun.
        GenesisRefused: the genesis document.
        InUse: it does run, and is to be asked itself.
        DiskFault: the ledger cannot be read.
    """
    files = DataFiles(home, config)
    if not files.store.exists():
        raise NoLedger(home.path)
    genesis = read_genesis(home.genesis)
    with closing(LevelStore(files.store, cache_bytes=config.store.cache_bytes)) as store:
        ledger = Ledger.open(store, files.store, genesis.hash)
        if ledger is None:
            raise NoLedger(home.path)
        sizes = files.measure(ledger.measure_classes())
        samples = add_sample(ledger.growth, Sample(time_ms=now_ms, bytes=sum(sizes.values())))
        return make_room(ledger, config.retention.role, sizes, files.free_bytes, samples)


def _size_of(path: Path) -> int:
    """Of a file with what SQLite keeps beside it, or of everything under a directory; 0 where there is nothing."""
    if path.is_dir():
        return sum(_sizes_under(path))
    return sum(_sizes_of_files(path.parent, path.name))


def _sizes_under(directory: Path, but: frozenset[Path] = frozenset()) -> Iterator[int]:
    """Of all files below, without those under some directories."""
    for entry in _scan(directory):
        if entry.is_dir(follow_symlinks=False):
            if Path(entry.path) not in but:
                yield from _sizes_under(Path(entry.path), but)
        else:
            yield _stat(entry)


def _sizes_of_files(directory: Path, start: str) -> Iterator[int]:
    return (_stat(entry) for entry in _scan(directory) if entry.name.startswith(start))


def _scan(directory: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except FileNotFoundError:
        return []


def _stat(entry: "os.DirEntry[str]") -> int:
    """LevelDB and others remove files while we look: such a file has no bytes."""
    try:
        return entry.stat(follow_symlinks=False).st_size
    except FileNotFoundError:
        return 0
