"""Methods on a chain in memory: CometBFT's shapes, and values that are the ledger's own."""

import json
from base64 import b64decode, b64encode
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from chain.block import compute_block_id
from chain.codec import decode, encode
from chain.evidence import DuplicateVote, compute_evidence_hash, encode_evidence
from chain.hashing import sha256
from chain.keys import Signature, format_address
from chain.merkle import InclusionProof, is_included
from chain.result import decode_result
from chain.transaction import compute_transaction_id
from chain.vote import Height
from rpc.errors import RpcError
from rpc.openrpc import make_openrpc
from rpc.schema import METHODS, SUBSCRIPTION_METHODS
from rpc.service import parse_params
from tests.chain.making import make_transaction
from tests.node.making import make_double
from tests.rpc.memory import OK, PROOF, REFUSED, MemoryBackend


@pytest.fixture
def backend() -> MemoryBackend:
    """Three blocks, the second with two transactions of which one was refused."""
    made = MemoryBackend()
    made.commit()
    made.commit([make_transaction(1), make_transaction(2)], [OK, REFUSED])
    made.commit()
    return made


def ask(backend: MemoryBackend, name: str, /, **params: Any) -> Any:
    """A method's result as JSON."""
    found = METHODS[name]
    return json.loads(msgspec.json.encode(found.run(backend, parse_params(found.parameters, params))))


PROMISED = """
health status net_info genesis block block_by_hash block_results blockchain header header_by_hash tx_search
commit validators consensus_params consensus_state tx broadcast_tx_sync broadcast_tx_async
broadcast_tx_commit broadcast_evidence abci_info abci_query check_tx unconfirmed_txs num_unconfirmed_txs subscribe
unsubscribe unsubscribe_all
"""


def test_every_promised_method_stands_in_the_table() -> None:
    assert set(PROMISED.split()) <= {*METHODS, *SUBSCRIPTION_METHODS}
    assert {name for name, method in METHODS.items() if method.is_ours} == {
        "query",
        "contracts",
        "abi",
        "broadcast_txs",
        "tx_status",
        "committed",
        "storage",
        "state_page",
        "state_leaf",
    }


def test_evidence_is_handed_over_and_false_evidence_is_refused(backend: MemoryBackend) -> None:
    good = make_double(backend.keys[0], 1)
    forged = replace(good, second=replace(good.second, signature=Signature(bytes(64))))

    def hand_over(evidence: DuplicateVote) -> Any:
        return ask(backend, "broadcast_evidence", evidence=b64encode(encode_evidence(evidence)).decode())

    assert hand_over(good) == {"hash": compute_evidence_hash(good).hex().upper()}
    assert backend.accused == [good]
    with pytest.raises(RpcError, match="the signature is not by validator"):
        hand_over(forged)
    with pytest.raises(RpcError, match="evidence: "):
        ask(backend, "broadcast_evidence", evidence="AAAA")
    assert backend.accused == [good]


def test_the_state_tree_is_shown_page_by_page(backend: MemoryBackend) -> None:
    key_hash = sha256(b"s\x01").hex()
    assert ask(backend, "state_page", height="3", path="") == {"page": "TA=="}
    assert ask(backend, "state_page", height="3", path="0f00") == {"page": None}
    assert ask(backend, "state_leaf", height="3", hash=key_hash) == {"key": "cwE=", "value": "dmFsdWU="}
    for name, params in (
        ("state_page", {"height": "9", "path": ""}),
        ("state_page", {"height": "3", "path": "10"}),
        ("state_page", {"height": "3", "path": "00" * 65}),
        ("state_leaf", {"height": "3", "hash": "00" * 32}),
        ("state_leaf", {"height": "9", "hash": key_hash}),
    ):
        with pytest.raises(RpcError):
            ask(backend, name, **params)


def test_parameters_tell_how_long_evidence_counts(backend: MemoryBackend) -> None:
    backend.commit()
    told = ask(backend, "consensus_params")["consensus_params"]["evidence"]
    assert told == {
        "max_age_num_blocks": "100000",
        "max_age_duration": str(14 * 24 * 3_600 * 10**9),
        "max_bytes": "8448",
    }


