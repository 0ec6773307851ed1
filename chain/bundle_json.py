"""A bundle as JSON, for people and for programs without CBOR: the same parts by name, bytes as hexadecimal digits.

There is one text for a bundle, as there is one row of bytes: what does not come out the same again is refused.
"""

import json
from typing import Any

from chain.bundle import ENTRY, TRANSACTION, Bundle, bundle_from, bundle_value
from chain.codec import Value, decode, encode
from chain.errors import Malformed
from chain.limits import BUNDLE_BYTES_MAX, BUNDLE_FILE_BYTES_MAX

_BUNDLE = ("kind", "version", "genesis", "blocks", "claim")
_BLOCK = ("header", "certificate", "next_validators")
_TURN = ("is_left", "sibling")
_CLAIMS = {
    TRANSACTION: ("kind", "bytes", "path", "result", "result_path"),
    ENTRY: ("kind", "contract", "storage", "keys", "value", "proof", "code_proof", "module"),
}
_LISTS = {"blocks": _BLOCK, "path": _TURN, "result_path": _TURN}
_WORDS = ("kind", "contract", "storage")
"""What is text; every other text of the file is bytes."""


def render_bundle(bundle: Bundle) -> str:
    """The text of a bundle."""
    value = decode(encode(bundle_value(bundle)), bytes_max=BUNDLE_BYTES_MAX)
    return json.dumps(_render("bundle", value, _BUNDLE), indent=1) + "\n"


def parse_bundle(data: bytes) -> Bundle:
    """Inverse of `render_bundle`; raises `Malformed`."""
    if len(data) > BUNDLE_FILE_BYTES_MAX:
        raise Malformed(f"bundle: expected at most {BUNDLE_FILE_BYTES_MAX} bytes, got {len(data)}")
    try:
        text = data.decode("ascii")
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"bundle: expected JSON: {str(error)[:200]}") from error
    bundle = bundle_from(_parse("bundle", found, _BUNDLE))
    if render_bundle(bundle) != text:
        raise Malformed("bundle: expected the text that the command writes, got another of the same meaning")
    return bundle


def _render(name: str, value: Value, fields: tuple[str, ...]) -> dict[str, Any]:
    assert isinstance(value, tuple) and len(value) == len(fields), name
    return {field: _render_field(field, item) for field, item in zip(fields, value, strict=True)}


def _render_field(field: str, value: Value) -> Any:
    match value:
        case bytes():
            return value.hex()
        case (str() as kind, *_):
            return _render(field, value, _CLAIMS[kind])
        case tuple():
            return [_render(field, item, _LISTS[field]) for item in value]
        case _:
            return value


def _parse(name: str, found: object, fields: tuple[str, ...]) -> Value:
    if not isinstance(found, dict) or tuple(found) != fields:
        raise Malformed(f"{name}: expected an object of {', '.join(fields)}")
    return tuple(_parse_field(field, found[field]) for field in fields)


def _parse_field(field: str, found: object) -> Value:
    match found:
        case str() if field in _WORDS:
            if not found.isascii():
                raise Malformed(f"{field}: expected letters and digits, got {found[:40]!a}")
            return found
        case str():
            return _parse_bytes(field, found)
        case list() if field in _LISTS:
            return tuple(_parse(field, item, _LISTS[field]) for item in found)
        case {"kind": str() as kind} if field == "claim" and kind in _CLAIMS:
            return _parse(field, found, _CLAIMS[kind])
        case bool() | None:
            return found
        case int() if field == "version":
            return found
    raise Malformed(f"{field}: expected a part of a bundle, got {type(found).__name__}")


def _parse_bytes(field: str, text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise Malformed(f"{field}: expected hexadecimal digits, got {text[:40]!a}") from None
