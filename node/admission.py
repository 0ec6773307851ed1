"""Which transactions this node lets in: what can be known of them without executing them, cheapest check first.

A batch is looked up (size, waiting already, committed already), then decoded and verified in chunks on threads, where
libsodium releases the interpreter lock, then offered to the mempool. The verdict on bytes is `check_batch`, a pure
function. What a block may hold is decided again when it is proposed: admission protects this node, not the chain.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import trio

from chain.errors import BadSignature, Invalid, WrongChain
from chain.keys import is_signed
from chain.limits import ADMISSION_BATCH_MAX, ADMISSION_CHUNK, TRANSACTION_BYTES_MAX
from chain.parameters import Parameters
from chain.transaction import (
    CheckedTransaction,
    Transaction,
    TxId,
    compute_transaction_id,
    decode_transaction,
    transaction_sign_bytes,
)
from machine.clock import Clock
from node.head import Head
from node.mempool import Added, Mempool
from rpc.values import AdmissionCode


class NotAdmitted(Invalid):
    """A transaction is well formed but not for now; `code` says why."""

    def __init__(self, code: AdmissionCode, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one transaction; `checked` is there if it was let in."""

    id: TxId
    code: AdmissionCode
    message: str
    checked: CheckedTransaction | None

    @property
    def is_ok(self) -> bool:
        """Whether it was let in."""
        return self.checked is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What transactions are checked against: the chain, the governed parameters and the time now."""

    chain_id: str
    parameters: Parameters
    now_ms: int


class Committed(Protocol):
    """What admission asks of the ledger."""

    @property
    def head(self) -> Head:
        """The present head."""
        ...

    def has_transaction(self, transaction_id: TxId) -> bool:
        """Whether a young block holds it."""
        ...


def check_batch(raws: Sequence[bytes], rules: Rules) -> list[CheckedTransaction | Invalid]:
    """A verdict on each: form, chain, window, gas, then the signature. Pure; 100 microseconds each."""
    verdicts: list[CheckedTransaction | Invalid] = []
    for raw in raws:
        try:
            verdicts.append(_check(raw, rules))
        except Invalid as reason:
            verdicts.append(reason)
    return verdicts


def _check(raw: bytes, rules: Rules) -> CheckedTransaction:
    transaction = decode_transaction(raw)
    if transaction.chain_id != rules.chain_id:
        raise WrongChain(
            f"expected a transaction for {rules.chain_id!r}, got one for {transaction.chain_id!r}"
        )
    _check_window(transaction, rules)
    _check_room(transaction, len(raw), rules.parameters)
    if not is_signed(transaction.sender, transaction_sign_bytes(transaction), transaction.signature):
        raise BadSignature(f"the signature is not by {transaction.sender.hex()}")
    return CheckedTransaction(raw=raw, id=compute_transaction_id(raw), transaction=transaction)


def _check_room(transaction: Transaction, size: int, parameters: Parameters) -> None:
    """What no block has room for must not wait: while something waits, block follows block."""
    gas_max = min(parameters.transaction_gas_max, parameters.account_gas_max, parameters.block_gas_max)
    if transaction.gas_limit > gas_max:
        raise NotAdmitted(
            AdmissionCode.TOO_MUCH_GAS,
            f"expected a gas limit of at most {gas_max}, got {transaction.gas_limit}",
        )
    if size > parameters.block_bytes_max:
        raise NotAdmitted(
            AdmissionCode.TOO_LARGE, f"expected at most {parameters.block_bytes_max} bytes, got {size}"
        )


def _check_window(transaction: Transaction, rules: Rules) -> None:
    """The clocks of senders may be ahead of ours by the governed precision."""
    latest_ms = rules.now_ms + rules.parameters.window_ms + rules.parameters.precision_ms
    if transaction.valid_until_ms <= rules.now_ms:
        raise NotAdmitted(
            AdmissionCode.EXPIRED, f"expired at {transaction.valid_until_ms}, and it is {rules.now_ms}"
        )
    if transaction.valid_until_ms > latest_ms:
        raise NotAdmitted(
            AdmissionCode.NOT_YET,
            f"expected an end of validity within {rules.parameters.window_ms} ms from {rules.now_ms}, "
            f"got {transaction.valid_until_ms}",
        )


class Admission:
    """Lets transactions into the mempool. Runs on the loop that owns the mempool; only checking is on threads."""

    def __init__(self, mempool: Mempool, committed: Committed, clock: Clock, threads: int) -> None:
        self._mempool = mempool
        self._committed = committed
        self._clock = clock
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="admission")
        self._checking: set[TxId] = set()

    def close(self) -> None:
        """Lets the threads end."""
        self._threads.shutdown()

    async def admit(self, raws: Sequence[bytes]) -> list[Outcome]:
        """An outcome for each, in their order. What is let in waits in the mempool when this returns."""
        outcomes: list[Outcome] = []
        for first in range(0, len(raws), ADMISSION_BATCH_MAX):
            outcomes += await self._admit_batch(raws[first : first + ADMISSION_BATCH_MAX])
        return outcomes

    async def _admit_batch(self, raws: Sequence[bytes]) -> list[Outcome]:
        ids = [compute_transaction_id(raw) for raw in raws]
        outcomes: dict[int, Outcome] = {}
        wanted: dict[int, bytes] = {}
        for index, (transaction_id, raw) in enumerate(zip(ids, raws, strict=True)):
            known = self._look_up(transaction_id, raw)
            if known is None:
                wanted[index] = raw
                self._checking.add(transaction_id)
            else:
                outcomes[index] = known
        try:
            verdicts = await self._check_all(list(wanted.values()))
        finally:
            self._checking.difference_update(ids[index] for index in wanted)
        for index, verdict in zip(wanted, verdicts, strict=True):
            outcomes[index] = self._decide(ids[index], verdict)
        return [outcomes[index] for index in range(len(raws))]

    def _look_up(self, transaction_id: TxId, raw: bytes) -> Outcome | None:
        """The outcome of what need not be decoded."""
        if len(raw) > TRANSACTION_BYTES_MAX:
            message = f"expected at most {TRANSACTION_BYTES_MAX} bytes, got {len(raw)}"
            return _refuse(transaction_id, AdmissionCode.TOO_LARGE, message)
        if transaction_id in self._mempool or transaction_id in self._checking:
            return _refuse(transaction_id, AdmissionCode.WAITING, "it waits for a block already")
        if self._committed.has_transaction(transaction_id):
            return _refuse(transaction_id, AdmissionCode.COMMITTED, "it stands in a block already")
        return None

    async def _check_all(self, raws: Sequence[bytes]) -> list[CheckedTransaction | Invalid]:
        """Verdicts from threads; the loop goes on meanwhile."""
        if not raws:
            return []
        head = self._committed.head
        rules = Rules(chain_id=head.chain_id, parameters=head.parameters, now_ms=self._clock.now_ms())
        return await trio.to_thread.run_sync(self._check_in_chunks, raws, rules)

    def _check_in_chunks(self, raws: Sequence[bytes], rules: Rules) -> list[CheckedTransaction | Invalid]:
        if len(raws) <= ADMISSION_CHUNK:
            return check_batch(raws, rules)
        chunks = [raws[first : first + ADMISSION_CHUNK] for first in range(0, len(raws), ADMISSION_CHUNK)]
        checked = self._threads.map(partial(check_batch, rules=rules), chunks)
        return [verdict for chunk in checked for verdict in chunk]

    def _decide(self, transaction_id: TxId, verdict: CheckedTransaction | Invalid) -> Outcome:
        """Offers a checked transaction to the mempool, unless a block has taken it in meanwhile."""
        if isinstance(verdict, Invalid):
            return _refuse(transaction_id, _compute_code(verdict), str(verdict))
        if self._committed.has_transaction(transaction_id):
            return _refuse(transaction_id, AdmissionCode.COMMITTED, "it stands in a block already")
        added = self._mempool.add(verdict)
        if added is Added.WAITING:
            return Outcome(id=transaction_id, code=AdmissionCode.OK, message="", checked=verdict)
        code, message = _NOT_ADDED[added]
        return _refuse(transaction_id, code, message)


_NOT_ADDED = {
    Added.DUPLICATE: (AdmissionCode.WAITING, "it waits for a block already"),
    Added.SENDER_FULL: (
        AdmissionCode.SENDER_FULL,
        "too many transactions of its sender wait; send it again later",
    ),
    Added.FULL: (AdmissionCode.FULL, "too many transactions wait; send it again later or to another node"),
}


def _refuse(transaction_id: TxId, code: AdmissionCode, message: str) -> Outcome:
    return Outcome(id=transaction_id, code=code, message=message, checked=None)


def _compute_code(reason: Invalid) -> AdmissionCode:
    match reason:
        case NotAdmitted(code=code):
            return code
        case WrongChain():
            return AdmissionCode.WRONG_CHAIN
        case BadSignature():
            return AdmissionCode.BAD_SIGNATURE
        case _:
            return AdmissionCode.MALFORMED
