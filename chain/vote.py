"""Votes: what validators say of a value in a round, signed with kind and chain."""

from dataclasses import dataclass
from enum import IntEnum
from typing import NewType

from chain.codec import Value, as_array, as_bytes, as_uint, decode, encode
from chain.errors import BadSignature, Invalid, Malformed
from chain.hashing import DIGEST_BYTES, Digest, tagged
from chain.keys import ADDRESS_BYTES, SIGNATURE_BYTES, Address, Signature, SigningKey, is_signed
from chain.limits import HEIGHT_MAX, ROUNDS_MAX, VOTE_BYTES_MAX
from chain.validators import ValidatorSet

Height = NewType("Height", int)
Round = NewType("Round", int)
BlockId = NewType("BlockId", Digest)
"""Hash of a header, which commits to everything else of the block."""


class VoteKind(IntEnum):
    """CometBFT's numbers of the two votes."""

    PREVOTE = 1
    PRECOMMIT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """A prevote or precommit for a block, or for nil (`block_id` is None)."""

    kind: VoteKind
    height: Height
    round: Round
    block_id: BlockId | None
    validator: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedVote:
    """A vote as it travels; nobody has checked its signature yet."""

    vote: Vote
    signature: Signature


VerifiedVote = NewType("VerifiedVote", SignedVote)
"""A vote of a member of its height's validator set whose signature holds. Only such reach the core."""


def vote_sign_bytes(
    chain_id: str, kind: VoteKind, height: int, round_: int, block_id: BlockId | None
) -> bytes:
    """What a validator signs. The voter is not in it: its key says who it is, and certificates share the bytes."""
    return tagged("vote", encode((chain_id, int(kind), height, round_, block_id)))


def sign_vote(key: SigningKey, vote: Vote, chain_id: str) -> SignedVote:
    """`vote` signed by its validator's key."""
    assert key.address == vote.validator, "a vote is signed by the validator it names"
    message = vote_sign_bytes(chain_id, vote.kind, vote.height, vote.round, vote.block_id)
    return SignedVote(vote=vote, signature=key.sign(message))


def verify_vote(signed: SignedVote, validators: ValidatorSet, chain_id: str) -> VerifiedVote:
    """The vote as verified; `validators` is the set of its height. Raises `Invalid` or `BadSignature`."""
    vote = signed.vote
    validator = validators.by_address(vote.validator)
    if validator is None:
        raise Invalid(f"vote: {vote.validator.hex()} is not a validator at height {vote.height}")
    message = vote_sign_bytes(chain_id, vote.kind, vote.height, vote.round, vote.block_id)
    if not is_signed(validator.public, message, signed.signature):
        raise BadSignature(f"vote: the signature is not by validator {validator.name}")
    return VerifiedVote(signed)


def vote_value(signed: SignedVote) -> Value:
    """The positional form of a signed vote."""
    vote = signed.vote
    return (int(vote.kind), vote.height, vote.round, vote.block_id, vote.validator, signed.signature)


def vote_from(value: Value) -> SignedVote:
    """A signed vote of a decoded array; raises `Malformed`."""
    kind, height, round_, block_id, validator, signature = as_array(value, "vote", 6)
    vote = Vote(
        kind=_kind_from(kind),
        height=Height(as_uint(height, "vote height", HEIGHT_MAX)),
        round=Round(as_uint(round_, "vote round", ROUNDS_MAX)),
        block_id=None if block_id is None else block_id_from(block_id, "vote block id"),
        validator=Address(as_bytes(validator, "vote validator", ADDRESS_BYTES)),
    )
    return SignedVote(vote=vote, signature=Signature(as_bytes(signature, "vote signature", SIGNATURE_BYTES)))


def _kind_from(value: Value) -> VoteKind:
    number = as_uint(value, "vote kind")
    if number not in (VoteKind.PREVOTE, VoteKind.PRECOMMIT):
        raise Malformed(f"vote kind: expected 1 (prevote) or 2 (precommit), got {number}")
    return VoteKind(number)


def block_id_from(value: Value, what: str) -> BlockId:
    """`value` as a block id."""
    return BlockId(Digest(as_bytes(value, what, DIGEST_BYTES)))


def encode_vote(signed: SignedVote) -> bytes:
    """Canonical bytes of a signed vote."""
    return encode(vote_value(signed))


def decode_vote(data: bytes) -> SignedVote:
    """Inverse of `encode_vote`; raises `Malformed`."""
    return vote_from(decode(data, bytes_max=VOTE_BYTES_MAX))
