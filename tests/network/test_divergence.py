"""A node whose store somebody changed computes something else: it stops, keeps what it knows, and the difference is found."""

import json
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from chain.codec import encode
from chain.transaction import compute_transaction_id
from genesis.file import read_genesis
from node.config import ScrubConfig, read_config, write_config
from node.home import Home
from node.store.keys import state_key
from node.store.ledger import Ledger
from node.store.leveldb import LevelStore
from node.store.store import Batch
from tests.cli.running import Terminal
from tests.network.running import Running, make_registrations, running_network, wait_until
from tests.node.divergence.twins import find_key
from tests.node.grown import STORE

FULL_NODE = 4


def falsify(home: Home) -> None:
    """Writes another number of suppliers into the row, of which the state tree knows nothing. Reading everything again would
    find it and mend the store before any block meets it, so this node does without.
    """
    config = read_config(home.config)
    write_config(home.config, replace(config, scrub=ScrubConfig(bytes_per_second=0)))
    path = home.store(STORE)
    with closing(LevelStore(path, cache_bytes=2**20)) as store:
        ledger = Ledger.open(store, path, read_genesis(home.genesis).hash)
        assert ledger is not None
        batch = Batch()
        batch.put(state_key(find_key(ledger, "registry", "suppliers_count")), encode(40))
        store.write(batch, sync=True)


def stop(network: Running, node: int) -> Home:
    process = network.processes[node]
    process.terminate()
    assert process.wait() == 0
    return Home(process.node.home)


def test_it_stops_says_why_and_the_key_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal(capsys, monkeypatch)
    with running_network(tmp_path) as network:
        network.commit(0, make_registrations(3))
        network.assert_agreed()
        process = network.processes[FULL_NODE]
        home = stop(network, FULL_NODE)
        falsify(home)
        process.start()
        process.wait_until_up()
        raws = make_registrations(1)
        network.commit(0, raws)
        wait_until(lambda: not process.is_running, "the node that computed something else has stopped")
        assert process.wait() == 1
        (place,) = home.diverged.iterdir()
        height = int(place.name) - 1
        assert {path.name for path in place.iterdir()} == {
            "certified.cbor",
            "head.cbor",
            "results.cbor",
            "report.json",
        }
        assert json.loads((place / "report.json").read_bytes())["here"]["height"] == height

        process.start()
        assert process.wait() == 1, "it does not start again by itself"
        doctor = terminal.run("doctor", "--home", home.path)
        assert doctor.code == 1 and "this node computed something else" in doctor.out

        address = network.processes[0].node.rpc_address
        ran = terminal.run("diverge", home.path, address)
        assert ran.code == 1, ran
        for words in (
            f"they agree up to block {height - 1} and differ after block {height}",
            f"registry.suppliers_count is written by transaction 1, {compute_transaction_id(raws[0]).hex().upper()}",
            f"{home.path} has a row that its own tree contradicts: registry.suppliers_count",
            f"this release computes what {home.path} has",
        ):
            assert words in ran.out, ran.out
        assert "registry.supplier" in ran.out.split("the first key that differs: ")[1].splitlines()[0]

        other = terminal.run("diverge", address, network.processes[1].node.rpc_address)
        assert (other.code, "they agree up to block" in other.out) == (0, True), other
        assert terminal.run("diverge", address, tmp_path / "nowhere").code == 2

        shutil.rmtree(home.store(STORE))
        shutil.rmtree(home.journal)
        process.start()
        process.wait_until_up()
        assert network.assert_agreed() > height, "a ledger made anew is another one"
        assert place.is_dir()
