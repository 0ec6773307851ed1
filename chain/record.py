"""That a transaction and its result are on the record, step by step, from what somebody else hands over.

    the bytes have the id                       the sender signed them
    the id stands under the header's transactions root
    the header's hash is what the certificate decided, and its signatures are more than two thirds of a validator set
    the header names that very set
    the result stands under the results root of the next header, which is decided by the set that this header names next

Every step is looked at by itself, and none stops at the first that fails: who reads sees which one it is. Whether the
validator set is to be trusted is no question for one block: see who asks. Nothing here is a second verifier: each step
is the function by which nodes check.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from chain.block import Header, compute_block_id
from chain.certificate import Certificate, compute_signed_power, verify_certificate
from chain.errors import BadSignature, Invalid, Malformed
from chain.merkle import InclusionProof, is_included
from chain.result import TransactionResult, compute_results_root, encode_result
from chain.transaction import TxId, check_transaction, compute_transaction_id
from chain.validators import ValidatorSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A header, what decided it, and who is said to decide at its height."""

    header: Header
    certificate: Certificate
    validators: ValidatorSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was handed over of one transaction. `after` is the next block, None where it is not there yet; `results` are
    those of the whole block.
    """

    id: TxId
    raw: bytes
    proof: InclusionProof
    decided: Decided
    after: Decided | None
    results: tuple[TransactionResult, ...]


class Step(Enum):
    """What is checked, in this order."""

    CONTENT = "content"
    SENDER = "sender"
    PATH = "path"
    HEADER = "header"
    SIGNATURES = "signatures"
    VALIDATORS = "validators"
    NEXT = "next"
    RESULT = "result"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One step: whether it holds, None where it could not be checked, and what was compared."""

    step: Step
    holds: bool | None
    expected: str
    got: str


def check_evidence(evidence: Evidence, chain_id: str) -> tuple[Checked, ...]:
    """All steps for one transaction."""
    return (
        _compare(Step.CONTENT, evidence.id, compute_transaction_id(evidence.raw)),
        _check_sender(evidence.raw, chain_id),
        _check_path(evidence),
        *check_decided(evidence.decided, chain_id),
        *_check_result(evidence, chain_id),
    )


def check_decided(decided: Decided, chain_id: str) -> tuple[Checked, ...]:
    """That this header was decided by this set, which it names."""
    return (_check_header(decided, chain_id), _check_signatures(decided, chain_id), _check_set(decided))


def verify_decided(decided: Decided, chain_id: str) -> None:
    """Checks the same; raises `Malformed` with the step that fails."""
    for checked in check_decided(decided, chain_id):
        if not checked.holds:
            raise Malformed(
                f"block {decided.header.height}, {checked.step.value}: expected {checked.expected}, got {checked.got}"
            )


def holds(steps: Sequence[Checked]) -> bool:
    """Whether none of them fails."""
    return all(checked.holds is not False for checked in steps)


def _compare(step: Step, expected: bytes, got: bytes) -> Checked:
    return Checked(step=step, holds=expected == got, expected=expected.hex().upper(), got=got.hex().upper())


def _check_sender(raw: bytes, chain_id: str) -> Checked:
    try:
        checked = check_transaction(raw, chain_id)
    except Invalid as error:
        return Checked(step=Step.SENDER, holds=False, expected=chain_id, got=str(error))
    sender = checked.transaction.sender.hex().upper()
    return Checked(step=Step.SENDER, holds=True, expected=sender, got=sender)


def _check_path(evidence: Evidence) -> Checked:
    proof, root = evidence.proof, evidence.decided.header.transactions_root
    return Checked(
        step=Step.PATH,
        holds=is_included(root, proof, compute_transaction_id(evidence.raw)),
        expected=root.hex().upper(),
        got=f"{proof.index + 1}/{proof.total}: {' '.join(aunt.hex().upper()[:8] for aunt in proof.aunts) or '-'}",
    )


def _check_header(decided: Decided, chain_id: str) -> Checked:
    """The hash of the header is the block that the certificate decided, at its height and on this chain."""
    header, certificate = decided.header, decided.certificate
    found = compute_block_id(header)
    is_same_place = header.chain_id == chain_id and header.height == certificate.height
    return Checked(
        step=Step.HEADER,
        holds=is_same_place and found == certificate.block_id,
        expected=f"{chain_id} {certificate.height} {certificate.block_id.hex().upper()}",
        got=f"{header.chain_id} {header.height} {found.hex().upper()}",
    )


def _check_signatures(decided: Decided, chain_id: str) -> Checked:
    validators = decided.validators
    expected = f"{validators.quorum_power}/{validators.total_power}"
    try:
        verify_certificate(decided.certificate, validators, chain_id)
    except (BadSignature, Invalid) as error:
        return Checked(step=Step.SIGNATURES, holds=False, expected=expected, got=str(error))
    power = compute_signed_power(decided.certificate, validators)
    return Checked(
        step=Step.SIGNATURES, holds=True, expected=expected, got=f"{power}/{validators.total_power}"
    )


def _check_set(decided: Decided) -> Checked:
    return _compare(Step.VALIDATORS, decided.header.validators_hash, decided.validators.hash)


def _check_result(evidence: Evidence, chain_id: str) -> tuple[Checked, Checked]:
    """The next block is decided by whom this header names and follows it; its header has the root over this block's results."""
    after = evidence.after
    if after is None:
        unknown = Checked(step=Step.NEXT, holds=None, expected="", got="")
        return unknown, replace(unknown, step=Step.RESULT)
    header = evidence.decided.header
    before = compute_block_id(header)
    is_next = after.header.previous_block_id == before and after.header.height == header.height + 1
    named = _compare(Step.NEXT, header.next_validators_hash, after.validators.hash)
    failed = [checked for checked in (*check_decided(after, chain_id), named) if not checked.holds]
    following = Checked(
        step=Step.NEXT,
        holds=is_next and not failed,
        expected=before.hex().upper(),
        got=failed[0].got if failed else after.header.previous_block_id.hex().upper(),
    )
    is_whole = len(evidence.results) == evidence.proof.total
    found = compute_results_root([encode_result(result) for result in evidence.results])
    compared = _compare(Step.RESULT, after.header.results_root, found)
    result = Checked(
        step=Step.RESULT, holds=compared.holds and is_whole, expected=compared.expected, got=compared.got
    )
    return following, result
