"""Forms as tables: what is asked for a call of a contract, and how what comes back becomes its arguments. Pure.

A field is named like the argument it fills, with a dot for a field of a record: `terms.title`. Its label is the text
of `field.<last part>`. A field of kind HIDDEN or DATA is filled by the page; the person sees it again before signing.
No rule of procurement is here: lengths and reasons are the contract's to judge; here only form is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import assert_never

from chain.codec import Value
from chain.errors import Malformed
from chain.keys import parse_address
from portals.languages import Text, say
from portals.local_forms import WIB_MINUTES, ZONES, parse_amount, parse_time_input
from rpc.contracts import Given

DEFAULT_GAS = 1_000_000
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


class Kind(Enum):
    """What a field takes; the value is the template's word for it."""

    LINE = "line"
    TEXT = "text"
    NUMBER = "number"
    AMOUNT = "amount"
    SHARE = "share"  # percent on the page, basis points in the argument
    TIME = "time"
    CHOICE = "choice"
    FLAG = "flag"
    ADDRESS = "address"
    DATA = "data"  # bytes as hexadecimal digits, from a script of the page
    FILE = "file"  # a file of the person's, of which the page takes SHA-256
    HIDDEN_NUMBER = "hidden-number"
    HIDDEN_DATA = "hidden-data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field. `choices`: members of an enum; `is_optional`: may be left empty where the kind has an empty value."""

    name: str
    kind: Kind
    choices: tuple[str, ...] = ()
    is_optional: bool = False
    initial: str = ""

    @property
    def label(self) -> str:
        """The name of its label in the catalogs."""
        return f"field.{self.name.rpartition('.')[2]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form for one call. `script`: a module of `static/` that works on it before it is sent."""

    contract: str
    method: str
    fields: tuple[Field, ...]
    gas_limit: int = DEFAULT_GAS
    script: str = ""

    @property
    def name(self) -> str:
        """The call's name, and that of its title in the catalogs."""
        return f"{self.contract}.{self.method}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A form that came back: arguments by name, and what does not fit, by field."""

    given: dict[str, Given]
    problems: dict[str, Text]


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """How amounts and times of a form are meant: in which currency, and by which clock (minutes before UTC)."""

    currency: str
    zone: int


def read_local(posted: Mapping[str, str]) -> Local:
    """What a form carries of it; the rupiah and the western zone where it says nothing that is known."""
    currency, zone = posted.get("currency", ""), posted.get("zone", "")
    zones = {str(minutes): minutes for minutes in ZONES}
    return Local(
        currency=currency if _CURRENCY.fullmatch(currency) else "IDR", zone=zones.get(zone, WIB_MINUTES)
    )


def read_form(form: Form, posted: Mapping[str, str], local: Local) -> Filled:
    """What was posted, as arguments; fields that nobody asked for are let be."""
    given: dict[str, Given] = {}
    problems: dict[str, Text] = {}
    for field in form.fields:
        try:
            _put(given, field.name.split("."), _read(field, posted.get(field.name, ""), local))
        except Malformed:
            problems[field.name] = _explain(field)
    return Filled(given=given, problems=problems)


def _put(given: dict[str, Given], path: list[str], value: Given) -> None:
    for part in path[:-1]:
        inner = given.setdefault(part, {})
        assert isinstance(inner, dict), f"{part} is a record"
        given = inner
    given[path[-1]] = value


def _read(field: Field, text: str, local: Local) -> Given:
    stripped = text.strip()
    if not stripped and not field.is_optional and field.kind is not Kind.FLAG:
        raise Malformed(f"{field.name}: expected something, got nothing")
    match field.kind:
        case Kind.LINE | Kind.TEXT:
            return stripped.replace("\r\n", "\n")
        case Kind.NUMBER | Kind.HIDDEN_NUMBER:
            return _read_number(stripped or "0")
        case Kind.AMOUNT:
            return parse_amount(stripped or "0", local.currency)
        case Kind.SHARE:
            return parse_amount(f"{stripped or '0'}.00" if _is_whole(stripped) else stripped, "USD")
        case Kind.TIME:
            return parse_time_input(stripped, local.zone)
        case Kind.CHOICE:
            if stripped not in field.choices:
                raise Malformed(
                    f"{field.name}: expected one of {', '.join(field.choices)}, got {stripped[:40]!r}"
                )
            return stripped
        case Kind.FLAG:
            return stripped == "yes"
        case Kind.ADDRESS:
            return parse_address(stripped)
        case Kind.DATA | Kind.FILE | Kind.HIDDEN_DATA:
            return _read_hex(stripped)
        case _:
            assert_never(field.kind)


def _is_whole(text: str) -> bool:
    return text.isdigit() or not text


def _read_number(text: str) -> int:
    plain = text.replace(".", "").replace(",", "")
    if not (plain.isascii() and plain.isdigit()) or len(plain) > 30:
        raise Malformed(f"number: expected digits, got {text[:40]!r}")
    return int(plain)


def _read_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise Malformed(f"data: expected hexadecimal digits, got {text[:40]!r}") from None


def _explain(field: Field) -> Text:
    match field.kind:
        case Kind.AMOUNT:
            return say("Write an amount in digits, such as 12.500.000.")
        case Kind.NUMBER | Kind.HIDDEN_NUMBER:
            return say("Write a whole number.")
        case Kind.SHARE:
            return say("Write a percentage from 0 to 100, with at most two decimal places.")
        case Kind.TIME:
            return say("Choose a day and a time.")
        case Kind.CHOICE:
            return say("Choose one.")
        case Kind.ADDRESS:
            return say("Write an address: 40 characters, 0 to 9 and A to F.")
        case Kind.FILE:
            return say("Choose a file.")
        case _:
            return say("Fill this in.")


def hidden(**values: Value) -> dict[str, str]:
    """Values of hidden fields as a page carries them."""
    return {name: value.hex() if isinstance(value, bytes) else str(value) for name, value in values.items()}
