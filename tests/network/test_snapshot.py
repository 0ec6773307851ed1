"""Nodes that run make snapshots of the same heights, and one that lost its ledger begins with another's and follows on."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from chain.snapshot import Manifest, decode_manifest
from chain.vote import Height
from machine.files import DiskFiles
from node.config import read_config, write_config
from node.home import Home
from node.snapshot.shelf import Shelf
from rpc.client import CallRefused, SyncClient
from rpc.requests import block
from tests.cli.running import Terminal
from tests.network.running import Running, make_registrations, running_network
from tests.node.grown import STORE

INTERVAL = 2


def make_often(network: Running) -> None:
    """Starts every node anew with snapshots at short intervals."""
    for process in network.processes:
        place = Home(process.node.home).config
        config = read_config(place)
        write_config(place, replace(config, snapshots=replace(config.snapshots, interval=INTERVAL, kept=8)))
        process.kill()
        process.start()
        process.wait_until_up()


def manifest_of(network: Running, node: int, height: int) -> Manifest:
    """A snapshot of a node."""
    data = Shelf(Home(network.processes[node].node.home).snapshots, DiskFiles()).read_manifest(height)
    assert data is not None, f"node {node} has none of height {height}"
    return decode_manifest(data)


def test_a_node_that_lost_its_ledger_begins_with_a_snapshot_of_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal, file = Terminal(capsys, monkeypatch), tmp_path / "snapshot"
    with running_network(tmp_path, validators=1, full_nodes=1) as network:
        make_often(network)
        member, lost = (Home(process.node.home) for process in network.processes)
        shelves = [Shelf(home.snapshots, DiskFiles()) for home in (member, lost)]

        def common() -> set[Height]:
            return set(shelves[0].heights) & set(shelves[1].heights)

        while not common():
            network.commit(0, make_registrations(2))
        height = max(common())
        ours, theirs = (manifest_of(network, node, height) for node in (0, 1))
        assert ours == theirs
        terminal.succeed("snapshot", "export", file, "--home", member.path, "--height", height)

        network.processes[1].kill()
        shutil.rmtree(lost.store(STORE))
        network.commit(0, make_registrations(2))
        terminal.succeed("snapshot", "import", file, "--home", lost.path)
        network.processes[1].start()
        network.processes[1].wait_until_up()
        network.commit(0, make_registrations(2))
        assert network.assert_agreed() > height
        with SyncClient([network.processes[1].node.rpc_address]) as client:
            with pytest.raises(CallRefused, match=f"lowest height is {height + 1}"):
                client.call(block(1))
            assert client.call(block(height + 1)).block is not None
