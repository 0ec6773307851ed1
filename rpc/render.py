"""The ledger's values as answers: pure functions from `chain` types to the shapes of `rpc.answers`."""

from base64 import b64encode

from chain.block import APP_VERSION, BLOCK_VERSION, NO_BLOCK_ID, Block, Header
from chain.certificate import Certificate
from chain.codec import Value, encode
from chain.evidence import encode_evidence
from chain.hashing import Digest
from chain.keys import PublicKey, address_of, format_address
from chain.limits import (
    BLOCK_EVIDENCE_MAX,
    EVIDENCE_AGE_BLOCKS_MAX,
    EVIDENCE_AGE_MS_MAX,
    EVIDENCE_BYTES_MAX,
)
from chain.merkle import compute_inclusion_proof
from chain.parameters import PARAMETER_NAMES, Parameters
from chain.result import Event, TransactionResult, render, render_value
from chain.time import format_time
from chain.transaction import compute_transaction_id
from chain.validators import Validator, ValidatorSet
from chain.vote import BlockId
from rpc.answers import (
    BlockIdJson,
    BlockJson,
    CommitJson,
    CommitSignature,
    DataJson,
    EventAttribute,
    EventJson,
    EvidenceListJson,
    HeaderJson,
    MerkleProofJson,
    PartSetHeader,
    PubKeyJson,
    TxProofJson,
    TxResultJson,
    ValidatorJson,
    VersionJson,
)

CODESPACE = "terang"
KEY_TYPE = "tendermint/PubKeyEd25519"
NO_TIME = "0001-01-01T00:00:00Z"
_FLAG_ABSENT, _FLAG_COMMIT = 1, 2


def hexadecimal(data: bytes) -> str:
    """Upper-case digits."""
    return data.hex().upper()


def base64_of(data: bytes) -> str:
    """Standard base64 with padding."""
    return b64encode(data).decode("ascii")


def render_block_id(block_id: BlockId) -> BlockIdJson:
    """A block's id; nothing stands for no block."""
    if block_id == NO_BLOCK_ID:
        return BlockIdJson(hash="", parts=PartSetHeader(total=0, hash=""))
    text = hexadecimal(block_id)
    return BlockIdJson(hash=text, parts=PartSetHeader(total=1, hash=text))


def render_header(header: Header) -> HeaderJson:
    """A header."""
    return HeaderJson(
        version=VersionJson(block=str(BLOCK_VERSION), app=str(APP_VERSION)),
        chain_id=header.chain_id,
        height=str(header.height),
        time=format_time(header.time_ms),
        last_block_id=render_block_id(header.previous_block_id),
        last_commit_hash=hexadecimal(header.last_certificate_hash),
        data_hash=hexadecimal(header.transactions_root),
        validators_hash=hexadecimal(header.validators_hash),
        next_validators_hash=hexadecimal(header.next_validators_hash),
        consensus_hash=hexadecimal(header.parameters_hash),
        app_hash=hexadecimal(header.state_root),
        last_results_hash=hexadecimal(header.results_root),
        evidence_hash=hexadecimal(header.evidence_root),
        proposer_address=format_address(header.proposer),
    )


def render_block(block: Block, last_validators: ValidatorSet | None) -> BlockJson:
    """A whole block; `last_validators` decided the block before."""
    return BlockJson(
        header=render_header(block.header),
        data=DataJson(txs=[base64_of(raw) for raw in block.transactions]),
        evidence=EvidenceListJson(evidence=[base64_of(encode_evidence(item)) for item in block.evidence]),
        last_commit=render_commit(block.last_certificate, last_validators),
    )


