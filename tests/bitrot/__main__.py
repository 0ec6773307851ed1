"""`python -m tests.bitrot --flips N`: N damages over every class of file, a table of what became of them, and the number of
false answers.
"""

import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from machine.logs import configure_logs
from tests.bitrot.judging import Fate, Judge, Tally
from tests.bitrot.town import build_town

_MEMORY = Path("/dev/shm")  # a copy of a home for each damage: a disk would only make it slow


def bitrot(
    flips: Annotated[int, typer.Option(help="How many damages.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Repeats a run.")] = 1,
) -> None:
    """Damage a home again and again, and hold what it answers against the truth."""
    configure_logs("error", "text")
    console = Console(width=140)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as place:
        judge = Judge(build_town(Path(place)), Path(place), seed)
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task("damages", total=flips)
            tally = judge.run(flips, lambda: progress.advance(task))
    console.print(_make_table(tally))
    for rot, why in tally.false[:20]:
        console.print(f"FALSE: {rot.kind} {rot.file}: {rot.how}\n  {why}", markup=False, highlight=False)
    typer.echo(f"seed {seed}, {time.monotonic() - began:.0f} s")
    typer.echo(f"false answers: {len(tally.false)} of {flips}")
    raise typer.Exit(1 if tally.false else 0)


def _make_table(tally: Tally) -> Table:
    table = Table("file", *Fate, "all")
    for kind, counts in tally.counts.items():
        table.add_row(kind, *(str(counts[fate]) for fate in Fate), str(counts.total()))
    every = [sum(counts[fate] for counts in tally.counts.values()) for fate in Fate]
    table.add_row("all", *map(str, every), str(sum(every)))
    return table


if __name__ == "__main__":
    typer.run(bitrot)
