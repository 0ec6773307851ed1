"""What nodes say to each other: one table of kinds, each with its channel, its size and its two directions.

A message is [kind, …fields] in the codec. Decoding checks form and bounds only; signatures are checked by whoever
knows the validator set. An unknown kind is misbehaviour: versions are agreed in the handshake.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Generic, NewType, TypeAlias, TypeVar

from chain.block import CertifiedBlock, block_from, block_value
from chain.certificate import certificate_from, certificate_value
from chain.codec import Value, as_array, as_bytes, as_uint, decode, encode
from chain.errors import Malformed
from chain.hashing import DIGEST_BYTES
from chain.limits import (
    BLOCKS_ANSWER_BYTES_MAX,
    BLOCKS_PER_REQUEST_MAX,
    BODIES_ANSWER_BYTES_MAX,
    HEIGHT_MAX,
    IDS_PER_MESSAGE_MAX,
    PROPOSAL_BYTES_MAX,
    PUSH_BYTES_MAX,
    REQUEST_ID_MAX,
    ROUNDS_MAX,
    STATUS_BYTES_MAX,
    STATUS_ROUNDS_MAX,
    TRANSACTION_BYTES_MAX,
    VALIDATORS_MAX,
    VOTE_BYTES_MAX,
)
from chain.proposal import SignedProposal, proposal_from, proposal_value
from chain.status import SignedStatus, status_from, status_value
from chain.transaction import TxId
from chain.vote import BlockId, Height, Round, SignedVote, block_id_from, vote_from, vote_value

RequestId = NewType("RequestId", int)
"""Chosen by who asks, repeated in the answer; 32 bits."""

_IDS_BYTES_MAX = IDS_PER_MESSAGE_MAX * 34 + 32
_BITMAP_BYTES_MAX = VALIDATORS_MAX // 8


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
)

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class Kind(Generic[M]):
    """One row of the table: its number on the wire, its channel, its largest size, and its fields both ways."""

    number: int
    type: type[M]
    channel: Channel
    bytes_max: int
    to_value: Callable[[M], Value]
    from_value: Callable[[Value], M]


def _ids(value: Value) -> tuple[TxId, ...]:
    items = as_array(value, "transaction ids", length_max=IDS_PER_MESSAGE_MAX)
    return tuple(TxId(as_bytes(item, "transaction id", DIGEST_BYTES)) for item in items)


def _bodies(value: Value) -> tuple[bytes, ...]:
    items = as_array(value, "transactions", length_max=IDS_PER_MESSAGE_MAX)
    return tuple(as_bytes(item, "transaction", length_max=TRANSACTION_BYTES_MAX) for item in items)


def _request(value: Value) -> RequestId:
    return RequestId(as_uint(value, "request", REQUEST_ID_MAX))


def _round_held(value: Value) -> RoundHeld:
    round_, has_proposal, prevotes, precommits = as_array(value, "round", 4)
    return RoundHeld(
        round=Round(as_uint(round_, "round", ROUNDS_MAX)),
        has_proposal=as_uint(has_proposal, "has proposal", 1) == 1,
        prevotes=as_bytes(prevotes, "prevotes", length_max=_BITMAP_BYTES_MAX),
        precommits=as_bytes(precommits, "precommits", length_max=_BITMAP_BYTES_MAX),
    )


def _height_held_value(held: HeightHeld) -> Value:
    rounds = tuple((r.round, int(r.has_proposal), r.prevotes, r.precommits) for r in held.rounds)
    return (held.height, rounds)


def _height_held(value: Value) -> HeightHeld:
    height, rounds = as_array(value, "height held", 2)
    items = as_array(rounds, "rounds", length_max=STATUS_ROUNDS_MAX)
    return HeightHeld(
        height=Height(as_uint(height, "height", HEIGHT_MAX)),
        rounds=tuple(_round_held(item) for item in items),
    )


def _new_block(value: Value) -> NewBlock:
    height, block_id = as_array(value, "new block", 2)
    return NewBlock(
        height=Height(as_uint(height, "height", HEIGHT_MAX)), block_id=block_id_from(block_id, "block id")
    )


def _get_blocks(value: Value) -> GetBlocks:
    request, first, count = as_array(value, "get blocks", 3)
    return GetBlocks(
        request=_request(request),
        first=Height(as_uint(first, "first height", HEIGHT_MAX)),
        count=as_uint(count, "count", BLOCKS_PER_REQUEST_MAX),
    )


def _blocks_value(answer: Blocks) -> Value:
    items = tuple((block_value(item.block), certificate_value(item.certificate)) for item in answer.blocks)
    return (answer.request, items)


def _blocks(value: Value) -> Blocks:
    request, blocks = as_array(value, "blocks", 2)
    pairs = [
        as_array(pair, "certified block", 2)
        for pair in as_array(blocks, "blocks", length_max=BLOCKS_PER_REQUEST_MAX)
    ]
    certified = tuple(CertifiedBlock(block=block_from(b), certificate=certificate_from(c)) for b, c in pairs)
    return Blocks(request=_request(request), blocks=certified)


def _get_bodies(value: Value) -> GetBodies:
    request, ids = as_array(value, "get bodies", 2)
    return GetBodies(request=_request(request), ids=_ids(ids))


def _bodies_answer(value: Value) -> Bodies:
    request, transactions = as_array(value, "bodies", 2)
    return Bodies(request=_request(request), transactions=_bodies(transactions))


_SMALL = 64
_HELD_BYTES_MAX = STATUS_ROUNDS_MAX * (2 * _BITMAP_BYTES_MAX + 16) + 32

KINDS: tuple[Kind[Any], ...] = (
    Kind(1, ProposalMessage, Channel.CONSENSUS, PROPOSAL_BYTES_MAX + 8,
         lambda m: proposal_value(m.proposal), lambda v: ProposalMessage(proposal=proposal_from(v))),
    Kind(2, VoteMessage, Channel.CONSENSUS, VOTE_BYTES_MAX + 8,
         lambda m: vote_value(m.vote), lambda v: VoteMessage(vote=vote_from(v))),
    Kind(3, HeightHeld, Channel.CONSENSUS, _HELD_BYTES_MAX, _height_held_value, _height_held),
    Kind(4, StatusMessage, Channel.CONSENSUS, STATUS_BYTES_MAX,
         lambda m: status_value(m.status), lambda v: StatusMessage(status=status_from(v))),
    Kind(5, NewBlock, Channel.CONSENSUS, _SMALL, lambda m: (m.height, m.block_id), _new_block),
    Kind(6, GetBodies, Channel.CONSENSUS, _IDS_BYTES_MAX, lambda m: (m.request, m.ids), _get_bodies),
    Kind(7, Bodies, Channel.CONSENSUS, BODIES_ANSWER_BYTES_MAX + TRANSACTION_BYTES_MAX,
         lambda m: (m.request, m.transactions), _bodies_answer),
    Kind(8, GetBlocks, Channel.BLOCKS, _SMALL, lambda m: (m.request, m.first, m.count), _get_blocks),
    Kind(9, Blocks, Channel.BLOCKS, 2 * BLOCKS_ANSWER_BYTES_MAX, _blocks_value, _blocks),
    Kind(10, Push, Channel.TRANSACTIONS, PUSH_BYTES_MAX + TRANSACTION_BYTES_MAX,
         lambda m: m.transactions, lambda v: Push(transactions=_bodies(v))),
    Kind(11, Announce, Channel.TRANSACTIONS, _IDS_BYTES_MAX, lambda m: m.ids, lambda v: Announce(ids=_ids(v))),
    Kind(12, Want, Channel.TRANSACTIONS, _IDS_BYTES_MAX, lambda m: m.ids, lambda v: Want(ids=_ids(v))),
)  # fmt: skip
"""Every message; `Any` because rows differ in their type."""

_BY_TYPE = {kind.type: kind for kind in KINDS}
_BY_NUMBER = {kind.number: kind for kind in KINDS}

BYTES_MAX: dict[Channel, int] = {
    channel: max(kind.bytes_max for kind in KINDS if kind.channel is channel) for channel in Channel
}
"""The largest message of each channel: what a length prefix may claim."""


def channel_of(message: Message) -> Channel:
    """The channel on which a message travels."""
    return _BY_TYPE[type(message)].channel


def encode_message(message: Message) -> bytes:
    """Canonical bytes of a message."""
    kind = _BY_TYPE[type(message)]
    return encode((kind.number, kind.to_value(message)))


def decode_message(data: bytes, channel: Channel) -> Message:
    """Inverse of `encode_message` for bytes that came on `channel`.

    Raises:
        Malformed: unknown kind, wrong channel, too large for its kind, or not its form.
    """
    number, value = as_array(decode(data, bytes_max=BYTES_MAX[channel]), "message", 2)
    kind = _BY_NUMBER.get(as_uint(number, "message kind"))
    if kind is None or kind.channel is not channel:
        raise Malformed(f"message: kind {number!r} does not exist on the {channel.name.lower()} channel")
    if len(data) > kind.bytes_max:
        raise Malformed(
            f"message of kind {number!r}: expected at most {kind.bytes_max} bytes, got {len(data)}"
        )
    message: Message = kind.from_value(value)
    return message
