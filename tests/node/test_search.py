"""The index of events: what it finds, that it keeps up with the ledger, and that what happens to its file loses nothing."""

import random
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from chain.codec import Value
from chain.hashing import sha256
from chain.limits import RPC_SEARCH_INDEX_MS, RPC_SEARCH_MS
from chain.pruned import Pruned
from chain.result import Event, ResultCode, TransactionResult
from chain.vote import Height
from node.head import Head
from node.index.file import IndexDamaged
from node.search import SearchIndex
from rpc.backend import Found, Place, Refused, Search, Sought
from rpc.queries import Condition, Kind, parse_conditions
from tests.node.keeping import Clock
from tests.node.making import make_genesis
from tests.rpc.searching import search_plainly

GENESIS = sha256(b"genesis")


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
        self.since = 1
        self._clock = clock
        self.step_ms = step_ms
        self._genesis, _ = make_genesis()

    @property
    def blocks_since(self) -> int:
        return self.since

    @property
    def head(self) -> Head:
        return replace(self._genesis, height=Height(len(self.blocks)))

    def results(self, height: int) -> tuple[TransactionResult, ...]:
        if height < self.since:
            raise Pruned(height, Height(self.since), "blocks")
        self.read.append(height)
        self._clock.time_ms += self.step_ms
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


def make_index(folder: Path, blocks: Blocks | None = None, clock: Clock | None = None) -> SearchIndex:
    """An index of `CHAIN`, unless of other blocks."""
    clock = clock or Clock(0)
    return SearchIndex(folder / "search.sqlite", GENESIS, blocks or Blocks(*CHAIN, clock=clock), clock)


def of(contract: str, field: str, value: str | None, event: str | None = None) -> Sought:
    """What is sought: a value, or any."""
    operator = "EXISTS" if value is None else "="
    condition = Condition(key="", operator=operator, value=value or "")
    return Sought(contract=contract, event=event, field=field, condition=condition)


def those(text: str) -> tuple[Sought, ...]:
    """What is sought by conditions as they are written, keys of two parts."""
    return tuple(
        Sought(contract=one.key.split(".")[0], event=None, field=one.key.split(".")[1], condition=one)
        for one in parse_conditions(text)
    )


ANYTHING = of("tender", "tender", None)


def test_transactions_are_found_by_what_they_announced(tmp_path: Path) -> None:
    index = make_index(tmp_path)
    assert search(index, of("tender", "tender", "AB")) == [(1, 0), (3, 0)]
    assert search(index, of("tender", "tender", "AB", "Published")) == [(1, 0)]
    assert search(index, of("tender", "tender", "AB"), of("tender", "bidder", "01")) == [(3, 0)]
    assert search(index, of("tender", "version", "1")) == [(3, 0), (3, 1)]
    assert search(index, of("tender", "bidder", None)) == [(3, 0), (3, 1)]
    assert search(index, of("payment", "tender", "AB")) == [(4, 0)], "once, though announced twice"
    for nothing in (of("tender", "tender", "ab"), of("agreement", "tender", "AB"), of("tender", "bid", None)):
        assert (find(index, nothing).places, find(index, nothing).total) == ((), 0)


def test_a_page_is_in_order_and_knows_how_many_there_are(tmp_path: Path) -> None:
    index = make_index(tmp_path)
    assert search(index, ANYTHING) == [(1, 0), (3, 0), (3, 1)]
    assert search(index, ANYTHING, is_newest_first=True) == [(3, 1), (3, 0), (1, 0)]
    second = find(index, ANYTHING, skip=1, limit=1)
    only = Place(height=Height(3), index=0)
    assert second == Found(places=(only,), total=3, next=None, height=Height(4), since=Height(1))
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
    assert sorted(set(blocks.read)) == [1, 2, 3, 4, 5]
    found = [height for height in blocks.read if height in (2, 4)]
    assert found == [2, 4], "what is found is read again, and nothing else"


