"""Commands on the ledger of a node that does not run: look into it, carry it out again, take blocks back, write it out,
begin anew. None of them opens a key or touches the record of signatures.
"""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from chain.hashing import DIGEST_BYTES
from chain.transaction import TxId
from cli.errors import NotDone
from cli.options import HomeOption
from cli.progress import show_progress
from machine.files import DiskFiles
from node.home import Home

DIFFERS = 1
"""Exit code where carrying out a block again gives something else."""

YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
_PART_END = ".part"


class What(StrEnum):
    """What is written out."""

    BLOCKS = "blocks"
    STATE = "state"


class Format(StrEnum):
    """How it is written."""

    JSON = "json"
    CBOR = "cbor"


def inspect(
    home: HomeOption,
    table: Annotated[str, typer.Option("--table", help="Show rows of this table.")] = "",
    key: Annotated[
        str, typer.Option("--key", help="The one with this key: a height, or hexadecimal digits.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many rows of the table.")] = 10,
) -> None:
    """Look into a stopped node's store.

    Heights, rows and bytes by table, or rows as JSON. Changes no row.
    """
    from cli.inspecting import (
        show_rows,
        show_tables,
    )  # here, as below, so that others do not wait for the whole node
    from node.stopped import open_stopped

    if key and not table:
        raise NotDone("--key wants --table beside it")
    with open_stopped(Home(home)) as stopped:
        if table:
            show_rows(stopped, table, key, limit)
        else:
            show_tables(stopped)


def replay(
    home: HomeOption,
    first: Annotated[
        int | None, typer.Option("--from", min=1, help="The first block; else the earliest possible.")
    ] = None,
    last: Annotated[int | None, typer.Option("--to", min=1, help="The last block; else the newest.")] = None,
    transaction: Annotated[
        str, typer.Option("--transaction", help="Only the block of this transaction, with its result.")
    ] = "",
) -> None:
    """Carry out a stopped node's blocks again and compare.

    Every result and root is held against the ledger, beside it. Begins with the genesis document or with a state that is
    kept. The exit code is 1 where something differs: the first difference is named, to a transaction or a key of the
    state. Changes nothing.
    """
    from node.replaying import Differs, carry_out, describe, find_first, find_transaction, open_replay

    id_ = _read_id(transaction) if transaction else None
    with open_replay(
        Home(home), lambda ledger: find_first(ledger, find_transaction(ledger, id_).height if id_ else first)
    ) as opened:
        ledger, begin = opened.stopped.ledger, opened.scratch.head.height + 1
        location = find_transaction(ledger, id_) if id_ else None
        end = min(last or ledger.head.height, ledger.head.height) if location is None else location.height
        if end < begin:
            raise NotDone(f"expected --to from {begin} on, got {end}")
        try:
            with show_progress("blocks", end) as tell:
                carry_out(opened, end, tell)
        except Differs as difference:
            typer.echo(f"DIFFERS  {difference}")
            raise typer.Exit(DIFFERS) from None
        if location is not None:
            result = opened.scratch.result(location)
            assert result is not None, "its block was carried out a moment ago"
            typer.echo(f"block {location.height}, transaction {location.index}: {describe(result)}")
    typer.echo(f"Blocks {begin} to {end} carried out again: every result and root is the ledger's.")


def _read_id(text: str) -> TxId:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != DIGEST_BYTES:
        raise NotDone(f"--transaction: expected {2 * DIGEST_BYTES} hexadecimal digits, got {text[:80]!r}")
    return TxId(found)


