"""Commands that work on the ledger of a validator that has run and is stopped: each is refused while it runs, and afterwards
the node goes on.
"""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from subprocess import PIPE

import pytest

from chain.result import decode_result, encode_result
from cli.processes import NodeProcess
from node.home import Home
from node.reset import list_removed
from node.stopped import open_stopped
from node.store.inspecting import TABLES
from node.store.keys import RESULTS, height_key
from node.store.records import encode_results
from node.store.store import Batch
from tests.cli.running import Terminal
from tests.network.running import make_registrations, running_network
from vm.state import Change, begin_state


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> NodeProcess:
    """The only validator of a network, stopped after its first blocks."""
    with running_network(tmp_path_factory.mktemp("stopped"), validators=1, full_nodes=0) as network:
        for _ in range(3):
            network.commit(0, make_registrations(5))
        network.wait_for_height(0, 6)
        (process,) = network.processes
        process.terminate()
        assert process.wait() == 0
    return process


@pytest.fixture
def home(lived: NodeProcess, tmp_path: Path) -> Home:
    """A copy of that home."""
    return Home(shutil.copytree(lived.node.home, tmp_path / "home"))


def test_a_node_that_has_run_has_an_index_of_its_ledger(terminal: Terminal, home: Home) -> None:
    with open_stopped(home) as stopped:
        height = stopped.ledger.head.height
        assert "in use by another process" in terminal.fail("index", "check", "--home", home.path)
        assert "in use by another process" in terminal.fail("index", "rebuild", "--home", home.path)
    said = terminal.succeed("index", "check", "--home", home.path)
    assert f"up to block {height}" in said, "it followed the last commit"

    with closing(sqlite3.connect(home.search_index)) as database, database:
        database.execute("DELETE FROM rows WHERE height = 1 AND place = 3 AND number = 0")
    ran = terminal.run("index", "check", "--home", home.path)
    assert ran.code == 1 and "Next: terang index rebuild" in ran.out
    assert f"up to block {height}" in terminal.succeed("index", "rebuild", "--home", home.path)
    assert f"up to block {height}" in terminal.succeed("index", "check", "--home", home.path)


def test_a_home_without_a_ledger_is_told(terminal: Terminal, home: Home) -> None:
    shutil.rmtree(home.path / "data" / "store")
    assert "there is no ledger yet" in terminal.fail("index", "check", "--home", home.path)


def heights_of(home: Home) -> tuple[int, bytes]:
    """Where the ledger stands: height and state root."""
    with open_stopped(home) as stopped:
        return stopped.ledger.head.height, stopped.ledger.head.state_root


def protected(home: Home) -> dict[str, bytes]:
    """What no command here may change: keys, configuration, the record of signatures."""
    folders = (home.path / "config", home.path / "keys", home.signer_record.parent)
    return {
        str(path.relative_to(home.path)): path.read_bytes()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    }


@contextmanager
def held(home: Home) -> Iterator[None]:
    """Another process has the store, as a node that runs has."""
    store = home.path / "data" / "store"
    code = "import sys; from pathlib import Path; from node.stopped import hold_store\n"
    code += "with hold_store(Path(sys.argv[1])): print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(store)], stdin=PIPE, stdout=PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield
        finally:
            process.stdin.close()


def test_nothing_works_on_the_store_of_a_node_that_runs(
    terminal: Terminal, home: Home, tmp_path: Path
) -> None:
    before = protected(home)
    commands: tuple[tuple[object, ...], ...] = (
        ("inspect",),
        ("replay",),
        ("rollback", "--blocks", 1, "--yes"),
        ("export", "blocks", tmp_path / "blocks.jsonl"),
        ("reset", "--yes"),
    )
    with held(home):
        for command in commands:
            assert "in use by another process" in terminal.fail(*command, "--home", home.path)
    assert protected(home) == before and not (tmp_path / "blocks.jsonl").exists()
    assert heights_of(home)[0] >= 6


