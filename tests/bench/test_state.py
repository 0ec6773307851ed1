"""The measurement of the state tree, tiny: all sizes are there, and what is written in the end."""

import json
from pathlib import Path

from tests.bench.state import bench


def test_figures_by_keys_and_batch(tmp_path: Path) -> None:
    bench(keys=[200, 50], batch=[1, 100], blocks=3, directory=tmp_path)
    document = json.loads((tmp_path / "state.json").read_text())
    assert {keys: set(found) for keys, found in document["us_per_key"].items()} == {
        "200": {"1", "100"},
        "50": {"1", "50"},
    }
    assert document["sha256_us"] > 0
    assert all(cost["us"] >= cost["us_least"] > 0 and cost["bytes"] > 300 for cost in document["costs"])
    assert all(cost["us_mean"] >= cost["us_least"] and cost["held_mb"] > 0 for cost in document["costs"])
    assert not (tmp_path / "state").exists()