def test_a_long_text_is_found_by_all_of_it_and_by_its_parts(tmp_path: Path) -> None:
    text = "x" * 129 + "Jalan"
    long = announced(("tender", "Asked", {"tender": b"\xab", "text": text}))
    index = make_index(tmp_path, Blocks((long,), (PUBLISHED,), clock=Clock(0)))
    for sought in (
        of("tender", "text", text),
        of("tender", "text", None),
        *those("tender.text CONTAINS 'Jalan'"),
    ):
        assert search(index, sought) == [(1, 0)]
    for sought in (of("tender", "text", "x" * 129), *those("tender.text CONTAINS 'jalan'")):
        assert search(index, sought) == []
    assert text.encode() not in (tmp_path / "search.sqlite").read_bytes()


def test_a_long_chain_is_indexed_in_several_tries(tmp_path: Path) -> None:
    clock = Clock(0)
    blocks = Blocks(*[(PUBLISHED,)] * 450, clock=clock, step_ms=RPC_SEARCH_INDEX_MS // 100)
    index = SearchIndex(tmp_path / "search.sqlite", GENESIS, blocks, clock)
    for height in (200, 400):
        with pytest.raises(Refused, match=f"up to block {height} of 450: ask again"):
            search(index, ANYTHING)
    assert find(index, ANYTHING).total == 450
    assert blocks.read[:450] == list(range(1, 451))


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


SAID: tuple[dict[str, Value], ...] = (
    {"amount": 5, "day": "2026-11-24"},
    {"amount": 40, "day": "2026-11-24T07:00:01+07:00"},
    {"amount": 1, "day": 1_000},
    {"amount": -7, "day": "24.11.2026"},
    {"amount": 2**65, "day": ""},
    {"amount": "5x"},
)


@pytest.mark.parametrize(
    ("query", "heights"),
    [
        ("a.amount = 5", [1]),
        ("a.amount > 5", [2, 5]),
        ("a.amount >= 5.0", [1, 2, 5]),
        ("a.amount < 5", [3, 4]),
        ("a.amount <= -7", [4]),
        (f"a.amount > {2**64}", [5]),
        ("a.amount CONTAINS '5x'", [6]),
        ("a.amount EXISTS", [1, 2, 3, 4, 5, 6]),
        ("a.day = DATE 2026-11-24", [1]),
        ("a.day >= TIME 2026-11-24T07:00:00+07:00", [1, 2]),
        ("a.day > TIME 2026-11-24T07:00:00+07:00", [2]),
        ("a.day < TIME 2026-11-24T00:00:00Z", [3]),
        ("a.amount >= 0 AND a.day EXISTS", [1, 2, 3, 5]),
    ],
)
def test_numbers_and_times_are_compared_as_what_they_are(
    tmp_path: Path, query: str, heights: list[int]
) -> None:
    chain = [(announced(("a", "Said", fields)),) for fields in SAID]
    found = search(make_index(tmp_path, Blocks(*chain, clock=Clock(0))), *those(query))
    assert [height for height, _ in found] == heights


def test_conditions_hold_of_one_event(tmp_path: Path) -> None:
    two = announced(
        ("bank", "Sent", {"to": "A", "sum": 1}),
        ("bank", "Sent", {"to": "B", "sum": 2}),
    )
    index = make_index(tmp_path, Blocks((two,), clock=Clock(0)))
    assert search(index, *those("bank.to='A' AND bank.sum=1")) == [(1, 0)]
    assert search(index, *those("bank.to='A' AND bank.sum=2")) == []


def make_chain(chance: random.Random, blocks: int) -> list[tuple[TransactionResult, ...]]:
    """Blocks of few and many transactions with events that have much in common."""

    def event() -> tuple[str, str, dict[str, Value]]:
        contract, name = chance.choice("ab"), chance.choice("XY")
        fields: dict[str, Value] = {"n": chance.randrange(12), "t": chance.choice(("u", "v", "w" * 200))}
        return contract, name, fields

    return [
        tuple(announced(*(event() for _ in range(chance.randrange(3)))) for _ in range(chance.randrange(4)))
        for _ in range(blocks)
    ]


def pick_search(chance: random.Random) -> Search:
    """Any search."""
    tests = [
        Condition(key="", operator="=", value=str(chance.randrange(13))),
        Condition(key="", operator="=", value="w" * 200),
        Condition(key="", operator=chance.choice(("<", ">=")), value="6", kind=Kind.NUMBER),
        Condition(key="", operator="CONTAINS", value=chance.choice("uvw1")),
        Condition(key="", operator="EXISTS", value=""),
    ]
    sought = tuple(
        Sought(
            contract=chance.choice("ab"),
            event=chance.choice(("X", None)),
            field=chance.choice("nt"),
            condition=chance.choice(tests),
        )
        for _ in range(chance.randrange(3))
    )
    after = Place(height=Height(chance.randrange(40)), index=chance.randrange(3))
    is_by_place = chance.random() < 0.5
    return Search(
        sought=sought,
        height_min=chance.choice((1, 1, 10)),
        height_max=chance.choice((1_000, 20)),
        of_blocks=chance.random() < 0.3,
        limit=chance.choice((1, 7, 100)),
        skip=None if is_by_place else chance.choice((0, 0, 5)),
        after=after if is_by_place and chance.random() < 0.7 else None,
        is_newest_first=chance.random() < 0.5,
    )


def test_it_finds_what_reading_everything_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.index.feed.INDEX_STRETCH_ROWS", 30)
    monkeypatch.setattr("node.index.feed.INDEX_SLICE_BLOCKS", 7)
    chance = random.Random(5)
    chain = make_chain(chance, 40)
    blocks = Blocks(*chain, clock=Clock(0))
    index = make_index(tmp_path, blocks)
    for _ in range(400):
        asked = pick_search(chance)
        assert index.search(asked) == search_plainly(chain, asked), asked
    blocks.since = 15
    for _ in range(100):
        asked = pick_search(chance)
        assert index.search(asked) == search_plainly(chain, asked, since=15), asked
    assert index.check(lambda _height: None) == 40


def test_what_the_ledger_lets_go_of_leaves_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.index.feed.INDEX_STRETCH_ROWS", 3)
    blocks = Blocks(*CHAIN, clock=Clock(0))
    index = make_index(tmp_path, blocks)
    search(index, ANYTHING)
    blocks.since = 3
    assert search(index, ANYTHING) == [(3, 0), (3, 1)]
    with sqlite3.connect(tmp_path / "search.sqlite") as database:
        assert database.execute("SELECT min(height) FROM rows").fetchall() == [(3,)]
    database.close()
    blocks.blocks += [(PUBLISHED,)] * 9
    blocks.since = 9
    assert search(index, ANYTHING)[0] == (9, 0), "begun anew where it had fallen behind what is kept"


def test_the_room_of_what_left_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.index.feed.INDEX_STRETCH_ROWS", 500)
    blocks = Blocks(*[(PUBLISHED,) * 50] * 40, clock=Clock(0))
    index = make_index(tmp_path, blocks)
    search(index, ANYTHING)
    before = (tmp_path / "search.sqlite").stat().st_size
    blocks.since = 36
    assert len(search(index, ANYTHING)) == 100
    assert (tmp_path / "search.sqlite").stat().st_size < before / 3


def test_a_file_of_the_first_format_is_made_anew(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "search.sqlite")) as database, database:
        database.executescript(
            "CREATE TABLE origin (genesis, format, height); CREATE TABLE events (contract, field);"
        )
    assert search(make_index(tmp_path), ANYTHING) == [(1, 0), (3, 0), (3, 1)]
    with closing(sqlite3.connect(tmp_path / "search.sqlite")) as database:
        assert database.execute("SELECT name FROM sqlite_master ORDER BY 1").fetchall() == [
            ("parts",),
            ("rows",),
        ]