def test_blocks_are_taken_back_and_the_record_is_not(terminal: Terminal, home: Home) -> None:
    height, _ = heights_of(home)
    before = protected(home) | {path.name: path.read_bytes() for path in home.journal.iterdir()}
    assert "Give --yes" in terminal.fail("rollback", "--blocks", 2, "--home", home.path, given="n\n")
    assert heights_of(home)[0] == height
    said = terminal.succeed("rollback", "--blocks", 2, "--home", home.path, "--yes")
    assert f"ends at block {height - 2}. Next: terang start" in said
    assert heights_of(home)[0] == height - 2
    assert protected(home) | {path.name: path.read_bytes() for path in home.journal.iterdir()} == before
    assert "expected at most" in terminal.fail("rollback", "--blocks", height, "--home", home.path, "--yes")
    found = terminal.run("doctor", "--home", home.path, "--deep")
    assert f"all {height - 2} blocks" in found.out
    assert not home.commit_log.exists(), "it would tell of a loss"
    terminal.succeed("index", "check", "--home", home.path)
    assert f"Blocks 1 to {height - 2} carried out again" in terminal.succeed("replay", "--home", home.path)


def test_every_block_is_carried_out_again(terminal: Terminal, home: Home) -> None:
    height, _ = heights_of(home)
    before = protected(home)
    whole = terminal.succeed("replay", "--home", home.path)
    assert f"Blocks 1 to {height} carried out again" in whole
    part = terminal.succeed("replay", "--home", home.path, "--from", 3, "--to", 4)
    assert "Blocks 3 to 4 carried out again" in part
    with open_stopped(home) as stopped:
        ids = stopped.ledger.transaction_ids(1)
    assert ids is not None
    one = terminal.succeed("replay", "--home", home.path, "--transaction", ids[0].hex())
    assert "block 1, transaction 0: ok, gas " in one and "announces registry.SupplierRegistered" in one
    assert "in no block that is kept" in terminal.fail(
        "replay", "--home", home.path, "--transaction", "00" * 32
    )
    assert "64 hexadecimal digits" in terminal.fail("replay", "--home", home.path, "--transaction", "00")
    assert "cannot be carried out again" in terminal.fail("replay", "--home", home.path, "--from", height + 1)
    assert protected(home) == before and not (home.path / "data" / "replay").exists()


def test_a_result_that_is_not_what_comes_of_it_is_named(terminal: Terminal, home: Home) -> None:
    with open_stopped(home) as stopped:
        encoded = stopped.ledger.encoded_results(1)
        assert encoded is not None
        other = replace(decode_result(encoded[1]), gas_used=7)
        batch = Batch()
        batch.put(height_key(RESULTS, 1), encode_results([encoded[0], encode_result(other), *encoded[2:]]))
        stopped.store.write(batch, sync=True)
    ran = terminal.run("replay", "--home", home.path)
    assert ran.code == 1 and "DIFFERS  block 1, transaction 1 (" in ran.out
    assert "the ledger has ok, gas 7 of 500000" in ran.out
    assert not (home.path / "data" / "replay").exists()


def test_a_store_is_looked_into(terminal: Terminal, home: Home) -> None:
    height, root = heights_of(home)
    said = terminal.succeed("inspect", "--home", home.path)
    assert f"height         {height}\n" in said and root.hex() in said
    counted = {line.split()[0]: line.split()[1] for line in said.splitlines() if line.split()[1:]}
    assert counted["headers"] == counted["blocks"] == str(height) and counted["locations"] == "15"
    header = json.loads(terminal.succeed("inspect", "--home", home.path, "--table", "headers", "--key", 2))
    assert (header["height"], header["chain_id"]) == (2, "terang-test")
    rows = terminal.succeed("inspect", "--home", home.path, "--table", "locations", "--limit", 3).splitlines()
    assert len(rows) == 3 and json.loads(rows[0])["value"].keys() == {"height", "index", "time_ms"}
    for name in counted:
        if name in TABLES:
            terminal.succeed("inspect", "--home", home.path, "--table", name, "--limit", 2)
    assert "expected one of headers, blocks" in terminal.fail("inspect", "--home", home.path, "--table", "x")
    assert "--key wants --table" in terminal.fail("inspect", "--home", home.path, "--key", "1")
    assert "there is no row 99" in terminal.fail(
        "inspect", "--home", home.path, "--table", "headers", "--key", 99
    )
    assert "hexadecimal digits" in terminal.fail(
        "inspect", "--home", home.path, "--table", "headers", "--key", "x"
    )


