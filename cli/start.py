"""`terang start`: runs one node in the foreground until a signal ends it."""

import typer

from cli.errors import NotDone
from cli.options import HomeOption
from cli.passphrases import asker
from node.home import Home


def start(home: HomeOption) -> None:
    """Run the node of a home directory until Ctrl-C."""
    place = Home(home)
    if not place.config.exists():
        raise NotDone(
            f"{home}: there is no node here. Make one with: terang init --home {home} --moniker NAME"
        )
    from node import run  # here, so that other commands do not wait for the whole node to load

    code = run.main(home, asker())
    if code != 0:
        raise typer.Exit(code)