def test_a_ledger_that_was_taken_back_keeps_what_is_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.index.feed.INDEX_STRETCH_ROWS", 3)
    blocks = Blocks(*CHAIN, clock=Clock(0))
    index = make_index(tmp_path, blocks)
    search(index, ANYTHING)
    blocks.blocks, blocks.read = blocks.blocks[:3], []
    assert search(index, ANYTHING) == [(1, 0), (3, 0), (3, 1)]
    assert 2 not in blocks.read
    assert index.check(lambda _height: None) == 3


def test_what_takes_too_long_is_refused_or_comes_page_by_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.index.feed.INDEX_STRETCH_ROWS", 60)
    monkeypatch.setattr("node.index.file._STEPS_AT_ONCE", 50)
    clock = Clock(0)
    long = announced(("a", "Said", {"text": "y" * 200}))
    blocks = Blocks(*[(long,)] * 120, clock=clock)
    index = make_index(tmp_path, blocks, clock)
    assert find(index, of("a", "text", None)).total == 120
    blocks.step_ms = RPC_SEARCH_MS // 60
    sought = those("a.text CONTAINS 'yy'")
    with pytest.raises(Refused, match=r"takes longer than 3000 ms: .* page by page with a cursor"):
        find(index, *sought)
    seen: list[Place] = []
    found = find(index, *sought, skip=None)
    while found.next is not None:
        seen += found.places
        found = find(index, *sought, skip=None, after=found.next)
    assert [place.height for place in [*seen, *found.places]] == list(range(1, 121))


