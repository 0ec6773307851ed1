"""Messages: every kind there and back within its size, and any other bytes refused in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.block import CertifiedBlock
from chain.codec import Value, encode
from chain.errors import Malformed
from chain.hashing import sha256
from chain.limits import (
    BLOCK_TRANSACTIONS_MAX,
    BODIES_ANSWER_BYTES_MAX,
    HEIGHT_MAX,
    IDS_PER_MESSAGE_MAX,
    PUSH_BYTES_MAX,
    ROUNDS_MAX,
    ROWS_ANSWER_BYTES_MAX,
    ROWS_KEY_BYTES_MAX,
    SNAPSHOT_CHUNK_BYTES_MAX,
    SNAPSHOT_MANIFEST_BYTES_MAX,
    STATUS_ROUNDS_MAX,
    VALIDATORS_MAX,
)
from chain.status import sign_status
from chain.transaction import TxId
from chain.vote import BlockId, Height, Round
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
from p2p.wire import KINDS, channel_of, decode_message, encode_message
from tests.chain.making import CHAIN, make_block, make_certificate, make_key, make_validators, make_vote
from tests.node.making import make_double

_ID = BlockId(sha256(b"block"))
_LARGEST_REQUEST = RequestId(2**32 - 1)
_IDS = tuple(TxId(sha256(number.to_bytes(4, "big"))) for number in range(IDS_PER_MESSAGE_MAX))


def _blocks() -> Blocks:
    validators, keys = make_validators()
    block = make_block(validators)
    certificate = make_certificate(block, validators, keys)
    return Blocks(request=_LARGEST_REQUEST, blocks=(CertifiedBlock(block=block, certificate=certificate),))


def _held() -> HeightHeld:
    every = b"\xff" * (VALIDATORS_MAX // 8)
    held = RoundHeld(round=Round(ROUNDS_MAX), has_proposal=True, prevotes=every, precommits=every)
    return HeightHeld(height=Height(HEIGHT_MAX), rounds=(held,) * STATUS_ROUNDS_MAX)


MESSAGES: list[Message] = [
    VoteMessage(vote=make_vote(make_key(1), _ID, height=HEIGHT_MAX, round_=ROUNDS_MAX)),
    _held(),
    StatusMessage(
        status=sign_status(
            make_key(1), height=Height(HEIGHT_MAX), block_id=_ID, time_ms=2**41, chain_id=CHAIN
        )
    ),
    NewBlock(height=Height(HEIGHT_MAX), block_id=_ID),
    GetBodies(request=_LARGEST_REQUEST, ids=_IDS),
    Bodies(
        request=_LARGEST_REQUEST,
        transactions=(bytes(BODIES_ANSWER_BYTES_MAX // BLOCK_TRANSACTIONS_MAX),) * BLOCK_TRANSACTIONS_MAX,
    ),
    GetBlocks(request=_LARGEST_REQUEST, first=Height(HEIGHT_MAX), count=64),
    _blocks(),
    Push(transactions=(bytes(PUSH_BYTES_MAX // IDS_PER_MESSAGE_MAX),) * IDS_PER_MESSAGE_MAX),
    Announce(ids=_IDS),
    Want(ids=_IDS),
    GetSnapshots(request=_LARGEST_REQUEST),
    Snapshots(request=_LARGEST_REQUEST, manifests=(bytes(SNAPSHOT_MANIFEST_BYTES_MAX), b"another")),
    EvidenceMessage(evidence=make_double(make_key(1), HEIGHT_MAX, ROUNDS_MAX, values=(_ID, sha256(b"b")))),
    GetChunk(request=_LARGEST_REQUEST, height=Height(HEIGHT_MAX), hash=_ID),
    Chunk(request=_LARGEST_REQUEST, data=bytes(SNAPSHOT_CHUNK_BYTES_MAX)),
    Chunk(request=_LARGEST_REQUEST, data=None),
    GetRows(
        request=_LARGEST_REQUEST,
        kind=RowKind.ENTRIES,
        height=Height(HEIGHT_MAX),
        key=bytes(ROWS_KEY_BYTES_MAX),
    ),
    Rows(request=_LARGEST_REQUEST, rows=(b"", bytes(ROWS_ANSWER_BYTES_MAX - 8))),
]
"""The largest of each kind where that is easy to say."""


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_there_and_back(message: Message) -> None:
    assert decode_message(encode_message(message), channel_of(message)) == message


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_refused_on_another_channel(message: Message) -> None:
    for channel in Channel:
        if channel is not channel_of(message):
            with pytest.raises(Malformed):
                decode_message(encode_message(message), channel)


@given(st.binary(max_size=400), st.sampled_from(Channel))
def test_any_bytes_are_a_message_or_malformed(data: bytes, channel: Channel) -> None:
    try:
        message = decode_message(data, channel)
    except Malformed:
        return
    assert encode_message(message) == data


_values: st.SearchStrategy[Value] = st.recursive(
    st.integers(min_value=0, max_value=2**64 - 1) | st.binary(max_size=40) | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=6).map(tuple),
    max_leaves=20,
)


@given(st.sampled_from([kind.number for kind in KINDS]), _values)
def test_any_value_under_any_kind_is_a_message_or_malformed(number: int, value: Value) -> None:
    data = encode((number, value))
    for channel in Channel:
        try:
            message = decode_message(data, channel)
        except Malformed:
            continue
        assert encode_message(message) == data


@given(
    st.sampled_from([message for message in MESSAGES if len(encode_message(message)) < 10_000]),
    st.integers(min_value=0),
    st.integers(min_value=1, max_value=255),
)
def test_a_changed_byte_gives_another_message_or_malformed(message: Message, at: int, flip: int) -> None:
    data = bytearray(encode_message(message))
    data[at % len(data)] ^= flip
    try:
        changed = decode_message(bytes(data), channel_of(message))
    except Malformed:
        return
    assert changed != message
    assert encode_message(changed) == bytes(data)
