"""The whole measurement, tiny: real processes and links, and what is written in the end."""

import json
from dataclasses import replace
from pathlib import Path

from tests.bench.__main__ import write
from tests.bench.measure import Plan, measure
from tests.bench.report import make_document

NAMED_BY_THE_REQUIREMENTS = {
    "tx_per_s",
    "verify_per_s",
    "cpu_us_per_tx",
    "latency_p50_ms",
    "latency_p95_ms",
    "rss_mb_max",
}
BESIDE = {
    "tx_per_verify",
    "cpu_verifications_per_tx",
    "transactions",
    "seconds",
    "python",
    "cpus",
    "workload",
}


PLAN = Plan(
    transactions=60,
    batch_max=5,  # so that sixty transactions need several blocks
    waiting_max=10,
    seconds=0.4,
    per_s=25.0,
    verify_round_s=0.01,
    stage_blocks=1,
    stage_transactions=20,
    is_profiled=False,
)


def test_a_tiny_measurement_writes_every_figure(tmp_path: Path) -> None:
    told: list[str] = []
    measured = measure(PLAN, tmp_path / "bench", told.append)
    write(make_document(measured), tmp_path / "network.json")
    document = json.loads((tmp_path / "network.json").read_text())
    assert document.keys() >= NAMED_BY_THE_REQUIREMENTS | BESIDE
    assert all(document[name] > 0 for name in NAMED_BY_THE_REQUIREMENTS)
    assert all(value > 0 for name, value in document.items() if name.startswith("stage_"))
    assert document["transactions"] == 60 and document["latency_transactions"] == 10
    assert len({(head.height, head.state_root) for head in measured.heads}) == 1
    assert not list((tmp_path / "bench").iterdir()), "the network's directory is removed"
    assert told[0] == "verifying signatures"


def test_profiled_nodes_say_where_their_time_goes(tmp_path: Path) -> None:
    measured = measure(replace(PLAN, is_profiled=True), tmp_path, lambda _: None)
    profiles = [json.loads(profile) for profile in measured.profiles]
    assert len(profiles) == len(measured.heads) == 4
    assert all(profile["with_callees"]["node/run.py:main"] > 0 for profile in profiles)
    assert measured.arrivals is None and "latency_p50_ms" not in make_document(measured)
