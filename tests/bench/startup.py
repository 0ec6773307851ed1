"""`python -m tests.bench.startup`: how long `terang start` takes with many blocks and a large state: `.bench/startup.json`.

A full node's home is filled as a node fills it, by the ledger's own append: blocks certified by four validators, each with
one signed transaction, and the state's entries in the first of them. Only the syncs are left out. Then the real command is
started until its JSON-RPC answers: first with nothing of the home in the system's memory, then again. What opening and
checking the store take of that is measured apart, in this process.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from chain.keys import SigningKey
from chain.limits import STORE_CHECKED_BLOCKS
from cli.processes import NodeProcess, Processes
from cli.testnet import Testnet, TestnetNode, make_testnet
from genesis.document import DEMO_RULES
from genesis.file import read_genesis, write_genesis
from machine.keyfile import KeyKind, read_key
from machine.logs import configure_logs
from node.config import read_config
from node.home import Home
from node.opening import open_home
from node.store.ledger import Ledger
from node.store.leveldb import LevelStore
from node.store.selfcheck import check_ledger
from node.store.store import Batch, StoreReader
from tests.bench.workload import make_transactions
from tests.chain.making import CHAIN
from tests.node.making import make_next
from vm.keys import storage_prefix
from vm.state import Change

_VALIDATORS = 4
_KEYS_PER_BLOCK = 20_000
_VALUE_BYTES = 80  # about what a record has
_ENTRY = storage_prefix("tender", 3)
_BLOCK_MS = 1_000
_TRANSACTIONS = 1_000  # different ones; each stands in many blocks, which nobody looks for here


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Seconds of one start: all of it; and measured apart, Python with the program's modules, the store, the checks."""

    until_answer: float
    modules: float
    store: float
    ledger: float
    checks: float
    rss_bytes: int


class _Unsynced:
    """A store whose writes are not waited for: what they hold is the same."""

    def __init__(self, store: LevelStore) -> None:
        self._store = store
        self.get = store.get
        self.iterate = store.iterate
        self.compact = store.compact
        self.approximate_size = store.approximate_size
        self.close = store.close

    def write(self, batch: Batch, *, sync: bool) -> None:
        """See `Store`."""
        del sync
        self._store.write(batch, sync=False)

    def snapshot(self) -> AbstractContextManager[StoreReader]:
        """See `Store`."""
        return self._store.snapshot()


def make_home(directory: Path, blocks: int) -> Testnet:
    """A network whose genesis lies so many blocks back, with the empty ledger of its full node."""
    shutil.rmtree(directory, ignore_errors=True)
    testnet = make_testnet(
        directory, validators=_VALIDATORS, full_nodes=1, chain_id=CHAIN, rules=DEMO_RULES, base_port=None
    )
    home = Home(testnet.nodes[-1].home)
    genesis = read_genesis(home.genesis)
    write_genesis(home.genesis, replace(genesis, time_ms=genesis.time_ms - (blocks + 1) * _BLOCK_MS))
    with open_home(home, read_config(home.config), None):
        pass
    return testnet


def fill(testnet: Testnet, keys: int, blocks: int, watch: Callable[[range], Iterator[int]]) -> None:
    """Certified blocks, one after the other, and all entries of the state within the first of them."""
    *validators, node = testnet.nodes
    signers = {
        key.address: key
        for key in (read_key(Home(one.home).validator_key, KeyKind.VALIDATOR, None) for one in validators)
    }
    store = _open_store(node)
    ledger = _open_ledger(node, store)
    transactions, chance = make_transactions(min(_TRANSACTIONS, blocks), CHAIN), Random(keys)
    for number in watch(range(blocks)):
        raw = transactions[number % len(transactions)]
        in_order = [signers[one.address] for one in ledger.head.validators.validators]
        changes = _make_changes(number * _KEYS_PER_BLOCK, keys, chance)
        _append(ledger, in_order, raw, changes)
    store.close()


def _append(ledger: Ledger, signers: list[SigningKey], raw: bytes, changes: list[Change]) -> None:
    certified, executed, head = make_next(ledger.head, signers, [raw])
    state = ledger.update_state(changes)
    ledger.append(certified, executed.encoded_results, state, replace(head, state_root=state.root))


def _make_changes(start: int, keys: int, chance: Random) -> list[Change]:
    numbers = range(start, min(keys, start + _KEYS_PER_BLOCK))
    names = (_ENTRY + sha256(number.to_bytes(8, "big")).digest() for number in numbers)
    return sorted(Change(name, None, chance.randbytes(_VALUE_BYTES)) for name in names)


