"""Proof that a validator broke the protocol: two votes of one kind, height and round for different values.

It depends on the two votes alone, so that everybody who sees them makes the same bytes of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.codec import Value, as_array, decode, encode
from chain.errors import Invalid
from chain.hashing import Digest
from chain.limits import EVIDENCE_BYTES_MAX
from chain.merkle import compute_merkle_root
from chain.validators import ValidatorSet
from chain.vote import SignedVote, verify_vote, vote_from, vote_value


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateVote:
    """Two conflicting votes, the one with the smaller block id (nil first) as `first`."""

    first: SignedVote
    second: SignedVote


def duplicate_vote(one: SignedVote, other: SignedVote) -> DuplicateVote:
    """Evidence of two conflicting votes, in its one order."""
    first, second = sorted((one, other), key=lambda signed: signed.vote.block_id or b"")
    return DuplicateVote(first=first, second=second)


def verify_evidence(evidence: DuplicateVote, validators: ValidatorSet, chain_id: str) -> None:
    """Checks that the votes conflict, stand in order and are signed; raises `Invalid`."""
    first, second = evidence.first.vote, evidence.second.vote
    same = (first.kind, first.height, first.round, first.validator)
    if same != (second.kind, second.height, second.round, second.validator):
        raise Invalid("evidence: expected two votes of one validator, kind, height and round")
    if (first.block_id or b"") >= (second.block_id or b""):
        raise Invalid("evidence: expected votes for two values, the smaller first")
    verify_vote(evidence.first, validators, chain_id)
    verify_vote(evidence.second, validators, chain_id)


def evidence_value(evidence: DuplicateVote) -> Value:
    """The positional form."""
    return (vote_value(evidence.first), vote_value(evidence.second))


def evidence_from(value: Value) -> DuplicateVote:
    """Evidence of a decoded array; raises `Malformed`."""
    first, second = as_array(value, "evidence", 2)
    return DuplicateVote(first=vote_from(first), second=vote_from(second))


def encode_evidence(evidence: DuplicateVote) -> bytes:
    """Canonical bytes."""
    return encode(evidence_value(evidence))


def decode_evidence(data: bytes) -> DuplicateVote:
    """Inverse of `encode_evidence`; raises `Malformed`."""
    return evidence_from(decode(data, bytes_max=EVIDENCE_BYTES_MAX))


def evidence_root(evidence: Sequence[DuplicateVote]) -> Digest:
    """What a header says of its block's evidence."""
    return compute_merkle_root([encode_evidence(item) for item in evidence])
