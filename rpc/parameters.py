"""Parameters of methods: how each kind is written in JSON and in a GET, and the value it becomes.

As in CometBFT: in JSON, numbers of 64 bits are texts (plain numbers are understood too), byte strings are base64, in
`abci_query` hexadecimal, and hashes hexadecimal or base64; in a GET a text stands in quotes, bytes in quotes or as 0x…,
and numbers with or without quotes.
"""

import base64
import binascii
from dataclasses import dataclass
from enum import Enum

from chain.limits import RPC_LIST_MAX
from rpc.errors import invalid_params

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Parsed = None | bool | int | str | bytes | list[bytes]


class ParameterKind(Enum):
    """What a parameter is; the value is its JSON schema."""

    HEIGHT = "integer as text; none or null: the latest"
    COUNT = "integer as text"
    FLAG = "boolean"
    HASH = "32 bytes: 64 hexadecimal digits or base64"
    BYTES = "bytes as base64"
    HEX = "bytes as hexadecimal digits"
    BYTES_LIST = "array of bytes as base64"
    HASH_LIST = "array of hashes"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter. Without it the value is None unless it is required."""

    name: str
    kind: ParameterKind
    is_required: bool = False


def parse_json(parameter: Parameter, value: Json) -> Parsed:
    """The value of a parameter in a JSON request. Raises `RpcError`."""
    if value is None:
        if parameter.is_required:
            raise invalid_params(f"{parameter.name}: expected {parameter.kind.value}, got nothing")
        return None
    match parameter.kind:
        case ParameterKind.HEIGHT | ParameterKind.COUNT:
            return _whole(parameter, value)
        case ParameterKind.FLAG:
            if not isinstance(value, bool):
                raise _unfit(parameter, value)
            return value
        case ParameterKind.TEXT:
            return _text(parameter, value)
        case ParameterKind.HASH:
            return _hash(parameter, value)
        case ParameterKind.BYTES:
            return _bytes(parameter, value)
        case ParameterKind.HEX:
            return _from_hex(parameter, _text(parameter, value))
        case ParameterKind.BYTES_LIST:
            return [_bytes(parameter, item) for item in _items(parameter, value)]
        case ParameterKind.HASH_LIST:
            return [_hash(parameter, item) for item in _items(parameter, value)]


def parse_uri(parameter: Parameter, text: str | None) -> Parsed:
    """The value of a parameter in a GET. Raises `RpcError`."""
    if text is None or text == "":
        return parse_json(parameter, None)
    is_quoted = len(text) >= 2 and text[0] == text[-1] == '"'
    inner = text[1:-1] if is_quoted else text
    match parameter.kind:
        case ParameterKind.FLAG:
            if inner not in ("true", "false"):
                raise _unfit(parameter, text)
            return inner == "true"
        case ParameterKind.BYTES | ParameterKind.HEX | ParameterKind.HASH:
            return _uri_bytes(parameter, inner, is_quoted)
        case ParameterKind.BYTES_LIST | ParameterKind.HASH_LIST:
            raise invalid_params(f"{parameter.name}: a list is given by POST only")
        case ParameterKind.TEXT:
            if not is_quoted:
                raise invalid_params(f"{parameter.name}: expected a text in quotes, got {text!r}")
            return inner
    return _whole(parameter, inner)


def _uri_bytes(parameter: Parameter, inner: str, is_quoted: bool) -> bytes:
    if parameter.kind is ParameterKind.HASH:
        return (
            _hash_of(parameter, _from_hex(parameter, inner[2:]))
            if inner.startswith("0x")
            else _hash(parameter, inner)
        )
    if is_quoted:
        return inner.encode()
    if not inner.startswith("0x"):
        raise invalid_params(f"{parameter.name}: expected 0x… or a text in quotes, got {inner[:40]!r}")
    return _from_hex(parameter, inner[2:])


def _whole(parameter: Parameter, value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _unfit(parameter, value)
    digits = value if isinstance(value, str) else str(value)
    if len(digits) > 20 or not digits.removeprefix("-").isascii() or not digits.removeprefix("-").isdigit():
        raise _unfit(parameter, value)
    return int(digits)


def _text(parameter: Parameter, value: Json) -> str:
    if not isinstance(value, str):
        raise _unfit(parameter, value)
    return value


def _bytes(parameter: Parameter, value: Json) -> bytes:
    try:
        return base64.b64decode(_text(parameter, value), validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid_params(f"{parameter.name}: expected base64: {error}") from None


def _hash(parameter: Parameter, value: Json) -> bytes:
    text = _text(parameter, value)
    return _hash_of(parameter, _from_hex(parameter, text) if len(text) == 64 else _bytes(parameter, text))


def _hash_of(parameter: Parameter, found: bytes) -> bytes:
    if len(found) != 32:
        raise invalid_params(f"{parameter.name}: expected 32 bytes, got {len(found)}")
    return found


def _from_hex(parameter: Parameter, text: str) -> bytes:
    try:
        return binascii.unhexlify(text)
    except ValueError:
        raise invalid_params(f"{parameter.name}: expected hexadecimal digits, got {text[:80]!r}") from None


def _items(parameter: Parameter, value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise _unfit(parameter, value)
    if len(value) > RPC_LIST_MAX:
        raise invalid_params(f"{parameter.name}: expected at most {RPC_LIST_MAX} items, got {len(value)}")
    return value


def _unfit(parameter: Parameter, value: Json) -> Exception:
    return invalid_params(f"{parameter.name}: expected {parameter.kind.value}, got {str(value)[:80]!r}")
