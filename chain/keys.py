"""Ed25519 keys and addresses, with one acceptance rule: libsodium's.

libsodium refuses a scalar S that is not reduced, a public key that is not canonical, and points of small order; every
node, client and tool of ours asks it and nobody else, so that no two of them ever disagree on a signature.
"""

from dataclasses import dataclass, field
from typing import NewType

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError

from chain.errors import Malformed
from chain.hashing import sha256

PublicKey = NewType("PublicKey", bytes)
"""32 bytes of Ed25519 (RFC 8032)."""
Signature = NewType("Signature", bytes)
"""64 bytes of Ed25519: R and S."""
Address = NewType("Address", bytes)
"""The first 20 bytes of SHA-256 of a public key."""

PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64
ADDRESS_BYTES = 20
SEED_BYTES = 32


def address_of(public: PublicKey) -> Address:
    """The address of a public key."""
    return Address(sha256(public)[:ADDRESS_BYTES])


def format_address(address: Address) -> str:
    """Upper-case hexadecimal, as people see it."""
    return address.hex().upper()


def parse_address(text: str) -> Address:
    """The address written as 40 hexadecimal digits, in either case."""
    try:
        address = bytes.fromhex(text)
    except ValueError:
        raise Malformed(f"address: expected 40 hexadecimal digits, got {text!r}") from None
    if len(address) != ADDRESS_BYTES:
        raise Malformed(f"address: expected 40 hexadecimal digits, got {len(text)} characters")
    return Address(address)


def is_signed(public: PublicKey, message: bytes, signature: Signature) -> bool:
    """Whether the holder of `public` signed `message`. Wrong lengths are a plain no. Releases the interpreter lock."""
    if len(public) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        crypto_sign_open(signature + message, public)
    except BadSignatureError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key. Its seed is the 32 bytes of RFC 8032 and is never printed."""

    seed: bytes = field(repr=False)
    public: PublicKey
    address: Address
    _secret: bytes = field(repr=False)

    @classmethod
    def from_seed(cls, seed: bytes) -> "SigningKey":
        """The key of a 32-byte seed."""
        if len(seed) != SEED_BYTES:
            raise Malformed(f"key seed: expected {SEED_BYTES} bytes, got {len(seed)}")
        public, secret = crypto_sign_seed_keypair(seed)
        return cls(seed, PublicKey(public), address_of(PublicKey(public)), secret)

    def sign(self, message: bytes) -> Signature:
        """The one signature of this key over `message` (Ed25519 is deterministic)."""
        return Signature(crypto_sign(message, self._secret)[:SIGNATURE_BYTES])
