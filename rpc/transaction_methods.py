"""Methods that take transactions, look them up, and ask contracts."""

import time
from collections.abc import Mapping, Sequence, Set
from itertools import groupby

from chain.codec import as_array, decode, encode
from chain.errors import Malformed
from chain.limits import RPC_COMMIT_WAIT_MS, RPC_PAGE_MAX, TRANSACTION_BYTES_MAX
from chain.pruned import PRUNED_HERE
from chain.result import TransactionResult, encode_result
from chain.transaction import TxId, compute_transaction_id
from chain.vote import Height
from rpc import answers
from rpc.backend import Backend, Place, Refused
from rpc.chain_methods import get_blocks_since
from rpc.errors import RpcError, invalid_params, not_done
from rpc.render import (
    CODESPACE,
    base64_of,
    hexadecimal,
    nothing_happened,
    render_proof,
    render_result,
    show_value,
)
from rpc.values import AdmissionCode, Admitted

_STEP_S = 0.5
_PROOF_TYPE = "jmt:v"  # as other ledgers with such a tree name it


def broadcast_tx_sync(backend: Backend, tx: bytes | None) -> answers.BroadcastAnswer:
    """Hands a transaction to the network; answers when it is checked."""
    (admitted,) = backend.submit([tx or b""])
    if admitted.code == AdmissionCode.WAITING:
        raise not_done("tx already exists in cache")
    return _broadcast_answer(admitted)


def broadcast_tx_async(backend: Backend, tx: bytes | None) -> answers.BroadcastAnswer:
    """The same as `broadcast_tx_sync`: checking takes less time than an answer."""
    return broadcast_tx_sync(backend, tx)


def broadcast_tx_commit(backend: Backend, tx: bytes | None) -> answers.BroadcastCommitAnswer:
    """Hands a transaction over and waits for its block, ten seconds at most."""
    raw = tx or b""
    (admitted,) = backend.submit([raw])
    if admitted.code == AdmissionCode.WAITING:
        raise not_done("error on broadcastTxCommit: tx already exists in cache")
    if admitted.code != 0:
        return _commit_answer(admitted, _refusal_of(admitted), nothing_happened(), 0)
    place = _wait_for(backend, admitted.id)
    result = get_result(backend, place)
    return _commit_answer(admitted, nothing_happened(), render_result(result), place.height)


def broadcast_txs(backend: Backend, txs: Sequence[bytes]) -> answers.BroadcastTxsAnswer:
    """Ours: many at once; one answer for each."""
    return answers.BroadcastTxsAnswer(answers=[_broadcast_answer(one) for one in backend.submit(txs)])


def check_tx(backend: Backend, tx: bytes | None) -> answers.TxResultJson:
    """Executes a transaction for nothing: what it would do now, and its gas."""
    try:
        return render_result(backend.simulate(tx or b""))
    except Refused as refused:
        raise not_done(str(refused)) from None


def tx(backend: Backend, hash_: bytes, prove: bool | None) -> answers.TxAnswer:
    """A committed transaction with its result, and with the proof that it stands in its block."""
    place = backend.place_of(TxId(hash_))
    if place is None:
        raise _not_found(backend, hash_)
    (shown,) = render_places(backend, [place], prove=bool(prove))
    return shown


def _not_found(backend: Backend, hash_: bytes) -> RpcError:
    """Unknown, or in a block that is not kept: where any was let go, nobody here can tell."""
    since, unknown = get_blocks_since(backend), f"tx ({hexadecimal(hash_)}) not found"
    if since == 1:
        return not_done(unknown)
    return not_done(f"{unknown} in blocks since {since}: earlier ones {PRUNED_HERE}")


def tx_status(backend: Backend, hashes: Sequence[bytes]) -> answers.TxStatusAnswer:
    """Ours: where several transactions are."""
    height = backend.standing().height
    places = [backend.place_of(TxId(one)) for one in hashes]
    results = _read_results(backend, {place for place in places if place is not None})
    statuses = [_status(hash_, place, results) for hash_, place in zip(hashes, places, strict=True)]
    return answers.TxStatusAnswer(height=height, blocks_since=get_blocks_since(backend), statuses=statuses)


def unconfirmed_txs(backend: Backend, limit: int | None) -> answers.UnconfirmedAnswer:
    """The oldest transactions that wait, at most a hundred."""
    count = 30 if limit is None or limit < 1 else min(limit, RPC_PAGE_MAX)
    waiting = backend.waiting(count)
    return answers.UnconfirmedAnswer(
        n_txs=str(len(waiting.first)),
        total=str(waiting.count),
        total_bytes=str(waiting.bytes_total),
        txs=[base64_of(raw) for raw in waiting.first],
    )


def num_unconfirmed_txs(backend: Backend) -> answers.UnconfirmedAnswer:
    """How many transactions wait."""
    waiting = backend.waiting(0)
    return answers.UnconfirmedAnswer(
        n_txs=str(waiting.count),
        total=str(waiting.count),
        total_bytes=str(waiting.bytes_total),
        txs=None,
    )


def query(backend: Backend, contract: str, method: str, arguments: bytes | None) -> answers.QueryAnswer:
    """Ours: runs a view of a contract. `arguments` are an array in our encoding; none means no argument."""
    try:
        given = (
            ()
            if arguments is None
            else as_array(decode(arguments, bytes_max=TRANSACTION_BYTES_MAX), "arguments")
        )
        answer = backend.query(contract, method, given)
    except Malformed as error:
        raise invalid_params(f"arguments: {error}") from None
    except Refused as refused:
        raise not_done(str(refused)) from None
    return answers.QueryAnswer(
        value=base64_of(encode(answer.value)), shown=show_value(answer.value), height=answer.height
    )


