"""`terang index`: the index of events of a node that does not run, made anew or held against the ledger."""

import typer

from cli.options import HomeOption, example
from cli.progress import show_progress
from node.home import Home

app = typer.Typer(no_args_is_help=True, help="The index that searches ask: make it anew, or check it.")

DAMAGED = 1
"""Exit code where the index is not as the ledger says."""


@app.command(epilog=example("terang index rebuild --home node"))
def rebuild(home: HomeOption) -> None:
    """Make the index of events anew from the ledger; the node must not run.

    A node mends its index itself when it starts or is searched. Stopped in the middle, it goes on with the next start.
    """
    from node.stopped import open_stopped  # here, so that other commands do not wait for the whole node

    with open_stopped(Home(home)) as stopped:
        with show_progress("blocks", stopped.ledger.head.height) as tell:
            height = stopped.index().rebuild(tell)
        size = stopped.home.search_index.stat().st_size
    typer.echo(f"The index of {home} has every event up to block {height}: {size / 1e6:,.1f} MB.")


@app.command(epilog=example("terang index check --home node"))
def check(home: HomeOption) -> None:
    """Hold the index of events against the ledger, every row; changes nothing. The node must not run.

    The exit code is 1 where something is wrong.
    """
    from node.index.file import IndexDamaged
    from node.stopped import open_stopped

    with open_stopped(Home(home)) as stopped:
        try:
            with show_progress("blocks", stopped.ledger.head.height) as tell:
                height = stopped.index().check(tell)
        except IndexDamaged as damage:
            typer.echo(
                f"The index is not as the ledger says: {damage}. Next: terang index rebuild --home {home}"
            )
            raise typer.Exit(DAMAGED) from None
    typer.echo(f"The index of {home} has what the ledger has, up to block {height}.")
