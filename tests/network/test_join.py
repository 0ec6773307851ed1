"""A full node joins a running network by an invitation, in one command, and goes on after it was killed."""

from dataclasses import replace
from pathlib import Path

import pytest

from cli.heads import get_head
from cli.ports import LOOPBACK, find_free_ports
from cli.processes import Child
from machine.keyfile import read_key_info
from node.config import read_config, write_config
from node.home import Home
from tests.cli.running import Terminal
from tests.network.running import Running, make_call, make_registrations, running_network, wait_until


def admit(network: Running, name: str, node_key: bytes) -> None:
    """The members let a full node in."""
    operators = [node.operator for node in network.testnet.nodes if node.operator is not None]
    network.commit(0, [make_call(operators[0], "governance", "propose_node", name, node_key)])
    network.commit(0, [make_call(one, "governance", "vote", 1, True) for one in operators[1:3]])


def prepare(terminal: Terminal, invitation: Path, home: Home, *options: str) -> int:
    """Makes the home, with ports that are free; the port of its RPC."""
    terminal.succeed("join", invitation, "--home", home.path, "--only-prepare", *options)
    p2p_port, rpc_port = find_free_ports(2)
    config = read_config(home.config)
    links = replace(config.p2p, address=LOOPBACK, port=p2p_port)
    write_config(home.config, replace(config, p2p=links, rpc=replace(config.rpc, port=rpc_port)))
    return rpc_port


def joiner(invitation: Path, home: Home, address: str, *options: str) -> Child:
    """`terang join` in a process of its own."""
    arguments = ["--", "join", str(invitation), "--home", str(home.path), *options]
    return Child("joiner", arguments, home.path / "node.log", lambda: get_head(address).height is not None)


def test_a_node_joins_by_an_invitation_and_goes_on_after_a_kill(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal, home, invitation = Terminal(capsys, monkeypatch), Home(tmp_path / "bpk"), tmp_path / "join.json"
    with running_network(tmp_path, full_nodes=0) as network:
        network.commit(0, make_registrations(20))
        member = network.testnet.nodes[0]
        terminal.succeed(
            "invite", invitation, "--home", member.home, "--key", member.operator_key, "--node", member.rpc_address,
            "--peer", member.link_address, "--peer", network.testnet.nodes[1].link_address,
        )  # fmt: skip
        address = f"http://{LOOPBACK}:{prepare(terminal, invitation, home, '--moniker', 'BPK')}"
        admit(network, "BPK", read_key_info(home.node_key).public)
        child = joiner(invitation, home, address)

        def is_level() -> bool:
            child.check()
            return get_head(address).height == network.height(0)

        try:
            child.start()
            wait_until(is_level, "the new node is level")
            child.kill()
            network.commit(0, make_registrations(3))
            child.start()
            wait_until(is_level, "it goes on after kill -9")
            assert get_head(address).state_root == get_head(member.rpc_address).state_root
        finally:
            child.kill()
