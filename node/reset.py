"""Beginning anew: what other nodes have goes, what only this one has stays.

Removed are the ledger, the write-ahead log, the log of commits, the index, the snapshots and what a replay, an import, a
joining or a repair left. Kept are configuration, keys, documents and, above all, the record of signatures: by it a
validator stays silent wherever it may have signed already.

The ledger goes last, under its lock, and is moved aside before anything of it is removed: a crash leaves a home that starts,
with or without a ledger, and what lies aside goes with the next reset.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from machine.files import DiskFiles
from node.config import read_config
from node.home import Home
from node.repair.mend import find_repair_places
from node.replaying import scratch_of
from node.snapshot.restoring import find_building_places
from node.stopped import hold_store

_ASIDE = ".removed"


def list_removed(home: Home) -> tuple[Path, ...]:
    """What a reset removes, of what is there, in the order in which it goes. Raises `ConfigError`."""
    store = home.store(read_config(home.config).store.directory)
    index = tuple(home.search_index.with_name(home.search_index.name + end) for end in ("", "-wal", "-shm"))
    others = (
        home.journal,
        home.commit_log.parent,
        *index,
        home.snapshots,
        home.joining,
        scratch_of(home),
        *find_building_places(store),
        *find_repair_places(store),
    )
    return tuple(path for path in (*others, _aside_of(store), store) if path.exists())


def reset(home: Home, tell: Callable[[int], None]) -> int:
    """Removes it all; `tell` hears how many are gone. Their number.

    Raises:
        InUse: the node runs.
        ConfigError, OSError: the configuration, the disk.
    """
    store = home.store(read_config(home.config).store.directory)
    found = list_removed(home)
    assert not any(home.signer_record.is_relative_to(path) for path in found), "the record is never removed"
    with hold_store(store) if store.exists() else nullcontext():
        for count, path in enumerate(found, start=1):
            _remove(path, _aside_of(store) if path == store else path)
            tell(count)
    return len(found)


def _aside_of(store: Path) -> Path:
    return store.with_name(store.name + _ASIDE)


def _remove(path: Path, aside: Path) -> None:
    if aside != path:
        os.rename(path, aside)
        DiskFiles().sync_directory(path.parent)
    if aside.is_dir():
        shutil.rmtree(aside)
    else:
        aside.unlink(missing_ok=True)
