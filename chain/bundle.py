"""The audit bundle: all that it takes to prove a transaction or a state entry to somebody who has the genesis document.

    bundle       ["terang-bundle", 1, genesis hash, blocks, claim]
    block        [header, certificate, next validators or null]
    claim        ["transaction", bytes, path, result, path of the result]
                 ["entry", contract, storage, keys, value or null, proof, proof of the code hash, module or null]
    path         [[whether the sibling stands on the left, sibling], ...] from the leaf up

Header, certificate, validators, result and keys stand as the bytes that are hashed and signed, proofs as those of ICS-23:
so whoever reads a bundle with other software finds in it what that software knows.

The blocks are those at which validators hand over, in their order, and at the end those of the claim: for a transaction its
block and the next, for an entry the one whose header has the state root. `next validators` are given where a block
hands over, but for the last, after which nobody needs to be known.

A path says where to turn instead of a place among so many, since only the turns are bound by the root.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chain.block import Header, decode_header, encode_header
from chain.certificate import Certificate, decode_certificate, encode_certificate
from chain.codec import Encodable, Value, as_array, as_bool, as_bytes, as_text, as_uint, decode, encode
from chain.errors import Malformed
from chain.hashing import DIGEST_BYTES, Digest
from chain.ics23 import CommitmentProof
from chain.ics23_codec import decode_proof, encode_proof
from chain.limits import (
    BUNDLE_BLOCKS_MAX,
    BUNDLE_BYTES_MAX,
    BUNDLE_PATH_MAX,
    MODULE_BYTES_MAX,
    NAME_BYTES_MAX,
    PROOF_BYTES_MAX,
    STATE_KEY_BYTES_MAX,
    STATE_VALUE_BYTES_MAX,
    TRANSACTION_BYTES_MAX,
)
from chain.merkle import Turn
from chain.result import TransactionResult, decode_result, encode_result
from chain.validators import ValidatorSet, decode_validators, encode_validators

KIND, VERSION = "terang-bundle", 1
TRANSACTION, ENTRY = "transaction", "entry"
_KEYS_BYTES_MAX = 2 * STATE_KEY_BYTES_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleBlock:
    """A header, what decided it, and to whom it hands over, None where it does not or nobody needs to know."""

    header: Header
    certificate: Certificate
    next_validators: ValidatorSet | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionClaim:
    """That a transaction is in the last block but one, with this result."""

    raw: bytes
    path: tuple[Turn, ...]
    result: TransactionResult
    result_path: tuple[Turn, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryClaim:
    """That an entry of a contract's storage has this value in the state of the last header, or that there is none.

    `keys` are the parts of a Map's key, none for a Var. `code_proof` proves the contract's code hash; `module` is the code
    of that hash, None where the genesis document deploys it.
    """

    contract: str
    storage: str
    keys: tuple[Value, ...]
    value: bytes | None
    proof: CommitmentProof
    code_proof: CommitmentProof
    module: bytes | None


Claim: TypeAlias = TransactionClaim | EntryClaim


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """See the module. Whether it proves its claim is for `genesis.audit.verify_bundle` to say."""

    genesis_hash: Digest
    blocks: tuple[BundleBlock, ...]
    claim: Claim


def bundle_value(bundle: Bundle) -> Encodable:
    """The positional form."""
    blocks = [bundle_block_value(block) for block in bundle.blocks]
    return [KIND, VERSION, bundle.genesis_hash, blocks, _claim_value(bundle.claim)]


def bundle_from(value: Value) -> Bundle:
    """A bundle of a decoded array; raises `Malformed`."""
    kind, version, genesis_hash, blocks, claim = as_array(value, "bundle", 5)
    if kind != KIND or as_uint(version, "bundle version") != VERSION:
        raise Malformed(f"bundle: expected {KIND} of version {VERSION}, got another kind or version")
    return Bundle(
        genesis_hash=Digest(as_bytes(genesis_hash, "genesis hash", DIGEST_BYTES)),
        blocks=tuple(
            bundle_block_from(block) for block in as_array(blocks, "blocks", length_max=BUNDLE_BLOCKS_MAX)
        ),
        claim=_claim_from(claim),
    )


def encode_bundle(bundle: Bundle) -> bytes:
    """Canonical bytes."""
    return encode(bundle_value(bundle))


def decode_bundle(data: bytes) -> Bundle:
    """Inverse of `encode_bundle`; raises `Malformed`."""
    bundle = bundle_from(decode(data, bytes_max=BUNDLE_BYTES_MAX))
    if encode_bundle(bundle) != data:
        raise Malformed("bundle: expected each part in its one form, got another form")
    return bundle


# --- Blocks -----------------------------------------------------------------------------------------------------


def bundle_block_value(block: BundleBlock) -> Encodable:
    """The positional form."""
    following = block.next_validators
    return [
        encode_header(block.header),
        encode_certificate(block.certificate),
        None if following is None else encode_validators(following),
    ]


def bundle_block_from(value: Value) -> BundleBlock:
    """A block of a decoded array; raises `Malformed`."""
    header, certificate, following = as_array(value, "block", 3)
    return BundleBlock(
        header=decode_header(as_bytes(header, "header")),
        certificate=decode_certificate(as_bytes(certificate, "certificate")),
        next_validators=None
        if following is None
        else decode_validators(as_bytes(following, "next validators")),
    )


# --- Claims -----------------------------------------------------------------------------------------------------


def _claim_value(claim: Claim) -> Encodable:
    if isinstance(claim, TransactionClaim):
        result = encode_result(claim.result)
        return [TRANSACTION, claim.raw, _path_value(claim.path), result, _path_value(claim.result_path)]
    proof, code_proof = encode_proof(claim.proof), encode_proof(claim.code_proof)
    keys = encode(claim.keys)
    return [ENTRY, claim.contract, claim.storage, keys, claim.value, proof, code_proof, claim.module]


def _claim_from(value: Value) -> Claim:
    match value:
        case ("transaction", raw, path, result, result_path):
            return TransactionClaim(
                raw=as_bytes(raw, "transaction", length_max=TRANSACTION_BYTES_MAX),
                path=_path_from(path, "path"),
                result=decode_result(as_bytes(result, "result")),
                result_path=_path_from(result_path, "path of the result"),
            )
        case ("entry", contract, storage, keys, found, proof, code_proof, module):
            return EntryClaim(
                contract=as_text(contract, "contract", length_max=NAME_BYTES_MAX),
                storage=as_text(storage, "storage", length_max=NAME_BYTES_MAX),
                keys=as_array(decode(as_bytes(keys, "keys"), bytes_max=_KEYS_BYTES_MAX), "keys"),
                value=_given(found, "value", STATE_VALUE_BYTES_MAX),
                proof=_proof_from(proof, "proof"),
                code_proof=_proof_from(code_proof, "proof of the code hash"),
                module=_given(module, "module", MODULE_BYTES_MAX),
            )
    raise Malformed("claim: expected a transaction in 5 items or an entry in 8, got something else")


def _path_value(path: Sequence[Turn]) -> Encodable:
    return [[turn.is_left, turn.sibling] for turn in path]


def _path_from(value: Value, what: str) -> tuple[Turn, ...]:
    turns = [as_array(turn, what, 2) for turn in as_array(value, what, length_max=BUNDLE_PATH_MAX)]
    return tuple(
        Turn(is_left=as_bool(is_left, what), sibling=Digest(as_bytes(sibling, what, DIGEST_BYTES)))
        for is_left, sibling in turns
    )


def _proof_from(value: Value, what: str) -> CommitmentProof:
    return decode_proof(as_bytes(value, what, length_max=PROOF_BYTES_MAX))


def _given(value: Value, what: str, length_max: int) -> bytes | None:
    return None if value is None else as_bytes(value, what, length_max=length_max)
