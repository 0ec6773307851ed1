"""Every read is proven under a trusted header: two liars of three are named and passed over, and three are refused."""

from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chain.block import compute_block_id
from chain.hashing import Digest
from chain.parameters import Parameters
from chain.transaction import TxId
from chain.vote import BlockId
from genesis.founders import anchor_of
from light.claims import Conduct
from light.follower import Follower, NotTrusted
from light.reads import Content, NotProven, Reads
from rpc import requests
from rpc.requests import StateEntry
from rpc.values import AdmissionCode, Admitted
from tests.chain.making import make_transaction
from tests.contracts.ledger import address
from tests.genesis.bundles import GENESIS, PLACE, STORY, Audited, made, words_of
from tests.light.lying import Clock, Lie, LyingNode, following
from tests.portals.making import AnsweringNode
from tests.portals.test_lineage import SETS, Changing

pytestmark = pytest.mark.trio
HEAD = len(STORY) - 1
READS: dict[str, Any] = {
    "block": lambda reads: reads.block(PLACE),
    "content": lambda reads: reads.content(PLACE),
    "parameters": lambda reads: reads.parameters(PLACE),
    "present": lambda reads: reads.state_entry(present_key(), HEAD - 1),
    "absent": lambda reads: reads.state_entry(absent_key(), HEAD - 1),
    "find": lambda reads: reads.find(made().id_of("award")),
    "height_of": lambda reads: reads.height_of(
        BlockId(compute_block_id(made().chain[PLACE - 1].block.header))
    ),
    "submit": lambda reads: reads.submit([make_transaction(1)]),
}


def present_key() -> bytes:
    """Where a bid stands."""
    return words_of("tender", "bids", made().life.tender, address("alfa")).key


def absent_key() -> bytes:
    """Where one would stand that nobody made."""
    return words_of("tender", "bids", made().life.tender, address("nobody")).key


@contextmanager
def reading(path: Path, nodes: Sequence[AnsweringNode]) -> Iterator[tuple[Reads, Follower]]:
    """Reads of these nodes, in this order."""
    with following(path, nodes, anchor_of(GENESIS), Clock(2**41)) as (follower, _):
        yield Reads(follower), follower


def backend() -> Audited:
    """A node of the procurement's ledger, with a mempool of its own."""
    found = copy(made())
    found.pool = []
    return found


def change(*path: str | int, value: Any) -> Lie:
    """Puts something in the place of a part, or of what `value` makes of it."""

    def lie(result: Any) -> Any:
        place = result
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value(place[path[-1]]) if callable(value) else value
        return result

    return lie


