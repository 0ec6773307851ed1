"""The real server on a real socket, and our client against it: calls, failover, subscriptions, limits,
metrics.
"""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import pytest
import trio
from prometheus_client.parser import text_string_to_metric_families

from chain.limits import RPC_BODY_BYTES_MAX
from chain.transaction import compute_transaction_id
from chain.vote import Height
from rpc import requests
from rpc.backend import StateAnswer
from rpc.client import CallRefused, Client, SyncClient, Unreachable, normalise_address
from rpc.metrics import render_metrics
from rpc.run import NoAddress, RpcThread
from rpc.server import DiskFaults, make_app
from tests.chain.making import make_transaction
from tests.rpc.memory import OK, MemoryBackend


@dataclass(frozen=True, slots=True)
class Node:
    """A running server and its backend."""

    backend: MemoryBackend
    address: str


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    """One server for all tests of this file; each of them may add blocks."""
    backend = MemoryBackend()
    backend.commit([make_transaction(1)])
    thread = RpcThread(make_app(backend), "127.0.0.1", 0)
    thread.start()
    yield Node(backend, f"127.0.0.1:{thread.port}")
    thread.stop()


def free_address() -> str:
    """An address that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


class BrokenDisk(Exception):
    """What a node's own disk may do to it."""


class BrokenBackend(MemoryBackend):
    """A node whose state cannot be read any more."""

    def state_entry(self, key: bytes, height: Height | None, *, prove: bool) -> StateAnswer:
        raise BrokenDisk("data/store: the store is damaged. Move it away")


def test_a_disk_that_fails_is_told_to_client_and_operator() -> None:
    told: list[tuple[str, str]] = []

    def tell(method: str, fault: Exception) -> str:
        told.append((method, str(fault)))
        return "the store is damaged. Ask another node"

    faults = DiskFaults(kinds=(BrokenDisk,), tell=tell, find_lack=lambda: None)
    thread = RpcThread(make_app(BrokenBackend(), faults), "127.0.0.1", 0)
    thread.start()
    asked = {"jsonrpc": "2.0", "id": 1, "method": "abci_query", "params": {"path": "/store", "data": ""}}
    answer = httpx2.post(f"http://127.0.0.1:{thread.port}", json=asked).json()
    thread.stop()
    assert answer["error"]["data"].endswith("Ask another node")
    assert told == [("abci_query", "data/store: the store is damaged. Move it away")]


def test_what_was_lost_is_not_told_before_it_is_here_again() -> None:
    faults = DiskFaults(
        kinds=(), tell=lambda _, fault: str(fault), find_lack=lambda: "blocks 4 to 7 are lost"
    )
    thread = RpcThread(make_app(MemoryBackend(), faults), "127.0.0.1", 0)
    thread.start()
    answers = [
        httpx2.get(f"http://127.0.0.1:{thread.port}/{method}").json()
        for method in ("blockchain", "committed", "contracts", "status")
    ]
    thread.stop()
    assert [one.get("error", {}).get("data") for one in answers[:3]] == ["blocks 4 to 7 are lost"] * 3
    assert "result" in answers[3]


async def test_typed_calls_answer_in_the_ledgers_types(node: Node) -> None:
    async with Client([node.address]) as client:
        found = await client.call(requests.committed(1))
        assert found.transactions == ((compute_transaction_id(make_transaction(1)), OK),)
        view = await client.call(requests.query("tender", "stage", (b"t",)))
        assert view.value == ("stage", b"t")
        (fate,) = await client.call(requests.tx_status([compute_transaction_id(make_transaction(1))]))
        assert (fate.height, fate.result) == (1, OK)
        (admitted,) = await client.call(requests.broadcast_txs([b"nothing"]))
        assert admitted.code == 101
        assert [contract.id for contract in await client.call(requests.contracts())] == ["tender"]


async def test_every_request_is_answered_in_its_shape(node: Node) -> None:
    id_ = compute_transaction_id(make_transaction(1))
    async with Client([node.address]) as client:
        every: list[requests.Request[Any]] = [
            requests.status(),
            requests.net_info(),
            requests.genesis(),
            requests.block(),
            requests.block(1),
            requests.block_results(1),
            requests.header(1),
            requests.commit(1),
            requests.validators(),
            requests.tx(id_, prove=True),
            requests.num_unconfirmed_txs(),
            requests.check_tx(make_transaction(2)),
        ]
        for request in every:
            assert await client.call(request)


async def test_a_refusal_carries_the_nodes_words(node: Node) -> None:
    async with Client([node.address]) as client:
        with pytest.raises(CallRefused, match="must be less than or equal to the current blockchain height"):
            await client.call(requests.block(999_999))


async def test_another_address_answers_when_the_first_does_not(node: Node) -> None:
    async with Client([free_address(), node.address]) as client:
        assert (await client.call(requests.status())).node_info.moniker == "uji"
        assert client.address == f"http://{node.address}"


async def test_when_nobody_answers_every_address_is_named() -> None:
    addresses = [free_address(), free_address()]
    async with Client(addresses) as client:
        with pytest.raises(Unreachable) as caught:
            await client.call(requests.status())
    assert all(address in str(caught.value) for address in addresses)


def test_the_blocking_client_does_the_same(node: Node) -> None:
    with SyncClient([free_address(), node.address]) as client:
        assert client.call(requests.status()).node_info.network == "terang-test"
        with pytest.raises(CallRefused):
            client.call(requests.block(999_999))


