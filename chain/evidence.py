"""Proof that a validator broke the protocol: two votes of one kind, height and round for different values.

It depends on the two votes alone, so that everybody who sees them makes the same bytes of it. Who signs a third vote, or
the same one anew, makes other bytes but no other offence: an offence counts once, whatever proves it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from chain.codec import Value, as_array, decode, encode
from chain.errors import Invalid
from chain.hashing import Digest, sha256
from chain.keys import Address
from chain.limits import EVIDENCE_AGE_BLOCKS_MAX, EVIDENCE_AGE_MS_MAX, EVIDENCE_BYTES_MAX
from chain.merkle import compute_merkle_root
from chain.validators import ValidatorSet
from chain.vote import Height, Round, SignedVote, VoteKind, verify_vote, vote_from, vote_value


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateVote:
    """Two conflicting votes, the one with the smaller block id (nil first) as `first`."""

    first: SignedVote
    second: SignedVote


@dataclass(frozen=True, slots=True, kw_only=True)
class Offence:
    """Where a validator said two things."""

    height: Height
    round: Round
    kind: VoteKind
    validator: Address


def duplicate_vote(one: SignedVote, other: SignedVote) -> DuplicateVote:
    """Evidence of two conflicting votes, in its one order."""
    first, second = sorted((one, other), key=lambda signed: signed.vote.block_id or b"")
    return DuplicateVote(first=first, second=second)


def offence_of(evidence: DuplicateVote) -> Offence:
    """What the evidence proves, if it is any."""
    vote = evidence.first.vote
    return Offence(height=vote.height, round=vote.round, kind=vote.kind, validator=vote.validator)


def is_expired(*, offence_height: int, offence_time_ms: int, height: int, time_ms: int) -> bool:
    """Whether evidence of a height, whose block has this time, is too old after the block of a later height and its time.

    Only where both ages are over: neither a network that sleeps nor one that hurries makes an offence forgotten early.
    """
    is_old_by_blocks = height - offence_height > EVIDENCE_AGE_BLOCKS_MAX
    return is_old_by_blocks and time_ms - offence_time_ms > EVIDENCE_AGE_MS_MAX


def check_one_each(evidence: Sequence[DuplicateVote]) -> None:
    """Checks the order of a block's evidence: by validator, one piece for each; raises `Invalid`.

    So one validator can fill no block with its offences, and there is one way to write down any choice of them.
    """
    accused = [item.first.vote.validator for item in evidence]
    if any(one >= other for one, other in pairwise(accused)):
        raise Invalid("evidence: expected one piece for each validator, in order of addresses")


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


def compute_evidence_hash(evidence: DuplicateVote) -> Digest:
    """Under which a node answers that it has it."""
    return sha256(encode_evidence(evidence))


def evidence_root(evidence: Sequence[DuplicateVote]) -> Digest:
    """What a header says of its block's evidence."""
    return compute_merkle_root([encode_evidence(item) for item in evidence])
