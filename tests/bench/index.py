"""What the index of events costs: filling it, its size, and searches of each kind. `python -m tests.bench.index`."""

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from chain.hashing import sha256
from chain.result import Event, ResultCode, TransactionResult
from chain.vote import Height
from machine.clock import SystemClock
from node.head import Head
from node.search import SearchIndex
from rpc.backend import Search
from rpc.queries import parse_conditions
from rpc.search_methods import sought_of
from tests.node.making import make_genesis

QUERIES = (
    "tender.tender='{id}'",
    "tender.BidSubmitted.tender='{id}' AND tender.BidSubmitted.sum > 500",
    "tender.sum > 999000",
    "tender.tender EXISTS",
)


class Chain:
    """A ledger of blocks that are made when they are read: a hundred transactions each, with an event of three fields."""

    blocks_since = 1

    def __init__(self, blocks: int) -> None:
        genesis, _ = make_genesis()
        self.head: Head = replace(genesis, height=Height(blocks))

    def results(self, height: int) -> tuple[TransactionResult, ...]:
        """Each tender has twenty bids."""
        return tuple(self._make(height * 100 + place) for place in range(100))

    @staticmethod
    def _make(number: int) -> TransactionResult:
        fields = (
            ("tender", sha256(b"%d" % (number // 20))),
            ("bidder", sha256(b"b%d" % (number % 997))[:20]),
            ("sum", number * 7919 % 1_000_000),
        )
        event = Event(contract="tender", name="BidSubmitted", fields=fields)
        return TransactionResult(code=ResultCode.OK, gas_wanted=1, gas_used=1, events=(event,))


def measure(blocks: int) -> None:
    """Fills an index and searches it."""
    chain = Chain(blocks)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "search.sqlite"
        index = SearchIndex(path, sha256(b"bench"), chain, SystemClock())
        started = time.process_time()
        index.rebuild(lambda _height: None)
        seconds, rows = time.process_time() - started, blocks * 400
        print(
            f"{blocks * 100:,} transactions, {rows:,} rows: {seconds:.1f} s, {seconds / rows * 1e6:.1f} µs a row"
        )
        print(f"{path.stat().st_size / 1e6:,.1f} MB, {path.stat().st_size / rows:.0f} bytes a row")
        for text in QUERIES:
            query = text.format(id=sha256(b"%d" % (blocks * 2)).hex().upper())
            sought = tuple(map(sought_of, parse_conditions(query)))
            usual = Search(sought=sought, height_min=1, height_max=blocks, limit=30)
            for kind, search in (("counted", usual), ("by place", replace(usual, skip=None))):
                started = time.perf_counter()
                found = index.search(search)
                took_ms = (time.perf_counter() - started) * 1000
                print(
                    f"{took_ms:9.1f} ms  {kind:<9} {found.total if found.total is not None else '':>9}  {query}"
                )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=1_000)
    measure(parser.parse_args().blocks)
