"""`terang gateway`: a home is made once, for one network, and what cannot be one is refused before anything is written."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chain.keys import format_address
from cli.main import app, run
from cli.testnet import make_testnet
from genesis.document import DEMO_RULES
from genesis.file import parse_genesis, render_genesis
from machine.keyfile import KeyKind, read_key
from node.home import Home
from payments.nodes import compute_fingerprint
from payments.settings import GatewayHome, read_config


@pytest.fixture(scope="module")
def genesis(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The document of a network."""
    network = make_testnet(
        tmp_path_factory.mktemp("net") / "net",
        validators=1,
        full_nodes=0,
        chain_id="terang-uji",
        rules=DEMO_RULES,
        base_port=20_000,
    )
    return Home(network.nodes[0].home).genesis


def test_a_home_is_made_once(tmp_path: Path, genesis: Path) -> None:
    home = GatewayHome(tmp_path / "gateway")
    line = ["gateway", "init", "--home", str(home.path), "--genesis", str(genesis)]
    made = CliRunner().invoke(
        app, [*line, "--node", "127.0.0.1:1", "--node", "http://b:2/", "--holder", "Kas Daerah"]
    )
    assert made.exit_code == 0, made.output
    key = read_key(home.key, KeyKind.ACCOUNT, None)
    assert f"appoint_treasury {format_address(key.address)}" in made.output
    config = read_config(home.config)
    assert config.nodes == ("http://127.0.0.1:1", "http://b:2")
    assert (config.chain_id, config.bank.holder) == ("terang-uji", "Kas Daerah")
    document = json.loads(render_genesis(parse_genesis(genesis.read_text())))
    assert config.genesis == compute_fingerprint(dict(reversed(document.items())))
    assert run(line) == 2
    assert read_key(home.key, KeyKind.ACCOUNT, None) == key


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--bank", "bank"), "bank.url: expected"),
        (("--bic", "terang"), "bank.bic: expected a BIC"),
        (("--account", ""), "bank.account: expected the number of an account"),
        (("--node", "http://a b:1"), "nodes: expected"),
        (("--genesis", "/nowhere/genesis.json"), "/nowhere/genesis.json"),
    ],
)
def test_what_cannot_be_a_gateway_is_refused(
    tmp_path: Path, genesis: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, str], words: str
) -> None:
    line = ["gateway", "init", "--home", str(tmp_path / "gateway"), "--genesis", str(genesis), *more]
    assert run(line) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "gateway").exists()


def test_a_start_without_a_home_says_how_to_make_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["gateway", "start", "--home", str(tmp_path)]) == 2
    assert "Make one with: terang gateway init --home" in capsys.readouterr().err
