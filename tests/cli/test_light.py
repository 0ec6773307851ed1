"""`terang light --once` over HTTP: what is trusted, who lies, and exit codes for whoever runs it from a script."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

import cli.light
from genesis.file import write_genesis
from genesis.joining import render_join
from light.fork_file import parse_fork
from machine.faults import Unusable
from rpc.run import RpcThread
from rpc.server import make_app
from tests.cli.running import Terminal
from tests.genesis.bundles import GENESIS, STORY, made, make_genesis
from tests.genesis.test_joining import sign
from tests.light.lying import LIES, fork_of
from tests.light.proxying import lying_proxy
from tests.light.test_reads import backend
from tests.rpc.memory import MemoryBackend

HEAD = len(STORY) - 1


@contextmanager
def running(ledger: MemoryBackend) -> Iterator[str]:
    """A node over HTTP."""
    thread = RpcThread(make_app(ledger), "127.0.0.1", 0)
    thread.start()
    try:
        yield f"http://127.0.0.1:{thread.port}"
    finally:
        thread.stop()


@pytest.fixture
def genesis(tmp_path: Path) -> Path:
    """The network's."""
    write_genesis(tmp_path / "genesis.json", GENESIS)
    return tmp_path / "genesis.json"


def test_the_trusted_head_is_told(terminal: Terminal, tmp_path: Path, genesis: Path) -> None:
    id_ = made().chain[-1].certificate.block_id.hex().upper()
    with running(backend()) as node:
        arguments = ("light", "--once", "--genesis", genesis, "--home", tmp_path / "light", "--node", node)
        said = terminal.succeed(*arguments)
        assert f"block {HEAD}  1970-01-01T00:00:09.000Z  {id_}  1 of 1 nodes agree" in said
        assert f"goes on from block {HEAD}" in terminal.succeed(*arguments)


def test_two_liars_of_three_are_named(terminal: Terminal, tmp_path: Path, genesis: Path) -> None:
    with (
        running(backend()) as node,
        lying_proxy(node, {"commit": LIES["one signer in every place"]}) as one,
        lying_proxy(node, {"commit": LIES["signed by strangers, who name themselves"]}) as other,
    ):
        common = ("light", "--once", "--genesis", genesis, "--home", tmp_path / "light")
        ran = terminal.run(*common, "--node", one, "--node", other, "--node", node)
        assert ran.code == 1
        assert f"block {HEAD} " in ran.out and "1 of 3 nodes agree" in ran.out
        assert f"{one} is left out: " in ran.out and f"{other} is left out: " in ran.out
        ran = terminal.run(*common, "--home", tmp_path / "other", "--node", one, "--node", other)
        assert (
            ran.code == 2
            and "no node shows a block that holds" in ran.err
            and "block " not in ran.out.split("is left")[0]
        )


def test_a_fork_is_written_down_and_nothing_is_trusted_from_then_on(
    terminal: Terminal, tmp_path: Path, genesis: Path
) -> None:
    home = tmp_path / "light"
    with running(backend()) as node, running(fork_of(made(), HEAD, "c")) as other:
        common = ("light", "--once", "--genesis", genesis, "--home", home)
        ran = terminal.run(*common, "--node", node, "--node", other)
        assert ran.code == 3
        assert f"FORK: two blocks of height {HEAD} are signed by more than two thirds" in ran.out
        assert "signed both: v21, v21, v21 (power 30 of 40)" in ran.out
        assert "does not take the evidence" in ran.out
        fork = parse_fork((home / "fork.json").read_bytes())
        assert fork.height == HEAD and len(fork.evidence) == 3
        assert "was decided twice, and nothing here is trusted" in terminal.fail(*common, "--node", node)


def test_a_full_disk_keeps_no_evidence_of_a_fork_from_the_nodes(
    terminal: Terminal, tmp_path: Path, genesis: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_files: object, path: Path, _data: bytes) -> None:
        raise Unusable(path, "No space left on device", "Make room")

    monkeypatch.setattr(cli.light, "replace_file", fail)
    with running(backend()) as node, running(fork_of(made(), HEAD, "c")) as other:
        ran = terminal.run(
            "light",
            "--once",
            "--genesis",
            genesis,
            "--home",
            tmp_path / "light",
            "--node",
            node,
            "--node",
            other,
        )
    assert ran.code == 2 and "No space left on device" in ran.err
    assert "FORK: " in ran.out and ran.out.count("does not take the evidence") == 2, "each node was given it"


def test_trust_may_begin_with_an_invitation(terminal: Terminal, tmp_path: Path) -> None:
    """For a new home it has to be young; a home that began by it goes on."""
    invited = tmp_path / "invitation.json"
    now_ms = time.time_ns() // 1_000_000
    invited.write_text(render_join(sign(made_ms=now_ms - 2, until_ms=now_ms + 600_000)))
    ledger = backend()
    ledger.chain, ledger.outcomes = list(ledger.chain), list(ledger.outcomes)
    with running(ledger) as node:
        common = ("light", "--once", "--home", tmp_path / "light", "--node", node, "--invitation")
        ran = terminal.run(*common, invited)
        assert (
            ran.code == 2 and f"its newest block is {HEAD}, and trust begins at block {HEAD + 1}" in ran.err
        )
        assert "is silent" in ran.out and f"barat vouches for block {HEAD}, " in ran.out
        ledger.commit(state_root=ledger.root)
        assert f"block {HEAD + 1} " in terminal.succeed(*common, invited)
        invited.write_text(render_join(sign()))
        assert f"goes on from block {HEAD + 1}" in terminal.succeed(*common, invited)
        assert "step time" in terminal.fail(*common, invited, "--home", tmp_path / "new")


def test_trust_has_to_begin_somewhere(terminal: Terminal, tmp_path: Path, genesis: Path) -> None:
    home = ("--home", tmp_path / "light")
    assert "trust has to begin somewhere" in terminal.fail("light", *home)
    both = ("--genesis", genesis, "--invitation", genesis)
    assert "trust has to begin somewhere" in terminal.fail("light", *home, *both)
    with running(backend()) as node:
        terminal.succeed("light", "--once", "--genesis", genesis, *home, "--node", node)
        write_genesis(tmp_path / "other.json", make_genesis((10, 10, 10, 11)))
        said = terminal.fail("light", "--once", "--genesis", tmp_path / "other.json", *home, "--node", node)
        assert "it follows another network" in said


def test_a_port_in_use_is_told(terminal: Terminal, tmp_path: Path, genesis: Path) -> None:
    with running(backend()) as node:
        port = node.rpartition(":")[2]
        home = tmp_path / "light"
        said = terminal.fail("light", "--genesis", genesis, "--home", home, "--node", node, "--port", port)
        assert "Give another one with --port" in said


def test_what_a_liar_says_does_not_write_over_the_terminal(
    terminal: Terminal, tmp_path: Path, genesis: Path
) -> None:
    ledger = backend()
    ledger.info = replace(ledger.info, chain_id="lain")
    loud = lambda result: {"signed_header": "\x1b[2J" + "PROVEN"}  # noqa: E731  # one word
    with running(ledger) as node, lying_proxy(node, {"commit": loud}) as one:
        ran = terminal.run("light", "--once", "--genesis", genesis, "--home", tmp_path / "x", "--node", one)
        assert ran.code == 2 and "\x1b" not in ran.out + ran.err
