"""What nodes say to each other, as values. How they become bytes stands in `p2p.wire`."""

from dataclasses import dataclass
from enum import IntEnum
from typing import NewType, TypeAlias

from chain.block import CertifiedBlock
from chain.evidence import DuplicateVote
from chain.hashing import Digest
from chain.proposal import SignedProposal
from chain.status import SignedStatus
from chain.transaction import TxId
from chain.vote import BlockId, Height, Round, SignedVote

RequestId = NewType("RequestId", int)
"""Chosen by who asks, repeated in the answer; 32 bits."""


class Channel(IntEnum):
    """Three streams in one link, the first before the second before the third."""

    CONSENSUS = 0
    BLOCKS = 1
    TRANSACTIONS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalMessage:
    """A proposal of the height under decision."""

    proposal: SignedProposal


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteMessage:
    """A vote of the height under decision."""

    vote: SignedVote


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundHeld:
    """What a node holds of one round: its proposal or not, and bit i for validator i of each kind of vote."""

    round: Round
    has_proposal: bool
    prevotes: bytes
    precommits: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HeightHeld:
    """What a node holds of the height it decides, so that its peer can send what it lacks. Sent when a link begins and
    while a height makes no progress."""

    height: Height
    rounds: tuple[RoundHeld, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusMessage:
    """A validator's signed word on where its ledger stands."""

    status: SignedStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceMessage:
    """Evidence that the sender has verified and no block has yet."""

    evidence: DuplicateVote


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBlock:
    """The sender has committed this height. A claim: it starts a fetch and proves nothing."""

    height: Height
    block_id: BlockId


@dataclass(frozen=True, slots=True, kw_only=True)
class GetBlocks:
    """Asks for up to `count` certified blocks from height `first` on."""

    request: RequestId
    first: Height
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """The answer: consecutive blocks from `first`, as many as fit; none if the sender has not got the first."""

    request: RequestId
    blocks: tuple[CertifiedBlock, ...]


class RowKind(IntEnum):
    """What a node whose disk has lost something asks for. Each answer proves itself by a hash that the asker has."""

    HEADER = 1
    """Header and certificate of a height."""
    RESULTS = 2
    """The record of a height's results."""
    VALIDATORS = 3
    """The validator set of a hash."""
    PARAMETERS = 4
    """The parameters of a hash."""
    PAGE = 5
    """The page of the state tree of a height at a way from its root."""
    ENTRIES = 6
    """State keys and their values, in turn, by hashes of keys that are joined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GetRows:
    """Asks for rows of a height: `key` is a hash, a way from the root, joined hashes, or nothing, by `kind`."""

    request: RequestId
    kind: RowKind
    height: Height
    key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The answer: what the sender has of it, as much as fits."""

    request: RequestId
    rows: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GetBodies:
    """Asks for transaction bodies of a proposal."""

    request: RequestId
    ids: tuple[TxId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bodies:
    """The answer: those of the bodies that the sender holds, as many as fit."""

    request: RequestId
    transactions: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """New transactions, whole: from their entry node, or asked for."""

    transactions: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce:
    """Transactions that the sender holds."""

    ids: tuple[TxId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """Asks for announced transactions; answered by `Push`."""

    ids: tuple[TxId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GetSnapshots:
    """Asks which snapshots the peer has."""

    request: RequestId


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshots:
    """The answer: encoded manifests, the newest first, as many as fit. A claim, as everything in them."""

    request: RequestId
    manifests: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GetChunk:
    """Asks for the chunk of that hash, which the manifest of a height names."""

    request: RequestId
    height: Height
    hash: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """The answer: the chunk, None where the sender has it no longer."""

    request: RequestId
    data: bytes | None


Message: TypeAlias = (
    ProposalMessage
    | VoteMessage
    | HeightHeld
    | StatusMessage
    | NewBlock
    | GetBlocks
    | Blocks
    | GetBodies
    | Bodies
    | Push
    | Announce
    | Want
    | EvidenceMessage
    | GetSnapshots
    | Snapshots
    | GetChunk
    | Chunk
    | GetRows
    | Rows
)
