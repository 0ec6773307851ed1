"""Blocks that others have decided: what is verified of them by the validators alone, and what by the state before each.

The first part takes most of the time and needs no state, only who decides: so it is done for some blocks at once, on a
thread, while those before them are carried out. The second is a comparison of headers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chain.block import CertifiedBlock, check_commitments, compute_block_id
from chain.certificate import verify_certificate
from chain.errors import Invalid
from chain.evidence import DuplicateVote
from chain.hashing import Digest
from chain.transaction import CheckedTransaction, check_transaction
from chain.validators import ValidatorSet
from chain.vote import BlockId, Height
from node.head import Head
from node.validity import Diverged, check_header, check_last_certificate

CheckEvidence = Callable[[Sequence[DuplicateVote], Head], None]
"""Whether the block after a head may say this of validators; raises `Invalid`."""


class Position(NamedTuple):
    """A block after which the next ones come."""

    height: Height
    block_id: BlockId


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedBlock:
    """A block that more than two thirds of the validators which it names have signed, and its transactions, checked.

    `problem` says what is wrong with them, though they are certified.
    """

    certified: CertifiedBlock
    transactions: tuple[CheckedTransaction, ...]
    problem: Invalid | None

    @property
    def position(self) -> Position:
        """Where the next one comes."""
        return Position(self.certified.block.header.height, self.certified.certificate.block_id)


def known_sets(head: Head) -> Mapping[Digest, ValidatorSet]:
    """The validators of the two heights after the head, by what headers say of them."""
    return {head.validators.hash: head.validators, head.next_validators.hash: head.next_validators}


def verify_signed(
    blocks: Sequence[CertifiedBlock], after: Position, sets: Mapping[Digest, ValidatorSet], chain_id: str
) -> tuple[SignedBlock, ...]:
    """As many blocks from the first on as follow `after` and each other, by validators that are known. Pure.

    Raises:
        Invalid: the first does not. What is wrong with a later one is told when it is the first.
    """
    found: list[SignedBlock] = []
    for certified in blocks:
        try:
            found.append(_verify_next(certified, after, sets, chain_id))
        except Invalid:
            if not found:
                raise
            break
        after = found[-1].position
    return tuple(found)


def _verify_next(
    certified: CertifiedBlock, after: Position, sets: Mapping[Digest, ValidatorSet], chain_id: str
) -> SignedBlock:
    header, certificate = certified.block.header, certified.certificate
    if header.height != after.height + 1 or certificate.height != header.height:
        raise Invalid(
            f"expected block {after.height + 1}, got {header.height} with a certificate for {certificate.height}"
        )
    if compute_block_id(header) != certificate.block_id:
        raise Invalid(f"block {header.height}: its certificate is for another block")
    validators = sets.get(header.validators_hash)
    if validators is None:
        raise Invalid(f"block {header.height}: its validators {header.validators_hash.hex()} are not known")
    verify_certificate(certificate, validators, chain_id)
    check_commitments(certified.block.compact())
    try:
        transactions = tuple(check_transaction(raw, chain_id) for raw in certified.block.transactions)
    except Invalid as problem:
        return SignedBlock(certified=certified, transactions=(), problem=problem)
    return SignedBlock(certified=certified, transactions=transactions, problem=None)


def check_follows(signed: SignedBlock, head: Head, check_evidence: CheckEvidence) -> None:
    """Checks by our own state that a block is the one after `head`.

    Raises:
        Invalid: it is not signed by those who decide that height.
        Diverged: it is, and contradicts our state.
    """
    block = signed.certified.block
    height = block.header.height
    assert height == head.next_height, f"block {height} after {head.height}"
    if block.header.validators_hash != head.validators.hash:
        raise Invalid(f"block {height}: it is signed by validators of another height")
    try:
        check_header(block.header, head)
        check_last_certificate(block.last_certificate, head)
        check_evidence(block.evidence, head)
        if signed.problem is not None:
            raise signed.problem
    except Invalid as error:
        raise Diverged(signed.certified, str(error)) from error