def test_status_tells_who_and_where(backend: MemoryBackend) -> None:
    status = ask(backend, "status")
    assert set(status) == {"node_info", "sync_info", "validator_info", "state_root"}
    assert status["node_info"]["id"] == status["node_info"]["id"].lower()
    assert len(status["node_info"]["id"]) == 40
    assert (status["sync_info"]["latest_block_height"], status["sync_info"]["earliest_block_height"]) == (
        "3",
        "1",
    )
    assert status["validator_info"]["voting_power"] == "10"


@pytest.mark.parametrize("method", ["block", "block_results", "committed"])
def test_what_was_let_go_is_told_with_the_lowest_height_kept(backend: MemoryBackend, method: str) -> None:
    backend.blocks_since = Height(3)
    told = (
        "height 2 is not available, lowest height is 3: earlier blocks are pruned here, ask an archive node"
    )
    with pytest.raises(RpcError, match=told):
        ask(backend, method, height="2")
    assert ask(backend, method, height="3")
    assert ask(backend, "status")["sync_info"]["earliest_block_height"] == "3"


def test_an_unknown_transaction_is_told_with_where_it_was_looked_for(backend: MemoryBackend) -> None:
    known = compute_transaction_id(make_transaction(2)).hex()
    assert ask(backend, "tx_status", hashes=[known])["blocks_since"] == 1
    with pytest.raises(RpcError, match=r"tx \(00+\) not found$"):
        ask(backend, "tx", hash="00" * 32)
    backend.blocks_since = Height(3)
    with pytest.raises(
        RpcError, match="not found in blocks since 3: earlier ones are pruned here, ask an arch"
    ):
        ask(backend, "tx", hash=known)
    told = ask(backend, "tx_status", hashes=[known])
    assert (told["blocks_since"], told["statuses"][0]["state"]) == (3, "unknown")


def test_blocks_that_were_let_go_are_told_by_id_and_in_a_range(backend: MemoryBackend) -> None:
    hash_ = ask(backend, "block", height="2")["block_id"]["hash"]
    backend.blocks_since = Height(3)
    with pytest.raises(RpcError, match="lowest height is 3"):
        ask(backend, "block_by_hash", hash=hash_)
    assert [meta["header"]["height"] for meta in ask(backend, "blockchain")["block_metas"]] == ["3"]
    with pytest.raises(RpcError, match="height 2 is not available, lowest height is 3"):
        ask(backend, "blockchain", minHeight="1", maxHeight="2")


def test_a_header_and_what_decided_it_outlive_their_block(backend: MemoryBackend) -> None:
    methods = ("header", "commit", "validators", "consensus_params")
    before = [ask(backend, method, height="2") for method in methods]
    backend.blocks_since = Height(3)
    assert [ask(backend, method, height="2") for method in methods] == before
    backend.headers_since = Height(3)
    for method in methods:
        with pytest.raises(RpcError, match="height 2 is not available, lowest height is 3: earlier headers"):
            ask(backend, method, height="2")


def test_status_before_the_first_block() -> None:
    sync = ask(MemoryBackend(), "status")["sync_info"]
    assert (sync["latest_block_height"], sync["latest_block_hash"], sync["earliest_block_height"]) == (
        "0",
        "",
        "0",
    )


def test_a_block_is_the_same_by_height_and_by_hash(backend: MemoryBackend) -> None:
    by_height = ask(backend, "block", height="2")
    assert by_height["block"]["header"]["height"] == "2"
    assert len(by_height["block"]["data"]["txs"]) == 2
    hash_ = by_height["block_id"]["hash"]
    assert ask(backend, "block_by_hash", hash=hash_) == by_height
    assert ask(backend, "block_by_hash", hash=b64encode(bytes.fromhex(hash_)).decode()) == by_height
    assert ask(backend, "block_by_hash", hash="00" * 32)["block"] is None
    assert ask(backend, "header_by_hash", hash=hash_)["header"] == by_height["block"]["header"]


