"""`terang demo`: a whole network on this machine, tenders replayed on it to the last payment, and the table at the end.

Four validators of four agencies and an auditor's full node speak over encrypted TCP on loopback; the treasury's gateway
carries payment orders to a sandbox bank; portals serve whoever wants to look. Each is a process of its own. Nothing is
simulated but the people and the bank: keys are made here, and what people do is read from the record.
"""

import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.display import compute_end_table
from cli.errors import EXPECTED, NotDone, explain
from cli.heads import is_agreed, wait_until_agreed
from cli.invitation import make_invitation
from cli.pilot import AGREEMENT_S, replay_tenders
from cli.processes import Child, NodeProcess, Processes
from cli.scene import Scene, make_scene, pick_currency
from cli.settlement import compare_with_bank
from cli.testnet import Testnet, make_testnet
from cli.visit import PASSPHRASE, list_places, list_suggestions, pick_visitor, write_keys
from genesis.document import DEMO_RULES
from pilot.conduct import Pace
from pilot.keyring import Keyring
from pilot.report import PilotReport
from pilot.sample import sample_path

VALIDATORS = 4
FULL_NODES = 1
PACE = Pace(submission_ms=3_000, grace_ms=4_000)
_MB = 1024 * 1024
_WATCH_S = 0.5


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

    Five nodes, a bank, a payment gateway and the portals start; awards are compared with the record, and payments with the
    bank's books.
    """
    if input_path is not None and not input_path.is_file():
        raise NotDone(f"{input_path}: there is no such file. Give one with --input, or none for the sample")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console()
    currency = pick_currency(input_path or sample_path(), tenders)
    with _place(output) as directory:
        network = make_testnet(
            directory,
            validators=VALIDATORS,
            full_nodes=FULL_NODES,
            chain_id="terang-demo",
            rules=DEMO_RULES,
            base_port=None,
        )
        scene = make_scene(network, currency)
        nodes = Processes([NodeProcess(node) for node in network.nodes])
        with nodes, Processes(scene.children) as services:
            console.print(
                f"Starting {len(nodes.all)} nodes, the bank, the payment gateway and {len(scene.portals)} portals; "
                f"their homes and logs are in {directory}"
            )
            _start(nodes, services, scene)
            report, is_success = _run(console, network, scene, services, input_path, tenders)
            console.print(_memory_table([*nodes.all, *services.all]))
            if not exit_after:
                _show_way_on(console, network, scene, report)
                _watch([*nodes.all, *services.all], console)
        if not is_success:
            raise NotDone("the demonstration did not end well; see the tables above")


def _start(nodes: Processes[NodeProcess], services: Processes[Child], scene: Scene) -> None:
    """Starts all; returns when nodes, bank and gateway answer. Portals are waited for when tenders are over."""
    nodes.start()
    services.start()
    nodes.wait_until_up()
    scene.bank.child.wait_until_up()
    scene.gateway.child.wait_until_up()


def _run(
    console: Console,
    network: Testnet,
    scene: Scene,
    services: Processes[Child],
    input_path: Path | None,
    tenders: int | None,
) -> tuple[PilotReport, bool]:
    """What the run found, and whether all of it is well."""
    report = replay_tenders(
        network.rpc_addresses,
        network.operators,
        input_path,
        tenders=tenders,
        console=console,
        gateway=scene.gateway.address,
        pace=PACE,
        check=services.check,
    )
    heads = wait_until_agreed(network.rpc_addresses, timeout_s=AGREEMENT_S)
    services.wait_until_up()
    auditor = network.nodes[-1].rpc_address
    settlement = compare_with_bank(network.chain_id, auditor, scene.books, scene.account)
    console.print(compute_end_table(report, heads, settlement))
    return report, report.is_success and settlement.is_success and is_agreed(heads)


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


def _memory_table(processes: Sequence[Child]) -> Table:
    table = Table(title="Peak memory of each process", title_justify="left")
    table.add_column("process")
    table.add_column("MB", justify="right")
    for process in processes:
        table.add_row(process.name, f"{process.measure() / _MB:.0f}")
    return table


def _show_way_on(console: Console, network: Testnet, scene: Scene, report: PilotReport) -> None:
    """For a person who goes on in a browser."""

    def tell(line: str) -> None:
        console.print(line, soft_wrap=True, highlight=False, markup=False)

    tell("\nEverything goes on until Ctrl-C, which leaves no process behind. In a browser of this machine:\n")
    for name, address, purpose in list_places(network, scene):
        tell(f"  {name:<16} {address:<38} {purpose}")
    keyring = Keyring(network.operators)
    visitor = pick_visitor(report, keyring)
    if visitor is None:
        return
    directory = network.path / "people"
    try:
        keys = write_keys(directory, keyring, visitor)
        invitation = make_invitation(network.nodes[0].rpc_address, keyring, visitor.agency, scene.currency)
    except EXPECTED as error:
        tell(f"\nNothing is prepared for you in the portals: {explain(error)}")
        return
    tell(
        f'\nKey files for the portals\' page "My key", in {directory}; the passphrase of all: {PASSPHRASE}\n'
    )
    for whose, file in keys.items():
        owner = visitor.supplier if whose == "supplier" else visitor.agency
        tell(f"  {whose:<26} {owner:<26} {file.name}")
    tell("\nTo begin with:\n")
    for number, suggestion in enumerate(list_suggestions(scene, visitor, keys, invitation), start=1):
        tell(f"  {number}. {suggestion}")


def _watch(processes: Sequence[Child], console: Console) -> None:
    """Tells of what ends meanwhile; returns at Ctrl-C, which is how this ends and no error."""
    watched = list(processes)
    try:
        while True:
            for process in [one for one in watched if not one.is_running]:
                watched.remove(process)
                console.print(f"\n{process.find_end()}", soft_wrap=True, highlight=False, markup=False)
            time.sleep(_WATCH_S)
    except KeyboardInterrupt:
        return
