"""`terang demo`: a whole network on this machine, tenders replayed on it, and the table at the end.

Four validators of four agencies and an auditor's full node, each a process of its own, speak over encrypted TCP on
loopback. Nothing is simulated but the people: their keys are made here, and what they do is read from the record.
"""

import shutil
import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.display import compute_end_table
from cli.errors import NotDone
from cli.heads import is_agreed, wait_until_agreed
from cli.pilot import AGREEMENT_S, replay_tenders
from cli.processes import NodeProcess, Processes
from cli.testnet import Testnet, make_testnet
from genesis.document import DEMO_RULES

VALIDATORS = 4
FULL_NODES = 1
_MB = 1024 * 1024


def demo(
    input_path: Annotated[
        Path | None,
        typer.Option("--input", help="OCDS compiled releases as JSON lines, plain or gzip. None: a sample."),
    ] = None,
    tenders: Annotated[int | None, typer.Option(min=1, help="At most so many tenders. None: all.")] = None,
    exit_after: Annotated[bool, typer.Option("--exit", help="End after the table.")] = False,
    output: Annotated[
        Path | None,
        typer.Option(help="A new directory for the network, which is kept. None: a temporary one."),
    ] = None,
) -> None:
    """Run a whole network here and replay tenders on it.

    Five nodes start; the awards are compared with the record.
    """
    if input_path is not None and not input_path.is_file():
        raise NotDone(f"{input_path}: there is no such file. Give one with --input, or none for the sample")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console()
    with _place(output) as directory:
        network = make_testnet(
            directory,
            validators=VALIDATORS,
            full_nodes=FULL_NODES,
            chain_id="terang-demo",
            rules=DEMO_RULES,
            base_port=None,
        )
        with Processes([NodeProcess(node) for node in network.nodes]) as processes:
            console.print(f"Starting {len(network.nodes)} nodes; their homes and logs are in {directory}")
            processes.start()
            processes.wait_until_up()
            _show_addresses(console, network)
            is_success = _run(console, network, processes, input_path, tenders)
            if not exit_after:
                console.print("\nThe network goes on. Ctrl-C ends it and leaves no process behind.")
                _show_addresses(console, network)
                _wait_for_interrupt()
        if not is_success:
            raise NotDone("the demonstration did not end well; see the table above")


def _run(
    console: Console,
    network: Testnet,
    processes: Processes[NodeProcess],
    input_path: Path | None,
    tenders: int | None,
) -> bool:
    report = replay_tenders(
        network.rpc_addresses, network.operators, input_path, tenders=tenders, console=console
    )
    heads = wait_until_agreed(network.rpc_addresses, timeout_s=AGREEMENT_S)
    console.print(compute_end_table(report, heads))
    console.print(_memory_table(processes.all))
    return report.is_success and is_agreed(heads)


@contextmanager
def _place(output: Path | None) -> Iterator[Path]:
    if output is not None:
        yield output
        return
    made = Path(tempfile.mkdtemp(prefix="terang-demo-"))
    try:
        yield made
    finally:
        shutil.rmtree(made)


def _show_addresses(console: Console, network: Testnet) -> None:
    for node in network.nodes:
        kind = "validator" if node.is_validator else "full node"
        console.print(f"  {node.name:<12} {kind:<10} {node.rpc_address}")


def _memory_table(processes: Sequence[NodeProcess]) -> Table:
    table = Table(title="Peak memory of each process", title_justify="left")
    table.add_column("node")
    table.add_column("MB", justify="right")
    for process in processes:
        table.add_row(process.node.name, f"{process.measure() / _MB:.0f}")
    return table


def _wait_for_interrupt() -> None:
    """Returns at Ctrl-C, which is how this ends and no error."""
    try:
        signal.pause()
    except KeyboardInterrupt:
        return
