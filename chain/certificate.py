"""Proof that more than two thirds of a height's power precommitted one block in one round."""

from collections.abc import Iterable
from dataclasses import dataclass

from chain.codec import Value, as_array, as_bytes, as_uint, decode, encode
from chain.errors import BadSignature, Invalid
from chain.hashing import Digest, sha256, tagged_hash
from chain.keys import SIGNATURE_BYTES, Address, Signature, is_signed
from chain.limits import CERTIFICATE_BYTES_MAX, HEIGHT_MAX, ROUNDS_MAX, VALIDATORS_MAX
from chain.validators import ValidatorSet
from chain.vote import BlockId, Height, Round, SignedVote, Vote, VoteKind, block_id_from, vote_sign_bytes

NO_CERTIFICATE_HASH = sha256(b"")
"""What the first block says of the certificate before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Precommits for `block_id`; `signatures` stand at the positions of the height's validator set, None if absent."""

    height: Height
    round: Round
    block_id: BlockId
    signatures: tuple[Signature | None, ...]


def certificate_of(votes: Iterable[SignedVote], validators: ValidatorSet) -> Certificate:
    """The certificate of verified precommits that agree; they must be a quorum of `validators`."""
    signatures: list[Signature | None] = [None] * len(validators)
    power, subjects = 0, set()
    for signed in votes:
        vote = signed.vote
        position = validators.index_of(vote.validator)
        assert position is not None and vote.kind is VoteKind.PRECOMMIT and vote.block_id is not None, vote
        if signatures[position] is None:
            power += validators.validators[position].power
        signatures[position] = signed.signature
        subjects.add((vote.height, vote.round, vote.block_id))
    assert len(subjects) == 1 and power >= validators.quorum_power, "a certificate is a quorum for one value"
    ((height, round_, block_id),) = subjects
    return Certificate(height=height, round=round_, block_id=block_id, signatures=tuple(signatures))


def compute_signed_power(certificate: Certificate, validators: ValidatorSet) -> int:
    """The voting power of those who signed. The certificate was verified with this set."""
    pairs = zip(validators.validators, certificate.signatures, strict=True)
    return sum(validator.power for validator, signature in pairs if signature is not None)


def verify_certificate(certificate: Certificate, validators: ValidatorSet, chain_id: str) -> None:
    """Checks every signature and the quorum against the height's validator set.

    Raises:
        Invalid: wrong number of places, or not more than two thirds of the power.
        BadSignature: a signature that its validator did not make.
    """
    if len(certificate.signatures) != len(validators):
        raise Invalid(f"certificate: expected {len(validators)} places, got {len(certificate.signatures)}")
    message = vote_sign_bytes(
        chain_id, VoteKind.PRECOMMIT, certificate.height, certificate.round, certificate.block_id
    )
    power = 0
    for validator, signature in zip(validators.validators, certificate.signatures, strict=True):
        if signature is None:
            continue
        if not is_signed(validator.public, message, signature):
            raise BadSignature(
                f"certificate of height {certificate.height}: bad signature at {validator.name}"
            )
        power += validator.power
    if power < validators.quorum_power:
        raise Invalid(
            f"certificate: expected power {validators.quorum_power} of {validators.total_power}, got {power}"
        )


def find_vote(certificate: Certificate, validators: ValidatorSet, validator: Address) -> SignedVote | None:
    """The precommit of one validator in a certificate over `validators`, or None if it is not in it."""
    position = validators.index_of(validator)
    signature = None if position is None else certificate.signatures[position]
    if signature is None:
        return None
    vote = Vote(
        kind=VoteKind.PRECOMMIT,
        height=certificate.height,
        round=certificate.round,
        block_id=certificate.block_id,
        validator=validator,
    )
    return SignedVote(vote=vote, signature=signature)


def certificate_value(certificate: Certificate) -> Value:
    """The positional form."""
    return (certificate.height, certificate.round, certificate.block_id, certificate.signatures)


def certificate_from(value: Value) -> Certificate:
    """A certificate of a decoded array; raises `Malformed`."""
    height, round_, block_id, signatures = as_array(value, "certificate", 4)
    places = as_array(signatures, "certificate signatures", length_max=VALIDATORS_MAX)
    return Certificate(
        height=Height(as_uint(height, "certificate height", HEIGHT_MAX)),
        round=Round(as_uint(round_, "certificate round", ROUNDS_MAX)),
        block_id=block_id_from(block_id, "certificate block id"),
        signatures=tuple(_signature_from(place) for place in places),
    )


def _signature_from(value: Value) -> Signature | None:
    return None if value is None else Signature(as_bytes(value, "certificate signature", SIGNATURE_BYTES))


def encode_certificate(certificate: Certificate) -> bytes:
    """Canonical bytes."""
    return encode(certificate_value(certificate))


def decode_certificate(data: bytes) -> Certificate:
    """Inverse of `encode_certificate`; raises `Malformed`."""
    return certificate_from(decode(data, bytes_max=CERTIFICATE_BYTES_MAX))


def certificate_hash(certificate: Certificate | None) -> Digest:
    """What the next header says of this certificate; the first block has none before it."""
    return (
        NO_CERTIFICATE_HASH
        if certificate is None
        else tagged_hash("certificate", encode_certificate(certificate))
    )
