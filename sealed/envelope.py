"""One envelope: a document that nobody reads before its key is revealed, bound to the one place it was made
for.

Plain for now: the bidder alone holds the key and reveals it. XChaCha20-Poly1305 under a key and nonce that
HKDF-SHA-256 (RFC 5869) draws from the envelope's key and its context. Chain, tender, bidder, version and
number are in the context, so an envelope that is copied elsewhere does not open there. The nonce may be
derived because a key seals one envelope only. Documents are padded to size classes, so that a length tells
little.

Opening is total: whatever is wrong with the bytes, the answer is that the envelope does not open.
"""

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError

from chain.errors import Malformed
from chain.hashing import derive
from chain.limits import ENVELOPE_DOCUMENT_BYTES_MAX

KEY_BYTES = 32
TAG_BYTES = 16
SIZE_CLASS_MIN = 256
"""The smallest padded document; each class is twice the one before."""

_NONCE_BYTES = 24
_LENGTH_BYTES = 4
_DOMAIN = b"terang:envelope\x00"


def seal(document: bytes, key: bytes, context: bytes) -> bytes:
    """The envelope of a document of at most `ENVELOPE_DOCUMENT_BYTES_MAX` bytes. A key must never be used
    twice.

    Raises:
        Malformed: the document is too long, or the key has not 32 bytes.

    """
    if len(key) != KEY_BYTES:
        raise Malformed(f"envelope key: expected {KEY_BYTES} bytes, got {len(key)}")
    if len(document) > ENVELOPE_DOCUMENT_BYTES_MAX:
        raise Malformed(
            f"document: expected at most {ENVELOPE_DOCUMENT_BYTES_MAX} bytes, got {len(document)}"
        )
    cipher_key, nonce = _derive(key, context)
    content = len(document).to_bytes(_LENGTH_BYTES, "big") + document
    padded = content.ljust(compute_size_class(len(content)), b"\x00")
    return crypto_aead_xchacha20poly1305_ietf_encrypt(padded, _DOMAIN + context, nonce, cipher_key)


def open_envelope(ciphertext: bytes, key: bytes, context: bytes) -> bytes | None:
    """The document, or None where this envelope does not open with this key in this context. Never raises."""
    padded_bytes = len(ciphertext) - TAG_BYTES
    if (
        len(key) != KEY_BYTES
        or padded_bytes < SIZE_CLASS_MIN
        or padded_bytes != compute_size_class(padded_bytes)
    ):
        return None
    cipher_key, nonce = _derive(key, context)
    try:
        padded = crypto_aead_xchacha20poly1305_ietf_decrypt(ciphertext, _DOMAIN + context, nonce, cipher_key)
    except CryptoError:
        return None
    return _unpad(padded)


def is_openable(ciphertext: bytes, key: bytes, context: bytes) -> bool:
    """Whether an envelope opens with this key in this context."""
    return open_envelope(ciphertext, key, context) is not None


def compute_size_class(length: int) -> int:
    """The padded size for a content of this length: the next power of two, at least `SIZE_CLASS_MIN`."""
    return max(SIZE_CLASS_MIN, 1 << (length - 1).bit_length()) if length > 1 else SIZE_CLASS_MIN


def _unpad(padded: bytes) -> bytes | None:
    """One document has one padding: zeros, to its own size class."""
    length = int.from_bytes(padded[:_LENGTH_BYTES], "big")
    end = _LENGTH_BYTES + length
    if end > len(padded) or compute_size_class(end) != len(padded) or any(padded[end:]):
        return None
    return padded[_LENGTH_BYTES:end]


def _derive(key: bytes, context: bytes) -> tuple[bytes, bytes]:
    """32 bytes of cipher key and 24 of nonce."""
    drawn = derive(key, _DOMAIN, context, KEY_BYTES + _NONCE_BYTES)
    return drawn[:KEY_BYTES], drawn[KEY_BYTES:]
