"""The measurement of snapshots itself, small: what it restores is what it grew."""

from pathlib import Path

from tests.bench.snapshots import measure


def test_a_small_state_is_made_and_restored(tmp_path: Path) -> None:
    found = measure(7_000, tmp_path)
    assert found.entries == 7_001 and found.chunks == 3
    assert found.file_bytes > 7_000 * 200
