"""`terang audit` on a real network whose validators changed, and `terang verify` when all its nodes are gone."""

import html
import re
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from cli.testnet import OPERATORS
from genesis.audit import ProvenEntry, verify_bundle
from genesis.file import read_genesis
from node.home import Home
from rpc import requests
from rpc.answers import TxAnswer
from rpc.client import SyncClient
from tests.cli.running import Terminal
from tests.network.running import Running, make_registration, running_network, running_portal
from tests.network.test_auditor import change_power


def find(network: Running, event: str) -> tuple[TxAnswer, dict[str, str]]:
    """The first transaction with such an event, and the event's fields."""
    with SyncClient(network.testnet.rpc_addresses) as client:
        found = client.call(requests.tx_search(f"{event}.tender EXISTS")).txs[0]
    told = next(one for one in found.tx_result.events if one.type == event)
    return found, {one.key: one.value for one in told.attributes}


def fetch(address: str) -> tuple[int, bytes]:
    """What an address answers."""
    try:
        with urlopen(address) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, error.read()


def fetch_offered(portal: str, paths: list[str]) -> dict[str, bytes]:
    """The proofs of entries that these pages offer as files, by what they are said to be."""
    found: dict[str, bytes] = {}
    for path in paths:
        status, page = fetch(f"{portal}/en{path}")
        assert status == 200
        for place, shown in re.findall(r'href="(/en/entries/[^"]+)"><code>([^<]+)<', page.decode()):
            status, found[html.unescape(shown)] = fetch(portal + place)
            assert status == 200, place
    return found


def test_a_bid_an_award_and_no_bid_are_proven_without_a_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal(capsys, monkeypatch)
    offered: dict[str, bytes] = {}
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
        with SyncClient(network.testnet.rpc_addresses) as client:
            height = int(client.call(requests.status()).sync_info.latest_block_height) - 2
        past = ("audit", "tender", "plans_count", "--height", height, "--genesis", genesis)
        wanted["past.bundle"] = ()
        assert f"after block {height}" in terminal.succeed(
            *past, "--output", tmp_path / "past.bundle", *nodes
        )
        with running_portal(network.testnet.rpc_addresses, "auditor", "--genesis", str(genesis)) as portal:
            offered = fetch_offered(
                portal, [f"/tenders/{tender.lower()}", f"/suppliers/{bidder}", "/governance"]
            )
            assert fetch(f"{portal}/en/entries/tender/bids/x00/bundle")[0] == 502
            assert fetch(f"{portal}/en/entries/tender/plans_count/-/bundle")[0] == 200
            assert fetch(f"{portal}/en/entries/tender/plans/y/bundle")[0] == 400
        unknown = "00" * 32
        terminal.fail("audit", unknown, "--genesis", genesis, "--output", "x", *nodes)
    document = read_genesis(genesis)
    kinds = {one.split("[")[0] for one in offered}
    assert kinds >= {
        *(f"tender.{one}" for one in ("plans", "tenders", "versions", "bids", "ranking", "winners")),
        *("registry.suppliers", "registry.blacklist", "governance.members"),
    }
    for shown, data in offered.items():
        record = verify_bundle(data, document).record
        assert isinstance(record, ProvenEntry) and shown.startswith(
            f"{record.contract}.{record.storage.name}["
        )
        assert (record.value is None) == (record.storage.name == "blacklist"), shown
    for name in wanted:
        said = terminal.succeed("verify", tmp_path / name, "--genesis", genesis)
        assert "FAILS" not in said and "PROVEN" in said
        assert "the validators hand over: block" in said and "hands over to agency-" in said
        if name.startswith("award"):
            assert "tender.Awarded(" in said
        if name.startswith("absent"):
            assert "there is no such entry" in said