def test_a_commit_shows_who_signed(backend: MemoryBackend) -> None:
    signatures = ask(backend, "commit", height="3")["signed_header"]["commit"]["signatures"]
    assert [entry["block_id_flag"] for entry in signatures] == [2, 2, 2, 1]
    assert signatures[0]["validator_address"] == format_address(backend.set.validators[0].address)
    assert signatures[3] == {
        "block_id_flag": 1,
        "validator_address": "",
        "timestamp": "0001-01-01T00:00:00Z",
        "signature": None,
    }


def test_results_carry_the_clause_that_refused(backend: MemoryBackend) -> None:
    fine, refused = ask(backend, "block_results", height="2")["txs_results"]
    assert decode(b64decode(fine["data"]), bytes_max=100) == OK.data
    assert fine["events"][0]["type"] == "tender.Published"
    assert fine["events"][0]["attributes"][1] == {"key": "tender", "value": "AB", "index": True}
    assert (refused["code"], refused["log"], refused["codespace"]) == (1, "clause 2.1: A may not", "terang")
    assert ask(backend, "block_results", height="1")["txs_results"] is None


def test_blockchain_is_newest_first_and_bounded(backend: MemoryBackend) -> None:
    for _ in range(30):
        backend.commit()
    heights = [int(meta["header"]["height"]) for meta in ask(backend, "blockchain")["block_metas"]]
    assert heights == list(range(33, 13, -1))
    some = ask(backend, "blockchain", minHeight="2", maxHeight="4")["block_metas"]
    assert [meta["header"]["height"] for meta in some] == ["4", "3", "2"]
    assert some[2]["num_txs"] == "2"
    with pytest.raises(RpcError, match="can't be greater"):
        ask(backend, "blockchain", minHeight="5", maxHeight="4")


def test_validators_come_in_pages(backend: MemoryBackend) -> None:
    page = ask(backend, "validators", page="2", per_page="3")
    assert (page["count"], page["total"], page["block_height"]) == ("1", "4", "4")
    with pytest.raises(RpcError, match=r"page should be within \[1, 2\] range, given 3"):
        ask(backend, "validators", page="3", per_page="3")


def test_a_transaction_is_proved_under_its_header(backend: MemoryBackend) -> None:
    raw = make_transaction(2)
    id_ = compute_transaction_id(raw)
    found = ask(backend, "tx", hash=id_.hex(), prove=True)
    assert (found["height"], found["index"], b64decode(found["tx"])) == ("2", 1, raw)
    proof = InclusionProof(
        total=int(found["proof"]["proof"]["total"]),
        index=int(found["proof"]["proof"]["index"]),
        leaf_hash=b64decode(found["proof"]["proof"]["leaf_hash"]),  # type: ignore[arg-type]  # bytes are a digest here
        aunts=tuple(b64decode(aunt) for aunt in found["proof"]["proof"]["aunts"]),  # type: ignore[misc]  # the same
    )
    header = backend.chain[1].block.header
    assert is_included(header.transactions_root, proof, id_)
    assert "proof" not in ask(backend, "tx", hash=id_.hex())
    with pytest.raises(RpcError, match="not found"):
        ask(backend, "tx", hash="02" * 32)


def test_what_is_broadcast_waits_and_is_known_the_second_time(backend: MemoryBackend) -> None:
    raw = make_transaction(3)
    text = b64encode(raw).decode()
    answer = ask(backend, "broadcast_tx_sync", tx=text)
    assert (answer["code"], answer["hash"]) == (0, compute_transaction_id(raw).hex().upper())
    with pytest.raises(RpcError, match="tx already exists in cache"):
        ask(backend, "broadcast_tx_async", tx=text)
    assert ask(backend, "num_unconfirmed_txs") == {
        "n_txs": "1",
        "total": "1",
        "total_bytes": str(len(raw)),
        "txs": None,
    }
    assert ask(backend, "unconfirmed_txs", limit="5")["txs"] == [text]


