"""A validator's signed word on where its ledger stands: heard by others before they vote after a start."""

from dataclasses import dataclass
from typing import NewType

from chain.codec import Value, as_array, as_bytes, as_uint, encode
from chain.errors import BadSignature, Invalid
from chain.hashing import tagged
from chain.keys import ADDRESS_BYTES, SIGNATURE_BYTES, Address, Signature, SigningKey, is_signed
from chain.limits import HEIGHT_MAX
from chain.time import TIME_MS_MAX
from chain.validators import ValidatorSet
from chain.vote import BlockId, Height, block_id_from


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedStatus:
    """`validator` had committed `block_id` at `height` at `time_ms` of its clock."""

    height: Height
    block_id: BlockId
    time_ms: int
    validator: Address
    signature: Signature


VerifiedStatus = NewType("VerifiedStatus", SignedStatus)
"""A status of a current validator whose signature holds."""


def _sign_bytes(chain_id: str, height: int, block_id: BlockId, time_ms: int) -> bytes:
    return tagged("status", encode((chain_id, height, block_id, time_ms)))


def sign_status(
    key: SigningKey, *, height: Height, block_id: BlockId, time_ms: int, chain_id: str
) -> SignedStatus:
    """The status signed by the validator's key. It is no vote: the signer's record has no part in it."""
    signature = key.sign(_sign_bytes(chain_id, height, block_id, time_ms))
    return SignedStatus(
        height=height, block_id=block_id, time_ms=time_ms, validator=key.address, signature=signature
    )


def verify_status(status: SignedStatus, validators: ValidatorSet, chain_id: str) -> VerifiedStatus:
    """The status as verified against the current set; raises `Invalid` or `BadSignature`."""
    validator = validators.by_address(status.validator)
    if validator is None:
        raise Invalid(f"status: {status.validator.hex()} is not a validator")
    message = _sign_bytes(chain_id, status.height, status.block_id, status.time_ms)
    if not is_signed(validator.public, message, status.signature):
        raise BadSignature(f"status: the signature is not by validator {validator.name}")
    return VerifiedStatus(status)


def status_value(status: SignedStatus) -> Value:
    """The positional form."""
    return (status.height, status.block_id, status.time_ms, status.validator, status.signature)


def status_from(value: Value) -> SignedStatus:
    """A status of a decoded array; raises `Malformed`."""
    height, block_id, time_ms, validator, signature = as_array(value, "status", 5)
    return SignedStatus(
        height=Height(as_uint(height, "status height", HEIGHT_MAX)),
        block_id=block_id_from(block_id, "status block id"),
        time_ms=as_uint(time_ms, "status time", TIME_MS_MAX),
        validator=Address(as_bytes(validator, "status validator", ADDRESS_BYTES)),
        signature=Signature(as_bytes(signature, "status signature", SIGNATURE_BYTES)),
    )
