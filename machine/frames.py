"""How the write-ahead log lies on disk: frames that can be checked alone, and where the good part of a file ends.

A frame is what one sync made durable:

    magic (4)  number (4)  length (4)  check of these (4)  |  payload  |  SHA-256 over seed, head and payload (32)

The seed is chance that stands in the segment's file name, so that no bytes from outside, which a payload may hold, can
look like a frame, and no frame fits another file. The number ties a frame to its place: with the seed it does what a
chain of hashes would, and yet each frame can be checked without those before it.

After a crash the last frame may be torn: cut short, or with sectors that were never written and read as zeros. Such a
tail was never acknowledged and is dropped. Anything else was acknowledged and then changed, and is refused: a frame
that is wrong while a later one is right, or a whole last frame that does not check.
"""

import hashlib
from dataclasses import dataclass

from chain.hashing import sha256

_MAGIC = b"\xd7TRF"
_HEAD_BYTES = 16
_CHECK_BYTES = 32
_SECTOR_BYTES = 512
"""The least that a disk writes at once."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a segment holds: payloads of its whole frames, where they end, and whether something torn follows."""

    payloads: tuple[bytes, ...]
    length: int


@dataclass(frozen=True, slots=True)
class BrokenFrame:
    """Where a segment is damaged, and how that shows."""

    number: int
    offset: int
    reason: str


def encode_frame(seed: bytes, number: int, payload: bytes) -> bytes:
    """The frame with this number."""
    start = _MAGIC + number.to_bytes(4, "big") + len(payload).to_bytes(4, "big")
    head = start + sha256(seed + start)[:4]
    return head + payload + _compute_check(seed, head, payload)


def scan_frames(seed: bytes, data: bytes) -> Scanned | BrokenFrame:
    """Reads a segment from its start to its good end."""
    payloads: list[bytes] = []
    offset = 0
    while offset < len(data):
        payload = _read_frame(seed, len(payloads), data, offset)
        if payload is None:
            reason = _find_damage(seed, len(payloads), data, offset)
            if reason is not None:
                return BrokenFrame(len(payloads), offset, reason)
            break
        payloads.append(payload)
        offset += _HEAD_BYTES + len(payload) + _CHECK_BYTES
    return Scanned(tuple(payloads), offset)


def _compute_check(seed: bytes, head: bytes, payload: bytes) -> bytes:
    digest = hashlib.sha256(seed)
    digest.update(head)
    digest.update(payload)
    return digest.digest()


def _read_length(seed: bytes, number: int | None, data: bytes, offset: int) -> int | None:
    """Payload length that a whole, checked frame head at `offset` states; any number will do where it is None."""
    head = data[offset : offset + _HEAD_BYTES]
    if len(head) < _HEAD_BYTES or head[:4] != _MAGIC or head[12:] != sha256(seed + head[:12])[:4]:
        return None
    if number is not None and int.from_bytes(head[4:8], "big") != number:
        return None
    return int.from_bytes(head[8:12], "big")


def _read_frame(seed: bytes, number: int | None, data: bytes, offset: int) -> bytes | None:
    length = _read_length(seed, number, data, offset)
    if length is None:
        return None
    middle = offset + _HEAD_BYTES
    payload, check = data[middle : middle + length], data[middle + length : middle + length + _CHECK_BYTES]
    is_whole = check == _compute_check(seed, data[offset:middle], payload)
    return payload if is_whole else None


def _find_damage(seed: bytes, number: int, data: bytes, offset: int) -> str | None:
    """Why the bad bytes at `offset` cannot be a torn tail, or None if they can."""
    later = data.find(_MAGIC, offset + 1)
    while later >= 0:
        if _read_frame(seed, None, data, later) is not None:
            return f"a whole frame follows at byte {later}"
        later = data.find(_MAGIC, later + 1)
    length = _read_length(seed, number, data, offset)
    if length is None:
        head = data[offset : offset + _HEAD_BYTES]
        is_torn = len(head) < _HEAD_BYTES or _has_unwritten_sector(data, offset, len(data))
        return None if is_torn else "its head does not check"
    end = offset + _HEAD_BYTES + length + _CHECK_BYTES
    if len(data) < end or _has_unwritten_sector(data, offset, end):
        return None
    return "all of it is there and does not check"


def _has_unwritten_sector(data: bytes, start: int, end: int) -> bool:
    """Whether the part of some sector that lies between `start` and `end` is all zeros."""
    for first in range(start - start % _SECTOR_BYTES, end, _SECTOR_BYTES):
        part = data[max(first, start) : min(first + _SECTOR_BYTES, end)]
        if not part.strip(b"\x00"):
            return True
    return False
