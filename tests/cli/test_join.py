"""`terang join`: a home from an invitation, checked before anything is written; and what is refused, with the next step."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from chain.keys import SigningKey, format_address
from chain.pruned import Pruned
from cli.testnet import make_key
from genesis.file import read_genesis
from genesis.joining import Joining, render_join
from machine.faults import WrongLedger
from machine.files import DiskFiles
from machine.keyfile import KeyKind, read_key_info
from node.config import read_config
from node.home import Home
from node.store.keys import HEADERS, HEADERS_SINCE_KEY, encode_height, height_key
from node.store.store import Batch
from node.trusted import ForeignChain, check_contains, read_checkpoint
from tests.chain.making import CHAIN
from tests.cli.running import Terminal
from tests.node.disk import PowerCut
from tests.node.grown import Grown

DAY_MS = 86_400_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def grown(tmp_path: Path) -> Grown:
    """A network with three blocks."""
    found = Grown.found(tmp_path / "network")
    for _ in range(3):
        found.grow([found.make_registration()])
    return found


def write(path: Path, joining: Joining) -> Path:
    path.write_text(render_join(joining))
    return path


def invite(grown: Grown, path: Path, operator: SigningKey | None = None) -> Path:
    return write(path, grown.invite(made_ms=now_ms(), until_ms=now_ms() + DAY_MS, operator=operator))


def test_a_home_is_made_and_what_is_left_to_do_is_said(
    terminal: Terminal, grown: Grown, tmp_path: Path
) -> None:
    file, home = invite(grown, tmp_path / "join.json"), Home(tmp_path / "home")
    told = (
        "--genesis-hash",
        grown.genesis.hash.hex(),
        "--operator",
        format_address(grown.operator().address),
    )
    command = ("join", file, "--home", home.path, "--only-prepare")
    said = terminal.succeed(*command, "--moniker", "BPK", *told)
    node_key = read_key_info(home.node_key).public
    assert f"propose_node BPK 0x{node_key.hex()}" in said and "agency-1, a founder" in said
    assert read_genesis(home.genesis) == grown.genesis
    config = read_config(home.config)
    assert config.moniker == "BPK" and len(config.p2p.persistent_peers) == 4
    checkpoint = read_checkpoint(home, grown.genesis)
    assert checkpoint is not None and checkpoint.block_id == grown.ledger.head.block_id
    assert not home.validator_key.exists()

    assert node_key.hex() in terminal.succeed(*command), "it may be run again, and changes nothing"
    grown.grow()
    other = invite(grown, tmp_path / "other.json")
    assert "did not join by this invitation" in terminal.fail(
        "join", other, "--home", home.path, "--only-prepare"
    )


def test_a_home_of_a_validator_keeps_its_keys(terminal: Terminal, grown: Grown, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    terminal.succeed("init", "--home", home.path, "--moniker", "PU", "--chain-id", grown.genesis.chain_id)
    keys = (home.validator_key.read_bytes(), home.node_key.read_bytes())
    file = invite(grown, tmp_path / "join.json")
    terminal.succeed("join", file, "--home", home.path, "--only-prepare")
    assert (home.validator_key.read_bytes(), home.node_key.read_bytes()) == keys
    assert read_config(home.config).moniker == "PU" and read_config(home.config).p2p.persistent_peers


def test_nothing_is_written_for_what_is_refused(terminal: Terminal, grown: Grown, tmp_path: Path) -> None:
    home, stranger = tmp_path / "home", make_key(tmp_path / "stranger.key", KeyKind.ACCOUNT)
    good = invite(grown, tmp_path / "join.json")
    old = write(tmp_path / "old.json", grown.invite(made_ms=1, until_ms=DAY_MS))
    cut = tmp_path / "cut.json"
    cut.write_bytes(good.read_bytes()[:-2])
    foreign = invite(grown, tmp_path / "stranger.json", stranger)

    def refused(file: Path, *options: str) -> str:
        return terminal.fail("join", file, "--home", home, "--moniker", "BPK", "--only-prepare", *options)

    assert "step form" in refused(cut)
    assert "step time" in refused(old) and "terang invite" in refused(old)
    assert "step signer" in refused(foreign)
    assert "step genesis" in refused(good, "--genesis-hash", "00" * 32)
    assert "64 hexadecimal digits" in refused(good, "--genesis-hash", "00")
    assert "Do not use it" in refused(good, "--operator", format_address(stranger.address))
    assert "No such file" in refused(tmp_path / "nowhere.json")
    assert "--moniker is missing" in terminal.fail("join", good, "--home", home, "--only-prepare")
    assert not home.exists()
    (home / "precious").mkdir(parents=True)
    assert "is not empty" in refused(good)


@pytest.mark.parametrize("is_validator", [False, True])
def test_a_home_that_was_half_made_is_made_whole(
    terminal: Terminal, grown: Grown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_validator: bool
) -> None:
    """At every file: none can start without its invitation, and the same command goes on."""
    file, homes = invite(grown, tmp_path / "join.json"), [Home(tmp_path / f"home {at}") for at in range(3)]
    for at, home in enumerate(homes):
        if is_validator:
            terminal.succeed("init", "--home", home.path, "--moniker", "PU", "--chain-id", CHAIN)
        command = ("join", file, "--home", home.path, "--moniker", "PU", "--only-prepare")
        with monkeypatch.context() as patch:
            patch.setattr("machine.files.DiskFiles.rename", fail_at(at))
            with pytest.raises(PowerCut):
                terminal.succeed(*command)
        assert not home.genesis.exists()
        terminal.succeed(*command)
        assert read_checkpoint(home, read_genesis(home.genesis)) is not None
        assert len(read_config(home.config).p2p.persistent_peers) == 4


def fail_at(at: int) -> Callable[[DiskFiles, Path, Path], None]:
    """Renames so many files and no more; keys are made by other means."""
    left = at

    def rename(files: DiskFiles, source: Path, target: Path) -> None:
        nonlocal left
        if target.parent.name == "config":
            left -= 1
            if left < 0:
                raise PowerCut
        source.replace(target)

    return rename


def test_another_history_is_refused_whoever_signed_it(
    terminal: Terminal, grown: Grown, tmp_path: Path
) -> None:
    """All validators' keys together sign a second history: what old keys can do when those who held them are gone."""
    home = Home(tmp_path / "home")
    file = invite(grown, tmp_path / "join.json")
    terminal.succeed("join", file, "--home", home.path, "--moniker", "BPK", "--only-prepare")
    checkpoint = read_checkpoint(home, grown.genesis)
    other = grown.begin_again(tmp_path / "other")
    check_contains(grown.ledger, checkpoint, home.path)
    other.grow()
    other.grow()
    other.trust(checkpoint)
    with pytest.raises(ForeignChain, match="two histories are signed"):
        other.grow([other.make_registration()])
    assert other.ledger.head.height == 2
    other.trust(None)
    other.grow()
    with pytest.raises(WrongLedger, match="the invitation vouches for"):
        check_contains(other.ledger, checkpoint, home.path)


