"""What is signed about documents: a person's request to a node that keeps them, and that node's receipt.

The ledger knows a document by its hash alone. Both messages are plain concatenations with every part at a fixed length,
since the contract that demands receipts builds their message itself, and a browser signs requests:

    request   "terang:document request" 0 | SHA-256 of the chain id | action, 1 byte | hash | time, 8 bytes
    receipt   "terang:document receipt" 0 | SHA-256 of the chain id | hash | size | owner, 20 bytes
              | SHA-256 of the agency's name | 1 if public, else 0 | time

Numbers are big-endian, those of a receipt 32 bytes long as contracts have them; times are milliseconds since 1970 UTC.
"""

from dataclasses import dataclass
from enum import IntEnum

from chain.errors import Malformed
from chain.hashing import DIGEST_BYTES, Digest, sha256, tagged
from chain.keys import (
    PUBLIC_KEY_BYTES,
    SIGNATURE_BYTES,
    Address,
    PublicKey,
    Signature,
    SigningKey,
    address_of,
    is_signed,
)
from chain.limits import UINT64_MAX

_TIME_BYTES = 8
_WORD_BYTES = 32
CREDENTIAL_BYTES = PUBLIC_KEY_BYTES + _TIME_BYTES + SIGNATURE_BYTES


class Action(IntEnum):
    """What is asked of a node."""

    PUT = 1
    GET = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """Who asks, when, and the signature; good for one action on one document, for a short while, at any node."""

    public: PublicKey
    at_ms: int
    signature: Signature

    @property
    def address(self) -> Address:
        """Who asks."""
        return address_of(self.public)

    def encode(self) -> bytes:
        """Key, time in 8 bytes, signature: 104 bytes."""
        return self.public + self.at_ms.to_bytes(_TIME_BYTES, "big") + self.signature


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFacts:
    """What a node says that it keeps. `size` is the whole container's, in bytes; `owner` a supplier's id or an officer."""

    hash: Digest
    size: int
    owner: Address
    agency: str
    is_public: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A node's word that it keeps a document, with its own clock's time."""

    node_key: PublicKey
    at_ms: int
    signature: Signature


def decode_credential(data: bytes) -> Credential:
    """The inverse of `Credential.encode`. Raises `Malformed`."""
    if len(data) != CREDENTIAL_BYTES:
        raise Malformed(f"credential: expected {CREDENTIAL_BYTES} bytes, got {len(data)}")
    time_end = PUBLIC_KEY_BYTES + _TIME_BYTES
    return Credential(
        public=PublicKey(data[:PUBLIC_KEY_BYTES]),
        at_ms=int.from_bytes(data[PUBLIC_KEY_BYTES:time_end], "big"),
        signature=Signature(data[time_end:]),
    )


def request_message(chain_id: str, action: Action, hash_: Digest, at_ms: int) -> bytes:
    """What a person signs to put or get a document."""
    assert len(hash_) == DIGEST_BYTES and 0 <= at_ms <= UINT64_MAX, (hash_, at_ms)
    parts = sha256(chain_id.encode()) + bytes([action]) + hash_ + at_ms.to_bytes(_TIME_BYTES, "big")
    return tagged("document request", parts)


def sign_request(key: SigningKey, chain_id: str, action: Action, hash_: Digest, at_ms: int) -> Credential:
    """The credential of a key for one action on one document."""
    signature = key.sign(request_message(chain_id, action, hash_, at_ms))
    return Credential(public=key.public, at_ms=at_ms, signature=signature)


def is_request_signed(credential: Credential, chain_id: str, action: Action, hash_: Digest) -> bool:
    """Whether its key signed it for just this. Whether it is still good is for who knows the time."""
    message = request_message(chain_id, action, hash_, credential.at_ms)
    return is_signed(credential.public, message, credential.signature)


def receipt_message(chain_id: str, facts: DocumentFacts, at_ms: int) -> bytes:
    """What a node signs, as the contract `documents` builds it."""
    return tagged(
        "document receipt",
        sha256(chain_id.encode())
        + facts.hash
        + facts.size.to_bytes(_WORD_BYTES, "big")
        + facts.owner
        + sha256(facts.agency.encode())
        + int(facts.is_public).to_bytes(_WORD_BYTES, "big")
        + at_ms.to_bytes(_WORD_BYTES, "big"),
    )


def sign_receipt(key: SigningKey, chain_id: str, facts: DocumentFacts, at_ms: int) -> Receipt:
    """A node's receipt."""
    signature = key.sign(receipt_message(chain_id, facts, at_ms))
    return Receipt(node_key=key.public, at_ms=at_ms, signature=signature)


def is_receipt_signed(receipt: Receipt, chain_id: str, facts: DocumentFacts) -> bool:
    """Whether the node that it names gave this receipt for these facts."""
    message = receipt_message(chain_id, facts, receipt.at_ms)
    return is_signed(receipt.node_key, message, receipt.signature)
