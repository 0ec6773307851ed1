"""SHA-256, the domains that keep one kind of message from being taken for another, and keys that are derived."""

import hashlib
import hmac
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


def derive(key: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """HKDF-SHA-256 (RFC 5869): `length` bytes, at most 255 blocks of 32."""
    root = hmac.digest(salt, key, hashlib.sha256)
    drawn = block = b""
    for number in range(1, -(-length // DIGEST_BYTES) + 1):
        block = hmac.digest(root, block + info + bytes([number]), hashlib.sha256)
        drawn += block
    return drawn[:length]


def compute_source_hash(source: str) -> Digest:
    """The hash that binds a contract's module to the text that it was compiled from."""
    return tagged_hash("contract-source", source.encode())
