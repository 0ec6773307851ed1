"""`terang doctor`: what is wrong with a node's home directory, and what to do about it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from cli.options import HomeOption
from node.home import Home

WRONG = 1
"""Exit code where something must be mended before a start."""


def doctor(
    home: HomeOption,
    deep: Annotated[bool, typer.Option("--deep", help="Check every block and read every row.")] = False,
) -> None:
    """Examine a home directory and say what to do; changes nothing.

    Keys, genesis, record of signatures, ledger, log, clock, disk, addresses and peers. The exit code is 1 where
    something is wrong.
    """
    from node.doctor import (
        Look,
        Verdict,
        examine,
    )  # here, so that other commands do not wait for the whole node

    worst = 0
    with _progress() as tell:
        look = Look(now_ms=time.time_ns() // 1_000_000, is_deep=deep, tell=tell)
        for finding in examine(Home(home), look):
            typer.echo(f"{finding.verdict.value:<6} {finding.part:<16} {finding.found}")
            if finding.advice:
                typer.echo(f"{'':<23} → {finding.advice}")
            if finding.verdict is Verdict.WRONG:
                worst = WRONG
    if worst:
        raise typer.Exit(worst)


@contextmanager
def _progress() -> Iterator[Callable[[str, int], None]]:
    """How far a long look is; nothing is shown where the output is no terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), TextColumn("{task.completed}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("looking", total=None)
        yield lambda what, count: progress.update(task, description=what, completed=count)
