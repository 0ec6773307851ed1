"""Queries of subscribers, and which events they match."""

from base64 import b64encode
from dataclasses import replace

import pytest

from chain.block import CertifiedBlock
from chain.evidence import encode_evidence
from chain.hashing import sha256
from chain.transaction import compute_transaction_id
from chain.vote import Height
from rpc.errors import RpcError
from rpc.hub import Hub
from rpc.subscriptions import make_events, parse_query
from tests.chain.making import make_transaction
from tests.node.making import make_double
from tests.rpc.memory import OK, MemoryBackend

RAW = make_transaction(1)
HASH = compute_transaction_id(RAW).hex().upper()


def events() -> list[tuple[str, list[str]]]:
    """Kinds of a block's events with the queries, of those below, that match."""
    backend = MemoryBackend()
    backend.commit([RAW])
    found = make_events(backend.chain[0], (OK,), sha256(b""), None)
    return [(event.kind, [text for text in QUERIES if parse_query(text).matches(event)]) for event in found]


QUERIES = [
    "tm.event='NewBlock'",
    "tm.event = 'NewBlockHeader'",
    "tm.event='Tx'",
    f"tm.event='Tx' AND tx.hash='{HASH}'",
    f"tx.hash='{HASH}'  AND  tm.event='Tx'",
    "tm.event='Tx' AND tx.height=1",
    "tm.event='Tx' AND tender.Published.title='Jalan'",
    "tm.event='Tx' AND tender.Published.title='Jembatan'",
    "tm.event='Tx' AND tx.height=2",
]


def test_events_come_in_order_and_match_what_they_should() -> None:
    assert events() == [("NewBlock", QUERIES[:1]), ("NewBlockHeader", QUERIES[1:2]), ("Tx", QUERIES[2:7])]


def test_evidence_in_a_block_is_told() -> None:
    backend = MemoryBackend()
    evidence = make_double(backend.keys[0], 1)
    certified = CertifiedBlock(
        block=replace(backend.commit(), evidence=(evidence,)), certificate=backend.chain[0].certificate
    )
    told = list(make_events(certified, (), sha256(b""), None))
    assert [event.kind for event in told] == ["NewBlock", "NewBlockHeader", "NewEvidence"]
    assert b64encode(encode_evidence(evidence)) in bytes(told[-1].value)
    assert parse_query("tm.event='NewEvidence'").matches(told[-1])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tm.event",
        "tm.event='Vote'",
        "tm.event==",
        "tx.hash='00'",
        "tm.event='Tx' OR tx.height=1",
        "tm.event='Tx' AND",
        "tm.event='Tx' AND tm.event='NewBlock'",
        "tm.event='Tx",
        "tm.event='" + "x" * 600 + "'",
    ],
)
def test_what_is_no_query_of_ours_is_refused(text: str) -> None:
    with pytest.raises(RpcError, match="failed to parse query"):
        parse_query(text)


def test_a_block_that_was_let_go_before_it_was_told_is_passed_over() -> None:
    """A node that catches up may let go of old blocks faster than subscribers hear of them."""
    backend = MemoryBackend()
    for _ in range(3):
        backend.commit([RAW])
    backend.blocks_since = Height(3)
    assert Hub(backend)._load(Height(2)) == []
    assert Hub(backend)._load(Height(3)) != []
