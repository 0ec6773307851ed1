"""Answers of a node back in the ledger's own types, as they are hashed and signed: for whoever checks instead of believing.

The way back of `rpc.render`. Raises `Malformed` for what cannot be that: a node says what it likes.
"""

import binascii
from base64 import b64decode

from chain.block import BLOCK_VERSION, NO_BLOCK_ID, Block, Header, header_from
from chain.certificate import Certificate, certificate_from
from chain.errors import Malformed
from chain.evidence import DuplicateVote, decode_evidence
from chain.hashing import DIGEST_BYTES, Digest
from chain.limits import BLOCK_TRANSACTIONS_MAX, HEIGHT_MAX
from chain.merkle import InclusionProof
from chain.parameters import PARAMETER_NAMES, Parameters
from chain.time import parse_time
from chain.validators import ValidatorSet, validators_from
from rpc.answers import (
    BlockIdJson,
    BlockJson,
    CommitJson,
    CommitSignature,
    ConsensusParamsAnswer,
    HeaderJson,
    SignedHeader,
    TxProofJson,
    ValidatorsAnswer,
)

_FLAG_ABSENT = 1
_AUNTS_MAX = BLOCK_TRANSACTIONS_MAX.bit_length()


def header_of(shown: HeaderJson) -> Header:
    """A header."""
    if shown.version.block != str(BLOCK_VERSION):
        raise Malformed(f"block version: expected {BLOCK_VERSION}, got {shown.version.block[:20]!r}")
    return header_from(
        (
            BLOCK_VERSION,
            shown.chain_id,
            whole(shown.height, "height"),
            parse_time(shown.time),
            _block_id(shown.last_block_id),
            _hexadecimal(shown.last_commit_hash, "last commit hash"),
            _hexadecimal(shown.data_hash, "data hash"),
            _hexadecimal(shown.last_results_hash, "last results hash"),
            _hexadecimal(shown.app_hash, "app hash"),
            _hexadecimal(shown.validators_hash, "validators hash"),
            _hexadecimal(shown.next_validators_hash, "next validators hash"),
            _hexadecimal(shown.consensus_hash, "consensus hash"),
            _hexadecimal(shown.evidence_hash, "evidence hash"),
            _hexadecimal(shown.proposer_address, "proposer"),
        )
    )


def certificate_of(shown: CommitJson) -> Certificate:
    """A certificate. Its addresses are left out: the places of the signatures say who signed."""
    return certificate_from(
        (
            whole(shown.height, "commit height"),
            shown.round,
            _block_id(shown.block_id),
            tuple(_signature(one) for one in shown.signatures),
        )
    )


def signed_header_of(shown: SignedHeader) -> tuple[Header, Certificate]:
    """A header and its certificate."""
    return header_of(shown.header), certificate_of(shown.commit)


def block_of(shown: BlockJson) -> Block:
    """A whole block. Whether its header commits to the rest is for `chain.block.check_commitments` to say."""
    return Block(
        header=header_of(shown.header),
        transactions=tuple(transaction_of(raw) for raw in shown.data.txs),
        evidence=tuple(evidence_of(one) for one in shown.evidence.evidence),
        last_certificate=None if shown.last_commit.height == "0" else certificate_of(shown.last_commit),
    )


def parameters_of(shown: ConsensusParamsAnswer) -> Parameters:
    """The parameters in force at a height."""
    given = shown.consensus_params.get("terang", {})
    if set(given) != set(PARAMETER_NAMES):
        raise Malformed(f"parameters: expected {len(PARAMETER_NAMES)} by their names, got {len(given)}")
    return Parameters(**{name: whole(str(given[name]), name) for name in PARAMETER_NAMES})


def validators_of(shown: ValidatorsAnswer) -> ValidatorSet:
    """A validator set, which has to be whole."""
    if whole(shown.total, "validators") != len(shown.validators):
        raise Malformed(f"validators: expected all {shown.total[:20]}, got {len(shown.validators)}")
    return validators_from(
        tuple(
            (_base64(one.pub_key.value, "key"), whole(one.voting_power, "voting power"), one.name)
            for one in shown.validators
        )
    )


def proof_of(shown: TxProofJson) -> InclusionProof:
    """The proof that a transaction stands in its block."""
    proof = shown.proof
    if len(proof.aunts) > _AUNTS_MAX:
        raise Malformed(f"proof: expected at most {_AUNTS_MAX} aunts, got {len(proof.aunts)}")
    return InclusionProof(
        total=whole(proof.total, "total"),
        index=whole(proof.index, "index"),
        leaf_hash=_digest(_base64(proof.leaf_hash, "leaf hash"), "leaf hash"),
        aunts=tuple(_digest(_base64(aunt, "aunt"), "aunt") for aunt in proof.aunts),
    )


def transaction_of(shown: str) -> bytes:
    """The bytes of a transaction."""
    return _base64(shown, "transaction")


def evidence_of(shown: str) -> DuplicateVote:
    """Evidence against a validator; its votes are not verified."""
    return decode_evidence(_base64(shown, "evidence"))


def whole(text: str, what: str) -> int:
    """A number that is written as text."""
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= HEIGHT_MAX):
        raise Malformed(f"{what}: expected a number up to {HEIGHT_MAX}, got {text[:40]!r}")
    return int(text)


def _block_id(shown: BlockIdJson) -> bytes:
    return NO_BLOCK_ID if shown.hash == "" else _hexadecimal(shown.hash, "block id")


def _signature(shown: CommitSignature) -> bytes | None:
    if shown.block_id_flag == _FLAG_ABSENT or shown.signature is None:
        return None
    return _base64(shown.signature, "signature")


def _hexadecimal(text: str, what: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise Malformed(f"{what}: expected hexadecimal digits, got {text[:80]!r}") from None


def _base64(text: str, what: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed(f"{what}: expected base64, got {text[:80]!r}") from None


def _digest(data: bytes, what: str) -> Digest:
    if len(data) != DIGEST_BYTES:
        raise Malformed(f"{what}: expected {DIGEST_BYTES} bytes, got {len(data)}")
    return Digest(data)
