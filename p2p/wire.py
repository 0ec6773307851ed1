"""How messages become bytes: one table of kinds, each with its channel, its size and its two directions.

A message is [kind, …fields] in the codec. Decoding checks form and bounds only; signatures are checked by whoever
knows the validator set. An unknown kind is misbehaviour: versions are agreed in the handshake.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from chain.block import CertifiedBlock, block_from, block_value
from chain.certificate import certificate_from, certificate_value
from chain.codec import Value, as_array, as_bytes, as_uint, decode, encode
from chain.errors import Malformed
from chain.evidence import evidence_from, evidence_value
from chain.hashing import DIGEST_BYTES, Digest
from chain.limits import (
    BLOCKS_ANSWER_BYTES_MAX,
    BLOCKS_PER_REQUEST_MAX,
    BODIES_ANSWER_BYTES_MAX,
    EVIDENCE_BYTES_MAX,
    HEIGHT_MAX,
    IDS_PER_MESSAGE_MAX,
    PROPOSAL_BYTES_MAX,
    PUSH_BYTES_MAX,
    REQUEST_ID_MAX,
    ROUNDS_MAX,
    ROWS_ANSWER_BYTES_MAX,
    ROWS_KEY_BYTES_MAX,
    ROWS_MAX,
    SNAPSHOT_CHUNK_BYTES_MAX,
    SNAPSHOT_MANIFEST_BYTES_MAX,
    SNAPSHOTS_ANSWER_BYTES_MAX,
    SNAPSHOTS_KEPT_MAX,
    STATUS_BYTES_MAX,
    STATUS_ROUNDS_MAX,
    TRANSACTION_BYTES_MAX,
    VALIDATORS_MAX,
    VOTE_BYTES_MAX,
)
from chain.proposal import proposal_from, proposal_value
from chain.status import status_from, status_value
from chain.transaction import TxId
from chain.vote import Height, Round, block_id_from, vote_from, vote_value
from p2p.messages import (
    Announce,
    Blocks,
    Bodies,
    Channel,
    Chunk,
    EvidenceMessage,
    GetBlocks,
    GetBodies,
    GetChunk,
    GetRows,
    GetSnapshots,
    HeightHeld,
    Message,
    NewBlock,
    ProposalMessage,
    Push,
    RequestId,
    RoundHeld,
    RowKind,
    Rows,
    Snapshots,
    StatusMessage,
    VoteMessage,
    Want,
)

_IDS_BYTES_MAX = IDS_PER_MESSAGE_MAX * 34 + 32
_BITMAP_BYTES_MAX = VALIDATORS_MAX // 8
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


def _snapshots(value: Value) -> Snapshots:
    request, manifests = as_array(value, "snapshots", 2)
    items = as_array(manifests, "manifests", length_max=SNAPSHOTS_KEPT_MAX)
    return Snapshots(
        request=_request(request),
        manifests=tuple(as_bytes(item, "manifest", length_max=SNAPSHOT_MANIFEST_BYTES_MAX) for item in items),
    )


def _get_chunk(value: Value) -> GetChunk:
    request, height, digest = as_array(value, "get chunk", 3)
    return GetChunk(
        request=_request(request),
        height=Height(as_uint(height, "height", HEIGHT_MAX)),
        hash=Digest(as_bytes(digest, "chunk hash", DIGEST_BYTES)),
    )


def _chunk(value: Value) -> Chunk:
    request, data = as_array(value, "chunk", 2)
    found = None if data is None else as_bytes(data, "chunk", length_max=SNAPSHOT_CHUNK_BYTES_MAX)
    return Chunk(request=_request(request), data=found)


def _get_rows(value: Value) -> GetRows:
    request, kind, height, key = as_array(value, "get rows", 4)
    number = as_uint(kind, "kind of rows", max(RowKind))
    if number not in tuple(RowKind):
        raise Malformed(f"get rows: expected a kind of rows, got {number}")
    return GetRows(
        request=_request(request),
        kind=RowKind(number),
        height=Height(as_uint(height, "height", HEIGHT_MAX)),
        key=as_bytes(key, "key of rows", length_max=ROWS_KEY_BYTES_MAX),
    )


def _rows(value: Value) -> Rows:
    request, rows = as_array(value, "rows", 2)
    items = as_array(rows, "rows", length_max=ROWS_MAX)
    return Rows(
        request=_request(request),
        rows=tuple(as_bytes(item, "row", length_max=ROWS_ANSWER_BYTES_MAX) for item in items),
    )


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
    Kind(13, EvidenceMessage, Channel.CONSENSUS, EVIDENCE_BYTES_MAX + 8,
         lambda m: evidence_value(m.evidence), lambda v: EvidenceMessage(evidence=evidence_from(v))),
    Kind(14, GetSnapshots, Channel.BLOCKS, _SMALL, lambda m: m.request, lambda v: GetSnapshots(request=_request(v))),
    Kind(15, Snapshots, Channel.BLOCKS, SNAPSHOTS_ANSWER_BYTES_MAX + _SMALL,
         lambda m: (m.request, m.manifests), _snapshots),
    Kind(16, GetChunk, Channel.BLOCKS, _SMALL, lambda m: (m.request, m.height, m.hash), _get_chunk),
    Kind(17, Chunk, Channel.BLOCKS, SNAPSHOT_CHUNK_BYTES_MAX + _SMALL, lambda m: (m.request, m.data), _chunk),
    Kind(18, GetRows, Channel.BLOCKS, ROWS_KEY_BYTES_MAX + _SMALL,
         lambda m: (m.request, int(m.kind), m.height, m.key), _get_rows),
    Kind(19, Rows, Channel.BLOCKS, ROWS_ANSWER_BYTES_MAX + _SMALL, lambda m: (m.request, m.rows), _rows),
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