def rollback(
    home: HomeOption,
    blocks: Annotated[int, typer.Option("--blocks", min=1, help="How many of the newest blocks.")],
    yes: YesOption = False,
) -> None:
    """Take the newest blocks back out of a stopped node.

    The ledger is as if it had not had them yet. The node fetches them again from the others and carries them out anew. The
    record of signatures and the log stay: a validator signs nothing before the others have decided what it has signed.
    """
    from node.stopped import open_stopped
    from node.store.rollback import find_lowest, take_back

    place = Home(home)
    with open_stopped(place) as stopped:
        head, lowest = stopped.ledger.head, find_lowest(stopped.ledger)
        height = head.height - blocks
        if height < lowest:
            raise NotDone(
                f"expected at most {max(0, head.height - lowest)} blocks, got {blocks}: the ledger ends at {head.height} and "
                f"keeps what it needs to go back to {lowest}. To begin anew: terang reset --home {home}"
            )
        _ask(yes, f"Take blocks {height + 1} to {head.height} out of {home}? Other nodes have to have them.")
        with show_progress("blocks", blocks) as tell:
            # what both have of these blocks shall hold nobody to them
            _remove_commit_log(place)
            stopped.index().take_back(height)
            take_back(stopped.store, stopped.path, head, height, tell)
    typer.echo(f"The ledger of {home} ends at block {height}. Next: terang start --home {home}")


def _remove_commit_log(place: Home) -> None:
    """A power cut may not bring it back: it would contradict a block that is executed anew by another release."""
    if place.commit_log.exists():
        place.commit_log.unlink()
        DiskFiles().sync_directory(place.commit_log.parent)


def export(
    what: Annotated[What, typer.Argument(help="blocks, or the state of a height.")],
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
    home: HomeOption,
    first: Annotated[
        int | None, typer.Option("--from", min=1, help="The first block; else the first that is kept.")
    ] = None,
    last: Annotated[
        int | None,
        typer.Option(
            "--to", "--height", min=1, help="The last block, or the height of the state; else the newest."
        ),
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="Lines of JSON, or a sequence of CBOR items.")
    ] = Format.JSON,
) -> None:
    """Write out a stopped node's blocks or state.

    For other software.
    """
    from node.exporting import Form, export_blocks, export_state
    from node.stopped import open_stopped

    if file.exists():
        raise NotDone(f"{file}: there is a file already. Give another name")
    with open_stopped(Home(home)) as stopped:
        ledger, written = stopped.ledger, Form(is_json=form is Format.JSON)
        begin, end = ledger.blocks_since if first is None else first, last or ledger.head.height
        if what is What.STATE:
            with show_progress("entries", None) as tell:
                _write(file, export_state(ledger, end, written, tell))
        elif not ledger.blocks_since <= begin <= end <= ledger.head.height:
            raise NotDone(
                f"expected blocks within {ledger.blocks_since} to {ledger.head.height}, got {begin} to {end}"
            )
        else:
            with show_progress("blocks", end) as tell:
                _write(file, export_blocks(ledger, begin, end, written, tell))
    typer.echo(f"{file}: {file.stat().st_size:,} bytes.")


def _write(file: Path, items: Iterable[bytes]) -> None:
    """The file is there when it is whole."""
    part = file.with_name(file.name + _PART_END)
    with part.open("wb") as output:
        for item in items:
            output.write(item)
    part.rename(file)


def reset(home: HomeOption, yes: YesOption = False) -> None:
    """Remove the ledger of a stopped node, to begin anew.

    Log, index and snapshots go with it; the node then fetches everything from the others. Keys, configuration, documents
    and the record of signatures stay.
    """
    from node.reset import list_removed
    from node.reset import reset as remove

    place = Home(home)
    found = list_removed(place)
    if not found:
        raise NotDone(f"{home}: there is nothing to remove")
    names = ", ".join(str(path.relative_to(home)) for path in found if path.is_relative_to(home))
    _ask(yes, f"Remove {names} from {home}? Other nodes have to have the ledger.")
    with show_progress("parts", len(found)) as tell:
        remove(place, tell)
    kept = " The record of signatures is where it was." if place.signer_record.exists() else ""
    typer.echo(f"{home} begins anew with the next start.{kept} Next: terang start --home {home}")


def _ask(yes: bool, question: str) -> None:
    if not yes and not typer.confirm(question):
        raise NotDone("nothing was changed. Give --yes where nobody can be asked")
