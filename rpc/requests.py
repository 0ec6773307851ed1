"""Requests as values: what to send, and what the answer becomes in the ledger's own types. Sent by either
client of `rpc.client`.

    await client.call(requests.query("tender", "stage", (tender,)))
    sync_client.call(requests.status())
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from chain.codec import Value, decode, encode
from chain.errors import Malformed
from chain.evidence import DuplicateVote, encode_evidence
from chain.hashing import Digest
from chain.ics23 import CommitmentProof
from chain.ics23_codec import decode_proof
from chain.limits import (
    HEIGHT_MAX,
    RESULT_BYTES_MAX,
    RPC_ANSWER_BYTES_MAX,
    RPC_ERROR_CHARACTERS_MAX,
    RPC_HEADER_BYTES_MAX,
    VALIDATORS_MAX,
)
from chain.pruned import PRUNED_HERE
from chain.result import TransactionResult, decode_result
from chain.transaction import TxId
from chain.vote import BlockId, Height
from rpc import answers
from rpc.values import (
    Admitted,
    ContractDescription,
    ContractInfo,
    EnumInfo,
    FieldInfo,
    FieldsInfo,
    MethodInfo,
    ViewAnswer,
)

Answer = TypeVar("Answer")
_ids = count(1)


class BadAnswer(Exception):
    """A node answered something that is no answer to this request."""


class Unreachable(Exception):
    """None of the addresses answered; the message names each with its reason."""


class CallRefused(Exception):
    """The node answered with an error; `code` is JSON-RPC's, the message says what was expected."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class PrunedThere(CallRefused):
    """The node does not keep this any more; another one may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Generic[Answer]):
    """One call: method, parameters by name, how its result is read, and how large an answer may be."""

    method: str
    params: dict[str, Any]
    read: Callable[[Any], Answer]
    answer_bytes_max: int = RPC_ANSWER_BYTES_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """A block as a follower needs it: ids and exact results in their order."""

    height: Height
    time_ms: int
    block_id: BlockId
    state_root: Digest
    transactions: tuple[tuple[TxId, TransactionResult], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """Where a transaction is; height and result are None while it is in no block."""

    id: TxId
    height: Height | None
    result: TransactionResult | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StateEntry:
    """A state entry at a height; None where there is none. The proof, if asked for, is decoded and not verified."""

    value: bytes | None
    height: Height
    proof: CommitmentProof | None


class _Error(Struct, frozen=True):
    code: int
    message: str
    data: str = ""


class _Envelope(Struct, frozen=True):
    id: int | str | None = None
    result: Any = None
    error: _Error | None = None


# --- Requests -----------------------------------------------------------------------------------------------


def status() -> Request[answers.StatusAnswer]:
    """Who the node is and where it stands."""
    return _small("status", answers.StatusAnswer)


def storage() -> Request[answers.StorageAnswer]:
    """What the node keeps of the past, and the room it takes."""
    return _plain("storage", answers.StorageAnswer)


def net_info() -> Request[answers.NetInfoAnswer]:
    """The node's links."""
    return _plain("net_info", answers.NetInfoAnswer)


def genesis() -> Request[dict[str, Any]]:
    """The genesis document."""
    return Request(
        method="genesis",
        params={},
        read=lambda result: msgspec.convert(result, answers.GenesisAnswer).genesis,
    )


def block(height: int | None = None) -> Request[answers.BlockAnswer]:
    """A block; none: the latest."""
    return _plain("block", answers.BlockAnswer, **_height(height))


def block_results(height: int | None = None) -> Request[answers.BlockResultsAnswer]:
    """Results of a block."""
    return _plain("block_results", answers.BlockResultsAnswer, **_height(height))


def blockchain(lowest: int, highest: int) -> Request[answers.BlockchainAnswer]:
    """Headers of a range, the newest first, at most twenty."""
    return _plain("blockchain", answers.BlockchainAnswer, minHeight=str(lowest), maxHeight=str(highest))


def header(height: int | None = None) -> Request[answers.HeaderAnswer]:
    """A header."""
    return _small("header", answers.HeaderAnswer, **_height(height))


def header_by_hash(hash_: Digest) -> Request[answers.HeaderAnswer]:
    """The header of the block with this id."""
    return _small("header_by_hash", answers.HeaderAnswer, hash=hash_.hex())


