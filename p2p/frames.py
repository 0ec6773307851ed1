"""Encrypted frames, and the three channels that share them.

A frame is 4 bytes of length and a `secretstream` (XChaCha20-Poly1305) ciphertext, which binds order and end: a frame left
out, repeated or moved does not decrypt. The length is not secret and is bounded before anything is allocated. Plaintext
is one byte of channel and a slice of that channel's stream; a stream is messages with 4 bytes of length before each.
Slices of different channels take turns, so a large answer never holds up a vote, and many small messages share a frame.
"""

from collections import deque
from collections.abc import Iterator

from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_ABYTES as ADDED_BYTES,
)
from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_init_pull,
    crypto_secretstream_xchacha20poly1305_init_push,
    crypto_secretstream_xchacha20poly1305_pull,
    crypto_secretstream_xchacha20poly1305_push,
    crypto_secretstream_xchacha20poly1305_state,
)
from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_TAG_MESSAGE as TAG_MESSAGE,
)
from nacl.bindings import (
    crypto_secretstream_xchacha20poly1305_TAG_REKEY as TAG_REKEY,
)

from chain.limits import FRAME_BYTES_MAX, FRAMES_BEFORE_REKEY
from p2p.errors import PeerMisbehaved
from p2p.messages import Channel
from p2p.wire import BYTES_MAX

_LENGTH_BYTES = 4


class FrameSealer:
    """Our direction of a link. `header` goes out before the first frame."""

    def __init__(self, key: bytes) -> None:
        self._state = crypto_secretstream_xchacha20poly1305_state()
        self.header: bytes = crypto_secretstream_xchacha20poly1305_init_push(self._state, key)
        self._frames = 0

    def seal(self, plaintext: bytes) -> bytes:
        """One frame of at most `FRAME_BYTES_MAX` bytes of plaintext; now and then it changes the key behind it."""
        assert len(plaintext) <= FRAME_BYTES_MAX, f"a frame of {len(plaintext)} bytes"
        self._frames += 1
        tag = TAG_REKEY if self._frames % FRAMES_BEFORE_REKEY == 0 else TAG_MESSAGE
        sealed = crypto_secretstream_xchacha20poly1305_push(self._state, plaintext, None, tag)
        return len(sealed).to_bytes(_LENGTH_BYTES, "big") + bytes(sealed)


class FrameOpener:
    """The peer's direction of a link."""

    def __init__(self, key: bytes, header: bytes) -> None:
        self._state = crypto_secretstream_xchacha20poly1305_state()
        crypto_secretstream_xchacha20poly1305_init_pull(self._state, header, key)
        self._data = bytearray()

    def feed(self, data: bytes) -> None:
        """Takes bytes as they came."""
        self._data += data

    def next_frame(self, bytes_max: int = FRAME_BYTES_MAX) -> bytes | None:
        """The next whole frame's plaintext, or None; raises `PeerMisbehaved` for one too long or not authentic."""
        if len(self._data) < _LENGTH_BYTES:
            return None
        length = int.from_bytes(self._data[:_LENGTH_BYTES], "big")
        if not ADDED_BYTES <= length <= bytes_max + ADDED_BYTES:
            raise PeerMisbehaved(
                f"frame: expected {ADDED_BYTES} to {bytes_max + ADDED_BYTES} bytes, got {length}"
            )
        end = _LENGTH_BYTES + length
        if len(self._data) < end:
            return None
        sealed = bytes(self._data[_LENGTH_BYTES:end])
        del self._data[:end]
        try:
            plaintext, _ = crypto_secretstream_xchacha20poly1305_pull(self._state, sealed)
        except RuntimeError:
            raise PeerMisbehaved("frame: it does not decrypt") from None
        return bytes(plaintext)


class OutgoingStreams:
    """Messages waiting to be sent, by channel; `next_plaintext` takes slices in order of priority."""

    def __init__(self) -> None:
        self._waiting: dict[Channel, deque[bytes]] = {channel: deque() for channel in Channel}
        self._bytes: dict[Channel, int] = dict.fromkeys(Channel, 0)
        self._offset: dict[Channel, int] = dict.fromkeys(Channel, 0)

    def __bool__(self) -> bool:
        return any(self._waiting.values())

    def get_bytes(self, channel: Channel) -> int:
        """How much waits in a channel."""
        return self._bytes[channel]

    def put(self, channel: Channel, message: bytes) -> None:
        """Queues an encoded message behind those of its channel."""
        self._waiting[channel].append(len(message).to_bytes(_LENGTH_BYTES, "big") + message)
        self._bytes[channel] += len(message) + _LENGTH_BYTES

    def next_plaintext(self) -> bytes | None:
        """Plaintext of the next frame: the first channel that has anything, as much as one frame holds."""
        channel = next((channel for channel in Channel if self._waiting[channel]), None)
        if channel is None:
            return None
        pieces, room = [bytes([channel])], FRAME_BYTES_MAX - 1
        waiting = self._waiting[channel]
        while waiting and room > 0:
            offset = self._offset[channel]
            piece = waiting[0][offset : offset + room]
            pieces.append(piece)
            room -= len(piece)
            if offset + len(piece) == len(waiting[0]):
                waiting.popleft()
                self._offset[channel] = 0
            else:
                self._offset[channel] = offset + len(piece)
        self._bytes[channel] -= FRAME_BYTES_MAX - 1 - room
        return b"".join(pieces)


class IncomingStreams:
    """Puts messages together again; holds at most one unfinished message of bounded length for each channel."""

    def __init__(self) -> None:
        self._data: dict[Channel, bytearray] = {channel: bytearray() for channel in Channel}

    def feed(self, plaintext: bytes) -> Iterator[tuple[Channel, bytes]]:
        """The messages that this frame completes. An empty frame is a keep-alive.

        Raises:
            PeerMisbehaved: no such channel, or a message longer than its channel allows.
        """
        if not plaintext:
            return
        if plaintext[0] >= len(Channel):
            raise PeerMisbehaved(f"frame: expected channel 0 to {len(Channel) - 1}, got {plaintext[0]}")
        channel = Channel(plaintext[0])
        data = self._data[channel]
        data += plaintext[1:]
        start = 0
        while len(data) - start >= _LENGTH_BYTES:
            length = int.from_bytes(data[start : start + _LENGTH_BYTES], "big")
            if length > BYTES_MAX[channel]:
                raise PeerMisbehaved(
                    f"message on the {channel.name.lower()} channel: expected at most {BYTES_MAX[channel]} bytes, got {length}"
                )
            end = start + _LENGTH_BYTES + length
            if len(data) < end:
                break
            yield channel, bytes(data[start + _LENGTH_BYTES : end])
            start = end
        del data[:start]
