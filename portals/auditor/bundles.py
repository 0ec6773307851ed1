"""Proofs as files: of a transaction, or of any entry of the record and of its absence, by the genesis document alone.

Each is put together of what nodes hand over and verified here, as `terang verify` does it, before anybody gets it. The address
of an entry's file names the contract, its Map or Var, and the keys joined by points: x and hexadecimal digits, n and a
number, or t and the hexadecimal digits of a text; "-" where there is none.
"""

from contextlib import suppress
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.responses import Response

from chain.codec import Value
from chain.errors import Invalid, Malformed
from chain.hashing import DIGEST_BYTES, sha256
from chain.transaction import TxId
from portals.auditor.auditing import Auditing
from portals.auditor.evidence import NoEvidence, Proofs
from portals.page import Page
from rpc.requests import BadAnswer, CallRefused

_NO_KEYS = "-"
_SHOWN_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A file that can be had: its address, and the entry as `terang verify` names it."""

    path: str
    shown: str


def offer(contract: str, storage: str, *keys: bytes | int | str) -> Offer:
    """The proof of an entry."""
    place = ".".join(map(_write_key, keys)) or _NO_KEYS
    named = ", ".join(_show_key(key) for key in keys)
    return Offer(
        path=f"/entries/{contract}/{storage}/{place}/bundle",
        shown=f"{contract}.{storage}[{named}]" if keys else f"{contract}.{storage}",
    )


def offers(proofs: Proofs, *made: Offer) -> tuple[Offer, ...]:
    """These, where this portal has the genesis document, and none elsewhere."""
    return () if proofs.auditing is None else made


def _write_key(key: bytes | int | str) -> str:
    if isinstance(key, int):
        return f"n{key}"
    return f"t{key.encode().hex()}" if isinstance(key, str) else f"x{key.hex()}"


def _show_key(key: bytes | int | str) -> str:
    if not isinstance(key, bytes):
        return str(key)
    digits = key.hex().upper()
    return digits if len(digits) <= 2 * _SHOWN_DIGITS else f"{digits[:_SHOWN_DIGITS]}…"


def _read_keys(text: str) -> tuple[Value, ...]:
    """The keys of an address. Raises `Malformed`."""
    return () if text == _NO_KEYS else tuple(map(_read_key, text.split(".")))


def _read_key(text: str) -> Value:
    kind, rest = text[:1], text[1:]
    if kind == "n" and rest.isascii() and rest.isdigit() and len(rest) < 20:
        return int(rest)
    with suppress(ValueError):  # digits that are none, bytes that are no text
        if kind in ("x", "t"):
            return bytes.fromhex(rest) if kind == "x" else bytes.fromhex(rest).decode()
    raise Malformed(
        f"key: expected x and hexadecimal digits, n and a number or t and a text, got {text[:80]!r}"
    )


async def give_entry(page: Page, proofs: Proofs) -> Response:
    """The proof of an entry, or that there is none, as a file."""
    given = page.request.path_params
    contract, storage, keys = given["contract"], given["storage"], _read_keys(given["keys"])
    try:
        data = await _need(proofs).prove_entry(page.ledger, proofs.lineage, contract, storage, keys)
    except (Invalid, BadAnswer, CallRefused) as error:
        raise NoEvidence(f"{contract[:40]}.{storage[:40]}: {error}") from error
    return _file(data, f"{contract}-{storage}-{sha256(given['keys'].encode()).hex()[:8]}")


async def give_transaction(page: Page, proofs: Proofs) -> Response:
    """The proof of a transaction as a file."""
    id_ = read_id(page)
    try:
        data = await _need(proofs).prove_transaction(page.ledger, proofs.lineage, id_)
    except (Invalid, BadAnswer, CallRefused) as error:
        raise NoEvidence(f"transaction {id_.hex()}: {error}") from error
    return _file(data, id_.hex()[:12])


def _need(proofs: Proofs) -> Auditing:
    if proofs.auditing is None:
        raise HTTPException(
            404, "a bundle begins with the genesis document, which --genesis gives to a portal"
        )
    return proofs.auditing


def _file(data: bytes, name: str) -> Response:
    headers = {
        "content-disposition": f'attachment; filename="terang-{name}.bundle"',
        "cache-control": "no-store",
    }
    return Response(data, media_type="application/cbor", headers=headers)


def read_id(page: Page) -> TxId:
    """The id of a transaction in a page's address. Raises `Malformed`."""
    text = page.request.path_params["id"]
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = b""
    if len(data) != DIGEST_BYTES:
        raise Malformed(f"transaction: expected an id of 64 hexadecimal digits, got {text[:80]!r}")
    return TxId(data)