def test_a_ledger_that_began_with_a_snapshot_far_above_the_invitation_starts(
    terminal: Terminal, grown: Grown, tmp_path: Path
) -> None:
    """Such a ledger has no header of the block that was vouched for: the snapshot was held to it when it came."""
    home = Home(tmp_path / "home")
    file = invite(grown, tmp_path / "join.json")
    terminal.succeed("join", file, "--home", home.path, "--moniker", "BPK", "--only-prepare")
    checkpoint = read_checkpoint(home, grown.genesis)
    assert checkpoint is not None
    grown.grow()
    batch = Batch()
    batch.delete(height_key(HEADERS, checkpoint.height))
    batch.put(HEADERS_SINCE_KEY, encode_height(checkpoint.height + 1))
    grown.store.write(batch, sync=True)
    with pytest.raises(Pruned):
        grown.ledger.header(checkpoint.height)
    check_contains(grown.ledger, checkpoint, home.path)


def test_an_invitation_needs_a_key_a_document_and_addresses(
    terminal: Terminal, grown: Grown, tmp_path: Path
) -> None:
    node = grown.testnet.nodes[0]
    assert "--genesis is missing" in terminal.fail("invite", tmp_path / "new", "--key", node.operator_key)
    genesis = Home(node.home).genesis
    command = ("invite", tmp_path / "new", "--key", node.operator_key, "--genesis", genesis)
    assert "--peer is missing" in terminal.fail(*command)
    assert "there is a file already" in terminal.fail("invite", genesis, "--key", node.operator_key)
