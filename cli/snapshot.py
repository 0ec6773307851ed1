"""`terang snapshot`: what a node needs to go on without the blocks before it, as a file; and such a file checked by itself.

What is said of a snapshot while it is checked are the steps of `chain.snapshot_check`, as they are passed: `import` and `verify`
do the same, the one in a home, the other in a directory that is removed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from chain.snapshot import Manifest, decode_manifest
from chain.snapshot_check import Passed, SnapshotRefused, Step, Trust
from chain.time import format_time
from cli.errors import NotDone
from cli.options import HomeOption, example
from cli.progress import show_progress
from genesis.file import read_genesis
from genesis.founders import trust_of
from machine.files import DiskFiles
from node.config import read_config
from node.home import Home
from node.snapshot.file import export_snapshot, open_snapshot
from node.snapshot.restoring import Restoration
from node.snapshot.shelf import Shelf
from node.trusted import read_checkpoint

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="What a node needs to begin without every block."
)

_DISK = DiskFiles()
_IN_WORDS = {
    Step.FORM: "the file is a snapshot",
    Step.GENESIS: "it is of this genesis document",
    Step.VALIDATORS: "the validators hand over",
    Step.BLOCK: "its block is decided by those who reign",
    Step.NEXT: "the next block follows it",
    Step.CHECKPOINT: "it is of the history that was vouched for",
    Step.WINDOW: "the replay window is whole",
    Step.STATE: "the chunks are those of the manifest",
    Step.ROOT: "the state has the root that the next block names",
}
FileArgument = Annotated[Path, typer.Argument(help="A snapshot, as terang snapshot export writes it.")]
HeightOption = Annotated[int | None, typer.Option(help="Of which height; the newest if it is left out.")]


@app.command(epilog=example("terang snapshot create --home node"))
def create(home: HomeOption) -> None:
    """Make a snapshot of a node that is stopped.

    It is of the height before the last. A node that runs makes its own: see [snapshots] in its configuration.
    """
    from node.snapshot.making import (  # here, for the commands that need no node
        Making,
        NoSnapshot,
        write_snapshot,
    )
    from node.stopped import open_stopped

    shelf = _shelf_of(home)
    with open_stopped(Home(home)) as stopped:
        try:
            making = Making(stopped.ledger, stopped.genesis.hash)
            with show_progress("entries", None) as tell:
                for rows in write_snapshot(making, shelf, trust_of(stopped.genesis)):
                    tell(rows)
        except NoSnapshot as reason:
            raise NotDone(f"{home}: {reason}") from None
    typer.echo(f"{_tell(_read_manifest(shelf, making.height))}\nIt is in {shelf.place(making.height)}.")


@app.command("list", epilog=example("terang snapshot list --home node"))
def list_command(home: HomeOption) -> None:
    """Show the snapshots of a node, the newest first."""
    shelf = _shelf_of(home)
    if not shelf.heights:
        typer.echo("There is no snapshot here. Make one with: terang snapshot create")
    for height in shelf.heights:
        typer.echo(_tell(_read_manifest(shelf, height)))


@app.command(epilog=example("terang snapshot export snapshot.terang --home node"))
def export(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
    home: HomeOption,
    height: HeightOption = None,
) -> None:
    """Write a snapshot into one file, for a node that has no link yet."""
    shelf = _shelf_of(home)
    if file.exists():
        raise NotDone(f"{file}: there is a file already. Give another name")
    heights = shelf.heights
    if not heights or (height is not None and height not in heights):
        known = ", ".join(map(str, heights)) or "none"
        raise NotDone(
            f"{home}: expected a snapshot here, there are {known}. Make one with: terang snapshot create"
        )
    wanted = heights[0] if height is None else next(one for one in heights if one == height)
    manifest = _read_manifest(shelf, wanted)
    with show_progress("chunks", len(manifest.chunks)) as tell:
        for number in export_snapshot(shelf, wanted, file, _DISK):
            tell(number)
    typer.echo(
        f"{_tell(manifest)}\n{file.stat().st_size:,} bytes in {file}. Whoever has the genesis document checks it "
        "with: terang snapshot verify"
    )


@app.command("import", epilog=example("terang snapshot import snapshot.terang --home node"))
def import_command(file: FileArgument, home: HomeOption) -> None:
    """Begin the ledger of a home with a snapshot.

    The home has its genesis document and no ledger yet. Everything is checked, by the genesis document and the invitation
    by which the home was joined, before there is a ledger. Keys and the record of signatures are not touched.
    """
    place = Home(home)
    config, genesis = read_config(place.config), read_genesis(place.genesis)
    trust = trust_of(genesis, read_checkpoint(place, genesis))
    manifest = _restore(file, place.store(config.store.directory), trust)
    typer.echo(
        f"{home} has the ledger of {genesis.chain_id} from height {manifest.height} on. Next: terang doctor --home {home}"
    )


@app.command(epilog=example("terang snapshot verify snapshot.terang --genesis genesis.json"))
def verify(
    file: FileArgument,
    genesis: Annotated[Path, typer.Option(help="The network's genesis document.")],
) -> None:
    """Check a snapshot step by step, without a node or a network.

    Builds the whole state in a directory for temporary files, which needs as much room as the file twice.
    """
    document = read_genesis(genesis)
    with TemporaryDirectory(prefix="terang-") as directory:
        manifest = _restore(file, Path(directory) / "store", trust_of(document))
    typer.echo(f"PROVEN  {_tell(manifest)}")


def _shelf_of(home: Path) -> Shelf:
    place = Home(home)
    read_config(place.config)  # so that another directory is told, and not taken for an empty one
    return Shelf(place.snapshots, _DISK)


def _read_manifest(shelf: Shelf, height: int) -> Manifest:
    data = shelf.read_manifest(height)
    if data is None:
        raise NotDone(f"{shelf.place(height)}: the snapshot is gone")
    return decode_manifest(data)


def _tell(manifest: Manifest) -> str:
    header = manifest.last.header
    return (
        f"height {manifest.height}, {header.chain_id}, {format_time(header.time_ms)}: {manifest.rows:,} entries in "
        f"{len(manifest.chunks)} chunks, {manifest.bytes:,} bytes"
    )


def _restore(file: Path, store: Path, trust: Trust) -> Manifest:
    """Checks a file to its end while it makes a ledger of it, and says each step."""
    with (
        _told() as tell,
        open_snapshot(file) as (manifest, chunks),
        Restoration(store, manifest, trust, _DISK) as restoration,
    ):
        form = Passed(step=Step.FORM, shown=f"{len(manifest.chunks)} chunks, of height {manifest.height}")
        passed = restoration.reader.passed
        with show_progress("chunks", len(manifest.chunks)) as show:
            for chunk in chunks:
                restoration.take(chunk)
                tell([form, *passed])
                show(restoration.reader.taken)
        with show_progress("entries of the tree", manifest.rows) as show:
            restoration.finish(show)
        tell([form, *passed])
    return manifest


@contextmanager
def _told() -> Iterator[Callable[[list[Passed]], None]]:
    """Says steps once each as they are passed, and the one that fails."""
    told = 0

    def tell(passed: list[Passed]) -> None:
        nonlocal told
        for step in passed[told:]:
            typer.echo(f"holds   {_IN_WORDS[step.step]}: {step.shown}")
        told = len(passed)

    try:
        yield tell
    except SnapshotRefused as refused:
        typer.echo(f"FAILS   {_IN_WORDS[refused.step]}")
        raise
