"""Four validators, of which two are lost for good with their keys: the other two go on with a third, with all records."""

from dataclasses import replace
from pathlib import Path

import pytest

from chain.keys import address_of
from cli.heads import get_head
from cli.ports import LOOPBACK, find_free_ports
from cli.processes import Child, Processes
from cli.testnet import OPERATORS
from machine.keyfile import read_key_info
from node.config import read_config, write_config
from node.home import Home
from tests.cli.running import Terminal
from tests.network.running import make_registrations, running_network, wait_until

NEW = "terang-test-2"


def place(homes: dict[str, Home]) -> dict[str, str]:
    """Gives each home ports and the others' addresses; where its RPC is."""
    ports = find_free_ports(2 * len(homes))
    links = {
        name: f"{address_of(read_key_info(home.node_key).public).hex()}@{LOOPBACK}:{port}"
        for (name, home), port in zip(homes.items(), ports[::2], strict=True)
    }
    for home, p2p_port, rpc_port in zip(homes.values(), ports[::2], ports[1::2], strict=True):
        config = read_config(home.config)
        p2p = replace(config.p2p, address=LOOPBACK, port=p2p_port, persistent_peers=tuple(links.values()))
        write_config(home.config, replace(config, p2p=p2p, rpc=replace(config.rpc, port=rpc_port)))
    return {name: f"http://{LOOPBACK}:{port}" for name, port in zip(homes, ports[1::2], strict=True)}


def make_home(terminal: Terminal, home: Home, document: Path, name: str, operator: Path) -> None:
    """An agency's new home, and the agency in the document."""
    terminal.succeed("init", "--home", home.path, "--moniker", name, "--chain-id", NEW)
    node = ("--operator", operator, "--home", home.path)
    terminal.succeed("genesis", "add-validator", document, "--name", name, *node)


def child(name: str, home: Home, address: str) -> Child:
    """A node of the new network."""
    return Child(name, [str(home.path)], home.path / "node.log", lambda: get_head(address).height is not None)


def test_a_network_that_lost_its_quorum_goes_on_with_all_records(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal, document, state = Terminal(capsys, monkeypatch), tmp_path / "new.json", tmp_path / "old.state"
    with running_network(tmp_path, full_nodes=0) as network:
        network.commit(0, make_registrations(20))
        last = network.assert_agreed()
        before = network.testnet.nodes[0]
    old_genesis = Home(before.home).genesis
    keys = {name: network.testnet.path / OPERATORS / f"{name}.key" for name in ("agency-1", "agency-2")}
    keys["agency-5"] = tmp_path / "agency-5.key"
    terminal.succeed("keys", "new", keys["agency-5"])
    terminal.succeed("succession", "draft", document, "--home", before.home, "--chain-id", NEW)
    terminal.succeed("succession", "state", state, "--home", before.home)
    homes = {name: Home(tmp_path / "new" / name) for name in keys}
    for name, home in homes.items():
        make_home(terminal, home, document, name, keys[name])
    for key in keys.values():
        terminal.succeed("succession", "sign", document, "--key", key)
    for home in homes.values():
        said = terminal.succeed(
            "succession",
            "begin",
            document,
            "--old-genesis",
            old_genesis,
            "--state",
            state,
            "--home",
            home.path,
        )
        assert f"after block   {last}, " in said and "left behind   agency-3, agency-4" in said
    addresses = place(homes)
    with Processes([child(name, home, addresses[name]) for name, home in homes.items()]) as processes:
        processes.start()
        processes.wait_until_up()
        call = ("tx", "call", "governance", "set_time_zone", "480", "--key", keys["agency-5"])
        terminal.succeed(*call, "--node", addresses["agency-2"])

        def are_level() -> bool:
            processes.check()
            heads = [get_head(address) for address in addresses.values()]
            return len({head.state_root for head in heads}) == 1 and all(
                (head.height or 0) >= 2 for head in heads
            )

        wait_until(are_level, "the three agree on new blocks")
        said = terminal.succeed("query", "registry", "supplier_count", "--node", addresses["agency-5"])
        assert "20" in said, "every record of the old network is there"
        said = terminal.succeed("query", "governance", "member_list", "--node", addresses["agency-1"])
        assert "agency-5" in said and "agency-3" not in said
        terminal.succeed("doctor", "--home", homes["agency-1"].path)