def consensus_params(height: int | None = None) -> Request[answers.ConsensusParamsAnswer]:
    """The parameters in force at a height."""
    return _small("consensus_params", answers.ConsensusParamsAnswer, **_height(height))


def commit(height: int | None = None) -> Request[answers.CommitAnswer]:
    """A header and its certificate."""
    return _small("commit", answers.CommitAnswer, **_height(height))


def validators(height: int | None = None) -> Request[answers.ValidatorsAnswer]:
    """All validators of a height."""
    return _small("validators", answers.ValidatorsAnswer, per_page=str(VALIDATORS_MAX), **_height(height))


def state_entry(key: bytes, height: int | None = None, *, prove: bool = False) -> Request[StateEntry]:
    """An entry of the contracts' state by its whole key, with its proof under the root in the next height's header."""
    params = {"path": "/store", "data": key.hex(), "prove": prove, **_height(height)}
    return Request(method="abci_query", params=params, read=_read_state_entry)


def tx(id_: TxId, *, prove: bool = False) -> Request[answers.TxAnswer]:
    """A committed transaction."""
    return _plain("tx", answers.TxAnswer, hash=id_.hex(), prove=prove)


def tx_search(
    query: str,
    *,
    prove: bool = False,
    page: int = 1,
    rows: int = 100,
    newest_first: bool = False,
    cursor: str | None = None,
) -> Request[answers.TxSearchAnswer]:
    """Committed transactions by their events, a page of so many: by its number, or after a cursor, "" for the first."""
    order = "desc" if newest_first else "asc"
    params = {"prove": prove, "per_page": str(rows), "order_by": order}
    paging = {"page": str(page)} if cursor is None else {"cursor": cursor}
    return _plain("tx_search", answers.TxSearchAnswer, query=query, **params, **paging)


def num_unconfirmed_txs() -> Request[answers.UnconfirmedAnswer]:
    """How many transactions wait."""
    return _plain("num_unconfirmed_txs", answers.UnconfirmedAnswer)


def check_tx(raw: bytes) -> Request[answers.TxResultJson]:
    """What a transaction would do now."""
    return _plain("check_tx", answers.TxResultJson, tx=_base64(raw))


def broadcast_txs(raws: Sequence[bytes]) -> Request[tuple[Admitted, ...]]:
    """Hands transactions over; what became of each."""
    params = {"txs": [_base64(raw) for raw in raws]}
    return Request(method="broadcast_txs", params=params, read=_read_admitted)


def broadcast_evidence(evidence: DuplicateVote) -> Request[answers.BroadcastEvidenceAnswer]:
    """Hands over evidence against a validator."""
    encoded = _base64(encode_evidence(evidence))
    return _plain("broadcast_evidence", answers.BroadcastEvidenceAnswer, evidence=encoded)


def tx_status(ids: Sequence[TxId]) -> Request[tuple[Fate, ...]]:
    """Where transactions are."""
    return Request(method="tx_status", params={"hashes": [id_.hex() for id_ in ids]}, read=_read_fates)


def committed(height: int | None = None) -> Request[Committed]:
    """A block's ids and exact results."""
    return Request(method="committed", params=_height(height), read=_read_committed)


def query(contract: str, method: str, arguments: Sequence[Value] = ()) -> Request[ViewAnswer]:
    """A view's value."""
    params = {"contract": contract, "method": method, "arguments": _base64(encode(tuple(arguments)))}
    return Request(method="query", params=params, read=_read_view)


def contracts() -> Request[tuple[ContractInfo, ...]]:
    """Deployed contracts."""
    return Request(method="contracts", params={}, read=_read_contracts)


def abi(contract: str) -> Request[ContractDescription]:
    """What a contract takes and gives; `rpc.contracts` reads and writes values by it."""
    return Request(method="abi", params={"contract": contract}, read=_read_abi)


# --- Over the wire ------------------------------------------------------------------------------------------


def encode_request(request: Request[Answer]) -> bytes:
    """The body of a POST."""
    document = {"jsonrpc": "2.0", "id": next(_ids), "method": request.method, "params": request.params}
    return msgspec.json.encode(document)


