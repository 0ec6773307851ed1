"""Among nodes that have let go of old blocks a fresh one hears why it cannot join by them; an archive helps it at once."""

import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from chain.limits import WINDOW_MS_MAX
from cli.heads import get_head
from cli.processes import NodeProcess, Processes
from node.config import RetentionConfig, read_config, write_config
from node.home import Home
from node.store.ledger import Ledger
from node.store.leveldb import LevelStore
from rpc import requests
from rpc.client import SyncClient
from rpc.requests import PrunedThere
from tests.network.running import wait_until
from tests.node.grown import STORE, Grown

OLD, NEW = 40, 20
PRUNED, ARCHIVE, FRESH = 0, 1, 4


def grow(path: Path) -> Grown:
    """Old blocks, and new ones more than any window later, in the homes of two validators."""
    began_ms = time.time_ns() // 1_000_000 - 3 * WINDOW_MS_MAX
    grown = Grown.found(path, began_ms=began_ms)
    for _ in range(OLD):
        grown.grow([grown.make_registration()])
    grown.grow(time_ms=grown.ledger.head.time_ms + 2 * WINDOW_MS_MAX)
    for _ in range(NEW - 1):
        grown.grow()
    grown.close()
    grown.give_to(ARCHIVE)
    return grown


def let_go(grown: Grown) -> int:
    """Of everything old in the first home; the oldest block that it keeps."""
    home = Home(grown.testnet.nodes[PRUNED].home)
    config = read_config(home.config)
    write_config(home.config, replace(config, retention=RetentionConfig(role="full", blocks_days=1)))
    with closing(LevelStore(home.store(STORE), cache_bytes=1024 * 1024)) as store:
        ledger = Ledger.open(store, home.store(STORE), grown.genesis.hash)
        assert ledger is not None
        while ledger.prune(ledger.head.height):
            pass
        return ledger.blocks_since


def test_a_fresh_node_hears_that_it_needs_an_archive_and_joins_when_there_is_one(tmp_path: Path) -> None:
    grown = grow(tmp_path / "network")
    since, height = let_go(grown), grown.ledger.head.height
    assert since > OLD
    pruned, archive, fresh = (NodeProcess(grown.testnet.nodes[number]) for number in (PRUNED, ARCHIVE, FRESH))
    addresses = [one.node.rpc_address for one in (pruned, archive, fresh)]
    with Processes([pruned, archive, fresh]):
        for process in (pruned, fresh):
            process.start()
        wait_until(lambda: "keeps the next block any more" in fresh.log.read_text(), "it says what it needs")
        with SyncClient(addresses[:1]) as client:
            assert client.call(requests.status()).sync_info.earliest_block_height == str(since)
            assert client.call(requests.storage()).blocks_since == str(since)
            assert client.call(requests.commit(1)).signed_header.header.height == "1"
            with pytest.raises(PrunedThere, match=f"height 1 is not available, lowest height is {since}"):
                client.call(requests.block(1))
        assert "bad block" not in fresh.log.read_text() and "banned" not in pruned.log.read_text()
        archive.start()
        wait_until(lambda: get_head(addresses[2]).height == height, "it has every block")
        with SyncClient(addresses[2:]) as client:
            assert client.call(requests.block(1)).block is not None
        with SyncClient(addresses) as client:
            assert client.call(requests.block(1)).block is not None
