"""`terang status`: who a node is and where it stands; several nodes side by side."""

import typer

from cli.options import NodesOption
from rpc.answers import StatusAnswer
from rpc.client import SyncClient
from rpc.requests import net_info, num_unconfirmed_txs
from rpc.requests import status as status_request


def status(node: NodesOption) -> None:
    """Show who a node is and where it stands."""
    for number, address in enumerate(node):
        if number:
            typer.echo()
        with SyncClient([address]) as client:
            found = client.call(status_request())
            peers = client.call(net_info()).n_peers
            waiting = client.call(num_unconfirmed_txs()).total
        for name, value in _rows(found, peers, waiting):
            typer.echo(f"{name:<12} {value}")


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