def decode_answer(request: Request[Answer], body: bytes) -> Answer:
    """The answer to a request.

    Raises:
        CallRefused: the node answered with an error.
        BadAnswer: the body is no answer to this request.
    """
    try:
        envelope = msgspec.json.decode(body, type=_Envelope)
        if envelope.error is not None:
            told = envelope.error.data or envelope.error.message
            kind = PrunedThere if told.endswith(PRUNED_HERE) else CallRefused
            raise kind(envelope.error.code, told[:RPC_ERROR_CHARACTERS_MAX])
        return request.read(envelope.result)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError, Malformed, ValueError) as error:
        raise BadAnswer(f"{request.method}: {error}") from error


def _read_state_entry(result: Any) -> StateEntry:
    found = msgspec.convert(result, answers.AbciQueryAnswer).response
    ops = [] if found.proof_ops is None else found.proof_ops.ops
    return StateEntry(
        value=None if found.value is None else b64decode(found.value),
        height=Height(int(found.height)),
        proof=decode_proof(b64decode(ops[0].data)) if ops else None,
    )


def _plain(method: str, answer: type[Answer], **params: Any) -> Request[Answer]:
    return Request(method=method, params=params, read=lambda result: msgspec.convert(result, answer))


def _small(method: str, answer: type[Answer], **params: Any) -> Request[Answer]:
    """Of one header, so that nobody who is asked at every block can fill this process's memory."""
    return replace(_plain(method, answer, **params), answer_bytes_max=RPC_HEADER_BYTES_MAX)


def _height(height: int | None) -> dict[str, Any]:
    return {} if height is None else {"height": str(height)}


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _read_admitted(result: Any) -> tuple[Admitted, ...]:
    found = msgspec.convert(result, answers.BroadcastTxsAnswer)
    return tuple(
        Admitted(id=TxId(bytes.fromhex(one.hash)), code=one.code, message=one.log) for one in found.answers
    )


def _read_fates(result: Any) -> tuple[Fate, ...]:
    return tuple(_fate(status) for status in msgspec.convert(result, answers.TxStatusAnswer).statuses)


def _fate(status: answers.TxStatus) -> Fate:
    id_ = TxId(bytes.fromhex(status.hash))
    if status.state != "committed":
        return Fate(id=id_, height=None, result=None)
    return Fate(id=id_, height=Height(status.height), result=decode_result(b64decode(status.result)))


def _read_committed(result: Any) -> Committed:
    found = msgspec.convert(result, answers.CommittedAnswer)
    if not 0 <= found.height <= HEIGHT_MAX:
        raise BadAnswer(f"committed: height {found.height}")
    return Committed(
        height=Height(found.height),
        time_ms=found.time_ms,
        block_id=BlockId(Digest(bytes.fromhex(found.block_id))),
        state_root=Digest(bytes.fromhex(found.state_root)),
        transactions=tuple(
            (TxId(bytes.fromhex(one.hash)), decode_result(b64decode(one.result)))
            for one in found.transactions
        ),
    )


def _read_view(result: Any) -> ViewAnswer:
    found = msgspec.convert(result, answers.QueryAnswer)
    value = decode(b64decode(found.value), bytes_max=RESULT_BYTES_MAX)
    return ViewAnswer(value=value, height=Height(found.height))


def _read_contracts(result: Any) -> tuple[ContractInfo, ...]:
    return tuple(
        ContractInfo(id=one.id, code_hash=Digest(bytes.fromhex(one.code_hash)))
        for one in msgspec.convert(result, answers.ContractsAnswer).contracts
    )


def _read_abi(result: Any) -> ContractDescription:
    found = msgspec.convert(result, answers.AbiAnswer)
    return ContractDescription(
        id=found.id,
        code_hash=Digest(bytes.fromhex(found.code_hash)),
        source_hash=Digest(bytes.fromhex(found.source_hash)),
        enums=tuple(EnumInfo(name=one.name, members=tuple(one.members)) for one in found.enums),
        records=tuple(FieldsInfo(name=one.name, fields=_fields(one.fields)) for one in found.records),
        events=tuple(FieldsInfo(name=one.name, fields=_fields(one.fields)) for one in found.events),
        methods=tuple(
            MethodInfo(
                name=one.name,
                is_view=one.kind == "view",
                parameters=_fields(one.parameters),
                result=one.result,
            )
            for one in found.methods
        ),
    )


def _fields(found: list[answers.FieldJson]) -> tuple[FieldInfo, ...]:
    return tuple(FieldInfo(name=one.name, type=one.type) for one in found)
