"""The light client over HTTP: the methods of a node, each answer proven and with what it rests on, or refused in words."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import msgspec
import pytest
import trio

from chain.bundle import encode_bundle
from chain.hashing import Digest
from chain.transaction import TxId
from genesis.audit import ProvenEntry, ProvenTransaction, verify_bundle
from genesis.file import render_genesis
from genesis.founders import anchor_of
from light.follower import Follower, Forked
from light.run import Serving, follow, send_evidence
from light.web import HEADER
from machine.faults import find_told
from rpc import requests
from rpc.audit import collect_entry, collect_transaction
from rpc.client import CallRefused, Client, Unreachable
from rpc.requests import Request
from tests.chain.making import make_transaction
from tests.contracts.ledger import address
from tests.genesis.bundles import GENESIS, PLACE, STORY, lineage, made, words_of
from tests.light.lying import LIES, Clock, LyingNode, following, fork_of
from tests.light.test_reads import backend, change
from tests.portals.making import AnsweringNode

pytestmark = pytest.mark.trio
Answer = TypeVar("Answer")
HEAD = len(STORY) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A light client that serves, and a client of it."""

    follower: Follower
    client: Client
    told: list[str]

    async def call(self, request: Request[Answer]) -> Answer:
        """What it answers."""
        return await self.client.call(request)

    async def get_chain_id(self) -> str:
        """The network that it says it is of."""
        return (await self.call(requests.status())).node_info.network

    async def refusal(self, method: str, /, **params: object) -> str:
        """Why it does not answer."""
        with pytest.raises(CallRefused) as caught:
            await self.call(Request(method=method, params=params, read=lambda result: result))
        return str(caught.value)


@asynccontextmanager
async def serving(path: Path, nodes: Sequence[AnsweringNode]) -> AsyncIterator[Served]:
    """A light client on these nodes, as soon as it trusts a block."""
    with following(path, nodes, anchor_of(GENESIS), Clock(2**41)) as (follower, told):
        where = Serving(host="127.0.0.1", port=0, genesis=render_genesis(GENESIS).encode(), version="0.1.0")
        is_up = trio.Event()
        served: list[str] = []

        def tell(line: str) -> None:
            told.append(line)
            if line.startswith("verified reads at "):
                served.append(line.split()[-1])
                is_up.set()

        async def run() -> None:
            await follow(follower, where, tell=tell, tell_head=lambda _head: None)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(run)
            with trio.fail_after(20):
                await is_up.wait()
            async with Client(served) as client:
                yield Served(follower=follower, client=client, told=told)
            nursery.cancel_scope.cancel()


async def test_answers_are_those_of_an_honest_node(tmp_path: Path) -> None:
    honest = AnsweringNode(backend(), "jujur")
    liar = LyingNode(backend(), "bohong", {})
    award = made().id_of("award")
    asked: tuple[Request[Any], ...] = (
        requests.block(PLACE),
        requests.block_results(PLACE),
        requests.header(PLACE),
        requests.commit(PLACE),
        requests.validators(PLACE),
        requests.consensus_params(PLACE),
        requests.blockchain(PLACE - 2, PLACE),
        requests.committed(PLACE),
        requests.tx(award, prove=True),
        requests.tx_status([award, TxId(Digest(bytes(32)))]),
        requests.state_entry(words_of("tender", "bids", made().life.tender, address("alfa")).key, HEAD - 1, prove=True),
        requests.state_entry(words_of("tender", "bids", made().life.tender, address("nobody")).key, HEAD - 1, prove=True),
    )  # fmt: skip
    async with serving(tmp_path, [liar, honest]) as served:
        liar.lies = {
            "block": change("block", "data", "txs", value=lambda txs: txs[::-1]),
            "committed": change("transactions", value=[]),
            "consensus_params": change("consensus_params", "terang", "window_ms", value="10001"),
            "abci_query": change("response", "proofOps", value=None),
            "tx_status": change("statuses", 0, "height", value=3),
            "commit": LIES["unknown signers"],
        }
        for request in asked:
            expected = await honest.call(request)
            found = await served.call(request)
            if request.method == "blockchain":
                expected = msgspec.structs.replace(expected, last_height=str(HEAD - 1))
            assert found == expected, request.method
        assert any(line.startswith("bohong is left out: ") for line in served.told)


