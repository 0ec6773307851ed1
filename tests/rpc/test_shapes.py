"""CometBFT's answers field by field: the names of its v0.38 and how each value is written. What we leave out, or write in
another way, stands in docs/reference/rpc-differences.md; what we add beside these is not its concern."""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator

import pytest

from chain.transaction import compute_transaction_id
from rpc.service import answer_body
from tests.chain.making import make_transaction
from tests.rpc.memory import MemoryBackend
from tests.rpc.test_service import run_on

RAW = make_transaction(1)
HASH = b64encode(compute_transaction_id(RAW)).decode()
NEW = b64encode(make_transaction(2)).decode()

HEADER = """
    version.block number, version.app number, chain_id text, height number, time time, last_block_id.hash HASH,
    last_block_id.parts.total int, last_block_id.parts.hash HASH, last_commit_hash HASH, data_hash HASH, validators_hash HASH,
    next_validators_hash HASH, consensus_hash HASH, app_hash HASH, last_results_hash HASH, evidence_hash HASH,
    proposer_address ADDRESS
"""
COMMIT = """
    height number, round int, block_id.hash HASH, block_id.parts.total int, block_id.parts.hash HASH,
    signatures[].block_id_flag int, signatures[].validator_address ADDRESS|empty, signatures[].timestamp time,
    signatures[].signature base64|null
"""
RESULT = """
    code int, data base64|null, log text|empty, info empty, gas_wanted number, gas_used number, codespace empty|text
"""
EVENTS = "events[].type text, events[].attributes[].key text, events[].attributes[].value text, events[].attributes[].index flag"
NODE = """
    protocol_version.p2p number, protocol_version.block number, protocol_version.app number, id id, listen_addr text,
    network text, version text, channels number, moniker text, other.tx_index text, other.rpc_address text|empty
"""


def under(prefix: str, shape: str) -> str:
    """The fields of a shape below a place."""
    return ",".join(f"{prefix}.{field.strip()}" for field in shape.split(","))


SHAPES: dict[str, tuple[dict[str, object], str]] = {
    "health": ({}, ""),
    "status": (
        {},
        f"""{under("node_info", NODE)}, sync_info.latest_block_hash HASH, sync_info.latest_app_hash HASH,
        sync_info.latest_block_height number, sync_info.latest_block_time time, sync_info.earliest_block_hash HASH,
        sync_info.earliest_app_hash HASH, sync_info.earliest_block_height number, sync_info.earliest_block_time time,
        sync_info.catching_up flag, validator_info.address ADDRESS, validator_info.pub_key.type text,
        validator_info.pub_key.value base64, validator_info.voting_power number""",
    ),
    "net_info": (
        {},
        f"""listening flag, listeners[] text, n_peers number, {under("peers[].node_info", NODE)}, peers[].is_outbound flag,
        peers[].connection_status.Duration number, peers[].connection_status.SendMonitor.Bytes number,
        peers[].connection_status.RecvMonitor.Bytes number, peers[].remote_ip text""",
    ),
    "block": (
        {"height": "2"},
        f"""block_id.hash HASH, block_id.parts.total int, block_id.parts.hash HASH, {under("block.header", HEADER)},
        block.data.txs[] base64, block.evidence.evidence array, {under("block.last_commit", COMMIT)}""",
    ),
    "block_results": (
        {"height": "2"},
        f"""height number, {under("txs_results[]", RESULT)}, {under("txs_results[]", EVENTS)}, finalize_block_events null,
        validator_updates null, consensus_param_updates null, app_hash base64""",
    ),
    "blockchain": (
        {"minHeight": "2", "maxHeight": "2"},
        f"""last_height number, block_metas[].block_id.hash HASH, block_metas[].block_id.parts.total int,
        block_metas[].block_id.parts.hash HASH, block_metas[].block_size number, {under("block_metas[].header", HEADER)},
        block_metas[].num_txs number""",
    ),
    "header": ({"height": "2"}, under("header", HEADER)),
    "commit": (
        {"height": "2"},
        f"{under('signed_header.header', HEADER)}, {under('signed_header.commit', COMMIT)}, canonical flag",
    ),
    "validators": (
        {},
        """block_height number, validators[].address ADDRESS, validators[].pub_key.type text,
        validators[].pub_key.value base64, validators[].voting_power number, validators[].proposer_priority number, count number,
        total number""",
    ),
    "consensus_params": (
        {},
        """block_height number, consensus_params.block.max_bytes number, consensus_params.block.max_gas number,
        consensus_params.evidence.max_age_num_blocks number, consensus_params.evidence.max_age_duration number,
        consensus_params.evidence.max_bytes number, consensus_params.validator.pub_key_types[] text,
        consensus_params.version.app number, consensus_params.abci.vote_extensions_enable_height number""",
    ),
    "consensus_state": (
        {},
        """round_state.height/round/step text, round_state.start_time time, round_state.proposal_block_hash HASH|empty,
        round_state.locked_block_hash HASH|empty, round_state.valid_block_hash HASH|empty,
        round_state.height_vote_set[].round int, round_state.height_vote_set[].prevotes[] text,
        round_state.height_vote_set[].prevotes_bit_array text, round_state.height_vote_set[].precommits[] text,
        round_state.height_vote_set[].precommits_bit_array text, round_state.proposer.address ADDRESS,
        round_state.proposer.index int""",
    ),
    "tx": (
        {"hash": HASH, "prove": True},
        f"""hash HASH, height number, index int, {under("tx_result", RESULT)}, {under("tx_result", EVENTS)}, tx base64,
        proof.root_hash HASH, proof.data base64, proof.proof.total number, proof.proof.index number,
        proof.proof.leaf_hash base64, proof.proof.aunts array""",
    ),
    "broadcast_tx_sync": ({"tx": NEW}, "code int, data empty, log empty, codespace empty, hash HASH"),
    "broadcast_tx_async": ({"tx": NEW}, "code int, data empty, log empty, codespace empty, hash HASH"),
    "broadcast_tx_commit": (
        {"tx": b64encode(b"nothing").decode()},
        f"""{under("check_tx", RESULT)}, check_tx.events array, {under("tx_result", RESULT)}, tx_result.events array, hash HASH,
        height number""",
    ),
    "abci_info": (
        {},
        """response.data text, response.version text, response.app_version number, response.last_block_height number,
        response.last_block_app_hash base64""",
    ),
    "abci_query": (
        {"path": "/store", "data": b"s\x01".hex()},
        """response.code int, response.log text, response.info empty, response.index number, response.key base64,
        response.value base64, response.proofOps null, response.height number, response.codespace empty""",
    ),
    "check_tx": ({"tx": NEW}, f"{RESULT}, {EVENTS}"),
    "unconfirmed_txs": ({}, "n_txs number, total number, total_bytes number, txs array"),
    "num_unconfirmed_txs": ({}, "n_txs number, total number, total_bytes number, txs null"),
}


