"""The ledger in the gateway's words: orders as releases and standings, and reports as signed transactions."""

import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from chain.errors import Malformed
from chain.keys import Address, SigningKey
from chain.limits import NONCE_BYTES
from chain.payment import compute_end_to_end_id
from chain.transaction import Call, TxId, encode_transaction, sign_transaction
from payments.attempt import Attempt, Release, Report, Standing
from payments.nodes import Nodes
from rpc import requests
from rpc.contracts import Contract, Named, Record
from rpc.requests import BadAnswer, Committed, Fate
from rpc.values import AdmissionCode, Admitted

PAGE = 100
Kind = TypeVar("Kind", int, str, bytes, Record, tuple[Named, ...])
REPORT_GAS = 100_000
"""Some three times what a report was measured to need."""
REPORT_VALIDITY_MS = 30_000
"""Far longer than a block takes; after it a report is made anew."""
_CODE_BYTES_MAX, _REASON_BYTES_MAX, _REFERENCE_BYTES_MAX = 10, 500, 100
_ATTEMPTS_BELIEVED = 16
"""Of an order with more, which hardly ever is, a quorum is asked: what follows takes a step for each attempt."""
_TAKEN = (AdmissionCode.OK, AdmissionCode.COMMITTED, AdmissionCode.WAITING)
_STANDINGS = {
    "APPROVED": Standing.APPROVED,
    "SENT": Standing.SENT,
    "SETTLED": Standing.SETTLED,
    "RETURNED": Standing.RETURNED,
    "DECLINED": Standing.RETURNED,  # by the payment officer, after it came back
    "REQUESTED": Standing.RETURNED,  # once more
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderNow:
    """An order as the ledger shows it. `standing` is of `attempt`; None: it was never released."""

    release: Release
    standing: Standing | None

    def standing_of(self, attempt: int) -> Standing | None:
        """What it shows of an attempt; None of one that it does not know yet."""
        if attempt > self.release.attempt:
            return None
        return self.standing if attempt == self.release.attempt else Standing.OVER


class Ledger:
    """One network, one treasury's key."""

    def __init__(self, nodes: Nodes, key: SigningKey, chain_id: str) -> None:
        self._nodes = nodes
        self._key = key
        self._chain_id = chain_id

    @property
    def nodes(self) -> Nodes:
        """Whom it asks."""
        return self._nodes

    @property
    def treasury(self) -> Address:
        """The key that reports payments."""
        return self._key.address

    # --- Reading ------------------------------------------------------------------------------------------------

    async def get_height(self, height_min: int) -> int:
        """See `Nodes.get_height`."""
        return await self._nodes.get_height(height_min)

    async def get_block(self, height: int) -> Committed:
        """A block's results. Raises `Unreachable`, or `CallRefused` where the node has none such."""
        return await self._nodes.call(requests.committed(height))

    async def describe(self, contract: str) -> Contract:
        """A contract whose events are read, as one node has it."""
        return await self._nodes.describe(contract)

    async def read_order(self, number: int, height_min: int) -> OrderNow:
        """An order, as a quorum of nodes shows it. Raises `Unsure`."""
        value = await self._nodes.agreed_view("payment", "order_record", height_min=height_min, order=number)
        return self._order_of(value)

    async def count_orders(self, height_min: int) -> int:
        """How many orders there are, as a quorum of nodes says. Raises `Unsure`."""
        return _as(
            int,
            await self._nodes.agreed_view("payment", "order_count", height_min=height_min),
            "payment.order_count",
        )

    async def list_orders(self, height_min: int) -> AsyncIterator[OrderNow]:
        """All orders by their numbers, as one node or another has them: for where to look.

        How many there are a quorum says, so that a node can neither leave some out nor list without end. Raises `Unsure`.
        """
        count = await self.count_orders(height_min)
        for first in range(1, count + 1, PAGE):
            value = await self._nodes.view(
                "payment", "order_list", height_min=height_min, first=first, limit=PAGE
            )
            rows = [self._order_of(row) for row in _as(tuple, value, "payment.order_list")]
            wanted = range(first, min(first + PAGE, count + 1))
            if [row.release.order for row in rows][: len(wanted)] != list(wanted):
                raise Malformed(f"payment.order_list: expected orders {first} to {wanted[-1]}, got others")
            for row in rows[: len(wanted)]:
                yield (
                    row
                    if row.release.attempt <= _ATTEMPTS_BELIEVED
                    else await self.read_order(row.release.order, height_min)
                )

    async def is_treasury(self, agency: str, height_min: int) -> bool:
        """Whether the agency's payments are reported by this key, as a quorum says. Raises `Unsure`."""
        return True is await self._nodes.agreed_view(
            "registry", "is_treasury", height_min=height_min, who=self._key.address, agency=agency
        )

    async def agreed_commitment(self, supplier: Address, height_min: int) -> bytes:
        """Of the account that a supplier states, as a quorum says; empty: none.

        Raises `Unsure`, or `CallRefused` for who is no supplier.
        """
        value = await self._nodes.agreed_view(
            "registry", "account_commitment", height_min=height_min, supplier=supplier
        )
        return _as(bytes, value, "registry.account_commitment")

    async def find_objection(self, attempt: Attempt, height_min: int) -> str:
        """Why a quorum of nodes does not let this attempt be paid now; empty if it does. Raises `Unsure`."""
        released = attempt.release
        shown = await self.read_order(released.order, height_min)
        if shown.release != released:
            return f"the ledger shows another order: expected {released}, got {shown.release}"
        if shown.standing is not Standing.APPROVED:
            return f"the ledger shows it as {'not released' if shown.standing is None else shown.standing.name.lower()}"
        is_treasury = await self.is_treasury(released.agency, height_min)
        return "" if is_treasury else f"this key is not the treasury of {released.agency}"

    def _order_of(self, value: Named) -> OrderNow:
        record = _as(Record, value, "payment.order_record")
        number, attempt = read_field(record, "number", int), read_field(record, "attempt", int)
        release = Release(
            order=number,
            attempt=attempt,
            end_to_end_id=self.compute_id(number, attempt),
            agency=read_field(record, "agency", str),
            supplier=Address(read_field(record, "supplier", bytes)),
            currency=read_field(record, "currency", str),
            gross=read_field(record, "gross", int),
            penalty=read_field(record, "penalty", int),
            deductions=read_field(record, "deductions", int),
            tax=read_field(record, "tax", int),
            net=read_field(record, "net", int),
        )
        state = read_field(record, "state", str)
        return OrderNow(release=release, standing=_STANDINGS.get(state) if attempt else None)

    def compute_id(self, order: int, attempt: int) -> str:
        """The end-to-end id of an attempt."""
        return compute_end_to_end_id(self._chain_id, order, attempt)

    # --- Reporting ----------------------------------------------------------------------------------------------

    async def sign_report(self, attempt: Attempt, report: Report, now_ms: int) -> bytes:
        """A transaction that reports; raises `Unsure` where nodes do not agree what the contract takes."""
        call = make_call(await self._nodes.agreed_contract("payment"), attempt, report)
        return encode_transaction(
            sign_transaction(
                self._key,
                chain_id=self._chain_id,
                nonce=os.urandom(NONCE_BYTES),
                valid_until_ms=now_ms + REPORT_VALIDITY_MS,
                gas_limit=REPORT_GAS,
                calls=(call,),
            )
        )

    async def submit(self, raws: Sequence[bytes]) -> tuple[Admitted, ...]:
        """Hands transactions to a node; what became of each. Raises `Unreachable` or `BadAnswer`."""
        admitted = await self._nodes.call(requests.broadcast_txs(raws))
        if len(admitted) != len(raws):
            raise BadAnswer(f"broadcast_txs: expected {len(raws)} answers, got {len(admitted)}")
        return admitted

    async def get_fates(self, ids: Sequence[TxId]) -> tuple[Fate, ...]:
        """Where transactions are, each once. Raises `Unreachable` or `BadAnswer`."""
        fates = await self._nodes.call(requests.tx_status(ids))
        if sorted(fate.id for fate in fates) != sorted(ids):
            raise BadAnswer(f"tx_status: expected an answer about each of {len(ids)}, got others")
        return fates


def read_field(record: Record, name: str, kind: type[Kind]) -> Kind:
    """A field of a record or event that a node describes as it likes. Raises `Malformed`."""
    if name not in record:
        raise Malformed(f"{record.record_name}: expected a field {name}, got {', '.join(record)}")
    return _as(kind, record[name], f"{record.record_name}.{name}")


def _as(kind: type[Kind], value: Named, what: str) -> Kind:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise Malformed(f"{what}: expected {kind.__name__}, got {type(value).__name__}")
    return value


def is_taken(admitted: Admitted) -> bool:
    """Whether the node has the transaction, from now or from before."""
    return admitted.code in _TAKEN


def make_call(payment: Contract, attempt: Attempt, report: Report) -> Call:
    """The contract's call that makes a report, with what the bank said cut to what the contract takes."""
    order, number = attempt.release.order, attempt.release.attempt
    match report:
        case Report.SENT:
            message_id = attempt.release.end_to_end_id
            return payment.call("report_sent", order=order, attempt=number, message_id=message_id)
        case Report.SETTLED:
            reference = _cut(attempt.reference, _REFERENCE_BYTES_MAX)
            return payment.call("settle", order=order, attempt=number, reference=reference)
        case Report.RETURNED:
            code = _cut(attempt.code, _CODE_BYTES_MAX) or "NARR"
            reason = _cut(attempt.reason, _REASON_BYTES_MAX) or "the bank gives no reason"
            return payment.call("report_returned", order=order, attempt=number, code=code, reason=reason)


def _cut(text: str, bytes_max: int) -> str:
    return text.encode()[:bytes_max].decode(errors="ignore")