def test_broadcast_commit_answers_with_the_result_or_the_refusal(backend: MemoryBackend) -> None:
    refused = ask(backend, "broadcast_tx_commit", tx=b64encode(b"nothing").decode())
    assert (refused["check_tx"]["code"], refused["height"]) == (101, "0")


def test_many_are_broadcast_and_looked_up_at_once(backend: MemoryBackend) -> None:
    raws = [make_transaction(4), b"nothing", make_transaction(4)]
    answers = ask(backend, "broadcast_txs", txs=[b64encode(raw).decode() for raw in raws])["answers"]
    assert [answer["code"] for answer in answers] == [0, 101, 109]
    known, unknown = compute_transaction_id(make_transaction(2)), compute_transaction_id(raws[0])
    statuses = ask(backend, "tx_status", hashes=[known.hex(), unknown.hex()])["statuses"]
    assert [status["state"] for status in statuses] == ["committed", "unknown"]
    assert decode_result(b64decode(statuses[0]["result"])) == REFUSED


def test_results_of_one_block_are_looked_up_in_any_order(backend: MemoryBackend) -> None:
    first, second = (compute_transaction_id(raw).hex() for raw in backend.chain[1].block.transactions)
    statuses = ask(backend, "tx_status", hashes=[second, first, bytes(32).hex(), second])["statuses"]
    assert [(status["state"], status["height"]) for status in statuses] == [
        ("committed", 2),
        ("committed", 2),
        ("unknown", 0),
        ("committed", 2),
    ]
    results = [decode_result(b64decode(statuses[place]["result"])) for place in (0, 1, 3)]
    assert results == [REFUSED, OK, REFUSED]


def test_committed_gives_exact_results(backend: MemoryBackend) -> None:
    found = ask(backend, "committed", height="2")
    assert [decode_result(b64decode(one["result"])) for one in found["transactions"]] == [OK, REFUSED]
    assert found["block_id"] == compute_block_id(backend.chain[1].block.header).hex().upper()


def test_a_view_is_asked_with_arguments_in_our_encoding(backend: MemoryBackend) -> None:
    arguments = b64encode(encode((b"\x01", 5))).decode()
    found = ask(backend, "query", contract="tender", method="stage", arguments=arguments)
    assert (found["shown"], found["height"]) == (["stage", "01", 5], 3)
    assert decode(b64decode(found["value"]), bytes_max=100) == ("stage", b"\x01", 5)
    with pytest.raises(RpcError, match="there is no contract nope"):
        ask(backend, "query", contract="nope", method="x")
    with pytest.raises(RpcError, match="arguments"):
        ask(backend, "query", contract="tender", method="x", arguments="/w==")


def test_abci_query_reads_state_and_views(backend: MemoryBackend) -> None:
    key = b"s\x01".hex()
    assert b64decode(ask(backend, "abci_query", path="/store", data=key)["response"]["value"]) == b"value"
    assert ask(backend, "abci_query", path="/store", data="")["response"]["log"] == "does not exist"
    with pytest.raises(RpcError, match="hexadecimal"):
        ask(backend, "abci_query", path="/store", data=b64encode(b"s\x01").decode())
    assert ask(backend, "abci_query", path="/tender/stage")["response"]["log"] == "view"
    for params in (
        {"path": "a/b/c"},
        {"path": "/store", "height": "99"},
        {"path": "/tender/stage", "height": "1"},
        {"path": "/tender/stage", "prove": True},
    ):
        with pytest.raises(RpcError):
            ask(backend, "abci_query", **params)


def test_abci_query_gives_a_proof_of_a_height(backend: MemoryBackend) -> None:
    key = b"s\x01"
    response = ask(backend, "abci_query", path="/store", data=key.hex(), height="1", prove=True)["response"]
    (op,) = response["proofOps"]["ops"]
    assert (op["type"], b64decode(op["key"]), b64decode(op["data"])) == ("jmt:v", key, PROOF)
    assert response["height"] == "1"
    assert ask(backend, "abci_query", path="/store", data=key.hex())["response"]["proofOps"] is None


