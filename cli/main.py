"""Entry of the `terang` command: the table of commands, and the one place where errors become a line and an exit code."""

import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version as installed_version
from typing import NoReturn

import typer

from cli import (
    audit,
    backup,
    bank,
    calls,
    contract,
    demo,
    diverge,
    doctor,
    documents,
    gateway,
    genesis,
    index,
    init,
    invite,
    join,
    keys,
    ledger,
    light,
    pilot,
    portal,
    sign,
    snapshot,
    start,
    status,
    succession,
    testnet,
    timeline,
)
from cli.errors import EXPECTED, INTERRUPTED, USAGE, explain
from cli.options import example

app = typer.Typer(
    name="terang",
    help="Terang: a procurement ledger that no single office controls.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"max_content_width": 100, "help_option_names": ["-h", "--help"]},
)


def version() -> None:
    """Print the version of this release."""
    typer.echo(f"terang {installed_version('terang')}")


_COMMANDS: tuple[tuple[Callable[..., None], str], ...] = (
    (testnet.testnet, "terang testnet --validators 4 --full-nodes 1 --output net"),
    (init.init, "terang init --home node --moniker PU --chain-id terang-jabar"),
    (join.join, "terang join invitation.json --home node --moniker BPK"),
    (start.start, "terang start --home node"),
    (invite.invite, "terang invite invitation.json --home node --key operator.key"),
    (doctor.doctor, "terang doctor --home node --deep"),
    (ledger.inspect, "terang inspect --home node --table headers --key 120"),
    (ledger.replay, "terang replay --home node --from 100 --to 120"),
    (ledger.rollback, "terang rollback --home node --blocks 1"),
    (ledger.export, "terang export state state.jsonl --home node"),
    (ledger.reset, "terang reset --home node --yes"),
    (backup.backup, "terang backup node.tar --home node"),
    (backup.restore, "terang restore node.tar --home node --floor 1000"),
    (status.status, "terang status --node http://127.0.0.1:26657"),
    (calls.query, "terang query governance member_list"),
    (pilot.pilot, "terang pilot --keys net/operators --node http://127.0.0.1:26657 --tenders 10"),
    (portal.portal, "terang portal supplier --node http://127.0.0.1:26657"),
    (timeline.timeline, "terang timeline terang-4f2c.json --genesis genesis.json"),
    (diverge.diverge, "terang diverge node http://127.0.0.1:26657"),
    (audit.audit, "terang audit tender plans_count --genesis genesis.json --output plans.bundle"),
    (audit.verify, "terang verify plans.bundle --genesis genesis.json"),
    (
        light.light,
        "terang light --genesis genesis.json --node http://127.0.0.1:26657 --node rpc.dishub.example:26657",
    ),
    (demo.demo, "terang demo --tenders 12 --exit"),
    (version, "terang version"),
)
"""Single commands, each with its example."""

for _command, _example in _COMMANDS:
    app.command(epilog=example(_example))(_command)
app.add_typer(genesis.app, name="genesis")
app.add_typer(index.app, name="index")
app.add_typer(keys.app, name="keys")
app.add_typer(succession.app, name="succession")
app.add_typer(snapshot.app, name="snapshot")
app.add_typer(documents.app, name="documents")
calls.app.command("sign", epilog=example("terang tx sign unsigned.txt --key my.key"))(sign.sign)
app.add_typer(calls.app, name="tx")
app.add_typer(contract.app, name="contract")
app.add_typer(gateway.app, name="gateway")
app.add_typer(bank.app, name="bank")


def run(arguments: Sequence[str]) -> int:
    """Carries out one command line; returns the exit code. Expected errors are one line on standard error."""
    try:
        app(list(arguments), prog_name="terang")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except EXPECTED as error:
        typer.echo(f"terang: {explain(error)}", err=True)
        return USAGE
    return 0


def main() -> NoReturn:
    """The `terang` command."""
    if not __debug__:
        sys.exit("terang: this program checks itself with assertions and does not run with python -O")
    sys.exit(run(sys.argv[1:]))
