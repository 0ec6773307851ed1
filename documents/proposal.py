"""What a technical envelope holds: which container the bidder's proposal is, and the key that opens it.

    0x01 | hash of the container, 32 bytes | content key, 32 bytes

The proposal itself is too large for an envelope. Its container is wrapped for the bidder alone, so that nobody reads it
before the envelope opens, and everybody who may fetch it can afterwards.
"""

from dataclasses import dataclass

from chain.hashing import DIGEST_BYTES, Digest
from documents.readers import KEY_BYTES

_VERSION = b"\x01"
_BYTES = len(_VERSION) + DIGEST_BYTES + KEY_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A proposal's container, and its content key."""

    hash: Digest
    content_key: bytes


def encode_proposal(proposal: Proposal) -> bytes:
    """What goes into the envelope."""
    return _VERSION + proposal.hash + proposal.content_key


def decode_proposal(document: bytes) -> Proposal | None:
    """The inverse; None where a bidder sealed something else. Never raises."""
    if len(document) != _BYTES or not document.startswith(_VERSION):
        return None
    key_start = len(_VERSION) + DIGEST_BYTES
    return Proposal(hash=Digest(document[len(_VERSION) : key_start]), content_key=document[key_start:])
