"""`terang audit` on a real network whose validators changed, and `terang verify` when all its nodes are gone."""

from pathlib import Path

import pytest

from cli.testnet import OPERATORS
from node.home import Home
from rpc import requests
from rpc.answers import TxAnswer
from rpc.client import SyncClient
from tests.cli.running import Terminal
from tests.network.running import Running, make_registration, running_network
from tests.network.test_auditor import change_power


def find(network: Running, event: str) -> tuple[TxAnswer, dict[str, str]]:
    """The first transaction with such an event, and the event's fields."""
    with SyncClient(network.testnet.rpc_addresses) as client:
        found = client.call(requests.tx_search(f"{event}.tender EXISTS")).txs[0]
    told = next(one for one in found.tx_result.events if one.type == event)
    return found, {one.key: one.value for one in told.attributes}


def test_a_bid_an_award_and_no_bid_are_proven_without_a_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal(capsys, monkeypatch)
    with running_network(tmp_path, full_nodes=0) as network:
        genesis = Home(network.testnet.nodes[0].home).genesis
        nodes = [part for node in network.testnet.rpc_addresses for part in ("--node", node)]
        change_power(network)
        terminal.succeed("pilot", "--keys", network.testnet.path / OPERATORS, "--tenders", "1", *nodes)
        network.commit(0, [make_registration()])
        award, awarded = find(network, "tender.Awarded")
        tender, bidder = awarded["tender"], awarded["bidder"]
        wanted: dict[str, tuple[str, ...]] = {
            "award.bundle": (award.hash,),
            "award.json": (award.hash,),
            "bid.bundle": ("tender", "bids", tender, bidder),
            "absent.bundle": ("tender", "bids", tender, "00" * 20),
            "rule.json": ("governance", "settings", "standstill_days"),
        }
        for name, words in wanted.items():
            terminal.succeed("audit", *words, "--genesis", genesis, "--output", tmp_path / name, *nodes)
        said = terminal.fail("audit", "tender", "bid", "--genesis", genesis, "--output", "x", *nodes)
        assert "there are plans" in said
        unknown = "00" * 32
        terminal.fail("audit", unknown, "--genesis", genesis, "--output", "x", *nodes)
    for name in wanted:
        said = terminal.succeed("verify", tmp_path / name, "--genesis", genesis)
        assert "FAILS" not in said and "PROVEN" in said
        assert "the validators hand over: block" in said and "hands over to agency-" in said
        if name.startswith("award"):
            assert "tender.Awarded(" in said
        if name.startswith("absent"):
            assert "there is no such entry" in said