def is_written(value: object, kind: str) -> bool:
    """Whether a value is written as its kind says."""
    match kind:
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "flag":
            return isinstance(value, bool)
        case "null":
            return value is None
        case "array":
            return value == []
        case "base64":
            return isinstance(value, str) and b64encode(b64decode(value, validate=True)).decode() == value
        case _:
            return isinstance(value, str) and re.fullmatch(PATTERNS[kind], value) is not None


PATTERNS = {
    "text": r".+",
    "empty": r"",
    "number": r"0|-?[1-9][0-9]*|0[0-9]+",
    "HASH": r"[0-9A-F]{64}",
    "ADDRESS": r"[0-9A-F]{40}",
    "id": r"[0-9a-f]{40}",
    "time": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z",
}


def find(value: object, path: str) -> Iterator[object]:
    """The values at a place; of an array its first entry, which has to be there."""
    name, _, rest = path.partition(".")
    assert isinstance(value, dict), f"{path}: expected an object, got {value!r}"
    inner = value[name.removesuffix("[]")]
    if name.endswith("[]"):
        assert isinstance(inner, list) and inner, f"{path}: expected entries, got {inner!r}"
        inner = inner[0]
    if rest:
        yield from find(inner, rest)
    else:
        yield inner


@pytest.mark.parametrize("method", SHAPES)
async def test_an_answer_has_cometbfts_fields_as_cometbft_writes_them(method: str) -> None:
    backend = MemoryBackend()
    backend.commit()
    backend.commit([RAW])
    params, shape = SHAPES[method]
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    answer = json.loads(await answer_body(json.dumps(body).encode(), run_on(backend)) or b"")
    assert list(answer) == ["jsonrpc", "id", "result"], answer
    fields = [field.rsplit(maxsplit=1) for field in shape.replace("\n", " ").split(",") if field.strip()]
    for place, kinds in fields:
        for value in find(answer["result"], place.strip()):
            written = any(is_written(value, kind) for kind in kinds.split("|"))
            assert written, f"{place}: expected {kinds}, got {value!r}"
