"""Frames: order and end are bound, sizes bounded, the key changes, and channels take turns."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_secretstream_xchacha20poly1305_ABYTES as ADDED_BYTES

import p2p.frames
from chain.limits import FRAME_BYTES_MAX
from p2p.errors import PeerMisbehaved
from p2p.frames import FrameOpener, FrameSealer, IncomingStreams, OutgoingStreams
from p2p.messages import Channel
from p2p.wire import BYTES_MAX

KEY = bytes(range(32))


def make_pair() -> tuple[FrameSealer, FrameOpener]:
    sealer = FrameSealer(KEY)
    return sealer, FrameOpener(KEY, sealer.header)


@pytest.mark.parametrize("frames", [(1,), (0, 0), (1, 0, 2)])
def test_frames_left_out_repeated_or_moved_do_not_open(frames: tuple[int, ...]) -> None:
    sealer, opener = make_pair()
    sealed = [sealer.seal(bytes([number])) for number in range(3)]
    opener.feed(b"".join(sealed[number] for number in frames))
    with pytest.raises(PeerMisbehaved, match="does not decrypt"):
        for _ in frames:
            opener.next_frame()


@pytest.mark.parametrize("length", [0, ADDED_BYTES - 1, FRAME_BYTES_MAX + ADDED_BYTES + 1, 2**32 - 1])
def test_a_length_out_of_bounds_is_refused_before_its_frame_has_come(length: int) -> None:
    _, opener = make_pair()
    opener.feed(length.to_bytes(4, "big"))
    with pytest.raises(PeerMisbehaved, match=f"got {length}"):
        opener.next_frame()


def test_the_key_changes_and_both_sides_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(p2p.frames, "FRAMES_BEFORE_REKEY", 3)
    sealer, opener = make_pair()
    never_changes, follows_no_change = make_pair()
    for number in range(10):
        opener.feed(sealer.seal(bytes([number])))
        assert opener.next_frame() == bytes([number])
        monkeypatch.setattr(p2p.frames, "FRAMES_BEFORE_REKEY", 100)
        follows_no_change.feed(never_changes.seal(bytes([number])))
        assert follows_no_change.next_frame() == bytes([number])
        monkeypatch.setattr(p2p.frames, "FRAMES_BEFORE_REKEY", 3)


@given(st.binary(max_size=300))
def test_any_bytes_are_frames_or_misbehaviour(data: bytes) -> None:
    _, opener = make_pair()
    opener.feed(data)
    with suppress(PeerMisbehaved):
        assert opener.next_frame() is None


@given(
    st.lists(st.tuples(st.sampled_from(Channel), st.binary(max_size=3 * FRAME_BYTES_MAX)), max_size=6),
)
def test_messages_come_out_whole_and_in_the_order_of_their_channel(
    messages: list[tuple[Channel, bytes]],
) -> None:
    outgoing, incoming = OutgoingStreams(), IncomingStreams()
    for channel, message in messages:
        outgoing.put(channel, message)
    received: list[tuple[Channel, bytes]] = []
    while (plaintext := outgoing.next_plaintext()) is not None:
        assert len(plaintext) <= FRAME_BYTES_MAX
        received.extend(incoming.feed(plaintext))
    for channel in Channel:
        assert outgoing.get_bytes(channel) == 0
        assert [m for c, m in received if c is channel] == [m for c, m in messages if c is channel]


def test_a_vote_overtakes_a_large_answer_that_has_begun() -> None:
    outgoing, incoming = OutgoingStreams(), IncomingStreams()
    outgoing.put(Channel.BLOCKS, bytes(10 * FRAME_BYTES_MAX))
    first = outgoing.next_plaintext()
    outgoing.put(Channel.CONSENSUS, b"vote")
    second = outgoing.next_plaintext()
    assert first is not None and second is not None
    assert list(incoming.feed(first)) == []
    assert list(incoming.feed(second)) == [(Channel.CONSENSUS, b"vote")]


@pytest.mark.parametrize("channel", Channel)
def test_a_message_too_long_is_refused_by_its_length_alone(channel: Channel) -> None:
    length = BYTES_MAX[channel] + 1
    with pytest.raises(PeerMisbehaved, match=f"got {length}"):
        list(IncomingStreams().feed(bytes([channel]) + length.to_bytes(4, "big")))


@given(st.lists(st.binary(max_size=100), max_size=10))
def test_any_plaintexts_are_messages_or_misbehaviour(plaintexts: list[bytes]) -> None:
    incoming = IncomingStreams()
    try:
        for plaintext in plaintexts:
            for channel, message in incoming.feed(plaintext):
                assert len(message) <= BYTES_MAX[channel]
    except PeerMisbehaved:
        pass
