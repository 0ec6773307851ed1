"""JSON-RPC 2.0 as the specification has it, where CometBFT deviates too."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec import Struct

import rpc.service
from chain.limits import RPC_BATCH_MAX
from rpc.parameters import Parsed
from rpc.schema import Method
from rpc.service import Run, answer_body, answer_get
from tests.rpc.memory import MemoryBackend

BACKEND = MemoryBackend()
BACKEND.commit()


def run_on(backend: MemoryBackend) -> Run:
    """Runs methods where they stand."""

    async def run(method: Method, given: Mapping[str, Parsed]) -> Struct:
        return method.run(backend, given)

    return run


run = run_on(BACKEND)


async def ask(body: bytes) -> Any:
    """The decoded answer, None for nothing."""
    answer = await answer_body(body, run)
    return None if answer is None else json.loads(answer)


def call(**fields: object) -> bytes:
    """A request's bytes."""
    return json.dumps({"jsonrpc": "2.0", **fields}).encode()


@pytest.mark.parametrize("id_", [1, -3, 1.5, "abc", None])
async def test_the_answer_bears_the_id_of_the_request(id_: object) -> None:
    assert await ask(call(id=id_, method="health")) == {"jsonrpc": "2.0", "id": id_, "result": {}}


@pytest.mark.parametrize(
    ("body", "code", "id_"),
    [
        (b"{", -32700, None),
        (b"\xff", -32700, None),
        (b"[" * 2_000, -32700, None),
        (b"7", -32600, None),
        (b"[]", -32600, None),
        (call(id=1, method=7), -32600, 1),
        (call(id=1), -32600, 1),
        (call(id=True, method="health"), -32600, None),
        (call(id=[], method="health"), -32600, None),
        (call(id=1, method="health", params="x"), -32600, 1),
        (b'{"id": 1, "method": "health"}', -32600, 1),
        (b'{"jsonrpc": "1.0", "id": 1, "method": "health"}', -32600, 1),
        (call(id=1, method="nope"), -32601, 1),
        (call(id=1, method="subscribe", params={"query": "x"}), -32601, 1),
        (call(id=1, method="tx"), -32602, 1),
        (call(id=1, method="health", params=[1]), -32602, 1),
        (call(id=1, method="block", params={"height": "abc"}), -32602, 1),
        (call(id=1, method="block", params={"height": True}), -32602, 1),
        (call(id=1, method="block", params={"height": "9" * 30}), -32602, 1),
        (call(id=1, method="tx", params={"hash": "zz"}), -32602, 1),
        (call(id=1, method="tx", params={"hash": "AAAA"}), -32602, 1),
        (call(id=1, method="tx", params={"hash": "00" * 32, "prove": "yes"}), -32602, 1),
        (call(id=1, method="broadcast_txs", params={"txs": "AA=="}), -32602, 1),
        (call(id=1, method="broadcast_txs", params={"txs": ["AA=="] * 1_001}), -32602, 1),
        (call(id=1, method="block", params={"height": "0"}), -32603, 1),
        (call(id=1, method="block", params={"height": "99"}), -32603, 1),
    ],
)
async def test_what_is_wrong_with_a_request_is_told_by_its_code(body: bytes, code: int, id_: object) -> None:
    answer = await ask(body)
    assert (answer["error"]["code"], answer["id"], "result" in answer) == (code, id_, False)


@pytest.mark.parametrize("body", [call(method="health"), call(method="nope"), call(method="tx")])
async def test_a_notification_gets_no_answer(body: bytes) -> None:
    assert await ask(body) is None


async def test_a_batch_answers_each_request_in_order_and_no_notification() -> None:
    requests = [call(id=1, method="health"), call(method="health"), b"7", call(id=2, method="nope")]
    answers = await ask(b"[" + b",".join(requests) + b"]")
    assert [answer["id"] for answer in answers] == [1, None, 2]
    assert await ask(b"[" + call(method="health") + b"]") is None


async def test_a_batch_beyond_the_bound_is_refused_whole() -> None:
    batch = b"[" + b",".join([call(id=1, method="health")] * (RPC_BATCH_MAX + 1)) + b"]"
    assert (await ask(batch))["error"]["code"] == -32600


async def test_parameters_go_by_name_or_by_position_and_numbers_as_text_or_not() -> None:
    given: list[object] = [{"height": "1"}, {"height": 1}, ["1"], [1], None, {"height": None, "other": 2}]
    answers = [await ask(call(id=1, method="header", params=params)) for params in given]
    assert {answer["result"]["header"]["height"] for answer in answers} == {"1"}


@pytest.mark.parametrize(
    ("name", "query", "is_result"),
    [
        ("block", {"height": "1"}, True),
        ("block", {"height": '"1"'}, True),
        ("block", {}, True),
        ("block", {"height": "abc"}, False),
        ("tx", {"hash": "0x" + "00" * 32}, False),
        ("tx", {"hash": "00"}, False),
        ("tx", {"hash": "0x" + "zz" * 32}, False),
        ("tx", {"hash": "0x" + "00 " * 32}, False),
        ("abci_query", {"path": '"/store"', "data": "0x73 01"}, False),
        ("abci_query", {"path": '"/store"', "data": "0x7301"}, True),
        ("abci_query", {"path": "/store", "data": "0x7301"}, False),
        ("abci_query", {"path": '"/store"', "data": '"key"'}, True),
        ("abci_query", {"path": '"/store"', "data": "key"}, False),
        ("broadcast_tx_sync", {"tx": '"no transaction"'}, True),
        ("broadcast_txs", {"txs": "x"}, False),
        ("validators", {"page": "1", "per_page": "2"}, True),
        ("validators", {"page": "9"}, False),
    ],
)
async def test_a_get_reads_quoted_texts_numbers_and_hexadecimal(
    name: str, query: dict[str, str], is_result: bool
) -> None:
    answer, found = await answer_get(name, query, run)
    document = json.loads(answer)
    assert (document["id"], found, "result" in document) == (-1, is_result, is_result)


async def test_a_batch_whose_answers_grow_too_large_refuses_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpc.service, "RPC_ANSWERS_BYTES_MAX", 100)
    asked = [{"jsonrpc": "2.0", "id": number, "method": "status"} for number in range(3)]
    answer = await ask(json.dumps(asked).encode())
    assert [one["id"] for one in answer] == [0, 1, 2]
    assert ["result" in one for one in answer] == [True, False, False]
    assert "ask in another batch" in answer[1]["error"]["data"]