def flip(text: str) -> str:
    """Base64 of bytes of which one bit is another."""
    data = bytearray(b64decode(text))
    data[len(data) // 2] ^= 1
    return b64encode(data).decode()


def query(key: bytes, height: int = HEAD - 1) -> Lie:
    """The true and proven answer to another question."""

    def lie(result: Any) -> Any:
        request = requests.state_entry(key, height, prove=True)
        document = msgspec.json.decode(AnsweringNode(made(), "").answer(request))
        document["result"]["response"]["height"] = result["response"]["height"]
        return document["result"]

    return lie


CASES: tuple[tuple[str, str, str, Lie], ...] = (
    ("block", "block", "a transaction left out", change("block", "data", "txs", value=lambda txs: txs[1:])),
    (
        "block",
        "block",
        "a transaction twice",
        change("block", "data", "txs", value=lambda txs: [*txs, txs[0]]),
    ),
    ("block", "block", "two in another order", change("block", "data", "txs", value=lambda txs: txs[::-1])),
    ("block", "block", "another byte", change("block", "data", "txs", 0, value=flip)),
    ("block", "block", "evidence", change("block", "evidence", "evidence", value=["AA=="])),
    ("block", "block", "another state root", change("block", "header", "app_hash", value="AB" * 32)),
    ("block", "block", "another height", change("block", "header", "height", value="5")),
    ("block", "block", "another last certificate", change("block", "last_commit", "round", value=3)),
    ("block", "block", "no last certificate", change("block", "last_commit", "height", value="0")),
    (
        "block",
        "block",
        "a signer less",
        change("block", "last_commit", "signatures", value=lambda all_: all_[1:]),
    ),
    ("block", "block", "no block", change("block", value=None)),
    ("content", "committed", "a result left out", change("transactions", value=lambda all_: all_[:-1])),
    ("content", "committed", "another result", change("transactions", 0, "result", value=flip)),
    ("content", "committed", "another id", change("transactions", 0, "hash", value="AB" * 32)),
    ("content", "committed", "nothing", change("transactions", value=[])),
    (
        "parameters",
        "consensus_params",
        "another",
        change("consensus_params", "terang", "window_ms", value="10001"),
    ),
    (
        "parameters",
        "consensus_params",
        "one beyond walls",
        change("consensus_params", "terang", "window_ms", value="1"),
    ),
    ("parameters", "consensus_params", "none", change("consensus_params", value={})),
    (
        "parameters",
        "consensus_params",
        "words",
        change("consensus_params", "terang", "window_ms", value="banyak"),
    ),
    ("present", "abci_query", "another value", change("response", "value", value=flip)),
    ("present", "abci_query", "no value", change("response", "value", value=None)),
    ("present", "abci_query", "no proof", change("response", "proofOps", value=None)),
    ("present", "abci_query", "another height", change("response", "height", value="3")),
    (
        "present",
        "abci_query",
        "an altered proof",
        change("response", "proofOps", "ops", 0, "data", value=flip),
    ),
    (
        "present",
        "abci_query",
        "a proof of another key",
        query(words_of("governance", "settings", "standstill_days").key),
    ),
    ("present", "abci_query", "that there is none", query(absent_key())),
    ("absent", "abci_query", "a value", change("response", "value", value="AAAA")),
    ("absent", "abci_query", "no proof", change("response", "proofOps", value=None)),
    ("absent", "abci_query", "that there is one", query(present_key())),
    ("absent", "abci_query", "the absence of another", query(present_key() + b"x")),
    ("find", "tx_status", "another height", change("statuses", 0, "height", value=5)),
    ("find", "tx_status", "another transaction", change("statuses", 0, "hash", value="AB" * 32)),
    ("find", "tx_status", "two answers", change("statuses", value=lambda all_: all_ * 2)),
    ("find", "committed", "it is not in the block", change("transactions", value=lambda all_: all_[:1])),
    ("height_of", "header_by_hash", "another header", change("header", "height", value="5")),
    ("submit", "broadcast_txs", "another transaction", change("answers", 0, "hash", value="AB" * 32)),
    ("submit", "broadcast_txs", "no answer", change("answers", value=[])),
)
"""What is read, of which method, what is told instead."""


def expected(name: str) -> object:
    """What an honest node's answer comes to."""
    ledger = made()
    certified = ledger.chain[PLACE - 1]
    match name:
        case "block":
            return certified
        case "content":
            return Content(ids=certified.block.compact().transaction_ids, results=ledger.outcomes[PLACE - 1])
        case "parameters":
            return Parameters()
        case "present":
            return ledger.tree.entries[-1][present_key()]
        case "absent":
            return None
        case "find":
            return PLACE, certified.block.compact().transaction_ids.index(ledger.id_of("award"))
        case "height_of":
            return PLACE
        case _:
            return (AdmissionCode.OK,)


def shown(found: Any) -> object:
    """The part of an answer that is compared."""
    if isinstance(found, StateEntry):
        return found.value
    if isinstance(found, tuple) and isinstance(found[0], Admitted):
        return tuple(one.code for one in found)
    return found


@pytest.mark.parametrize("name", READS)
async def test_an_honest_node_is_read(tmp_path: Path, name: str) -> None:
    with reading(tmp_path, [AnsweringNode(backend(), "jujur")]) as (reads, follower):
        await follower.step()
        assert reads.height == HEAD - 1
        for _ in range(1 if name == "submit" else 2):
            assert shown(await READS[name](reads)) == expected(name)
        assert {one.conduct for one in follower.standings} == {Conduct.AGREES}


@pytest.mark.parametrize(
    ("name", "method", "what", "lie"), CASES, ids=[f"{case[0]}: {case[2]}" for case in CASES]
)
async def test_two_liars_are_named_and_the_third_is_read(
    tmp_path: Path, name: str, method: str, what: str, lie: Lie
) -> None:
    liars = [LyingNode(backend(), f"bohong {number}", {method: lie}) for number in (1, 2)]
    honest = AnsweringNode(backend(), "jujur")
    with reading(tmp_path, [*liars, honest]) as (reads, follower):
        await follower.step()
        assert {one.conduct for one in follower.standings} == {Conduct.AGREES}
        assert shown(await READS[name](reads)) == expected(name)
        assert [one.conduct for one in follower.standings] == [Conduct.WRONG, Conduct.WRONG, Conduct.AGREES]
        assert all(one.problem for one in follower.standings[:2]), what


@pytest.mark.parametrize(
    ("name", "method", "what", "lie"), CASES, ids=[f"{case[0]}: {case[2]}" for case in CASES]
)
async def test_three_liars_are_refused(tmp_path: Path, name: str, method: str, what: str, lie: Lie) -> None:
    liars = [LyingNode(backend(), f"bohong {number}", {method: lie}) for number in (1, 2, 3)]
    with reading(tmp_path, liars) as (reads, follower):
        await follower.step()
        if method == "tx_status":
            assert await READS[name](reads) is None
        else:
            with pytest.raises(NotProven, match=r"bohong 1: .*bohong 2: .*bohong 3: "):
                await READS[name](reads)
        assert {one.conduct for one in follower.standings} == {Conduct.WRONG}, what


async def test_what_is_not_trusted_yet_is_refused(tmp_path: Path) -> None:
    with reading(tmp_path, [AnsweringNode(backend(), "jujur")]) as (reads, follower):
        assert reads.height == 0
        with pytest.raises(NotTrusted):
            await reads.block(1)
        await follower.step()
        with pytest.raises(NotTrusted):
            await reads.content(HEAD)
        with pytest.raises(NotTrusted):
            await reads.state_entry(present_key(), HEAD)
        unknown = BlockId(Digest(bytes(32)))
        with pytest.raises(NotProven):
            await reads.height_of(unknown)
        assert await reads.find(TxId(Digest(bytes(32)))) is None


async def test_a_transaction_goes_to_f_and_one_more(tmp_path: Path) -> None:
    nodes = [AnsweringNode(backend(), f"simpul {number}") for number in range(4)]
    nodes[0].is_gone = True
    with reading(tmp_path, nodes) as (reads, follower):
        await follower.step()
        raw = make_transaction(1)
        (admitted,) = await reads.submit([raw])
        assert admitted.code == AdmissionCode.OK
        assert [node.backend.pool for node in nodes] == [[], [raw], [raw], []]
        (refused,) = await reads.submit([b"no transaction"])
        assert refused.code == AdmissionCode.MALFORMED


async def test_a_transaction_that_nobody_takes_is_told(tmp_path: Path) -> None:
    node = AnsweringNode(backend(), "simpul")
    with reading(tmp_path, [node]) as (reads, follower):
        await follower.step()
        node.is_gone = True
        with pytest.raises(NotProven, match="no node takes the transactions"):
            await reads.submit([make_transaction(1)])


VALIDATOR_LIES: dict[str, Lie] = {
    "more power": change("validators", 0, "voting_power", value="11"),
    "a stranger": change("validators", 0, "pub_key", "value", value=b64encode(bytes(range(32))).decode()),
    "one less": change("validators", value=lambda all_: all_[1:]),
    "no power": change("validators", 0, "voting_power", value="0"),
    "others": lambda result: result | {"validators": [], "total": "0"},
}


@pytest.mark.parametrize("what", VALIDATOR_LIES)
async def test_who_decides_next_is_whom_the_head_names(tmp_path: Path, what: str) -> None:
    """The head hands over, and nodes are asked for those who follow."""
    ledger = Changing("aaab")
    liar, honest = LyingNode(ledger, "bohong", {}), AnsweringNode(ledger, "jujur")
    with following(tmp_path, [liar, honest]) as (follower, _):
        await follower.step()
        liar.lies = {"validators": VALIDATOR_LIES[what]}
        assert await Reads(follower).validators(4) == SETS["b"][0]
        assert [one.conduct for one in follower.standings] == [Conduct.WRONG, Conduct.AGREES]
        assert await Reads(follower).validators(3) == SETS["a"][0]
        honest.is_gone = True
        with pytest.raises(NotProven):
            await Reads(follower).validators(4)
