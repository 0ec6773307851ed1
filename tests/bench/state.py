"""`make bench-state`: what a changed key costs the state tree, with the store under it: `.bench/state.json` and a table.

A state of so many entries, then blocks that give some of them other values: the tree, rows that older heights need, what
is let go of those, and one synced batch a block in LevelDB. Processor time of the whole process counts, compaction on
LevelDB's own thread too. One SHA-256 of 65 bytes in the same run is the measure of the machine.
"""

import json
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from random import Random
from statistics import mean, median
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from chain.limits import STATE_PAGES_BYTES_MAX
from machine.usage import get_resident_bytes
from node.store.leveldb import LevelStore
from node.store.page_cache import PageCache
from node.store.state_history import StateHistory
from node.store.state_rows import forget_states, put_state
from node.store.store import Batch
from vm.keys import storage_prefix
from vm.state import Change, update_state
from vm.tree.hashing import EMPTY_STATE_ROOT

_CACHE_BYTES = 32 * 1024 * 1024  # what a node has by default
_VERSIONS_KEPT = 2  # so that every block measured lets go of one as well
_FILL, _FILLS_MAX = 20_000, 100  # entries of a block that fills, and how many such blocks at most
_VALUE_BYTES = 80  # about what a record has
_ENTRY = storage_prefix("tender", 3)
_HASHES, _ROUNDS = 50_000, 5
_LOOK_S, _IDLE_SHARE = 0.5, 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of one changed key, in a state of so many keys and blocks of so many changes.

    `us` is the whole process's, `us_thread` of it that of the thread that commits; both are medians over the blocks, whose
    cost differs by what LevelDB sorts meanwhile. `bytes` are those of all rows put, `held_bytes` those of the pages in memory.
    """

    keys: int
    batch: int
    blocks: int
    us: float
    us_least: float
    us_mean: float
    us_thread: float
    bytes: float
    held_bytes: int


class State:
    """A state of numbered entries in a store of its own."""

    def __init__(self, directory: Path) -> None:
        self.store = LevelStore(directory, cache_bytes=_CACHE_BYTES)
        self._history = StateHistory(self.store, directory)
        self._pages = PageCache(self._history.page, STATE_PAGES_BYTES_MAX)
        self._root = EMPTY_STATE_ROOT
        self._height = 0

    @property
    def held_bytes(self) -> int:
        """What the pages in memory take."""
        return self._pages.bytes_held

    def grow(self, changes: Sequence[Change]) -> int:
        """A block of these changes; bytes of the rows that it puts."""
        self._height += 1
        top = self._history.root_page(self._height - 1)
        state = update_state(self._pages.read, top, self._root, changes, self._height)
        batch = Batch()
        put_state(batch, state, self._height)
        forget_states(batch, self._history.oldest(self._height - _VERSIONS_KEPT))
        self.store.write(batch, sync=True)
        assert state.tree is not None, "each block changes something"
        self._pages.adopt(state.tree)
        self._root = state.root
        return sum(len(key) + len(value) for key, value in batch if value is not None)


def measure_sha256_us() -> float:
    """One SHA-256 of 65 bytes, the least of several rounds."""
    data, found = bytes(65), []
    for _ in range(_ROUNDS):
        began = time.process_time()
        for _ in range(_HASHES):
            sha256(data).digest()
        found.append((time.process_time() - began) / _HASHES * 1e6)
    return min(found)


def measure(directory: Path, keys: int, batches: Sequence[int], blocks: int) -> Iterator[Cost]:
    """Costs in a state of so many keys, for each size of a block."""
    shutil.rmtree(directory, ignore_errors=True)
    state, chance = State(directory), Random(keys)
    step = max(_FILL, keys // _FILLS_MAX)
    for start in range(0, keys, step):
        state.grow(_changes(range(start, min(keys, start + step)), b"", chance))
    state.store.compact(b"", b"\xff")
    _settle()
    for batch in batches:
        size = min(batch, keys)
        found, own, written = [], [], 0
        for _ in range(blocks):
            changes = _changes(chance.sample(range(keys), size), b"before", chance)
            began, own_began = time.process_time(), time.thread_time()
            written += state.grow(changes)
            found.append((time.process_time() - began) / size * 1e6)
            own.append((time.thread_time() - own_began) / size * 1e6)
        yield Cost(
            keys=keys,
            batch=size,
            blocks=blocks,
            us=median(found),
            us_least=min(found),
            us_mean=mean(found),
            us_thread=median(own),
            bytes=written / size / blocks,
            held_bytes=state.held_bytes,
        )
    state.store.close()
    shutil.rmtree(directory)


def _settle() -> None:
    """Waits until LevelDB has sorted what the filling left: that work is none of the blocks that are measured."""
    busy = 1.0
    while busy > _IDLE_SHARE:
        before = time.process_time()
        time.sleep(_LOOK_S)
        busy = (time.process_time() - before) / _LOOK_S


def _changes(numbers: Sequence[int], before: bytes, chance: Random) -> list[Change]:
    return sorted(
        Change(
            _ENTRY + sha256(number.to_bytes(8, "big")).digest(),
            before.ljust(_VALUE_BYTES) if before else None,
            chance.randbytes(_VALUE_BYTES),
        )
        for number in numbers
    )


def make_document(costs: Sequence[Cost], sha256_us: float) -> dict[str, object]:
    """Everything for machines. `us_per_key` is by keys and batch."""
    by_keys: dict[str, dict[str, float]] = {}
    for cost in costs:
        by_keys.setdefault(str(cost.keys), {})[str(cost.batch)] = cost.us
    resident = get_resident_bytes()
    return {
        "us_per_key": by_keys,
        "sha256_us": sha256_us,
        "costs": [
            {
                "keys": cost.keys,
                "batch": cost.batch,
                "blocks": cost.blocks,
                "us": cost.us,
                "us_least": cost.us_least,
                "us_mean": cost.us_mean,
                "us_thread": cost.us_thread,
                "sha256": cost.us / sha256_us,
                "bytes": cost.bytes,
                "held_mb": cost.held_bytes / 2**20,
            }
            for cost in costs
        ],
        "rss_mb": None if resident is None else resident / 2**20,
    }


def make_table(costs: Sequence[Cost], sha256_us: float) -> Table:
    """The same for people."""
    table = Table(title=f"A changed key (SHA-256 of 65 bytes: {sha256_us:.2f} µs)")
    names = (
        "keys",
        "changed in a block",
        "µs",
        "least",
        "mean",
        "committing",
        "in SHA-256",
        "bytes written",
        "MB held",
    )
    for name in names:
        table.add_column(name, justify="right")
    for cost in costs:
        times = (cost.us, cost.us_least, cost.us_mean, cost.us_thread)
        table.add_row(
            f"{cost.keys:,}",
            f"{cost.batch:,}",
            *(f"{us:.1f}" for us in times),
            f"{cost.us / sha256_us:.0f}",
            f"{cost.bytes:,.0f}",
            f"{cost.held_bytes / 2**20:.0f}",
        )
    return table


def bench(
    keys: Annotated[
        list[int] | None, typer.Option(help="Entries of the state; may stand several times.")
    ] = None,
    batch: Annotated[list[int] | None, typer.Option(help="Changes of a block; likewise.")] = None,
    blocks: Annotated[int, typer.Option(help="Blocks of each kind.")] = 12,
    directory: Annotated[Path, typer.Option(help="Where the store and the figures go.")] = Path(".bench"),
) -> None:
    """Measure what a changed key costs the state tree and the store under it."""
    console, costs = Console(), list[Cost]()
    sha256_us = measure_sha256_us()
    for size in keys or (10_000, 1_000_000):
        console.print(f"… {size:,} keys", style="dim")
        costs += measure(directory / "state", size, batch or (1, 100, 6_000), blocks)
    console.print(make_table(costs, sha256_us))
    path = directory / "state.json"
    path.write_text(json.dumps(make_document(costs, sha256_us), indent=2) + "\n")
    console.print(f"Written to {path}")


if __name__ == "__main__":
    typer.run(bench)
