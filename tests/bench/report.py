"""What was measured, for machines (one flat document) and for people (one table)."""

import platform
from statistics import median
from typing import TypeAlias

from rich.table import Table

from tests.bench.figures import compute_percentile
from tests.bench.machine import CPUS
from tests.bench.measure import Measured
from tests.bench.workload import NAME

Document: TypeAlias = dict[str, float | int | str | bool | list[float] | None]
_MB = 1024 * 1024


def make_document(measured: Measured) -> Document:
    """All figures, and each rate again as a ratio to signatures verified per second on one core."""
    run, steady = measured.saturation, measured.saturation.steady
    verified = (*measured.verify_before, *measured.verify_after)
    verify_per_s = median(one.per_s for one in verified)
    cpu_us = [seconds / run.transactions * 1e6 for seconds in run.node_cpu_s]
    rss_mb = [size / _MB for size in measured.rss_bytes]
    return {
        "tx_per_s": steady.per_s,
        "tx_per_verify": steady.per_s / verify_per_s,
        "verify_per_s": verify_per_s,
        "verify_per_s_before": median(one.per_s for one in measured.verify_before),
        "verify_per_s_after": median(one.per_s for one in measured.verify_after),
        "verify_per_clock_s": median(one.per_clock_s for one in verified),
        "cpu_us_per_tx": sum(cpu_us),
        "cpu_us_per_tx_by_node": cpu_us,
        "cpu_verifications_per_tx": sum(cpu_us) * verify_per_s / 1e6,
        "stage_admission_us": measured.stages.admission,
        "stage_proposal_us": measured.stages.proposal,
        "stage_write_ahead_log_us": measured.stages.write_ahead_log,
        "stage_carrying_out_us": measured.stages.carrying_out,
        "client_cpu_us_per_tx": run.client_cpu_s / run.transactions * 1e6,
        **_latencies(measured, verify_per_s),
        "rss_mb_max": max(rss_mb),
        "rss_mb_by_node": rss_mb,
        "transactions": run.transactions,
        "seconds": run.seconds,
        "steady_transactions": steady.transactions,
        "steady_seconds": steady.seconds,
        "steady_blocks": steady.blocks,
        "client_waits": run.client_waits,
        "others_share": run.others_share,
        "height": measured.heads[0].height,
        "state_root": measured.heads[0].state_root or "",
        "workload": NAME,
        "python": platform.python_version(),
        "cpus": CPUS,
    }


def _latencies(measured: Measured, verify_per_s: float) -> Document:
    arrivals = measured.arrivals
    if arrivals is None:
        return {}
    per_s = len(arrivals.latencies_ms) / arrivals.seconds
    return {
        "latency_p50_ms": compute_percentile(arrivals.latencies_ms, 0.50),
        "latency_p95_ms": compute_percentile(arrivals.latencies_ms, 0.95),
        "latency_max_ms": max(arrivals.latencies_ms),
        "latency_transactions": len(arrivals.latencies_ms),
        "latency_tx_per_s": per_s,
        "latency_tx_per_verify": per_s / verify_per_s,
    }


_ROWS = (
    ("committed transactions per second, saturated", "tx_per_s", "{:,.0f}"),
    ("… for each signature verified in that time", "tx_per_verify", "{:.4f}"),
    ("signatures verified per second of one core", "verify_per_s", "{:,.0f}"),
    ("… by the clock, with what others left of it", "verify_per_clock_s", "{:,.0f}"),
    ("processor time per transaction, all nodes, µs", "cpu_us_per_tx", "{:,.0f}"),
    ("… in verifications", "cpu_verifications_per_tx", "{:.1f}"),
    ("one node alone, stage by stage, µs: admission", "stage_admission_us", "{:.1f}"),
    ("… proposing and checking a block", "stage_proposal_us", "{:.1f}"),
    ("… write-ahead log", "stage_write_ahead_log_us", "{:.1f}"),
    ("… carrying out: contracts, roots, one batch", "stage_carrying_out_us", "{:.1f}"),
    ("processor time per transaction, client, µs", "client_cpu_us_per_tx", "{:,.0f}"),
    ("latency at a steady rate, median, ms", "latency_p50_ms", "{:.0f}"),
    ("… 95 of 100 at most, ms", "latency_p95_ms", "{:.0f}"),
    ("steady rate, transactions per second", "latency_tx_per_s", "{:.1f}"),
    ("most memory of a node, MB", "rss_mb_max", "{:.0f}"),
    ("transactions, all committed once and with effect", "transactions", "{:,}"),
    ("seconds from the first to the last", "seconds", "{:.1f}"),
    ("part of the machine that worked for others", "others_share", "{:.0%}"),
)


def make_table(document: Document) -> Table:
    """The figures that people look for."""
    title = f"Four validators on {document['cpus']} processors, Python {document['python']}"
    table = Table(title=title, title_justify="left", caption=f"Workload: {document['workload']}")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for words, name, form in _ROWS:
        if name in document:
            table.add_row(words, form.format(document[name]))
    return table