def test_a_node_without_an_index_says_so(tmp_path: Path) -> None:
    clock = Clock(0)
    blocks = Blocks(*CHAIN, clock=clock)
    index = SearchIndex(tmp_path / "search.sqlite", GENESIS, blocks, clock, is_kept=False)
    with pytest.raises(Refused, match="keeps no index of events"):
        search(index, ANYTHING)


def test_it_is_made_anew_and_held_against_the_ledger(tmp_path: Path) -> None:
    blocks = Blocks(*[(PUBLISHED,)] * 5, clock=Clock(0))
    index = make_index(tmp_path, blocks)
    with pytest.raises(IndexDamaged, match="not there"):
        index.check(lambda _height: None)
    assert index.rebuild(lambda _height: None) == 5
    heard: list[int] = []
    assert index.check(heard.append) == 5 and heard == [5]
    blocks.blocks[2] = ()
    with pytest.raises(IndexDamaged, match="blocks 1 to 5 is not what the ledger has"):
        index.check(heard.append)
    blocks.blocks = blocks.blocks[:4]
    with pytest.raises(IndexDamaged, match="it has block 5"):
        index.check(heard.append)
    assert search(index, ANYTHING) == [(1, 0), (2, 0), (4, 0)], "a search makes it anew"


def test_no_flipped_bit_makes_it_say_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.index.feed.INDEX_STRETCH_ROWS", 200)
    chance = random.Random(7)
    chain = make_chain(chance, 60)
    blocks = Blocks(*chain, clock=Clock(0))
    path = tmp_path / "search.sqlite"
    make_index(tmp_path, blocks).rebuild(lambda _height: None)
    whole = path.read_bytes()
    mended = 0
    for _ in range(250):
        flipped = bytearray(whole)
        for _ in range(chance.choice((1, 1, 1, 50))):
            flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        index = make_index(tmp_path, blocks)
        for _ in range(3):
            asked = pick_search(chance)
            assert index.search(asked) == search_plainly(chain, asked), asked
        mended += path.read_bytes() != bytes(flipped)
    assert mended > 50, "most hit what is read"


def test_blocks_that_are_taken_back_are_forgotten_before_others_come_in_their_place(tmp_path: Path) -> None:
    """A corrected release makes other results of a block, and the ledger is as high again before the index looks."""
    clock = Clock(0)
    blocks = Blocks(*CHAIN, clock=clock)
    while not make_index(tmp_path, blocks, clock).advance():
        pass
    make_index(tmp_path, blocks, clock).take_back(3)
    blocks.blocks[3] = (PUBLISHED,)
    index = make_index(tmp_path, blocks, clock)
    assert search(index, of("tender", "title", "Jalan")) == [(1, 0), (4, 0)]
    index.check(lambda _: None)
