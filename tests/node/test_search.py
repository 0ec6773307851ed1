"""The index of events: what it finds, that it keeps up with the ledger, and that what happens to its file loses nothing."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from chain.codec import Value
from chain.hashing import sha256
from chain.limits import RPC_SEARCH_INDEX_MS
from chain.result import Event, ResultCode, TransactionResult
from chain.vote import Height
from node.head import Head
from node.search import SearchIndex
from rpc.backend import Found, Place, Refused, Search, Sought
from tests.node.keeping import Clock
from tests.node.making import make_genesis

GENESIS = sha256(b"genesis")
ANYTHING = Sought(contract="tender", event=None, field="tender", value=None)


def announced(*events: tuple[str, str, dict[str, Value]]) -> TransactionResult:
    """A result with these events."""
    made = tuple(
        Event(contract=contract, name=name, fields=tuple(fields.items())) for contract, name, fields in events
    )
    return TransactionResult(code=ResultCode.OK, gas_wanted=1, gas_used=1, events=made)


class Blocks:
    """A ledger that is a list of results; each time one is read, the clock goes on."""

    def __init__(self, *blocks: tuple[TransactionResult, ...], clock: Clock, step_ms: int = 0) -> None:
        self.blocks = list(blocks)
        self.read: list[int] = []
        self._clock = clock
        self._step_ms = step_ms
        self._genesis, _ = make_genesis()

    @property
    def head(self) -> Head:
        return replace(self._genesis, height=Height(len(self.blocks)))

    def results(self, height: int) -> tuple[TransactionResult, ...]:
        self.read.append(height)
        self._clock.time_ms += self._step_ms
        return self.blocks[height - 1]


PUBLISHED = announced(("tender", "Published", {"tender": b"\xab", "title": "Jalan"}))
BIDS = (
    announced(("tender", "BidSubmitted", {"tender": b"\xab", "bidder": b"\x01", "version": 1})),
    announced(("tender", "BidSubmitted", {"tender": b"\xcd", "bidder": b"\x01", "version": 1})),
)
CHAIN = (
    (PUBLISHED,),
    (),
    BIDS,
    (announced(("payment", "Asked", {"tender": b"\xab"}), ("payment", "Asked", {"tender": b"\xab"})),),
)


def search(index: SearchIndex, *sought: Sought, **changes: object) -> list[tuple[int, int]]:
    """Places that are found."""
    return [(place.height, place.index) for place in find(index, *sought, **changes).places]


def find(index: SearchIndex, *sought: Sought, **changes: object) -> Found:
    """What is found, the first hundred of all heights unless told otherwise."""
    usual = Search(sought=sought, height_min=1, height_max=1_000, skip=0, limit=100, is_newest_first=False)
    return index.search(replace(usual, **changes))  # type: ignore[arg-type]  # passed on as given


def make_index(folder: Path, blocks: Blocks | None = None) -> SearchIndex:
    """An index of `CHAIN`, unless of other blocks."""
    clock = Clock(0)
    return SearchIndex(folder / "search.sqlite", GENESIS, blocks or Blocks(*CHAIN, clock=clock), clock)


def of(contract: str, field: str, value: str | None, event: str | None = None) -> Sought:
    """What is sought."""
    return Sought(contract=contract, event=event, field=field, value=value)


def test_transactions_are_found_by_what_they_announced(tmp_path: Path) -> None:
    index = make_index(tmp_path)
    assert search(index, of("tender", "tender", "AB")) == [(1, 0), (3, 0)]
    assert search(index, of("tender", "tender", "AB", "Published")) == [(1, 0)]
    assert search(index, of("tender", "tender", "AB"), of("tender", "bidder", "01")) == [(3, 0)]
    assert search(index, of("tender", "version", "1")) == [(3, 0), (3, 1)]
    assert search(index, of("tender", "bidder", None)) == [(3, 0), (3, 1)]
    assert search(index, of("payment", "tender", "AB")) == [(4, 0)], "once, though announced twice"
    for nothing in (of("tender", "tender", "ab"), of("agreement", "tender", "AB"), of("tender", "bid", None)):
        assert find(index, nothing) == Found(places=(), total=0)


def test_a_page_is_in_order_and_knows_how_many_there_are(tmp_path: Path) -> None:
    index = make_index(tmp_path)
    assert search(index, ANYTHING) == [(1, 0), (3, 0), (3, 1)]
    assert search(index, ANYTHING, is_newest_first=True) == [(3, 1), (3, 0), (1, 0)]
    second = find(index, ANYTHING, skip=1, limit=1)
    assert second == Found(places=(Place(height=Height(3), index=0),), total=3)
    assert search(index, ANYTHING, height_min=2) == [(3, 0), (3, 1)]
    assert search(index, ANYTHING, height_max=2) == [(1, 0)]
    assert search(index, ANYTHING, skip=5) == []


def test_only_new_blocks_are_read(tmp_path: Path) -> None:
    blocks = Blocks(*CHAIN, clock=Clock(0))
    index = make_index(tmp_path, blocks)
    search(index, ANYTHING)
    blocks.blocks.append((PUBLISHED,))
    assert search(index, ANYTHING)[-1] == (5, 0)
    again = make_index(tmp_path, blocks)
    assert search(again, ANYTHING)[-1] == (5, 0)
    assert blocks.read == [1, 2, 3, 4, 5]


def test_long_texts_are_left_out(tmp_path: Path) -> None:
    long = announced(("tender", "Asked", {"tender": b"\xab", "text": "x" * 129}))
    index = make_index(tmp_path, Blocks((long,), clock=Clock(0)))
    assert search(index, of("tender", "tender", "AB")) == [(1, 0)]
    assert search(index, of("tender", "text", None)) == []


def test_a_long_chain_is_indexed_in_several_tries(tmp_path: Path) -> None:
    clock = Clock(0)
    blocks = Blocks(*[(PUBLISHED,)] * 450, clock=clock, step_ms=RPC_SEARCH_INDEX_MS // 100)
    index = SearchIndex(tmp_path / "search.sqlite", GENESIS, blocks, clock)
    for height in (200, 400):
        with pytest.raises(Refused, match=f"up to block {height} of 450: ask again"):
            search(index, ANYTHING)
    assert find(index, ANYTHING).total == 450
    assert blocks.read == list(range(1, 451))


@pytest.mark.parametrize("damage", [b"", b"no database at all", b"SQLite format 3\x00" + b"\xff" * 500])
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    search(make_index(tmp_path), ANYTHING)
    (tmp_path / "search.sqlite").write_bytes(damage)
    assert search(make_index(tmp_path), ANYTHING) == [(1, 0), (3, 0), (3, 1)]


def test_another_networks_file_and_one_ahead_are_made_anew(tmp_path: Path) -> None:
    search(make_index(tmp_path), ANYTHING)
    clock = Clock(0)
    other = Blocks((PUBLISHED,), clock=clock)
    assert search(make_index(tmp_path, other), ANYTHING) == [(1, 0)], "a ledger that is fetched anew"
    stranger = SearchIndex(tmp_path / "search.sqlite", sha256(b"other"), Blocks((), clock=clock), clock)
    assert search(stranger, ANYTHING) == []


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be written"):
        search(make_index(tmp_path / "missing"), ANYTHING)


def test_the_tables_are_as_they_are_described(tmp_path: Path) -> None:
    search(make_index(tmp_path), ANYTHING)
    with sqlite3.connect(tmp_path / "search.sqlite") as database:
        assert database.execute("SELECT height FROM origin").fetchall() == [(4,)]
        assert database.execute("SELECT count(*) FROM events WHERE height = 3").fetchall() == [(6,)]
    database.close()
