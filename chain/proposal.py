"""A proposer's word for a block in a round, with the compact block itself."""

from dataclasses import dataclass
from typing import NewType

from chain.block import (
    CompactBlock,
    check_commitments,
    compact_block_from,
    compact_block_value,
    compute_block_id,
)
from chain.codec import Value, as_array, as_bytes, as_uint, decode, encode
from chain.errors import BadSignature, Invalid
from chain.hashing import tagged
from chain.keys import SIGNATURE_BYTES, Signature, SigningKey, is_signed
from chain.limits import HEIGHT_MAX, PROPOSAL_BYTES_MAX, ROUNDS_MAX
from chain.validators import ValidatorSet
from chain.vote import BlockId, Height, Round, block_id_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """PROPOSAL(height, round, value, validRound) of the paper; `valid_round` is None where the paper has -1."""

    height: Height
    round: Round
    valid_round: Round | None
    block_id: BlockId


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedProposal:
    """A proposal as it travels; nobody has checked it yet."""

    proposal: Proposal
    block: CompactBlock
    signature: Signature


VerifiedProposal = NewType("VerifiedProposal", SignedProposal)
"""A proposal by its round's proposer whose signature holds and whose block is the one it names."""


def proposal_sign_bytes(chain_id: str, proposal: Proposal) -> bytes:
    """What the proposer signs; the block is bound by its id."""
    return tagged(
        "proposal",
        encode((chain_id, proposal.height, proposal.round, proposal.valid_round, proposal.block_id)),
    )


def sign_proposal(key: SigningKey, proposal: Proposal, block: CompactBlock, chain_id: str) -> SignedProposal:
    """`proposal` of `block` signed by the proposer's key."""
    assert compute_block_id(block.header) == proposal.block_id, "a proposal names the block it carries"
    return SignedProposal(
        proposal=proposal, block=block, signature=key.sign(proposal_sign_bytes(chain_id, proposal))
    )


def verify_proposal(signed: SignedProposal, validators: ValidatorSet, chain_id: str) -> VerifiedProposal:
    """The proposal as verified; `validators` is the set of its height.

    Raises:
        Invalid: the block is not the one named, its header does not commit to its content, the rounds are absurd, or
            a new block names somebody else as its proposer.
        BadSignature: not signed by the proposer of that round.
    """
    proposal, header = signed.proposal, signed.block.header
    if proposal.valid_round is not None and proposal.valid_round >= proposal.round:
        raise Invalid(f"proposal: expected a valid round before {proposal.round}, got {proposal.valid_round}")
    if header.height != proposal.height or compute_block_id(header) != proposal.block_id:
        raise Invalid(f"proposal of height {proposal.height}: it carries another block than it names")
    check_commitments(signed.block)
    proposer = validators.pick_proposer(proposal.height, proposal.round)
    if not is_signed(proposer.public, proposal_sign_bytes(chain_id, proposal), signed.signature):
        raise BadSignature(
            f"proposal of height {proposal.height} round {proposal.round}: not signed by {proposer.name}"
        )
    if proposal.valid_round is None and header.proposer != proposer.address:
        raise Invalid(
            f"proposal of height {proposal.height} round {proposal.round}: expected a new block by {proposer.name}"
        )
    return VerifiedProposal(signed)


def proposal_value(signed: SignedProposal) -> Value:
    """The positional form of a signed proposal."""
    proposal = signed.proposal
    head = (proposal.height, proposal.round, proposal.valid_round, proposal.block_id)
    return (*head, compact_block_value(signed.block), signed.signature)


def proposal_from(value: Value) -> SignedProposal:
    """A signed proposal of a decoded array; raises `Malformed`."""
    height, round_, valid_round, block_id, block, signature = as_array(value, "proposal", 6)
    proposal = Proposal(
        height=Height(as_uint(height, "proposal height", HEIGHT_MAX)),
        round=Round(as_uint(round_, "proposal round", ROUNDS_MAX)),
        valid_round=None if valid_round is None else Round(as_uint(valid_round, "valid round", ROUNDS_MAX)),
        block_id=block_id_from(block_id, "proposal block id"),
    )
    return SignedProposal(
        proposal=proposal,
        block=compact_block_from(block),
        signature=Signature(as_bytes(signature, "proposal signature", SIGNATURE_BYTES)),
    )


def encode_proposal(signed: SignedProposal) -> bytes:
    """Canonical bytes of a signed proposal."""
    return encode(proposal_value(signed))


def decode_proposal(data: bytes) -> SignedProposal:
    """Inverse of `encode_proposal`; raises `Malformed`."""
    return proposal_from(decode(data, bytes_max=PROPOSAL_BYTES_MAX))