def test_check_tx_executes_for_nothing(backend: MemoryBackend) -> None:
    assert ask(backend, "check_tx", tx=b64encode(make_transaction(9)).decode())["gas_used"] == "4321"
    with pytest.raises(RpcError):
        ask(backend, "check_tx", tx="")


def test_the_rest_answers_in_its_shape(backend: MemoryBackend) -> None:
    state = ask(backend, "consensus_state")["round_state"]
    assert state["height/round/step"] == "4/0/2"
    assert state["height_vote_set"][0]["prevotes_bit_array"] == "BA{4:xx__} 20/40 = 0.50"
    assert state["height_vote_set"][0]["prevotes"] == [
        "Vote{AAAAAAAAAAAA}",
        "Vote{nil}",
        "nil-Vote",
        "nil-Vote",
    ]
    peers = ask(backend, "net_info")
    assert (peers["n_peers"], peers["peers"][0]["connection_status"]["SendMonitor"]) == ("1", {"Bytes": "10"})
    assert ask(backend, "genesis")["genesis"] == {"chain_id": "terang-test"}
    assert ask(backend, "consensus_params")["consensus_params"]["block"]["max_gas"] == "25000000"
    assert ask(backend, "abci_info")["response"]["last_block_height"] == "3"
    assert ask(backend, "contracts")["contracts"][0]["id"] == "tender"


def test_the_openrpc_document_names_every_method_and_type() -> None:
    document = make_openrpc("1")
    assert {method["name"] for method in document["methods"]} == {*METHODS, *SUBSCRIPTION_METHODS}
    for method in document["methods"]:
        reference = method["result"]["schema"]["$ref"]
        assert reference.removeprefix("#/components/schemas/") in document["components"]["schemas"]


def test_transactions_are_found_by_their_events(backend: MemoryBackend) -> None:
    found = ask(backend, "tx_search", query="tender.Published.tender='AB'", prove=True)
    assert found["total_count"] == "1"
    assert found["txs"] == [ask(backend, "tx", hash=found["txs"][0]["hash"], prove=True)]
    ours = ask(backend, "tx_search", query="tender.title EXISTS AND tm.event='Tx'")
    assert [one["height"] for one in ours["txs"]] == ["2"] and "proof" not in ours["txs"][0]
    backend.commit([make_transaction(3)])
    newest = ask(backend, "tx_search", query="tender.tender='AB'", per_page="1", order_by="desc")
    assert newest["total_count"] == "2" and newest["txs"][0]["height"] == "4"
    second = ask(backend, "tx_search", query="tender.tender='AB'", per_page="1", page="2", order_by="desc")
    assert second["txs"][0]["height"] == "2"


def test_pages_by_cursor_stay_as_they_are_while_blocks_come(backend: MemoryBackend) -> None:
    for nonce in range(3, 6):
        backend.commit([make_transaction(nonce)])
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        found = ask(
            backend, "tx_search", query="tender.tender='AB'", per_page="2", order_by="desc", cursor=cursor
        )
        assert found["total_count"] is None and found["index_base_height"] == "1"
        seen += [one["height"] for one in found["txs"]]
        cursor = found["next_cursor"]
        backend.commit([make_transaction(100 + len(seen))])
    assert seen == ["6", "5", "4", "2"]


def test_heights_and_ids_alone_are_a_search(backend: MemoryBackend) -> None:
    of_two = ask(backend, "tx_search", query="tx.height=2")
    assert [one["height"] for one in of_two["txs"]] == ["2"] * len(of_two["txs"]) != []
    assert of_two["index_height"] == "3"
    hash_ = of_two["txs"][0]["hash"]
    assert ask(backend, "tx_search", query=f"tx.hash='{hash_}'")["txs"] == of_two["txs"][:1]
    assert ask(backend, "tx_search", query=f"tx.hash='{hash_}' AND tx.height>2")["txs"] == []
    assert ask(backend, "tx_search", query=f"tx.hash='{hash_}' AND tx.hash='{'0' * 64}'")["txs"] == []


