"""What `terang inspect` shows of a store: all tables counted, or rows as JSON."""

import json

import typer

from cli.errors import NotDone
from cli.progress import show_progress
from node.stopped import Stopped
from node.store.inspecting import TABLES, count_rows, parse_key, show_row, walk


def show_rows(stopped: Stopped, name: str, key: str, limit: int) -> None:
    """Rows of a table as JSON, one a line; or the one with a key. Raises `NotDone`."""
    if name not in TABLES:
        raise NotDone(f"--table: expected one of {', '.join(TABLES)}, got {name}")
    table = TABLES[name]
    if key:
        value = stopped.store.get(parse_key(table, key))
        if value is None:
            raise NotDone(f"there is no row {key} in {name}, whose keys are: {table.key}")
        typer.echo(json.dumps(show_row(name, value), indent=2, ensure_ascii=False))
        return
    for number, (found, value) in enumerate(walk(stopped.store, table)):
        if number == limit:
            break
        row = {"key": found[len(table.prefix) :].hex(), "value": show_row(name, value)}
        typer.echo(json.dumps(row, ensure_ascii=False))


def show_tables(stopped: Stopped) -> None:
    """Where the ledger stands, and its tables."""
    ledger, head = stopped.ledger, stopped.ledger.head
    for what, value in (
        ("chain", head.chain_id),
        ("genesis", stopped.genesis.hash.hex()),
        ("height", head.height),
        ("block id", head.block_id.hex()),
        ("state root", head.state_root.hex()),
        ("validators", f"{len(head.validators)} for block {head.next_height}"),
        ("blocks since", ledger.blocks_since),
        ("state since", ledger.history.since),
    ):
        typer.echo(f"{what:<14} {value}")
    typer.echo(f"\n{'table':<16} {'rows':>12} {'bytes written':>16} {'about on disk':>16}  key")
    for name, table in TABLES.items():
        with show_progress(name, None) as tell:
            rows, size = count_rows(stopped.store, name, tell)
        disk = stopped.store.approximate_size(table.prefix, bytes([table.prefix[0] + 1]))
        typer.echo(f"{name:<16} {rows:>12,} {size:>16,} {disk:>16,}  {table.key}")