async def test_it_tells_what_it_stands_on(tmp_path: Path) -> None:
    async with serving(tmp_path, [AnsweringNode(backend(), "jujur")]) as served:
        status = await served.call(requests.status())
        assert status.sync_info.latest_block_height == str(HEAD - 1)
        assert status.state_root == made().chain[-1].block.header.state_root.hex().upper()
        assert status.node_info.network == GENESIS.chain_id and status.validator_info.voting_power == "0"
        assert not status.sync_info.catching_up
        assert status.node_info.other.rpc_address == served.client.address.replace("http", "tcp")
        genesis = await served.call(requests.genesis())
        assert genesis["chain_id"] == GENESIS.chain_id
        served.follower.doubt = "two histories"
        assert "while nodes contradict each other: two histories" in await served.refusal(
            "header", height="3"
        )
        served.follower.doubt = ""
        async with httpx2.AsyncClient() as http:
            answer = await http.get(f"{served.client.address}/header?height={PLACE}")
            head = made().chain[-1]
            assert answer.headers[HEADER] == f"{HEAD}/{head.certificate.block_id.hex().upper()}"
            with pytest.raises(Unreachable):
                async with served.client.subscribe("tm.event='NewBlock'"):
                    raise AssertionError("it tells no events")
            assert (await http.get(f"{served.client.address}/metrics")).status_code == 404
            assert (await http.get(f"{served.client.address}/documents/{'00' * 32}")).status_code == 404
        assert (await served.call(requests.net_info())).n_peers == "0"
        assert (await served.call(requests.num_unconfirmed_txs())).total == "0"


async def test_what_cannot_be_proven_is_refused_in_words(tmp_path: Path) -> None:
    async with serving(tmp_path, [AnsweringNode(backend(), "jujur")]) as served:
        refused = {
            "a view's answer is computed": await served.refusal("query", contract="tender", method="stage"),
            "views are of the present state": await served.refusal(
                "abci_query", path="/tender/stage", height="3"
            ),
            "search lacks nothing": await served.refusal("tx_search", query="tender.Awarded.tender EXISTS"),
            "list of contracts": await served.refusal("contracts"),
            "a node's own reading of the code": await served.refusal("abi", contract="tender"),
            "is computed and has no proof": await served.refusal("check_tx", tx="AA=="),
            "not decided cannot be proven": await served.refusal("consensus_state"),
            "must be less than or equal": await served.refusal("block", height=str(HEAD)),
            "the state of heights 1 to 8 is proven here": await served.refusal(
                "abci_query", path="/store", data="00", height=str(HEAD)
            ),
            "not found": await served.refusal("tx", hash="00" * 32),
            "no node shows it": await served.refusal("header_by_hash", hash="00" * 32),
        }
        for words, said in refused.items():
            assert words in said


async def test_bundles_are_collected_through_it(tmp_path: Path) -> None:
    """What `terang audit` does with a node, it does with a light client."""
    async with serving(tmp_path, [AnsweringNode(backend(), "jujur")]) as served:
        bundle = await collect_transaction(served, lineage(), made().id_of("award"))
        assert isinstance(verify_bundle(encode_bundle(bundle), GENESIS).record, ProvenTransaction)
        words = words_of("tender", "bids", made().life.tender, address("nobody"))
        entry = await collect_entry(served, lineage(), words, None)
        record = verify_bundle(encode_bundle(entry), GENESIS).record
        assert isinstance(record, ProvenEntry) and record.value is None


async def test_transactions_are_handed_on(tmp_path: Path) -> None:
    node = AnsweringNode(backend(), "jujur")
    async with serving(tmp_path, [node]) as served:
        raw = make_transaction(1)
        (admitted,) = await served.call(requests.broadcast_txs([raw]))
        assert admitted.code == 0 and node.backend.pool == [raw]


async def test_a_fork_ends_it_and_its_evidence_is_told(tmp_path: Path) -> None:
    liar = AnsweringNode(backend(), "kembar")
    with pytest.raises(BaseExceptionGroup) as caught:
        async with serving(tmp_path, [AnsweringNode(backend(), "jujur"), liar]) as served:
            liar.backend = fork_of(made(), HEAD, "c")
            with trio.fail_after(20):
                await served.follower.forked.wait()
            await trio.sleep_forever()
    forked = find_told(caught.value, (Forked,))
    assert isinstance(forked, Forked) and len(forked.fork.evidence) == 3
    told: list[str] = []
    gone = AnsweringNode(made(), "pergi")
    gone.is_gone = True
    assert await send_evidence([gone], forked.fork.evidence, told.append) == 0
    assert await send_evidence([gone], (), told.append) == 0
    assert told == ["pergi does not take the evidence: nobody answers here"]