def test_blocks_are_found_by_heights_and_by_events(backend: MemoryBackend) -> None:
    found = ask(backend, "block_search", query="block.height > 1.5", per_page="1", order_by="desc")
    assert found["total_count"] == "2" and found["blocks"] == [ask(backend, "block", height="3")]
    announced = ask(backend, "block_search", query="tender.title CONTAINS 'Jal' AND tm.event='NewBlock'")
    assert announced["blocks"] == [ask(backend, "block", height="2")]


def test_a_search_of_what_is_pruned_says_so(backend: MemoryBackend) -> None:
    backend.blocks_since = Height(3)
    for query in ("tx.height=2", "tx.height>=2", "tx.height<3", "tender.title EXISTS AND tx.height<=2"):
        with pytest.raises(RpcError, match=r"height [12] is not available, lowest height is 3: .* archive"):
            ask(backend, "tx_search", query=query)
    found = ask(backend, "tx_search", query="tender.title EXISTS")
    assert (found["txs"], found["index_base_height"]) == ([], "3"), "and here it says what it is of"


@pytest.mark.parametrize(
    ("heights", "expected"),
    [
        ("=2", ["2"]),
        (">2", ["4"]),
        (">=2", ["2", "4"]),
        ("<4", ["2"]),
        ("<=4", ["2", "4"]),
        (">2 AND tx.height<4", []),
        (f">{2**63 - 1}", []),
    ],
)
def test_a_search_is_narrowed_by_heights(backend: MemoryBackend, heights: str, expected: list[str]) -> None:
    backend.commit([make_transaction(3)])
    found = ask(backend, "tx_search", query=f"tender.tender='AB' AND tx.height{heights}")
    assert [one["height"] for one in found["txs"]] == expected


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"query": " AND ".join(["a.b='1'"] * 9)}, "expected at most 8 conditions of events, got 9"),
        ({"query": "tender='AB'"}, "contract.Event.field or contract.field"),
        ({"query": "tender.a.b.c='AB'"}, "contract.Event.field or contract.field"),
        ({"query": "tender..a='AB'"}, "contract.Event.field or contract.field"),
        ({"query": "tender.tender>'5'"}, "a number, TIME or DATE after >"),
        ({"query": "tender.tender CONTAINS 5"}, "a text in quotes after CONTAINS"),
        ({"query": "tender.tender=5x"}, "expected key='value'"),
        ({"query": "tender.tender=TIME 2026"}, "expected TIME 2026-11-24T09:00:00Z"),
        ({"query": "tender.tender=DATE 2026-13-01"}, "or DATE 2026-11-24"),
        ({"query": "tx.height CONTAINS '5'"}, "an order or EXISTS after tx.height"),
        ({"query": "tx.height < DATE 2026-11-24"}, "a number up to .* after tx.height"),
        ({"query": "tx.hash='AB'"}, "64 hexadecimal digits"),
        ({"query": "tender.tender='AB'", "cursor": "1.2", "page": "1"}, "page or cursor, got both"),
        ({"query": "tender.tender='AB'", "cursor": "1"}, "a next_cursor of an answer"),
        ({"query": "tender.tender='AB'", "cursor": "1.99999"}, "a next_cursor of an answer"),
        ({"query": "tender.tender='AB' AND tx.height='²'"}, "a number up to .* after tx.height"),
        ({"query": f"tender.tender='AB' AND tx.height={2**63}"}, "a number up to .* after tx.height"),
        ({"query": "tender.tender='AB' AND tm.event='NewBlock'"}, "tm.event='Tx' and no other"),
        ({"query": "tender.tender='AB' OR"}, "expected AND"),
        ({"query": "tender.tender='AB'", "order_by": "up"}, "order_by"),
        ({"query": "tender.tender='AB'", "page": "0"}, "page should be at least 1, given 0"),
    ],
)
def test_a_search_that_is_not_understood_is_refused(
    backend: MemoryBackend, params: dict[str, str], words: str
) -> None:
    with pytest.raises(RpcError, match=words):
        ask(backend, "tx_search", **params)
