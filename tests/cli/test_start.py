"""A node that cannot listen: one message that says which address, why, and what to set; then its ports are free again."""

import socket
from contextlib import closing
from pathlib import Path

import pytest

from cli import testnet
from genesis.document import DEMO_RULES
from node.home import Home
from tests.cli.running import Terminal


@pytest.fixture
def node(tmp_path: Path) -> testnet.TestnetNode:
    """The only node of a network."""
    made = testnet.make_testnet(
        tmp_path / "network",
        validators=1,
        full_nodes=0,
        chain_id="terang-test",
        rules=DEMO_RULES,
        base_port=None,
    )
    return made.nodes[0]


@pytest.mark.parametrize("section", ["p2p", "rpc"])
def test_a_port_in_use(terminal: Terminal, node: testnet.TestnetNode, section: str) -> None:
    ports = {"p2p": node.p2p_port, "rpc": node.rpc_port}
    with closing(socket.create_server(("127.0.0.1", ports.pop(section)))):
        ran = terminal.run("start", "--home", node.home)
    assert ran.code == 1 and "Traceback" not in ran.err
    assert f"{section} address 127.0.0.1:" in ran.err and "Address already in use" in ran.err
    assert f"Stop what listens there, perhaps this node; or set {section}.port" in ran.err
    for other in ports.values():
        socket.create_server(("127.0.0.1", other)).close()


@pytest.mark.parametrize("section", ["p2p", "rpc"])
def test_an_address_that_this_machine_does_not_have(
    terminal: Terminal, node: testnet.TestnetNode, section: str
) -> None:
    path = Home(node.home).config
    before, mark, after = path.read_text().partition(f"[{section}]")
    path.write_text(before + mark + after.replace('"127.0.0.1"', '"192.0.2.1"', 1))
    ran = terminal.run("start", "--home", node.home)
    assert ran.code == 1 and "Traceback" not in ran.err
    assert f"{section} address 192.0.2.1:" in ran.err and f"Set {section}.address" in ran.err
