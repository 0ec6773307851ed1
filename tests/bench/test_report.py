"""What a measurement says, computed from figures that are easy to divide."""

import pytest
from rich.console import Console

from cli.heads import Head
from tests.bench.figures import Steady
from tests.bench.measure import Measured, Saturation
from tests.bench.report import make_document, make_table
from tests.bench.sender import Arrivals
from tests.bench.stages import Stages
from tests.bench.verifying import Verified

MEASURED = Measured(
    verify_before=tuple(Verified(count=count, cpu_s=0.5, clock_s=1.0) for count in (10_000, 15_000, 5_000)),
    verify_after=tuple(Verified(count=count, cpu_s=0.5, clock_s=1.0) for count in (10_000, 10_000, 20_000)),
    stages=Stages(admission=50.0, proposal=1.0, write_ahead_log=2.0, carrying_out=100.0),
    saturation=Saturation(
        steady=Steady(transactions=8_000, seconds=4.0, blocks=10),
        transactions=10_000,
        seconds=5.5,
        node_cpu_s=(2.0, 1.0, 1.0, 1.0),
        client_cpu_s=0.25,
        client_waits=3,
        others_share=0.125,
    ),
    arrivals=Arrivals(latencies_ms=tuple(float(value) for value in range(1, 101)), seconds=2.0),
    heads=(Head(address="", moniker="", height=77, state_root="AB"),),
    rss_bytes=(100 * 1024 * 1024, 90 * 1024 * 1024),
    profiles=(),
)


def test_rates_and_their_ratios() -> None:
    document = make_document(MEASURED)
    expected = {
        "tx_per_s": 2_000.0,
        "tx_per_verify": 0.1,
        "verify_per_s": 20_000.0,
        "verify_per_s_before": 20_000.0,
        "verify_per_clock_s": 10_000.0,
        "stage_admission_us": 50.0,
        "stage_carrying_out_us": 100.0,
        "cpu_us_per_tx": 500.0,
        "cpu_verifications_per_tx": 10.0,
        "client_cpu_us_per_tx": 25.0,
        "latency_p50_ms": 50.0,
        "latency_p95_ms": 95.0,
        "latency_tx_per_s": 50.0,
        "latency_tx_per_verify": 0.0025,
        "rss_mb_max": 100.0,
        "transactions": 10_000,
        "seconds": 5.5,
        "height": 77,
        "state_root": "AB",
    }
    assert {name: document[name] for name in expected} == pytest.approx(expected)
    assert document["cpu_us_per_tx_by_node"] == pytest.approx([200.0, 100.0, 100.0, 100.0])


def test_the_table_shows_what_was_measured() -> None:
    console = Console(record=True, width=120, file=None, quiet=False)
    with console.capture() as captured:
        console.print(make_table(make_document(MEASURED)))
    lines = {line.strip("│ \n") for line in captured.get().splitlines()}
    shown = {" ".join(line.replace("│", " ").split()) for line in lines}
    assert "committed transactions per second, saturated 2,000" in shown
    assert "processor time per transaction, all nodes, µs 500" in shown
    assert "part of the machine that worked for others 12%" in shown
