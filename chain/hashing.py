"""SHA-256, and the domains that keep one kind of message from being taken for another."""

import hashlib
from typing import NewType

Digest = NewType("Digest", bytes)
"""32 bytes of SHA-256."""

DIGEST_BYTES = 32


def sha256(data: bytes) -> Digest:
    """SHA-256 of `data` as it is."""
    return Digest(hashlib.sha256(data).digest())


def tagged(kind: str, data: bytes) -> bytes:
    """`data` behind the name of its kind: what is hashed or signed for that kind and for no other."""
    return b"terang:" + kind.encode() + b"\x00" + data


def tagged_hash(kind: str, data: bytes) -> Digest:
    """SHA-256 of `data` in the domain `kind`."""
    return sha256(tagged(kind, data))
