"""`make bench`: measures a network of four validators on this machine, shows a table and writes `.bench/network.json`."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from machine.logs import configure_logs
from tests.bench.measure import Measured, Plan, measure
from tests.bench.report import Document, make_document, make_table
from tests.bench.whereabouts import make_tables

DIRECTORY = Path(".bench")
_VERIFY_ROUND_S = 0.5
_STAGE_BLOCKS = 8
_STAGE_TRANSACTIONS = 800  # about what a block holds by its gas
_BATCH_MAX = 250
_WAITING_MAX = 4_000


def bench(
    transactions: Annotated[int, typer.Option(help="How many are sent at saturation.")] = 12_000,
    seconds: Annotated[float, typer.Option(help="How long transactions arrive at a steady rate.")] = 20.0,
    per_s: Annotated[float, typer.Option(help="That steady rate.")] = 50.0,
    profile: Annotated[
        bool, typer.Option("--profile", help="Show where the time goes instead; figures are then not kept.")
    ] = False,
) -> None:
    """Measure throughput, processor time, latency and memory of a network on this machine."""
    configure_logs("warning", "text")  # a node's stages are measured in this process
    console = Console()
    plan = Plan(
        transactions=transactions,
        batch_max=_BATCH_MAX,
        waiting_max=_WAITING_MAX,
        seconds=seconds,
        per_s=per_s,
        verify_round_s=_VERIFY_ROUND_S,
        stage_blocks=_STAGE_BLOCKS,
        stage_transactions=_STAGE_TRANSACTIONS,
        is_profiled=profile,
    )
    measured = measure(plan, DIRECTORY, lambda what: console.print(f"… {what}", style="dim"))
    document = make_document(measured)
    console.print(make_table(document))
    if profile:
        _show_profile(console, measured)
    else:
        write(document, DIRECTORY / "network.json")
        console.print(f"Written to {DIRECTORY / 'network.json'}")


def write(document: Document, path: Path) -> None:
    """Writes the figures, one a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n")


def _show_profile(console: Console, measured: Measured) -> None:
    for table in make_tables(measured.profiles, measured.saturation.transactions):
        console.print(table)


if __name__ == "__main__":
    typer.run(bench)
