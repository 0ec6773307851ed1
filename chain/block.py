"""Blocks: a header that commits to everything, and the same block in two forms, with bodies and with ids only.

The results root, the state root and the validators of header H are those *after* block H-1: a proposer can state them,
and every validator checks them, without carrying out the block it votes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.certificate import Certificate, certificate_from, certificate_hash, certificate_value
from chain.codec import Value, as_array, as_bytes, as_text, as_uint, decode, encode
from chain.errors import Invalid, Malformed
from chain.evidence import DuplicateVote, evidence_from, evidence_root, evidence_value
from chain.hashing import DIGEST_BYTES, Digest, tagged_hash
from chain.keys import ADDRESS_BYTES, Address
from chain.limits import (
    BLOCK_ENCODED_BYTES_MAX,
    BLOCK_EVIDENCE_MAX,
    BLOCK_TRANSACTIONS_MAX,
    CHAIN_ID_BYTES_MAX,
    COMPACT_BLOCK_BYTES_MAX,
    HEADER_BYTES_MAX,
    HEIGHT_MAX,
    TRANSACTION_BYTES_MAX,
)
from chain.merkle import compute_merkle_root
from chain.time import TIME_MS_MAX
from chain.transaction import TxId, compute_transaction_id
from chain.vote import BlockId, Height, block_id_from

BLOCK_VERSION = 1
APP_VERSION = 1
"""Of what blocks do to the state and how it is laid out; changes where a release would carry one out otherwise."""
NO_BLOCK_ID = BlockId(Digest(bytes(DIGEST_BYTES)))
"""What the first block names as its predecessor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Fields in the order in which they are encoded and hashed."""

    chain_id: str
    height: Height
    time_ms: int
    previous_block_id: BlockId
    last_certificate_hash: Digest
    transactions_root: Digest
    results_root: Digest
    state_root: Digest
    validators_hash: Digest
    next_validators_hash: Digest
    parameters_hash: Digest
    evidence_root: Digest
    proposer: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block with the bodies of its transactions."""

    header: Header
    transactions: tuple[bytes, ...]
    evidence: tuple[DuplicateVote, ...]
    last_certificate: Certificate | None

    def compact(self) -> "CompactBlock":
        """The same block with ids in place of bodies."""
        return CompactBlock(
            header=self.header,
            transaction_ids=tuple(compute_transaction_id(raw) for raw in self.transactions),
            evidence=self.evidence,
            last_certificate=self.last_certificate,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactBlock:
    """A block as it is proposed: the ids of its transactions say which bodies to hold."""

    header: Header
    transaction_ids: tuple[TxId, ...]
    evidence: tuple[DuplicateVote, ...]
    last_certificate: Certificate | None

    def with_bodies(self, transactions: Sequence[bytes]) -> Block:
        """The whole block; `transactions` are the bodies in the order of the ids."""
        assert len(transactions) == len(self.transaction_ids), "one body for each id"
        return Block(
            header=self.header,
            transactions=tuple(transactions),
            evidence=self.evidence,
            last_certificate=self.last_certificate,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifiedBlock:
    """A block and the precommits that decided it: what nodes hand to those who were away."""

    block: Block
    certificate: Certificate


def header_value(header: Header) -> Value:
    """The positional form, version first."""
    return (
        BLOCK_VERSION,
        header.chain_id,
        header.height,
        header.time_ms,
        header.previous_block_id,
        header.last_certificate_hash,
        header.transactions_root,
        header.results_root,
        header.state_root,
        header.validators_hash,
        header.next_validators_hash,
        header.parameters_hash,
        header.evidence_root,
        header.proposer,
    )


def header_from(value: Value) -> Header:
    """A header of a decoded array; raises `Malformed`."""
    items = as_array(value, "header", 14)
    if as_uint(items[0], "block version") != BLOCK_VERSION:
        raise Malformed(f"block version: expected {BLOCK_VERSION}, got {items[0]!r}")
    names = ("last certificate hash", "transactions root", "results root", "state root", "validators hash",
             "next validators hash", "parameters hash", "evidence root")  # fmt: skip
    digests = [
        Digest(as_bytes(item, name, DIGEST_BYTES)) for item, name in zip(items[5:13], names, strict=True)
    ]
    return Header(
        chain_id=as_text(items[1], "chain id", length_max=CHAIN_ID_BYTES_MAX),
        height=Height(as_uint(items[2], "height", HEIGHT_MAX)),
        time_ms=as_uint(items[3], "block time", TIME_MS_MAX),
        previous_block_id=block_id_from(items[4], "previous block id"),
        last_certificate_hash=digests[0],
        transactions_root=digests[1],
        results_root=digests[2],
        state_root=digests[3],
        validators_hash=digests[4],
        next_validators_hash=digests[5],
        parameters_hash=digests[6],
        evidence_root=digests[7],
        proposer=Address(as_bytes(items[13], "proposer", ADDRESS_BYTES)),
    )


def encode_header(header: Header) -> bytes:
    """Canonical bytes."""
    return encode(header_value(header))


def decode_header(data: bytes) -> Header:
    """Inverse of `encode_header`; raises `Malformed`."""
    return header_from(decode(data, bytes_max=HEADER_BYTES_MAX))


def compute_block_id(header: Header) -> BlockId:
    """The id of the block with this header."""
    return BlockId(tagged_hash("header", encode_header(header)))


def compute_transactions_root(ids: Sequence[TxId]) -> Digest:
    """RFC 6962 root whose leaves are the ids: CometBFT's root over transactions."""
    return compute_merkle_root(ids)


def check_commitments(block: CompactBlock) -> None:
    """Checks that the header commits to exactly this content; raises `Invalid`."""
    header = block.header
    if header.transactions_root != compute_transactions_root(block.transaction_ids):
        raise Invalid(f"block {header.height}: the transactions root does not fit its transactions")
    if header.evidence_root != evidence_root(block.evidence):
        raise Invalid(f"block {header.height}: the evidence root does not fit its evidence")
    if header.last_certificate_hash != certificate_hash(block.last_certificate):
        raise Invalid(f"block {header.height}: the last certificate is not the one its header names")


def block_value(block: Block) -> Value:
    """The positional form of a whole block."""
    return _parts(block, block.transactions)


def compact_block_value(block: CompactBlock) -> Value:
    """The positional form of a compact block."""
    return _parts(block, block.transaction_ids)


def _parts(block: Block | CompactBlock, transactions: Sequence[bytes]) -> Value:
    certificate = None if block.last_certificate is None else certificate_value(block.last_certificate)
    evidence = tuple(evidence_value(item) for item in block.evidence)
    return (header_value(block.header), tuple(transactions), evidence, certificate)


def block_from(value: Value) -> Block:
    """A block of a decoded array; raises `Malformed`."""
    header, transactions, evidence, certificate = as_array(value, "block", 4)
    bodies = as_array(transactions, "transactions", length_max=BLOCK_TRANSACTIONS_MAX)
    return Block(
        header=header_from(header),
        transactions=tuple(
            as_bytes(body, "transaction", length_max=TRANSACTION_BYTES_MAX) for body in bodies
        ),
        evidence=_evidence_from(evidence),
        last_certificate=None if certificate is None else certificate_from(certificate),
    )


def compact_block_from(value: Value) -> CompactBlock:
    """A compact block of a decoded array; raises `Malformed`."""
    header, transaction_ids, evidence, certificate = as_array(value, "compact block", 4)
    ids = as_array(transaction_ids, "transaction ids", length_max=BLOCK_TRANSACTIONS_MAX)
    return CompactBlock(
        header=header_from(header),
        transaction_ids=tuple(TxId(as_bytes(item, "transaction id", DIGEST_BYTES)) for item in ids),
        evidence=_evidence_from(evidence),
        last_certificate=None if certificate is None else certificate_from(certificate),
    )


def _evidence_from(value: Value) -> tuple[DuplicateVote, ...]:
    return tuple(evidence_from(item) for item in as_array(value, "evidence", length_max=BLOCK_EVIDENCE_MAX))


def encode_block(block: Block) -> bytes:
    """Canonical bytes."""
    return encode(block_value(block))


def decode_block(data: bytes) -> Block:
    """Inverse of `encode_block`; raises `Malformed`."""
    return block_from(decode(data, bytes_max=BLOCK_ENCODED_BYTES_MAX))


def encode_compact_block(block: CompactBlock) -> bytes:
    """Canonical bytes."""
    return encode(compact_block_value(block))


def decode_compact_block(data: bytes) -> CompactBlock:
    """Inverse of `encode_compact_block`; raises `Malformed`."""
    return compact_block_from(decode(data, bytes_max=COMPACT_BLOCK_BYTES_MAX))
