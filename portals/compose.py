"""A transaction that waits for its signature, made of what a person asked for. Pure.

A form carries its nonce, and the end of validity is a whole minute: a form that is posted twice becomes the same bytes,
and by Ed25519 the same signature and the same transaction.
"""

from base64 import b64decode, b64encode
from collections.abc import Sequence

from chain.errors import Malformed
from chain.keys import PUBLIC_KEY_BYTES, SIGNATURE_BYTES, PublicKey
from chain.limits import NONCE_BYTES, TRANSACTION_BYTES_MAX
from chain.transaction import (
    NO_SIGNATURE,
    Call,
    CheckedTransaction,
    Transaction,
    check_transaction,
    encode_unsigned,
)

_MINUTE_MS = 60_000
VALID_MINUTES = 8
"""The network allows ten; two are left for clocks that differ."""


def compose(
    calls: Sequence[Call], *, sender: PublicKey, chain_id: str, nonce: bytes, gas_limit: int, now_ms: int
) -> bytes:
    """The bytes to be signed. Raises `Malformed` for more than a transaction holds."""
    content = encode_unsigned(
        Transaction(
            chain_id=chain_id,
            sender=sender,
            nonce=nonce,
            valid_until_ms=(now_ms // _MINUTE_MS + 1 + VALID_MINUTES) * _MINUTE_MS,
            gas_limit=gas_limit,
            calls=tuple(calls),
            signature=NO_SIGNATURE,
        )
    )
    if len(content) + SIGNATURE_BYTES + 2 > TRANSACTION_BYTES_MAX:
        raise Malformed(f"transaction: expected at most {TRANSACTION_BYTES_MAX} bytes, got {len(content)}")
    return content


def parse_nonce(text: str) -> bytes:
    """The nonce that a form carries. Raises `Malformed`."""
    return _parse_hex(text, NONCE_BYTES, "nonce")


def parse_key(text: str) -> PublicKey:
    """A public key as 64 hexadecimal digits. Raises `Malformed`."""
    return PublicKey(_parse_hex(text.strip(), PUBLIC_KEY_BYTES, "public key"))


def parse_signed(text: str, chain_id: str) -> CheckedTransaction:
    """A signed transaction in base64, spaces and line ends let be. Raises `Invalid`."""
    packed = "".join(text.split())
    if len(packed) > 2 * TRANSACTION_BYTES_MAX:
        raise Malformed(f"signed transaction: expected at most {TRANSACTION_BYTES_MAX} bytes")
    try:
        raw = b64decode(packed, validate=True)
    except ValueError:
        raise Malformed("signed transaction: expected base64") from None
    return check_transaction(raw, chain_id)


def write_base64(data: bytes) -> str:
    """Bytes as a page carries them."""
    return b64encode(data).decode("ascii")


def _parse_hex(text: str, length: int, what: str) -> bytes:
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = b""
    if len(data) != length or len(text) != 2 * length:
        raise Malformed(f"{what}: expected {2 * length} hexadecimal digits, got {text[:80]!r}")
    return data
