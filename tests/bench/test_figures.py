"""The arithmetic of a measurement."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.result import ResultCode
from chain.transaction import TxId
from tests.bench.figures import (
    MeasuredBlock,
    Miscounted,
    Steady,
    check_accounts,
    compute_percentile,
    pick_steady,
)
from tests.bench.machine import compute_busy_s, compute_others_share


def blocks_of(*counts: int, apart_ms: int = 500) -> list[MeasuredBlock]:
    """Blocks from height 10 on, at a steady pace."""
    return [
        MeasuredBlock(height=10 + place, time_ms=1_000 + place * apart_ms, transactions=count)
        for place, count in enumerate(counts)
    ]


def test_the_steady_part_leaves_out_a_tenth_at_each_end() -> None:
    steady = pick_steady(blocks_of(*[100] * 20))
    # 200 of 2,000 may be left out: two blocks at each end, and of the last one kept only its beginning counts.
    assert steady == Steady(transactions=1_500, seconds=7.5, blocks=15)
    assert steady.per_s == 200


def test_the_steady_part_keeps_large_blocks_at_its_edges() -> None:
    assert pick_steady(blocks_of(800, 800, 800)) == Steady(transactions=1_600, seconds=1.0, blocks=2)


def test_empty_blocks_within_the_steady_part_take_their_time() -> None:
    steady = pick_steady(blocks_of(0, 100, 0, 100, 0, 100, 0))
    assert steady == Steady(transactions=200, seconds=2.0, blocks=4)
    assert steady.per_s == 100


def test_a_slow_beginning_and_end_do_not_count() -> None:
    slow = [MeasuredBlock(height=1, time_ms=0, transactions=50)]
    slow += [
        MeasuredBlock(height=2 + place, time_ms=9_000 + place * 100, transactions=100) for place in range(10)
    ]
    slow += [MeasuredBlock(height=12, time_ms=60_000, transactions=50)]
    assert pick_steady(slow).per_s == 1_000


@pytest.mark.parametrize("counts", [(), (5,), (5, 5), (0, 5, 0, 5, 0)])
def test_too_few_blocks_have_no_steady_part(counts: tuple[int, ...]) -> None:
    with pytest.raises(Miscounted, match="at least 3 blocks"):
        pick_steady(blocks_of(*counts))


@given(st.lists(st.integers(0, 1_000), min_size=3, max_size=60))
def test_the_steady_part_is_a_part(counts: list[int]) -> None:
    if sum(count > 0 for count in counts) < 3:
        return
    blocks = blocks_of(*counts)
    steady = pick_steady(blocks)
    assert 0 < steady.transactions <= sum(counts)
    assert 0 < steady.seconds <= (blocks[-1].time_ms - blocks[0].time_ms) / 1000
    assert steady.transactions >= sum(counts) * 0.8 - 2 * max(counts)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.01, 1.0), (0.50, 50.0), (0.95, 95.0), (0.951, 96.0), (1.0, 100.0)]
)
def test_percentiles_by_nearest_rank(share: float, expected: float) -> None:
    assert compute_percentile([float(value) for value in range(100, 0, -1)], share) == expected


def test_percentiles_of_one_value() -> None:
    assert compute_percentile([7.0], 0.5) == compute_percentile([7.0], 0.95) == 7.0


A, B, C = (TxId(bytes([number]) * 32) for number in (1, 2, 3))
OK = ResultCode.OK


def test_accounts_that_agree() -> None:
    check_accounts([A, B], [(B, OK), (A, OK)])


@pytest.mark.parametrize(
    ("committed", "told"),
    [
        ([(A, OK)], "1 missing"),
        ([(A, OK), (B, OK), (B, OK)], "1 committed twice"),
        ([(A, OK), (B, OK), (C, OK)], "1 not sent by us"),
        ([(A, OK), (B, ResultCode.REFUSED)], "1 without effect"),
        ([(C, OK)], "2 missing, 1 not sent by us"),
    ],
)
def test_accounts_that_do_not_agree(committed: list[tuple[TxId, ResultCode]], told: str) -> None:
    with pytest.raises(Miscounted, match=f"of 2 transactions: {told}$"):
        check_accounts([A, B], committed)


def test_busy_time_is_all_but_idle_and_waiting_for_disks() -> None:
    line = "cpu  100 20 30 5000 600 7 8 5 400 0"
    assert compute_busy_s(line, 100) == 1.7


def test_what_others_used_is_what_we_did_not() -> None:
    assert compute_others_share(busy_s=15.0, ours_s=10.0, wall_s=10.0, cpus=2) == 0.25
    assert compute_others_share(busy_s=9.9, ours_s=10.0, wall_s=10.0, cpus=2) == 0.0