def test_blocks_and_states_are_written_out(terminal: Terminal, home: Home, tmp_path: Path) -> None:
    height, _ = heights_of(home)
    terminal.succeed("export", "blocks", tmp_path / "blocks.jsonl", "--home", home.path)
    lines = [json.loads(line) for line in (tmp_path / "blocks.jsonl").read_text().splitlines()]
    assert [line["block"]["header"]["height"] for line in lines] == [str(one + 1) for one in range(height)]
    assert lines[1]["block"]["header"]["last_block_id"] == lines[0]["block_id"]
    assert len(lines[0]["txs_results"]) == 5
    terminal.succeed(
        "export",
        "blocks",
        tmp_path / "some.cbor",
        "--home",
        home.path,
        "--from",
        2,
        "--to",
        3,
        "--format",
        "cbor",
    )
    with open_stopped(home) as stopped:
        block = stopped.ledger.encoded_block(2)
    assert block is not None and block in (tmp_path / "some.cbor").read_bytes()
    for at in (height - 1, height):
        file = tmp_path / f"state-{at}.jsonl"
        terminal.succeed("export", "state", file, "--home", home.path, "--height", at)
        first, *entries = map(json.loads, file.read_text().splitlines())
        changes = [Change(bytes.fromhex(one["key"]), None, bytes.fromhex(one["value"])) for one in entries]
        assert (first["height"], first["state_root"]) == (at, begin_state(changes).root.hex())
    assert "there is a file already" in terminal.fail(
        "export", "state", tmp_path / "some.cbor", "--home", home.path
    )
    beyond = ("--home", home.path, "--to", height + 1)
    assert "expected blocks within 1 to" in terminal.fail("export", "blocks", tmp_path / "no", *beyond)
    assert "is not kept" in terminal.fail("export", "state", tmp_path / "no", *beyond)
    assert not (tmp_path / "no").exists()


def test_a_reset_keeps_keys_and_the_record(terminal: Terminal, home: Home) -> None:
    before = protected(home)
    assert "Give --yes" in terminal.fail("reset", "--home", home.path, given="\n")
    store = home.path / "data" / "store"
    (store / "CURRENT").unlink()  # as after damage, for which it is there
    said = terminal.succeed("reset", "--home", home.path, "--yes")
    assert "The record of signatures is where it was" in said and protected(home) == before
    assert not store.exists() and not home.journal.exists() and not home.search_index.exists()
    assert "nothing to remove" in terminal.fail("reset", "--home", home.path, "--yes")
    assert "none yet" in terminal.succeed("doctor", "--home", home.path)


def test_a_reset_that_was_cut_off_goes_on(terminal: Terminal, home: Home) -> None:
    store = home.path / "data" / "store"
    shutil.rmtree(home.journal)
    left = [store.with_name(f"store.{end}") for end in ("restoring", "repair", "salvage", "repaired")]
    for place in (*left, home.joining / "7"):
        place.mkdir(parents=True)
    store.rename(store.with_name("store.removed"))
    assert list_removed(home)[-1] == store.with_name("store.removed")
    terminal.succeed("reset", "--home", home.path, "--yes")
    assert not any(place.exists() for place in (store.with_name("store.removed"), home.joining, *left))
