"""How far back blocks are kept, by age, by bytes and by whom else needs them; and that the caretaker does it in slices."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from chain.limits import STORE_CHECKED_BLOCKS
from chain.vote import Height
from machine.faults import DiskFull
from node import caretaker as caretaker_module
from node.caretaker import COMPACTED_BLOCKS_MIN, LOCATION_PARTS, Caretaker
from node.config import Config, RetentionConfig
from node.growth import Sample
from node.home import Home
from node.retention import Policy, find_below, make_policy
from node.room import DataFiles
from node.store.keys import BLOCKS, LOCATIONS
from node.store.memory import MemoryStore
from node.store.store import Batch
from tests.chain.making import make_transaction
from tests.node.store.chains import Chain

DAY_MS = 86_400_000
WEEK = RetentionConfig(role="full", blocks_days=7)


class RecordingStore(MemoryStore):
    """Remembers what was compacted; has no room for rows while `is_full`."""

    def __init__(self) -> None:
        super().__init__()
        self.compacted: list[tuple[bytes, bytes]] = []
        self.is_full = False

    def compact(self, start: bytes, end: bytes) -> None:
        self.compacted.append((start, end))

    def write(self, batch: Batch, *, sync: bool) -> None:
        if self.is_full:
            raise DiskFull(Path("store"), "the disk is full", "Free some space")
        super().write(batch, sync=sync)


class StillClock:
    """A time that tests set."""

    time_ms = 1_700_000_000_000

    def now_ms(self) -> int:
        return self.time_ms


def grow_days(chain: Chain, days: int, per_day: int = 1) -> None:
    """Blocks of a transaction each, evenly through so many days."""
    for _ in range(days * per_day):
        raw = make_transaction(chain.head.height)
        chain.grow([raw], time_ms=chain.head.time_ms + DAY_MS // per_day)


@pytest.fixture
def chain() -> Chain:
    """Forty days, a block each."""
    chain = Chain(RecordingStore())
    grow_days(chain, 40)
    return chain


def take_care(
    chain: Chain, retention: RetentionConfig, *floors: Callable[[], Height | None], home: Path = Path("home")
) -> Caretaker:
    files = DataFiles(Home(home), Config())
    return Caretaker(chain.ledger, retention, files, StillClock(), lambda: True, floors)


def count_heights(start: bytes, end: bytes) -> int:
    """A byte for each height of a range of rows by height."""
    return int.from_bytes(end[1:], "big") - int.from_bytes(start[1:], "big")


def finish(caretaker: Caretaker) -> int:
    """All slices; how many there were."""
    slices = 0
    while caretaker.take_slice():
        slices += 1
    return slices


def test_an_archive_keeps_everything(chain: Chain) -> None:
    assert Config().retention.role == "archive" and make_policy(Config().retention).is_archive
    archive = RetentionConfig(role="archive", blocks_days=1, blocks_bytes_max=1)
    assert make_policy(archive).is_archive
    assert finish(take_care(chain, archive)) == 0
    assert chain.ledger.blocks_since == 1


def test_age_is_counted_from_the_newest_block(chain: Chain) -> None:
    assert find_below(chain.ledger, make_policy(WEEK)) == 33
    assert find_below(chain.ledger, make_policy(RetentionConfig(role="full", blocks_days=40))) == 1


def test_bytes_are_bounded_as_well(chain: Chain) -> None:
    for height in (5, 20, 39):
        size = chain.ledger.measure_blocks(height)
        assert find_below(chain.ledger, Policy(age_ms_max=None, bytes_max=size)) == height
        assert find_below(chain.ledger, Policy(age_ms_max=None, bytes_max=size - 1)) == height + 1
    both = RetentionConfig(role="full", blocks_days=7, blocks_bytes_max=chain.ledger.measure_blocks(36))
    assert find_below(chain.ledger, make_policy(both)) == 36
    assert find_below(chain.ledger, Policy(age_ms_max=None, bytes_max=0)) == 40


def test_an_empty_ledger_has_nothing_to_let_go() -> None:
    chain = Chain(MemoryStore())
    assert find_below(chain.ledger, Policy(age_ms_max=1, bytes_max=1)) == 1
    assert finish(take_care(chain, WEEK)) == 0


def test_the_newest_blocks_stay_whatever_the_policy(chain: Chain) -> None:
    finish(take_care(chain, WEEK))
    assert chain.ledger.blocks_since == 40 - STORE_CHECKED_BLOCKS + 1
    grow_days(chain, STORE_CHECKED_BLOCKS)
    finish(take_care(chain, WEEK))
    assert chain.ledger.blocks_since == 40 + 1


@pytest.mark.parametrize(("floors", "since"), [((None, 9), 9), ((12, 10, None), 10), ((None,), 25)])
def test_blocks_that_others_need_stay(chain: Chain, floors: tuple[int | None, ...], since: int) -> None:
    asked = [lambda floor=floor: None if floor is None else Height(floor) for floor in floors]
    finish(take_care(chain, WEEK, *asked))
    assert chain.ledger.blocks_since == since


def test_what_was_let_go_is_compacted_in_its_own_range_and_places_part_by_part() -> None:
    store = RecordingStore()
    chain = Chain(store)
    grow_days(chain, 20, per_day=COMPACTED_BLOCKS_MIN // 8)
    caretaker = take_care(chain, WEEK)
    finish(caretaker)
    assert store.compacted
    assert all(start < end for start, end in store.compacted)
    blocks = [one for one in store.compacted if one[0].startswith(BLOCKS.prefix)]
    assert blocks[0][0] == BLOCKS.prefix + bytes(7) + b"\x01"
    assert blocks[-1][1] <= BLOCKS.prefix + chain.ledger.blocks_since.to_bytes(8, "big")
    parts = [one for one in store.compacted if one[0].startswith(LOCATIONS.prefix)]
    assert len(parts) == len(blocks)


def test_a_large_range_is_compacted_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    store = RecordingStore()
    chain = Chain(store)
    grow_days(chain, 20, per_day=COMPACTED_BLOCKS_MIN // 8)
    monkeypatch.setattr(caretaker_module, "COMPACTED_BYTES_MAX", 100)
    monkeypatch.setattr(chain.ledger, "measure", count_heights)  # LevelDB counts what was deleted until then
    finish(take_care(chain, WEEK))
    blocks = [one for one in store.compacted if one[0].startswith(BLOCKS.prefix)]
    assert len(blocks) == 8
    assert all(end == start for (_, end), (start, _) in pairwise(blocks)), "each begins where one ended"


def test_the_parts_of_the_places_are_all_of_them() -> None:
    store = RecordingStore()
    chain = Chain(store)
    caretaker = take_care(chain, WEEK)
    for _ in range(LOCATION_PARTS):
        caretaker._plan_compaction()
        finish(caretaker)
    parts = sorted(one for one in store.compacted if one[0].startswith(LOCATIONS.prefix))
    assert parts[0][0] == LOCATIONS.prefix + b"\x00" and parts[-1][1] == b"U"
    assert [end for _, end in parts[:-1]] == [start for start, _ in parts[1:]]


def test_sizes_are_noted_and_outlive_the_process(chain: Chain, tmp_path: Path) -> None:
    (tmp_path / "data" / "store").mkdir(parents=True)
    room = take_care(chain, WEEK, home=tmp_path).look()
    assert room.growth_bytes_per_day is None and room.total_bytes > 0 and room.free_bytes > 0
    assert chain.reopen().growth == (Sample(time_ms=StillClock.time_ms, bytes=room.total_bytes),)


def test_a_full_disk_is_still_told_of(chain: Chain, tmp_path: Path) -> None:
    (tmp_path / "data" / "store").mkdir(parents=True)
    assert isinstance(chain.store, RecordingStore)
    chain.store.is_full = True
    assert take_care(chain, WEEK, home=tmp_path).look().total_bytes > 0
    assert chain.ledger.growth == ()
