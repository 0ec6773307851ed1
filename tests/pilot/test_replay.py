"""Whole runs on the contract machine: the shipped sample, a network that loses requests, a second run, a late
network.
"""

from collections.abc import Iterable
from dataclasses import replace
from itertools import count

import pytest

from chain.result import ResultCode
from pilot.compare import Verdict
from pilot.conduct import Pace
from pilot.ledger import Unreachable
from pilot.ocds import BadLine, Release, read_releases
from pilot.replay import PATIENCE_MS, replay
from pilot.report import PilotReport, Progress
from pilot.sample import sample_path
from tests.contracts.ledger import GENESIS_MS
from tests.pilot.making import release
from tests.pilot.memory import OPERATORS, Clock, MemoryNetwork

PACE = Pace(submission_ms=2_000, grace_ms=5_000, retry_ms=100)
SAMPLE_VERDICTS = {
    Verdict.EQUAL: 7,
    Verdict.TIE: 1,
    Verdict.ABOVE_ESTIMATE: 1,
    Verdict.SEVERAL_AWARDS: 1,
    Verdict.LOWER_REJECTED: 1,
}


async def run(
    network: MemoryNetwork, releases: Iterable[Release | BadLine], seen: list[Progress] | None = None
) -> PilotReport:
    """A run whose nonces count up; with the network's treasury, if it has one."""
    numbers = count(len(network.seen))
    return await replay(
        network,
        releases,
        OPERATORS,
        pace=PACE,
        clock=network.clock,
        chance=lambda: next(numbers).to_bytes(16, "big"),
        on_progress=None if seen is None else seen.append,
        treasury=network.treasury,
    )


def network(*, loss_percent: int = 0) -> MemoryNetwork:
    """A fresh network on a clock of its own."""
    return MemoryNetwork(Clock(GENESIS_MS + 10_000), loss_percent=loss_percent)


async def test_the_sample_is_decided_and_every_difference_explained() -> None:
    seen: list[Progress] = []
    report = await run(network(), read_releases(sample_path()), seen)
    assert report.unexplained == ()
    assert report.is_success
    assert sum(report.counts.values()) == 12
    assert seen[-1].done == 12
    assert seen[-1].committed == report.transactions
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)


async def test_the_sample_ends_in_every_way_that_it_was_made_for() -> None:
    report = await run(network(), read_releases(sample_path()))
    assert dict(report.counts) == SAMPLE_VERDICTS | {Verdict.EQUAL: report.counts[Verdict.EQUAL]}
    assert report.counts[Verdict.EQUAL] == 12 - sum(SAMPLE_VERDICTS.values()) + SAMPLE_VERDICTS[Verdict.EQUAL]


async def test_lost_requests_change_nothing_but_the_time() -> None:
    whole = await run(network(), read_releases(sample_path(), tenders=4))
    broken = await run(network(loss_percent=30), read_releases(sample_path(), tenders=4))
    assert [one.verdict for one in broken.comparisons] == [one.verdict for one in whole.comparisons]
    assert [one.ledger for one in broken.comparisons] == [one.ledger for one in whole.comparisons]
    assert broken.transactions == whole.transactions


async def test_a_second_run_publishes_anew_and_decides_the_same() -> None:
    same = network()
    first = await run(same, read_releases(sample_path(), tenders=3))
    second = await run(same, read_releases(sample_path(), tenders=3))
    assert (first.repeated, second.repeated) == (0, 3)
    assert [one.ledger for one in first.comparisons] == [one.ledger for one in second.comparisons]


async def test_a_network_that_is_gone_is_waited_for_only_so_long() -> None:
    gone = network(loss_percent=100)
    with pytest.raises(Unreachable, match="lost"):
        await run(gone, [release([("A", 9, "valid")], ["A"])])
    late = network()
    clock_start = late.clock.now_ms()
    late.send = gone.send  # type: ignore[method-assign]  # this node hears, and nobody hears it
    with pytest.raises(Unreachable):
        await run(late, [release([("A", 9, "valid")], ["A"])])
    assert late.clock.now_ms() - clock_start > PATIENCE_MS


async def test_bad_lines_and_doubles_are_reported_and_not_fatal() -> None:
    good = release([("A", 9, "valid")], ["A"])
    report = await run(network(), [BadLine(number=1, reason="not JSON"), good, good])
    assert (len(report.comparisons), len(report.bad_lines)) == (1, 2)
    assert [bad.reason for bad in report.bad_lines] == [
        "not JSON",
        f"{good.ocid} stands in the file twice",
    ]
    assert report.is_success


async def test_a_run_of_nothing_is_no_success() -> None:
    report = await run(network(), [])
    assert not report.is_success


async def test_two_hundred_bidders_are_opened_and_ranked() -> None:
    bids: list[tuple[str, int | None, str]] = [
        (f"B{number:03d}", 900 + number % 7, "valid") for number in range(234)
    ]
    recorded = release_of_many(bids)
    report = await run(network(), [recorded])
    assert [one.verdict for one in report.comparisons] == [Verdict.TIE]
    assert report.bids == 234


def release_of_many(bids: list[tuple[str, int | None, str]]) -> Release:
    """All bids on one day, so that any number of them fits the period."""
    first = release(bids[:1], ["B007"][:0])
    one = first.bids[0]
    many = tuple(
        replace(one, id=f"{number:03d}", bidder_id=who, bidder_name=who, price=price)
        for number, (who, price, _) in enumerate(bids)
    )
    return replace(first, bids=many, awarded=("B007",))


async def test_gas_limits_are_well_above_what_is_used_and_not_wasteful() -> None:
    made = network()
    await run(
        made,
        [*read_releases(sample_path()), release_of_many([(f"B{n:03d}", 900, "valid") for n in range(234)])],
    )
    assert {result.code for block in made.blocks for _, result in block.results} <= {ResultCode.OK}
    results = [result for block in made.blocks for _, result in block.results]
    assert all(result.gas_used * 2 <= result.gas_wanted for result in results)
    assert sum(result.gas_wanted for result in results) <= 20 * sum(result.gas_used for result in results)
