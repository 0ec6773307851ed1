"""`terang pilot`: recorded tenders replayed on a running network, by the people of its agencies.

Which agency an operator's key belongs to is asked of the ledger, not read from file names.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import trio
import typer
from rich.console import Console

from chain.keys import SigningKey, format_address
from cli.display import PilotDisplay, compute_end_table
from cli.errors import NotDone
from cli.heads import wait_until_agreed
from cli.options import NodesOption
from cli.passphrases import asker
from machine.keyfile import KeyKind, read_key
from pilot.conduct import Pace
from pilot.report import PilotReport, Progress
from pilot.run import run_pilot
from pilot.sample import sample_path
from rpc.client import SyncClient
from rpc.requests import query

AGREEMENT_S = 15.0
"""So long the nodes have at the end to come to one height: a full node hears of the last block a little later."""


def replay_tenders(
    addresses: Sequence[str],
    operators: dict[str, SigningKey],
    input_path: Path | None,
    *,
    tenders: int | None,
    console: Console,
    gateway: str | None = None,
    pace: Pace | None = None,
    check: Callable[[], None] = lambda: None,
) -> PilotReport:
    """Replays tenders of a file, or of the shipped sample where there is none, and shows how it goes on; with a payment
    gateway to the last payment. `check` is called all the while, and may end the run by what it raises.

    Raises:
        UnreadableInput: the file cannot be read.
        Unreachable: of the pilot: no node or no gateway answered, or no block came, for longer than a run waits.
    """
    path = sample_path() if input_path is None else input_path

    def on_progress(progress: Progress) -> None:
        check()
        display.show(progress)

    async def run() -> PilotReport:
        return await run_pilot(
            list(addresses),
            path,
            operators,
            tenders=tenders,
            on_progress=on_progress,
            pace=pace,
            gateway=gateway,
        )

    with PilotDisplay(console, tenders) as display:
        return trio.run(run)


def read_operators(directory: Path, addresses: Sequence[str]) -> dict[str, SigningKey]:
    """The operators' keys in a directory, by the agency that the ledger says each acts for.

    Raises:
        NotDone: no key is there, or one of a stranger.
    """
    paths = sorted(directory.glob("*.key"))
    if not paths:
        raise NotDone(
            f"{directory}: expected account keys of agencies' operators (*.key), found none. "
            "A network made by terang testnet has them in DIR/operators"
        )
    ask = asker()
    operators: dict[str, SigningKey] = {}
    with SyncClient(addresses) as client:
        for path in paths:
            key = read_key(path, KeyKind.ACCOUNT, ask)
            agency = client.call(query("governance", "agency_of_operator", (key.address,))).value
            if not isinstance(agency, str) or not agency:
                raise NotDone(
                    f"{path}: {format_address(key.address)} operates no agency of this network. "
                    "Give --keys of the same network as --node"
                )
            operators[agency] = key
    return operators


def pilot(
    keys: Annotated[Path, typer.Option(help="Directory with the operators' keys.")],
    node: NodesOption,
    input_path: Annotated[
        Path | None,
        typer.Option("--input", help="OCDS compiled releases as JSON lines, plain or gzip. None: a sample."),
    ] = None,
    tenders: Annotated[int | None, typer.Option(min=1, help="At most so many tenders. None: all.")] = None,
    gateway: Annotated[
        str | None,
        typer.Option(help="A payment gateway: agencies appoint its key, and payments are waited for."),
    ] = None,
) -> None:
    """Replay recorded tenders on a network; compare awards.

    Without a gateway payments are released, and wait.
    """
    console = Console()
    if input_path is not None and not input_path.is_file():
        raise NotDone(f"{input_path}: there is no such file. Give one with --input, or none for the sample")
    operators = read_operators(keys, node)
    report = replay_tenders(node, operators, input_path, tenders=tenders, console=console, gateway=gateway)
    console.print(compute_end_table(report, wait_until_agreed(node, timeout_s=AGREEMENT_S)))
    if not report.is_success:
        raise NotDone("the run ended with tenders that are not explained; they are listed above")
