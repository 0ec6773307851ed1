"""Arguments and results as people write and read them, by the types that the contract's module declares.

uint, int   12000            bool   true            enum   OPEN, or its number
str         "Jalan Utara"    the quotes may be left out for a whole argument
bytes       "0x0102"         addr   40 hexadecimal digits, with or without 0x before them
record      {"name": "PU", "power": 1}, or an array of its fields
list        [1, 2, 3]
"""

import json
from collections.abc import Sequence
from typing import assert_never

from chain.codec import Value
from chain.errors import Malformed
from chain.keys import format_address, parse_address
from cli.errors import NotDone
from vm.abi import runtime_from, value_from
from vm.types import EnumType, Field, ListType, RecordType, RuntimeValue, Scalar, Type, is_in_range

_JSON_DEPTH_WORDS = "an argument is nested too deeply"
Shown = None | bool | int | str | list["Shown"] | dict[str, "Shown"]
"""A value as JSON shows it."""


def parse_arguments(method: str, fields: Sequence[Field], texts: Sequence[str]) -> tuple[Value, ...]:
    """Command-line arguments as the method takes them; raises `NotDone` that names the one that does not fit."""
    if len(texts) != len(fields):
        wanted = ", ".join(str(field) for field in fields) or "none"
        raise NotDone(f"{method}: expected {len(fields)} arguments ({wanted}), got {len(texts)}")
    return tuple(
        _parse_argument(f"{method}: {field.name}", field.kind, text)
        for field, text in zip(fields, texts, strict=True)
    )


def _parse_argument(what: str, kind: Type, text: str) -> Value:
    value = value_from(kind, _runtime(what, kind, _read_json(what, kind, text)))
    try:
        runtime_from(kind, value, what)  # the node's own check: lengths and bounds
    except Malformed as error:
        raise NotDone(str(error)) from error
    return value


def _read_json(what: str, kind: Type, text: str) -> object:
    is_bare = kind in (Scalar.STR, Scalar.BYTES, Scalar.ADDR) or isinstance(kind, EnumType)
    if is_bare and not text.startswith('"'):
        return int(text) if isinstance(kind, EnumType) and text.isdecimal() else text
    try:
        return json.loads(text, parse_float=_refuse_number, parse_constant=_refuse_number)
    except RecursionError:
        raise NotDone(f"{what}: {_JSON_DEPTH_WORDS}") from None
    except ValueError as error:
        raise NotDone(f"{what}: expected {kind} as JSON, got {text!r}: {error}") from None


def _refuse_number(text: str) -> object:
    raise ValueError(f"numbers here are whole: {text}")


def _runtime(what: str, kind: Type, given: object) -> RuntimeValue:
    """A decoded JSON value as the machine would hold it; raises `NotDone`."""
    match kind:
        case Scalar.UINT | Scalar.INT | Scalar.WIDE_UINT | Scalar.WIDE_INT:
            if isinstance(given, int) and not isinstance(given, bool) and is_in_range(kind, given):
                return given
        case Scalar.BOOL:
            if isinstance(given, bool):
                return given
        case Scalar.STR:
            if isinstance(given, str):
                return given
        case Scalar.BYTES:
            return _bytes(what, given)
        case Scalar.ADDR:
            return _address(what, given)
        case EnumType():
            return _member(what, kind, given)
        case RecordType():
            return _record(what, kind, given)
        case ListType(item=item):
            if isinstance(given, list):
                return tuple(_runtime(f"{what}[{place}]", item, one) for place, one in enumerate(given))
        case _:
            assert_never(kind)
    raise NotDone(f"{what}: expected {kind}, got {json.dumps(given)}")


def _bytes(what: str, given: object) -> bytes:
    try:
        return bytes.fromhex(given.removeprefix("0x")) if isinstance(given, str) else _not_bytes()
    except ValueError:
        raise NotDone(f'{what}: expected bytes as "0x" and hexadecimal digits, got {given!r}') from None


def _not_bytes() -> bytes:
    raise ValueError


def _address(what: str, given: object) -> bytes:
    try:
        return parse_address(given.removeprefix("0x") if isinstance(given, str) else "")
    except Malformed as error:
        raise NotDone(f"{what}: {error}. Addresses are shown by: terang keys show FILE") from error


def _member(what: str, kind: EnumType, given: object) -> int:
    if isinstance(given, str) and given in kind.members:
        return kind.members.index(given)
    if isinstance(given, int) and not isinstance(given, bool) and is_in_range(kind, given):
        return given
    raise NotDone(f"{what}: expected one of {', '.join(kind.members)}, got {json.dumps(given)}")


def _record(what: str, kind: RecordType, given: object) -> RuntimeValue:
    names = [field.name for field in kind.fields]
    if isinstance(given, dict) and set(given) == set(names):
        given = [given[name] for name in names]
    if not isinstance(given, list) or len(given) != len(names):
        raise NotDone(f"{what}: expected {kind} with {', '.join(names)}, got {json.dumps(given)}")
    return tuple(
        _runtime(f"{what}.{field.name}", field.kind, one)
        for field, one in zip(kind.fields, given, strict=True)
    )


def show_typed(kind: Type | None, value: Value) -> Shown:
    """A result as JSON shows it, records and enums by their names; raises `Malformed` for a value of another type."""
    return None if kind is None else _shown(kind, runtime_from(kind, value, "result"))


def _shown(kind: Type, runtime: RuntimeValue) -> Shown:
    match kind, runtime:
        case Scalar.ADDR, bytes():
            return format_address(parse_address(runtime.hex()))
        case Scalar.BYTES, bytes():
            return "0x" + runtime.hex()
        case EnumType(members=members), int():
            return members[runtime]
        case RecordType(fields=fields), tuple():
            return {field.name: _shown(field.kind, one) for field, one in zip(fields, runtime, strict=True)}
        case ListType(item=item), tuple():
            return [_shown(item, one) for one in runtime]
        case _, bool() | int() | str():
            return runtime
    raise AssertionError(f"{kind} holds {runtime!r}")
