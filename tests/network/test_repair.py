"""A node whose disk decays, in a network of real processes: it notices, says so, and mends itself from its peers.

Nothing is asked of its operator. What it did not have is fetched with proof, the damaged store lies in quarantine with a
note, and while it mends it votes for nothing.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from chain.parameters import Parameters
from cli.processes import NodeProcess
from node.home import Home
from node.store.leveldb import LevelStore
from rpc.client import CallRefused, SyncClient
from rpc.requests import Unreachable, query
from tests.network.running import Running, make_registrations, running_network, wait_until

BAD = 2
SCRUBS = "bytes_per_second = 1048576"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    path, parameters = tmp_path_factory.mktemp("repairs"), Parameters(timeout_propose_ms=300)
    with running_network(path, full_nodes=1, parameters=parameters) as running:
        for _ in range(3):
            running.commit(0, make_registrations(40))
        running.assert_agreed()
        yield running
        running.assert_agreed()
        for process in running.processes:
            assert "contradicted itself" not in process.log.read_text()


def end(process: NodeProcess) -> Home:
    process.terminate()
    assert process.wait() == 0
    return Home(process.node.home)


def settle(store: Path) -> None:
    """Everything in tables, as after a while of running."""
    opened = LevelStore(store, cache_bytes=1024 * 1024)
    opened.compact(b"", b"\xff")
    opened.close()


def flip(store: Path, step: int) -> None:
    """A bit every so many bytes of every table."""
    for table in store.glob("*.ldb"):
        content = bytearray(table.read_bytes())
        for place in range(step // 2, len(content), step):
            content[place] ^= 4
        table.write_bytes(content)


def notes(home: Home) -> list[dict[str, object]]:
    return [json.loads(path.read_text()) for path in sorted(home.quarantine.glob("note-*.json"))]


def assert_goes_on(network: Running, number: int) -> None:
    process = network.processes[number]
    network.wait_for_height(number, network.height(0))
    network.commit(number, make_registrations(5))
    network.assert_agreed()
    assert process.is_running


@pytest.mark.parametrize("number", [BAD, 4], ids=["validator", "full node"])
def test_a_flipped_table_is_mended_from_peers(network: Running, number: int) -> None:
    process = network.processes[number]
    home = end(process)
    store = home.store("data/store")
    settle(store)
    flip(store, 20_000)
    process.start()
    process.wait_until_up()
    assert_goes_on(network, number)
    (note,) = notes(home)
    assert "the store is damaged" in str(note["reason"]) and "repaired at height" in str(note["done"])
    assert note["fetched"]
    assert len(list(home.quarantine.glob("store-*"))) == 1


def test_damage_under_a_running_node_is_named_and_mended(network: Running) -> None:
    """Who asks for what cannot be read hears so; the node goes down by itself, mends its store and comes back. Without
    scrubbing, whose first pass has all of so small a ledger in memory before its tables change.
    """
    process = network.processes[1]
    home = end(process)
    store = home.store("data/store")
    settle(store)
    asked = home.config.read_text()
    assert SCRUBS in asked
    home.config.write_text(asked.replace(SCRUBS, "bytes_per_second = 0"))
    process.start()
    process.wait_until_up()
    for table in store.glob("*.ldb"):
        with table.open("r+b") as file:  # in place: the node has it open
            for place in range(500, table.stat().st_size - 500, 4_000):
                file.seek(place)
                byte = file.read(1)
                file.seek(place)
                file.write(bytes([byte[0] ^ 4]))
    with (
        SyncClient([process.node.rpc_address]) as client,
        pytest.raises(
            (CallRefused, Unreachable),
            match=r"this node's disk fails it: .* Ask another node|no node answers",
        ),
    ):
        for first in range(0, 120, 20):
            client.call(query("registry", "supplier_list", (first, 20)))
    wait_until(lambda: bool(notes(home)), "the node mends its store")
    process.wait_until_up()
    assert_goes_on(network, 1)
    assert "the store is repaired" in process.log.read_text()