def abci_query(
    backend: Backend, path: str | None, data: bytes | None, height: int | None, prove: bool | None
) -> answers.AbciQueryAnswer:
    """`path` "/store": the state entry under the key `data`, with an ICS-23 proof if asked; "/contract/method": a view
    with arguments `data`, at the last block's state and this node's clock.
    """
    parts = (path or "").strip("/").split("/")
    if parts in (["store"], [""]):
        return _query_store(backend, data or b"", height or None, prove=bool(prove))
    if len(parts) != 2:
        raise not_done(f"path: expected /store or /contract/method, got {path!r}")
    last = backend.standing().height
    if height not in (None, 0, last):
        raise not_done(f"height: expected {last}, the latest: views are of the present state, got {height}")
    if prove:
        raise not_done("prove: a view's answer is computed and has no proof; the entries that it reads have")
    found = query(backend, parts[0], parts[1], data or None)
    return _abci_answer(data or b"", found.value, found.height, "view", None)


def _query_store(backend: Backend, key: bytes, height: int | None, *, prove: bool) -> answers.AbciQueryAnswer:
    try:
        entry = backend.state_entry(key, None if height is None else Height(height), prove=prove)
    except Refused as refused:
        raise not_done(str(refused)) from None
    value = None if entry.value is None else base64_of(entry.value)
    words = "does not exist" if value is None else "exists"
    return _abci_answer(key, value, entry.height, words, entry.proof)


# --- Parts of answers ---------------------------------------------------------------------------------------


def render_places(backend: Backend, places: Sequence[Place], *, prove: bool) -> list[answers.TxAnswer]:
    """The transactions at these places, in their order; neighbours of one block read it once."""
    shown: list[answers.TxAnswer] = []
    for height, same in groupby(places, key=lambda place: place.height):
        found, results = backend.block(height), _get_results(backend, height)
        if found is None:
            raise not_done(f"could not find block for height #{height}")
        bodies, root = found.block.transactions, found.block.header.transactions_root
        shown += [
            answers.TxAnswer(
                hash=hexadecimal(compute_transaction_id(bodies[place.index])),
                height=str(height),
                index=place.index,
                tx_result=render_result(results[place.index]),
                tx=base64_of(bodies[place.index]),
                proof=render_proof(bodies, place.index, root) if prove else None,
            )
            for place in same
        ]
    return shown


def get_result(backend: Backend, place: Place) -> TransactionResult:
    """The result of a committed transaction."""
    return _get_results(backend, place.height)[place.index]


def _get_results(backend: Backend, height: Height) -> tuple[TransactionResult, ...]:
    results = backend.results(height)
    if results is None:
        raise not_done(f"could not find results for height #{height}")
    return results


def _wait_for(backend: Backend, id_: TxId) -> Place:
    end = time.monotonic() + RPC_COMMIT_WAIT_MS / 1000
    height = backend.standing().height
    while (place := backend.place_of(id_)) is None:
        if time.monotonic() >= end:
            raise not_done("timed out waiting for tx to be included in a block")
        height = backend.wait_above(height, _STEP_S)
    return place


def _read_results(backend: Backend, places: Set[Place]) -> dict[Place, str]:
    """The encoded result at each place. All results of a block are read together, so each block is read once."""
    found: dict[Place, str] = {}
    for _, same in groupby(sorted(places, key=lambda place: place.height), key=lambda place: place.height):
        block = list(same)
        results = _get_results(backend, block[0].height)
        found.update((place, base64_of(encode_result(results[place.index]))) for place in block)
    return found


def _status(hash_: bytes, place: Place | None, results: Mapping[Place, str]) -> answers.TxStatus:
    if place is None:
        return answers.TxStatus(hash=hexadecimal(hash_), state="unknown")
    return answers.TxStatus(
        hash=hexadecimal(hash_), state="committed", height=place.height, result=results[place]
    )


def _broadcast_answer(admitted: Admitted) -> answers.BroadcastAnswer:
    return answers.BroadcastAnswer(
        code=admitted.code,
        data="",
        log=admitted.message,
        codespace="" if admitted.code == 0 else CODESPACE,
        hash=hexadecimal(admitted.id),
    )


def _refusal_of(admitted: Admitted) -> answers.TxResultJson:
    return answers.TxResultJson(
        code=admitted.code,
        data=None,
        log=admitted.message,
        info="",
        gas_wanted="0",
        gas_used="0",
        events=[],
        codespace=CODESPACE,
    )


def _commit_answer(
    admitted: Admitted, checked: answers.TxResultJson, result: answers.TxResultJson, height: int
) -> answers.BroadcastCommitAnswer:
    return answers.BroadcastCommitAnswer(
        check_tx=checked, tx_result=result, hash=hexadecimal(admitted.id), height=str(height)
    )


def _abci_answer(
    key: bytes, value: str | None, height: int, words: str, proof: bytes | None
) -> answers.AbciQueryAnswer:
    given = base64_of(key)
    ops = None
    if proof is not None:
        ops = answers.ProofOps(ops=[answers.ProofOp(type=_PROOF_TYPE, key=given, data=base64_of(proof))])
    return answers.AbciQueryAnswer(
        response=answers.AbciQuery(
            code=0,
            log=words,
            info="",
            index="0",
            key=given,
            value=value,
            proof_ops=ops,
            height=str(height),
            codespace="",
        )
    )


def id_of(raw: bytes) -> str:
    """A transaction's id as it is written."""
    return hexadecimal(compute_transaction_id(raw))
