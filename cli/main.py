"""Entry of the `terang` command: the table of commands, and the one place where errors become a line and an exit code."""

import sys
from collections.abc import Sequence
from importlib.metadata import version as installed_version
from typing import NoReturn

import typer

from cli import testnet
from cli.errors import EXPECTED, INTERRUPTED, USAGE, explain

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


app.command(epilog="Example: terang testnet --validators 4 --full-nodes 1 --output net")(testnet.testnet)
app.command(epilog="Example: terang version")(version)


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