async def test_a_subscriber_hears_of_blocks_and_of_its_transaction(node: Node) -> None:
    raw = make_transaction(50)
    hash_ = compute_transaction_id(raw).hex().upper()
    with trio.fail_after(10):
        async with (
            Client([node.address]) as client,
            client.subscribe("tm.event='NewBlock'") as blocks,
            client.subscribe(f"tm.event='Tx' AND tx.hash='{hash_}'") as transactions,
        ):
            await trio.to_thread.run_sync(node.backend.commit)
            await trio.to_thread.run_sync(node.backend.commit, [raw])
            heights = [
                (await blocks.receive())["data"]["value"]["block"]["header"]["height"] for _ in range(2)
            ]
            assert int(heights[1]) == int(heights[0]) + 1
            event = await transactions.receive()
            assert event["data"]["value"]["TxResult"]["height"] == heights[1]
            assert event["events"]["tx.hash"] == [hash_]


async def test_a_bad_query_is_refused_over_the_websocket(node: Node) -> None:
    with trio.fail_after(10):
        async with Client([node.address]) as client:
            with pytest.raises(CallRefused, match="failed to parse query"):
                async with client.subscribe("tm.event='Nothing'"):
                    pytest.fail("subscribed to nothing")


async def test_gets_posts_and_limits_over_http(node: Node) -> None:
    async with httpx2.AsyncClient(base_url=f"http://{node.address}", trust_env=False) as http:
        assert (await http.get("/health")).json() == {"jsonrpc": "2.0", "id": -1, "result": {}}
        assert (await http.get("/block?height=0")).status_code == 500
        assert (await http.get("/nothing")).status_code == 404
        assert "broadcast_tx_sync" in (await http.get("/")).text
        notified = await http.post("/", content=b'{"jsonrpc": "2.0", "method": "health"}')
        assert (notified.status_code, notified.content) == (204, b"")
        assert (await http.post("/", content=b"")).json()["error"]["code"] == -32600
        assert (await http.post("/", content=b"x" * (RPC_BODY_BYTES_MAX + 1))).status_code == 413
        assert (await http.get("/openrpc.json")).json()["openrpc"] == "1.3.2"


async def test_metrics_bear_cometbfts_names(node: Node) -> None:
    async with httpx2.AsyncClient(base_url=f"http://{node.address}", trust_env=False) as http:
        lines = (await http.get("/metrics")).text.splitlines()
    label = '{chain_id="terang-test"}'
    assert f"cometbft_consensus_validators{label} 4" in lines
    assert f"cometbft_mempool_failed_txs{label} 3" in lines
    assert f"cometbft_p2p_peers{label} 1" in lines
    assert "# TYPE cometbft_consensus_height gauge" in lines


def test_metrics_are_read_by_prometheus_whatever_the_chain_is_called() -> None:
    backend = MemoryBackend()
    backend.commit([make_transaction(1)])
    backend.info = replace(backend.info, chain_id='a"b\\c\nd')
    families = {family.name: family for family in text_string_to_metric_families(render_metrics(backend))}
    (height,) = families["cometbft_consensus_height"].samples
    assert (height.labels, height.value) == ({"chain_id": 'a"b\\c\nd'}, 1)
    assert all(family.samples for family in families.values())


def test_metrics_of_a_node_that_begins_with_a_snapshot_leave_its_block_out() -> None:
    backend = MemoryBackend()
    backend.commit([make_transaction(1)])
    backend.blocks_since = Height(2)
    text = render_metrics(backend)
    assert "cometbft_consensus_height" in text and "cometbft_consensus_num_txs" not in text


def test_a_port_in_use_is_an_error_of_its_own(node: Node) -> None:
    host, _, port = node.address.partition(":")
    with pytest.raises(NoAddress, match=port):
        RpcThread(make_app(node.backend), host, int(port))


def test_a_server_that_never_started_gives_its_port_back(node: Node) -> None:
    bound = RpcThread(make_app(node.backend), "127.0.0.1", 0)
    port = bound.port
    bound.stop()
    with socket.socket() as next_one:
        next_one.bind(("127.0.0.1", port))


@pytest.mark.parametrize("text", ["tcp://h:1", "http://h:1", "h:1", "http://h:1/"])
def test_addresses_are_written_in_several_ways(text: str) -> None:
    assert normalise_address(text) == "http://h:1"


def test_the_websocket_answers_calls_and_keeps_its_subscriptions_apart(node: Node) -> None:
    from websockets.sync.client import connect

    with connect(f"ws://{node.address}/websocket") as plain:

        def ask(method: str, **params: str) -> dict[str, object]:
            plain.send(json.dumps({"jsonrpc": "2.0", "id": 5, "method": method, "params": params}))
            answer = json.loads(plain.recv(timeout=5))
            assert isinstance(answer, dict)
            return answer

        query = "tm.event='NewBlockHeader'"
        assert ask("health")["result"] == {}
        assert ask("unsubscribe_all")["error"]
        assert ask("subscribe", query=query)["result"] == {}
        assert ask("subscribe", query=query)["error"] == {
            "code": -32603,
            "message": "Internal error",
            "data": "already subscribed",
        }
        assert ask("unsubscribe", query=query)["result"] == {}
        assert ask("unsubscribe", query=query)["error"]
