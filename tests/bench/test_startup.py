"""The measurement of starts, tiny: a real node starts from what was filled, and every figure is written."""

import json
from pathlib import Path

from tests.bench.startup import bench


def test_a_filled_home_starts_and_every_figure_is_written(tmp_path: Path) -> None:
    bench(keys=300, blocks=40, starts=1, keep=False, directory=tmp_path)
    document = json.loads((tmp_path / "startup.json").read_text())
    assert (document["keys"], document["blocks"]) == (300, 40) and document["bytes_on_disk"] > 0
    assert {kind: len(found) for kind, found in document["starts"].items()} == {"cold": 1, "warm": 1}
    assert all(value > 0 for found in document["starts"].values() for one in found for value in one.values())
    assert not (tmp_path / "startup").exists()
