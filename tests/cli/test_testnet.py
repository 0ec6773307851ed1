"""A whole network in one directory: the same document everywhere, everybody a peer of everybody, records at 0."""

import stat
from pathlib import Path

import pytest

from chain.keys import address_of
from cli import testnet
from genesis.ceremony import check_genesis
from genesis.document import DEMO_RULES
from genesis.file import read_genesis
from machine.files import DiskFiles
from machine.keyfile import KeyKind, read_key
from node.config import read_config
from node.home import Home
from node.signer_record import SignerRecord
from tests.cli.running import Terminal


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> testnet.Testnet:
    """Two validators and a full node."""
    return testnet.make_testnet(
        tmp_path_factory.mktemp("net"),
        validators=2,
        full_nodes=1,
        chain_id="terang-cli",
        rules=DEMO_RULES,
        base_port=None,
    )


def test_all_nodes_have_one_document_that_can_found_a_network(made: testnet.Testnet) -> None:
    documents = [read_genesis(Home(node.home).genesis) for node in made.nodes]
    assert len({document.hash for document in documents}) == 1
    assert check_genesis(documents[0]).foreign_contracts == ()
    assert [member.name for member in documents[0].members] == ["agency-1", "agency-2"]
    assert [node.name for node in documents[0].full_nodes] == ["auditor-1"]
    assert documents[0].rules == DEMO_RULES


def test_every_node_names_all_others_as_peers(made: testnet.Testnet) -> None:
    for node in made.nodes:
        config = read_config(Home(node.home).config)
        others = {other.link_address for other in made.nodes if other is not node}
        assert set(config.p2p.persistent_peers) == others
        assert (config.moniker, config.p2p.port, config.rpc.port) == (node.name, node.p2p_port, node.rpc_port)
    ports = [port for node in made.nodes for port in (node.p2p_port, node.rpc_port)]
    assert len(set(ports)) == 6


def test_keys_are_the_owners_alone_and_fit_the_document(made: testnet.Testnet) -> None:
    members = {member.name: member for member in read_genesis(Home(made.nodes[0].home).genesis).members}
    for node in made.nodes[:2]:
        home = Home(node.home)
        assert node.operator_key is not None
        operator = read_key(node.operator_key, KeyKind.ACCOUNT, None)
        assert members[node.name].operator == operator.address == made.operators[node.name].address
        assert members[node.name].node_key == read_key(home.node_key, KeyKind.NODE, None).public
        validator = read_key(home.validator_key, KeyKind.VALIDATOR, None)
        assert members[node.name].consensus_key == validator.public
        assert stat.S_IMODE(node.operator_key.stat().st_mode) == 0o600


def test_each_validator_has_a_record_in_which_nothing_was_signed(made: testnet.Testnet) -> None:
    for node in made.nodes[:2]:
        assert node.consensus_key is not None
        path = Home(node.home).signer_record
        record = SignerRecord(path, address_of(node.consensus_key), made.chain_id, DiskFiles())
        assert (record.floor, record.last) == (0, None)
        record.close()
    assert not Home(made.nodes[2].home).signer_record.exists()
    assert not Home(made.nodes[2].home).validator_key.exists()


def test_the_command_tells_how_to_start(terminal: Terminal, tmp_path: Path) -> None:
    output = tmp_path / "net"
    shown = terminal.succeed(
        "testnet", "--validators", 1, "--full-nodes", 0, "--output", output, "--base-port", 21500
    )
    assert f"terang start --home {output}/agency-1" in shown
    assert read_config(Home(output / "agency-1").config).rpc.port == 21501


def test_a_directory_in_use_is_refused(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    assert "is not empty. Give a new directory" in terminal.fail("testnet", "--output", tmp_path)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--validators", 0), "--validators: expected 1 to 128, got 0"),
        (("--full-nodes", 65), "--full-nodes: expected 0 to 64, got 65"),
        (("--base-port", 65_500), "5 nodes would use ports 65500 to 65541"),
        (("--chain-id", "x" * 51), "chain id: expected 1 to 50 bytes, got 51"),
        (("--rules", "none"), "'none' is not one of"),
    ],
)
def test_numbers_out_of_range_are_refused(
    terminal: Terminal, tmp_path: Path, arguments: tuple[object, ...], words: str
) -> None:
    assert words in terminal.fail("testnet", "--output", tmp_path / "net", *arguments)
    assert not (tmp_path / "net").exists()
