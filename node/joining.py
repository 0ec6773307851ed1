"""Joining by a snapshot, from a home to its ledger: what `terang join` does before it starts the node."""

import shutil
from collections.abc import Callable

import trio

from chain.checkpoint import Checkpoint
from chain.vote import Height
from genesis.document import Genesis
from machine.keyfile import KeyKind, read_key
from machine.logs import configure_logs
from node.assembly import peer_addresses
from node.config import read_config
from node.home import Home
from node.opening import AskPassphrase
from node.snapshot.fetching import Guest, NoSnapshotThere, Place, fetch_snapshot

__all__ = ["NoSnapshotThere", "join_by_snapshot"]


def join_by_snapshot(
    home: Home,
    genesis: Genesis,
    checkpoint: Checkpoint,
    ask: AskPassphrase | None,
    tell: Callable[[int], None],
) -> Height:
    """Fetches and restores; waits for ever for the first link. The height after whose block the ledger begins.

    Raises:
        NoSnapshotThere: nobody gives one that holds, or there is a ledger already.
        DiskFault: the disk.
    """
    config = read_config(home.config)
    configure_logs(config.log.level, config.log.format)
    store = home.store(config.store.directory)
    if store.exists():
        shutil.rmtree(
            home.joining, ignore_errors=True
        )  # ended after the ledger stood, before this was removed
        raise NoSnapshotThere(f"there is a ledger in {store} already")
    store.parent.mkdir(parents=True, exist_ok=True)
    node_key = read_key(home.node_key, KeyKind.NODE, ask)
    peers = peer_addresses(config, node_key.public)
    guest = Guest(
        Place(chunks=home.joining, store=store),
        genesis,
        checkpoint,
        frozenset(peer.node_id for peer in peers),
        tell,
    )
    return trio.run(fetch_snapshot, guest, genesis, node_key, peers)
