"""What `terang doctor` finds in the home of a validator that has run: each damage is named, with the next step."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from chain.limits import DISK_FREE_BYTES_MIN
from cli.processes import NodeProcess
from node.doctor import Look, Verdict, examine
from node.home import Home
from tests.cli.running import Terminal
from tests.network.running import make_registrations, running_network


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> NodeProcess:
    """The only validator of a network, stopped after its first blocks, with a ledger, a log and a record."""
    with running_network(tmp_path_factory.mktemp("doctor"), validators=1, full_nodes=0) as network:
        network.commit(0, make_registrations(20))
        network.wait_for_height(0, 2)
        (process,) = network.processes
        process.terminate()
        assert process.wait() == 0
    return process


@pytest.fixture
def home(lived: NodeProcess, tmp_path: Path) -> Home:
    """A copy of that home, to be broken."""
    return Home(shutil.copytree(lived.node.home, tmp_path / "home"))


def hashes_of(home: Home) -> dict[str, str]:
    """Every file but those of LevelDB, which settles its own log whenever it is opened."""
    files = [path for path in home.path.rglob("*") if path.is_file() and "store" not in path.parts]
    return {str(path.relative_to(home.path)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_whole_home_is_fine_and_left_as_it_is(terminal: Terminal, home: Home) -> None:
    before = hashes_of(home)
    said = terminal.succeed("doctor", "--home", home.path, "--deep")
    assert "WRONG" not in said and hashes_of(home) == before
    for part in (
        "configuration",
        "genesis",
        "node key",
        "validator key",
        "signer's record",
        "validators",
        "log",
    ):
        assert f"ok     {part}" in said, said
    assert "blocks and" in said and "rows are whole" in said


def test_a_home_before_its_first_start(terminal: Terminal, home: Home) -> None:
    shutil.rmtree(home.path / "data" / "store")
    before = hashes_of(home)
    said = terminal.succeed("doctor", "--home", home.path)
    assert "look   ledger           none yet" in said and hashes_of(home) == before
    assert not (home.path / "data" / "store").exists()


def test_no_home_at_all(terminal: Terminal, tmp_path: Path) -> None:
    ran = terminal.run("doctor", "--home", tmp_path / "nothing")
    assert ran.code == 1 and "terang init" in ran.out
    assert not (tmp_path / "nothing").exists()


def test_the_home_of_a_node_that_runs(terminal: Terminal, lived: NodeProcess) -> None:
    lived.start()
    try:
        lived.wait_until_up()
        said = terminal.succeed("doctor", "--home", lived.node.home)
    finally:
        lived.terminate()
        lived.wait()
    assert "look   ledger           a node runs from this home" in said
    assert "look   p2p" in said and "Address already in use" in said


def flip(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.write_bytes(data)


def flip_store(home: Home) -> None:
    newest = max((home.path / "data" / "store").glob("*.l[do][bg]"), key=lambda path: path.stat().st_size)
    flip(newest, newest.stat().st_size // 2)


DAMAGES: dict[str, tuple[str, str, Callable[[Home], object]]] = {
    "a misspelt key of the configuration": (
        "configuration",
        "monikker",
        lambda home: home.config.write_text('monikker = "PU"\n'),
    ),
    "no genesis document": ("genesis", "No such file", lambda home: home.genesis.unlink()),
    "another network's genesis": (
        "signer's record",
        "expected the record of",
        lambda home: home.genesis.write_text(home.genesis.read_text().replace("terang-test", "terang-best")),
    ),
    "a key that others may read": ("node key", "chmod 600", lambda home: home.node_key.chmod(0o644)),
    "a key of another kind": (
        "validator key",
        "expected a validator key, got a node key",
        lambda home: shutil.copy(home.node_key, home.validator_key),
    ),
    "a key that is gone": ("validator key", "Put the key back", lambda home: home.validator_key.unlink()),
    "a record that is gone": (
        "signer's record",
        "Do not sign with this key",
        lambda home: home.signer_record.unlink(),
    ),
    "a flipped bit in the record": (
        "signer's record",
        "does not check",
        lambda home: flip(home.signer_record, 300),
    ),
    "a record put back from an old copy": (
        "log",
        "the record is an old copy",
        lambda home: home.signer_record.write_bytes(home.signer_record.read_bytes()[:512]),
    ),
    "a flipped bit in the store": ("ledger", "damaged", flip_store),
    "the store's list of tables is gone": (
        "ledger",
        "CURRENT is missing",
        lambda home: (home.path / "data" / "store" / "CURRENT").unlink(),
    ),
    "an address of another machine": (
        "rpc",
        "Set rpc.address",
        lambda home: home.config.write_text(
            home.config.read_text().replace("[rpc]\n", "[rpc]\n").replace('"127.0.0.1"', '"192.0.2.1"')
        ),
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_each_damage_is_named(terminal: Terminal, home: Home, name: str) -> None:
    part, words, damage = DAMAGES[name]
    damage(home)
    ran = terminal.run("doctor", "--home", home.path, "--deep")
    assert ran.code == 1 and "Traceback" not in ran.err
    assert f"WRONG  {part}" in ran.out and words in ran.out, ran.out


def look(now_ms: int) -> Look:
    return Look(now_ms=now_ms, is_deep=False, tell=lambda what, count: None)


def test_a_clock_behind_the_ledger(home: Home) -> None:
    wrong = [one for one in examine(home, look(0)) if one.verdict is Verdict.WRONG]
    assert [one.part for one in wrong] == ["clock"] and "newest block" in wrong[0].found


def test_a_disk_that_is_nearly_full(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(home.path)._replace(free=DISK_FREE_BYTES_MIN - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    wrong = [one for one in examine(home, look(2**43)) if one.verdict is Verdict.WRONG]
    assert [one.part for one in wrong] == ["disk"] and "Free some space" in wrong[0].advice
