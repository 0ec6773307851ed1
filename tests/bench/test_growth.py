"""A little more than a day of growth: what is older than a day is let go, and every answer about it is honest."""

from pathlib import Path

import pytest

from node.config import RetentionConfig
from tests.bench.growth import run_day

HOURS = 26


@pytest.mark.trio
async def test_a_day_is_kept_and_what_is_older_is_answered_for(tmp_path: Path) -> None:
    retention = RetentionConfig(role="full", blocks_days=1)
    grew = await run_day(tmp_path / "network", retention, hours=HOURS, tenders=1)
    assert [hour.number for hour in grew.hours] == list(range(1, HOURS + 1))
    assert {hour.room.blocks_since for hour in grew.hours[:22]} == {1}
    assert 60 < grew.gone < grew.hours[-1].height
    assert grew.hours[-1].room.growth_bytes_per_day is not None
    assert [question for question in grew.questions if not question.is_honest] == []
    refused = [question for question in grew.questions if "pruned here, ask an archive" in question.said]
    assert {question.method for question in refused} == {
        "block",
        "block_by_hash",
        "block_results",
        "blockchain",
        "committed",
        "tx",
        "tx_search",
        "block_search",
    }


@pytest.mark.trio
async def test_an_archive_lets_nothing_go(tmp_path: Path) -> None:
    grew = await run_day(tmp_path / "network", RetentionConfig(), hours=2, tenders=1)
    assert grew.gone == 0
    assert [question for question in grew.questions if not question.is_honest] == []
