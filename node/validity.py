"""When a block may follow the head: the rules that every validator checks before it prevotes.

They need only the head, the ids of recent transactions and the bodies, never a clock (timeliness is for consensus) and
never an execution: roots in a header speak of the block before.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from chain.block import CertifiedBlock, CompactBlock, Header
from chain.certificate import Certificate, verify_certificate
from chain.errors import Invalid
from chain.parameters import Parameters
from chain.transaction import CheckedTransaction, TxId, is_in_window
from node.head import Head, next_header


class Diverged(Exception):
    """More than two thirds certified a block whose roots are not ours: this node computed something else. Ours."""

    def __init__(self, certified: CertifiedBlock, reason: str) -> None:
        height = certified.block.header.height
        super().__init__(
            f"more than two thirds of the validators certified block {height}, but here {reason}. This node's state "
            "differs and it stops: keep its data for the inquiry, and find the difference with terang diverge before its "
            "store is made anew"
        )
        self.certified = certified
        self.reason = reason


def check_header(header: Header, head: Head) -> None:
    """Checks that `header` is what must follow `head`; the last certificate itself may be another quorum than ours.

    Raises:
        Invalid: names the first field that differs.
    """
    expected = next_header(
        head,
        time_ms=header.time_ms,
        transactions_root=header.transactions_root,
        evidence_root=header.evidence_root,
        proposer=header.proposer,
    )
    for name in _FIXED_FIELDS:
        if getattr(header, name) != getattr(expected, name):
            wanted, got = _show(getattr(expected, name)), _show(getattr(header, name))
            raise Invalid(f"block {header.height}: expected {name} {wanted}, got {got}")
    if header.time_ms <= head.time_ms:
        raise Invalid(f"block {header.height}: expected a time after {head.time_ms}, got {header.time_ms}")
    if head.validators.by_address(header.proposer) is None:
        raise Invalid(f"block {header.height}: its proposer {header.proposer.hex()} is not a validator")


_FIXED_FIELDS = (
    "chain_id",
    "height",
    "previous_block_id",
    "results_root",
    "state_root",
    "validators_hash",
    "next_validators_hash",
    "parameters_hash",
)


def _show(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def check_last_certificate(certificate: Certificate | None, head: Head) -> None:
    """Checks the certificate that the next block carries for `head`'s block: any quorum of its deciders will do.

    Raises:
        Invalid: absent, for another block, or without its quorum.
    """
    if head.height == 0:
        if certificate is not None:
            raise Invalid("block 1: expected no certificate before the first block, got one")
        return
    if certificate is None or certificate.block_id != head.block_id or certificate.height != head.height:
        raise Invalid(
            f"block {head.next_height}: expected a certificate for block {head.height}, got another one"
        )
    if certificate != head.certificate:
        verify_certificate(certificate, head.last_validators, head.chain_id)


def check_content(
    block: CompactBlock,
    transactions: Sequence[CheckedTransaction],
    parameters: Parameters,
    is_replayed: Callable[[TxId], bool],
) -> None:
    """Checks the bodies against the block's time, the governed limits and the replay window; raises `Invalid`."""
    height, time_ms = block.header.height, block.header.time_ms
    if len(transactions) > parameters.block_transactions_max:
        raise Invalid(f"block {height}: expected at most {parameters.block_transactions_max} transactions")
    size = sum(len(checked.raw) for checked in transactions)
    if size > parameters.block_bytes_max:
        raise Invalid(f"block {height}: expected at most {parameters.block_bytes_max} bytes, got {size}")
    if len({checked.id for checked in transactions}) != len(transactions):
        raise Invalid(f"block {height}: expected each transaction once, got one twice")
    _check_gas(height, transactions, parameters)
    for checked in transactions:
        if not is_in_window(checked.transaction.valid_until_ms, time_ms, parameters.window_ms):
            raise Invalid(f"block {height}: transaction {checked.id.hex()} is outside its validity window")
        if is_replayed(checked.id):
            raise Invalid(f"block {height}: transaction {checked.id.hex()} stands in an earlier block")


def _check_gas(height: int, transactions: Sequence[CheckedTransaction], parameters: Parameters) -> None:
    by_sender: Counter[bytes] = Counter()
    for checked in transactions:
        gas = checked.transaction.gas_limit
        if gas > parameters.transaction_gas_max:
            raise Invalid(f"block {height}: expected at most {parameters.transaction_gas_max} gas, got {gas}")
        by_sender[checked.transaction.sender] += gas
    if by_sender.total() > parameters.block_gas_max:
        raise Invalid(
            f"block {height}: expected at most {parameters.block_gas_max} gas, got {by_sender.total()}"
        )
    if by_sender and max(by_sender.values()) > parameters.account_gas_max:
        raise Invalid(f"block {height}: a sender has more than {parameters.account_gas_max} gas in it")
