"""A document that nodes keep, as a form carries it until it is recorded; and what nodes say, in the person's words. Pure.

The page that put a document gets this back and posts it with its form. It holds what the ledger will hold, no name and no
key; the contract checks every receipt again.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import msgspec
from msgspec import Struct

from chain.document import DocumentFacts
from chain.errors import Malformed
from portals.forms import Form
from portals.languages import Text, say
from rpc.contracts import Given
from rpc.documents import DocumentRefused, MemberReceipt, NotGiven, NotKept
from rpc.requests import BadAnswer

Answer = tuple[HTTPStatus, Text]
"""HTTP's status, and what the person reads."""

_TOO_OLD = say(
    "The nodes do not take this signature: it was made too long ago, or by another clock. Try again."
)
_NOT_KEPT: dict[HTTPStatus, Text] = {
    HTTPStatus.FORBIDDEN: say(
        "Nodes take documents from who has a part on the ledger, and this key has none now."
    ),
    HTTPStatus.UNAUTHORIZED: _TOO_OLD,
    HTTPStatus.TOO_MANY_REQUESTS: say(
        "Your share of documents for today is used up, or another one of yours is on its way. Try again in a minute, or "
        "tomorrow."
    ),
}
_CLOSED = say("This document is closed to you: its owner, officers of its agency and auditors may read it.")
_NOT_SIGNED = say(
    "This document is closed. Its readers fetch it with their key: in a portal that has it, or with the command line."
)
_DAMAGED = say("The copies that nodes have of this document are damaged. Its owner can put it there again.")
_NOWHERE = say(
    "No node that this portal knows keeps this document: it was never put there, or those that kept it have removed it."
)
_NOT_NOW = say("No node that answers now keeps this document. Others may: try again in some minutes.")


class ReceiptJson(Struct, frozen=True, forbid_unknown_fields=True):
    """A member's receipt: its signature in hexadecimal digits, its time in milliseconds."""

    member: str
    signature: str
    at: int


class KeptJson(Struct, frozen=True, forbid_unknown_fields=True):
    """What a document is recorded with."""

    hash: str
    size: int
    agency: str
    is_public: bool
    receipts: list[ReceiptJson]


def encode_kept(facts: DocumentFacts, receipts: Sequence[MemberReceipt]) -> bytes:
    """The JSON that the page gets."""
    return msgspec.json.encode(
        KeptJson(
            hash=facts.hash.hex(),
            size=facts.size,
            agency=facts.agency,
            is_public=facts.is_public,
            receipts=[
                ReceiptJson(member=one.member, signature=one.receipt.signature.hex(), at=one.receipt.at_ms)
                for one in receipts
            ],
        )
    )


def read_kept(form: Form, posted: Mapping[str, str]) -> dict[str, Given] | None:
    """The arguments of `documents.record` for the document that came with a form; None where none did, or where the form's
    hash was written by hand and is that of another. Raises `Malformed`.
    """
    text = posted.get("kept", "")
    if form.document is None or not text:
        return None
    record = _decode_kept(text)
    is_named = form.file is None or bytes.fromhex(posted.get(form.file, "")) == record["hash"]
    return record if is_named else None


def _decode_kept(text: str) -> dict[str, Given]:
    try:
        kept = msgspec.json.decode(text, type=KeptJson)
        return {
            "hash": bytes.fromhex(kept.hash),
            "size": kept.size,
            "agency": kept.agency,
            "is_public": kept.is_public,
            "receipts": [
                {"member": one.member, "signature": bytes.fromhex(one.signature), "at": one.at}
                for one in kept.receipts
            ],
        }
    except (msgspec.DecodeError, ValueError) as error:
        raise Malformed(
            f"document: expected what this portal said of it, got {text[:80]!r}: {error}"
        ) from None


def explain_not_kept(refused: NotKept) -> Answer:
    """Why too few members keep a document."""
    for status, text in _NOT_KEPT.items():
        if status in _statuses_of(refused.causes):
            return status, text
    if not refused.causes:
        return HTTPStatus.SERVICE_UNAVAILABLE, say(
            "This portal knows nodes of {found} agencies, and {needed} are needed to keep a document. Tell who runs it.",
            found=refused.found,
            needed=refused.needed,
        )
    return HTTPStatus.SERVICE_UNAVAILABLE, say(
        "{found} agencies keep the document now, and {needed} are needed. Nothing is lost: try again in some minutes.",
        found=refused.found,
        needed=refused.needed,
    )


def explain_not_given(refused: NotGiven, *, is_signed: bool) -> Answer:
    """Why no node gives a document. A node that refuses a reader has it; that one lacks it, it says to everybody."""
    statuses = _statuses_of(refused.causes)
    if HTTPStatus.FORBIDDEN in statuses:
        return HTTPStatus.FORBIDDEN, _CLOSED
    if HTTPStatus.UNAUTHORIZED in statuses:
        return HTTPStatus.UNAUTHORIZED, _TOO_OLD if is_signed else _NOT_SIGNED
    if HTTPStatus.INTERNAL_SERVER_ERROR in statuses or any(
        isinstance(cause, BadAnswer) for cause in refused.causes
    ):
        return HTTPStatus.BAD_GATEWAY, _DAMAGED
    is_nowhere = all(status is HTTPStatus.NOT_FOUND for status in statuses)
    return (HTTPStatus.NOT_FOUND, _NOWHERE) if is_nowhere else (HTTPStatus.SERVICE_UNAVAILABLE, _NOT_NOW)


def _statuses_of(causes: Sequence[Exception]) -> set[HTTPStatus | None]:
    """What nodes said; None for one that said nothing of the kind."""
    return {cause.status if isinstance(cause, DocumentRefused) else None for cause in causes}