def _open_store(node: TestnetNode) -> LevelStore:
    home = Home(node.home)
    config = read_config(home.config).store
    return LevelStore(home.store(config.directory), cache_bytes=config.cache_bytes)


def _open_ledger(node: TestnetNode, store: LevelStore) -> Ledger:
    home = Home(node.home)
    genesis = read_genesis(home.genesis)
    path = home.store(read_config(home.config).store.directory)
    ledger = Ledger.open(_Unsynced(store), path, genesis.hash)
    assert ledger is not None, "the home was begun a moment ago"
    return ledger


def measure(node: TestnetNode) -> Start:
    """One start of the real command, and its parts, with the home as the system has it in memory."""
    began = time.perf_counter()
    with Processes([NodeProcess(node)]) as processes:
        processes.start()
        processes.wait_until_up()
        until_answer = time.perf_counter() - began
        rss_bytes = processes.all[0].measure()
    modules = _time(
        lambda: subprocess.run([sys.executable, "-c", "import cli.tethered, node.run"], check=True)
    )
    marks = [time.perf_counter()]
    store = _open_store(node)
    marks.append(time.perf_counter())
    ledger = _open_ledger(node, store)
    marks.append(time.perf_counter())
    check_ledger(store, ledger, node.home, STORE_CHECKED_BLOCKS)
    marks.append(time.perf_counter())
    store.close()
    return Start(
        until_answer=until_answer,
        modules=modules,
        store=marks[1] - marks[0],
        ledger=marks[2] - marks[1],
        checks=marks[3] - marks[2],
        rss_bytes=rss_bytes,
    )


def _time(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def forget(directory: Path) -> None:
    """Takes a directory's files out of the system's memory, so that they are read from the disk."""
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def make_document(
    keys: int, blocks: int, bytes_on_disk: int, starts: dict[str, list[Start]]
) -> dict[str, object]:
    """Everything for machines, times in seconds."""
    return {
        "keys": keys,
        "blocks": blocks,
        "bytes_on_disk": bytes_on_disk,
        "starts": {
            kind: [
                {
                    "until_answer_s": one.until_answer,
                    "modules_s": one.modules,
                    "store_s": one.store,
                    "ledger_s": one.ledger,
                    "checks_s": one.checks,
                    "rss_mb": one.rss_bytes / 2**20,
                }
                for one in found
            ]
            for kind, found in starts.items()
        },
    }


def make_table(keys: int, blocks: int, starts: dict[str, list[Start]]) -> Table:
    """The same for people."""
    table = Table(title=f"Seconds of a start with {keys:,} keys and {blocks:,} blocks")
    for name in ("the home is", "until it answers", "Python", "store", "ledger", "checks", "memory, MB"):
        table.add_column(name, justify="right")
    for kind, found in starts.items():
        for one in found:
            seconds = (one.until_answer, one.modules, one.store, one.ledger, one.checks)
            table.add_row(kind, *(f"{part:.2f}" for part in seconds), f"{one.rss_bytes / 2**20:.0f}")
    return table


def bench(
    keys: Annotated[int, typer.Option(help="Entries of the state.")] = 1_000_000,
    blocks: Annotated[int, typer.Option(help="Blocks of the chain.")] = 100_000,
    starts: Annotated[int, typer.Option(help="Starts of each kind.")] = 3,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the home where it is.")] = False,
    directory: Annotated[Path, typer.Option(help="Where the home and the figures go.")] = Path(".bench"),
) -> None:
    """Measure how long a node takes to start with many blocks and a large state."""
    configure_logs("warning", "text")
    console, place = Console(), directory / "startup"
    assert blocks * _KEYS_PER_BLOCK >= keys, f"{blocks} blocks hold at most {_KEYS_PER_BLOCK} keys each"
    testnet = make_home(place, blocks)
    fill(testnet, keys, blocks, lambda numbers: iter(track(numbers, "blocks", console=console)))
    node, found = testnet.nodes[-1], dict[str, list[Start]]()
    bytes_on_disk = sum(path.stat().st_size for path in node.home.rglob("*") if path.is_file())
    for kind in ("cold", "warm"):
        for _ in range(starts):
            if kind == "cold":
                forget(node.home)
            found.setdefault(kind, []).append(measure(node))
    console.print(make_table(keys, blocks, found))
    path = directory / "startup.json"
    path.write_text(json.dumps(make_document(keys, blocks, bytes_on_disk, found), indent=2) + "\n")
    console.print(f"Written to {path}")
    if not keep:
        shutil.rmtree(place)


if __name__ == "__main__":
    typer.run(bench)
