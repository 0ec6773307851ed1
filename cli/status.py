"""`terang status`: who a node is and where it stands, what it keeps and how long its disk lasts; several side by side."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from cli.options import NodesOption
from cli.room import list_rows
from rpc.answers import StatusAnswer, StorageAnswer
from rpc.client import CallRefused, SyncClient
from rpc.requests import net_info, num_unconfirmed_txs, storage
from rpc.requests import status as status_request


def status(
    node: NodesOption,
    home: Annotated[
        Path | None,
        typer.Option("--home", help="Instead: the directory of a node that does not run, and its room."),
    ] = None,
) -> None:
    """Show who a node is, where it stands and what its disk holds."""
    if home is not None:
        _show(list_rows(_read_home(home)))
        return
    for number, address in enumerate(node):
        if number:
            typer.echo()
        with SyncClient([address]) as client:
            found = client.call(status_request())
            peers = client.call(net_info()).n_peers
            waiting = client.call(num_unconfirmed_txs()).total
            room = _read_room(client)
        _show([*_rows(found, peers, waiting), *room])


def _read_room(client: SyncClient) -> list[tuple[str, str]]:
    try:
        return list(list_rows(client.call(storage())))
    except CallRefused as refused:  # a light client keeps no ledger
        return [("room", str(refused))]


def _show(rows: Iterable[tuple[str, str]]) -> None:
    for name, value in rows:
        typer.echo(f"{name:<12} {value}")


def _read_home(path: Path) -> StorageAnswer:
    """Raises as `node.room.read_room`."""
    from node.config import read_config  # here, so that other commands do not wait for the whole node
    from node.home import Home
    from node.room import read_room
    from rpc.node_methods import make_storage

    home = Home(path)
    return make_storage(read_room(home, read_config(home.config), time.time_ns() // 1_000_000))


def _rows(found: StatusAnswer, peers: str, waiting: str) -> list[tuple[str, str]]:
    info, sync, own = found.node_info, found.sync_info, found.validator_info
    power = int(own.voting_power)
    role = f"validator {own.address}, power {power}" if power else "full node: votes in no block now"
    return [
        ("node", f"{info.moniker} ({info.id})"),
        ("version", info.version),
        ("network", info.network),
        ("role", role),
        ("height", sync.latest_block_height),
        ("block time", sync.latest_block_time),
        ("block", sync.latest_block_hash),
        ("state root", found.state_root),
        ("standing", "behind, fetching blocks" if sync.catching_up else "at the head as far as it knows"),
        ("peers", peers),
        ("waiting", f"{waiting} transactions"),
    ]
