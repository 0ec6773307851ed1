"""The home of a node that does not run, for commands that work on its ledger.

The store's lock tells whether it runs: whoever holds the ledger open here keeps the node from starting, and is refused
while it runs. Neither a key nor the record of signatures is opened.
"""

import fcntl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from genesis.document import Genesis
from genesis.file import read_genesis
from machine.clock import SystemClock
from machine.faults import InUse, Unusable
from node.config import Config, read_config
from node.home import Home
from node.search import SearchIndex
from node.store.ledger import Ledger
from node.store.leveldb import LOCK, LevelStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """The ledger of a home, and what it is under."""

    home: Home
    config: Config
    genesis: Genesis
    path: Path
    store: LevelStore
    ledger: Ledger

    def index(self) -> SearchIndex:
        """The index of events over it."""
        return SearchIndex(self.home.search_index, self.genesis.hash, self.ledger, SystemClock())


@contextmanager
def open_stopped(home: Home) -> Iterator[Stopped]:
    """Opens the ledger of a home, and closes it when the context ends.

    Raises:
        InUse: the node runs.
        Unusable: there is no ledger yet.
        DiskFault, ConfigError, GenesisRefused: as at a start.
    """
    config, genesis = read_config(home.config), read_genesis(home.genesis)
    path = home.store(config.store.directory)
    if not path.is_dir():
        raise no_ledger(path)
    with closing(LevelStore(path, cache_bytes=config.store.cache_bytes)) as store:
        ledger = Ledger.open(store, path, genesis.hash, config.retention.state_versions)
        if ledger is None:
            raise no_ledger(path)
        yield Stopped(home=home, config=config, genesis=genesis, path=path, store=store, ledger=ledger)


@contextmanager
def hold_store(path: Path) -> Iterator[None]:
    """Keeps every node away from a store that need not be whole: takes the lock that LevelDB takes, and opens nothing.

    Raises:
        InUse: the node runs.
    """
    with (path / LOCK).open("ab") as lock:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            raise InUse(
                path, "the store is in use by another process", "Stop the node that runs from this home"
            ) from None
        yield


def no_ledger(path: Path) -> Unusable:
    """What is said where there is no ledger."""
    return Unusable(path, "there is no ledger yet", "The first terang start begins it")
