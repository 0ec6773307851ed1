"""Who can open a document: its content key, wrapped for each reader's X25519 key.

A reader's *document key* is derived from the seed of the key that acts on the ledger, so one key file opens everything that
was ever wrapped for it; an agency makes a key file of its own for this, and states the public half on the ledger.

    document key   secret = HKDF-SHA-256(seed, salt "terang:document secret" 0, no info), 32 bytes; public = X25519(secret, 9)
    wrapping       shared = X25519(ephemeral secret, reader's public key), never all zeros
                   drawn  = HKDF-SHA-256(shared, salt "terang:document key" 0, info ephemeral public | reader's public), 56 bytes
                   wrapped = XChaCha20-Poly1305 of the content key: key drawn[0:32], nonce drawn[32:56],
                             associated data "terang:document key" 0 | owner, 20 bytes | agency in UTF-8

The nonce may be derived because an ephemeral key wraps once. Browsers have X25519 and HKDF themselves, and the one cipher
is that of sealed bids. Owner and agency are bound, so that a key that was wrapped for one document cannot be passed off
as that of somebody else's.
"""

from dataclasses import dataclass

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
    crypto_scalarmult,
    crypto_scalarmult_base,
)
from nacl.exceptions import CryptoError
from nacl.exceptions import RuntimeError as NoSharedSecret

from chain.errors import Malformed
from chain.hashing import derive, tagged
from chain.keys import Address

KEY_BYTES = 32
TAG_BYTES = 16
NONCE_BYTES = 24
WRAPPED_BYTES = KEY_BYTES + TAG_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrap:
    """A content key for one reader, whose public key is `reader`."""

    reader: bytes
    ephemeral: bytes
    wrapped: bytes


def document_secret(seed: bytes) -> bytes:
    """The X25519 secret of a key's seed."""
    return derive(seed, tagged("document secret", b""), b"", KEY_BYTES)


def document_public(secret: bytes) -> bytes:
    """The public half of an X25519 secret."""
    return crypto_scalarmult_base(secret)


def wrap_key(content_key: bytes, reader: bytes, ephemeral_secret: bytes, owner: Address, agency: str) -> Wrap:
    """The content key for one reader. An ephemeral secret must never be used twice.

    Raises:
        Malformed: what the reader stated is no X25519 key.

    """
    ephemeral = document_public(ephemeral_secret)
    drawn = _draw(ephemeral_secret, reader, ephemeral, reader)
    if drawn is None:
        raise Malformed(f"reader's key: expected {KEY_BYTES} bytes of X25519, got {reader.hex()}")
    cipher_key, nonce = drawn
    wrapped = crypto_aead_xchacha20poly1305_ietf_encrypt(content_key, _bind(owner, agency), nonce, cipher_key)
    return Wrap(reader=reader, ephemeral=ephemeral, wrapped=wrapped)


def unwrap_key(wrap: Wrap, secret: bytes, owner: Address, agency: str) -> bytes | None:
    """The content key, or None where this secret does not open this wrap for this place. Never raises."""
    drawn = _draw(secret, wrap.ephemeral, wrap.ephemeral, wrap.reader)
    if drawn is None:
        return None
    cipher_key, nonce = drawn
    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(
            wrap.wrapped, _bind(owner, agency), nonce, cipher_key
        )
    except CryptoError:
        return None


def _draw(secret: bytes, public: bytes, ephemeral: bytes, reader: bytes) -> tuple[bytes, bytes] | None:
    if len(public) != KEY_BYTES:
        return None
    try:
        shared = crypto_scalarmult(secret, public)
    except NoSharedSecret:  # the public key is of small order
        return None
    drawn = derive(shared, tagged("document key", b""), ephemeral + reader, KEY_BYTES + NONCE_BYTES)
    return drawn[:KEY_BYTES], drawn[KEY_BYTES:]


def _bind(owner: Address, agency: str) -> bytes:
    return tagged("document key", owner + agency.encode())
