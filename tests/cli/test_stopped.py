"""Commands that work on the ledger of a validator that has run and is stopped: each is refused while it runs, and afterwards
the node goes on.
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cli.processes import NodeProcess
from node.home import Home
from node.stopped import open_stopped
from tests.cli.running import Terminal
from tests.network.running import make_registrations, running_network


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