def render_commit(certificate: Certificate | None, validators: ValidatorSet | None) -> CommitJson:
    """A certificate with the addresses of its height's validators; height 0 where there is none."""
    if certificate is None:
        return CommitJson(height="0", round=0, block_id=render_block_id(NO_BLOCK_ID), signatures=[])
    addresses = [""] * len(certificate.signatures)
    if validators is not None:
        addresses = [format_address(validator.address) for validator in validators.validators]
    return CommitJson(
        height=str(certificate.height),
        round=certificate.round,
        block_id=render_block_id(certificate.block_id),
        signatures=[
            CommitSignature(
                block_id_flag=_FLAG_ABSENT if signature is None else _FLAG_COMMIT,
                validator_address="" if signature is None else address,
                timestamp=NO_TIME,
                signature=None if signature is None else base64_of(signature),
            )
            for signature, address in zip(certificate.signatures, addresses, strict=True)
        ],
    )


def render_result(result: TransactionResult) -> TxResultJson:
    """A transaction's result; the clause that refused it, with its values, is the log."""
    return TxResultJson(
        code=int(result.code),
        data=base64_of(encode(result.data)) if result.data else None,
        log=_log_of(result),
        info=""
        if result.trap is None
        else f"{result.trap.contract}.{result.trap.function}:{result.trap.line}",
        gas_wanted=str(result.gas_wanted),
        gas_used=str(result.gas_used),
        events=[render_event(event) for event in result.events],
        codespace="" if result.is_ok else CODESPACE,
    )


def _log_of(result: TransactionResult) -> str:
    if result.is_ok:
        return ""
    return result.code.name.lower().replace("_", " ") if result.trap is None else render(result.trap)


def nothing_happened() -> TxResultJson:
    """What stands for the result of a transaction that was not let in."""
    return TxResultJson(
        code=0, data=None, log="", info="", gas_wanted="0", gas_used="0", events=[], codespace=""
    )


def render_event(event: Event) -> EventJson:
    """An event with its fields as text."""
    return EventJson(
        type=f"{event.contract}.{event.name}",
        attributes=[
            EventAttribute(key=name, value=render_value(value), index=True) for name, value in event.fields
        ],
    )


def render_key(public: PublicKey) -> PubKeyJson:
    """An Ed25519 key."""
    return PubKeyJson(type=KEY_TYPE, value=base64_of(public))


def render_validator(validator: Validator) -> ValidatorJson:
    """A validator."""
    return ValidatorJson(
        address=format_address(validator.address),
        pub_key=render_key(validator.public),
        voting_power=str(validator.power),
        proposer_priority="0",
        name=validator.name,
    )


def render_node_id(node_key: PublicKey) -> str:
    """The address of a node key, lower-case."""
    return address_of(node_key).hex()


def render_proof(transactions: tuple[bytes, ...], index: int, root: Digest) -> TxProofJson:
    """That the transaction at `index` stands in its block; leaves are ids."""
    proof = compute_inclusion_proof([compute_transaction_id(raw) for raw in transactions], index)
    return TxProofJson(
        root_hash=hexadecimal(root),
        data=base64_of(transactions[index]),
        proof=MerkleProofJson(
            total=str(proof.total),
            index=str(proof.index),
            leaf_hash=base64_of(proof.leaf_hash),
            aunts=[base64_of(aunt) for aunt in proof.aunts],
        ),
    )


def render_parameters(parameters: Parameters) -> dict[str, dict[str, object]]:
    """CometBFT's groups as far as they are ours too, and all of ours by name."""
    return {
        "block": {"max_bytes": str(parameters.block_bytes_max), "max_gas": str(parameters.block_gas_max)},
        "evidence": {
            "max_age_num_blocks": str(EVIDENCE_AGE_BLOCKS_MAX),
            "max_age_duration": str(EVIDENCE_AGE_MS_MAX * 1_000_000),
            "max_bytes": str(BLOCK_EVIDENCE_MAX * EVIDENCE_BYTES_MAX),
        },
        "validator": {"pub_key_types": ["ed25519"]},
        "version": {"app": str(APP_VERSION)},
        "abci": {"vote_extensions_enable_height": "0"},
        "terang": {name: str(getattr(parameters, name)) for name in PARAMETER_NAMES},
    }


def show_value(value: Value) -> object:
    """A value for people: numbers as they are, bytes in hexadecimal, records as arrays."""
    if isinstance(value, tuple):
        return [show_value(item) for item in value]
    return hexadecimal(value) if isinstance(value, bytes) else value
