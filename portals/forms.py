"""Forms as tables: what is asked for a call of a contract, and how what comes back becomes its arguments. Pure.

A field is named like the argument it fills, with a dot for a field of a record: `terms.title`. Its label is the text
of `field.<last part>`. A field of kind HIDDEN or DATA is filled by the page; the person sees it again before signing.
A list of records is a field of kind ROWS: `wanted.0.title`, `wanted.1.title`; rows that were left empty are let be.
No rule of procurement is here: lengths and reasons are the contract's to judge; here only form is.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import assert_never

from chain.codec import Value
from chain.errors import Malformed
from chain.keys import PUBLIC_KEY_BYTES, parse_address
from portals.languages import Text, say
from portals.local_forms import WIB_MINUTES, ZONES, parse_amount, parse_day_input, parse_time_input
from rpc.contracts import Given

DEFAULT_GAS = 1_000_000
UNITS = {"days": 86_400_000, "hours": 3_600_000, "minutes": 60_000, "seconds": 1_000, "plain": 1}
"""What a measure may be given in; `percent` besides. A plain one is what it is."""
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_NUMBER = re.compile(r"\d{1,30}|\d{1,3}([.,]\d{3}){1,9}", re.ASCII)
_SHARE = re.compile(r"(\d{1,6})(?:[.,](\d{1,2}))?", re.ASCII)


class Kind(Enum):
    """What a field takes; the value is the template's word for it."""

    LINE = "line"
    TEXT = "text"
    NUMBER = "number"
    AMOUNT = "amount"
    SHARE = "share"  # percent on the page, basis points in the argument
    TIME = "time"  # a moment on the clock of the agency that it is about
    DAY = "day"  # a date on the page, days since 1 January 1970 in the argument
    MEASURE = "measure"  # a number with its unit: a duration becomes milliseconds, a share basis points
    CHOICE = "choice"
    NUMBER_CHOICE = "number-choice"
    FLAG = "flag"
    YES_NO = "yes-no"  # a decision: neither is chosen for the person
    ADDRESS = "address"
    KEY = "key"  # a public key as 64 hexadecimal digits
    ROWS = "rows"  # a list of records
    DATA = "data"  # bytes as hexadecimal digits, from a script of the page
    FILE = "file"  # a file of the person's, which the page encrypts and nodes keep: the hash of its container
    HIDDEN_TEXT = "hidden-text"
    HIDDEN_NUMBER = "hidden-number"
    HIDDEN_DATA = "hidden-data"


class Readers(Enum):
    """For whom the document of a form is encrypted; the value is the page's word for it."""

    PUBLIC = "public"
    AGENCY = "agency"  # and its owner
    OWNER = "owner"  # until the key that opens it is revealed elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field. `choices`: members of the enum of this name; `is_optional`: may be left empty where the kind has an
    empty value; `rows`: the fields of one row, of which there are at most `rows_max`."""

    name: str
    kind: Kind
    enum: str = ""
    choices: tuple[str, ...] = ()
    is_optional: bool = False
    initial: str = ""
    help: Text | None = None
    rows: "tuple[Field, ...]" = ()
    rows_max: int = 0

    @property
    def label(self) -> str:
        """The name of its label in the catalogs."""
        return f"field.{self.name.rpartition('.')[2]}"

    def row(self, place: int | str) -> "tuple[Field, ...]":
        """The fields of the row at a place."""
        return tuple(replace(field, name=f"{self.name}.{place}.{field.name}") for field in self.rows)

    def count_rows(self, values: Mapping[str, str]) -> int:
        """How many rows these values have, one at least; what stands beyond the last possible row is none."""
        pattern = re.compile(rf"{re.escape(self.name)}\.(\d{{1,4}})\.\w+", re.ASCII)
        places = [int(found[1]) for found in map(pattern.fullmatch, values) if found]
        return max([1, *(place + 1 for place in places if place < self.rows_max)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form for one call. `script`: a module of `static/` that works on it before it is sent. `document`: who can read
    the document that goes with it; None where none does.
    """

    contract: str
    method: str
    fields: tuple[Field, ...]
    gas_limit: int = DEFAULT_GAS
    script: str = ""
    document: Readers | None = None

    @property
    def name(self) -> str:
        """The call's name, and that of its title in the catalogs."""
        return f"{self.contract}.{self.method}"

    @property
    def file(self) -> str | None:
        """The name of the field that takes the document's hash, if one does."""
        return next((field.name for field in self.fields if field.kind is Kind.FILE), None)


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
    given, problems = _Reader(posted=posted, local=local).read_all(form.fields)
    return Filled(given=given, problems=problems)


def add_row(form: Form, posted: Mapping[str, str]) -> Mapping[str, str]:
    """What was posted with one empty row more, in the list that `more` names; as it is where that has its most."""
    field = next((one for one in form.fields if one.name == posted["more"] and one.kind is Kind.ROWS), None)
    if field is None or field.count_rows(posted) >= field.rows_max:
        return posted
    return {**posted, field.row(field.count_rows(posted))[0].name: ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """What was posted, and how it is meant."""

    posted: Mapping[str, str]
    local: Local

    def read_all(self, fields: Sequence[Field], prefix: str = "") -> tuple[dict[str, Given], dict[str, Text]]:
        given: dict[str, Given] = {}
        problems: dict[str, Text] = {}
        for field in fields:
            path = field.name.removeprefix(prefix).split(".")
            if field.kind is Kind.ROWS:
                rows, found = self._read_rows(field)
                _put(given, path, rows)
                problems |= found
                continue
            try:
                _put(given, path, self._read(field))
            except Malformed:
                problems[field.name] = _explain(field)
        return given, problems

    def _read_rows(self, field: Field) -> tuple[list[Given], dict[str, Text]]:
        rows: list[Given] = []
        problems: dict[str, Text] = {}
        for place in range(field.count_rows(self.posted)):
            fields = field.row(place)
            if any(self._text_of(one) for one in fields):
                row, found = self.read_all(fields, f"{field.name}.{place}.")
                rows.append(row)
                problems |= found
        if not rows and not field.is_optional:
            problems[field.name] = _explain(field)
        return rows, problems

    def _text_of(self, field: Field) -> str:
        return self.posted.get(field.name, "").strip()

    def _read(self, field: Field) -> Given:
        text = self._text_of(field)
        if not text and not field.is_optional and field.kind is not Kind.FLAG:
            raise Malformed(f"{field.name}: expected something, got nothing")
        match field.kind:
            case Kind.LINE | Kind.TEXT | Kind.HIDDEN_TEXT:
                return text.replace("\r\n", "\n")
            case Kind.NUMBER | Kind.HIDDEN_NUMBER:
                return _read_number(text or "0")
            case Kind.AMOUNT:
                return parse_amount(text or "0", self.local.currency)
            case Kind.SHARE:
                return _read_share(text)
            case Kind.TIME:
                return parse_time_input(text, self.local.zone)
            case Kind.DAY:
                return parse_day_input(text)
            case Kind.MEASURE:
                unit = self.posted.get(f"{field.name}.unit", "")
                return (
                    _read_share(text)
                    if unit == "percent"
                    else _read_number(text) * UNITS[_one_of(unit, UNITS)]
                )
            case Kind.CHOICE:
                return _one_of(text, field.choices)
            case Kind.NUMBER_CHOICE:
                return int(_one_of(text, field.choices))
            case Kind.FLAG:
                return text == "yes"
            case Kind.YES_NO:
                return _one_of(text, ("yes", "no")) == "yes"
            case Kind.ADDRESS:
                return parse_address(text)
            case Kind.KEY:
                return _read_key(text)
            case Kind.DATA | Kind.FILE | Kind.HIDDEN_DATA:
                return _read_hex(text)
            case Kind.ROWS:
                raise AssertionError(f"{field.name}: rows are read one by one, and hold no rows")
            case _:
                assert_never(field.kind)


def _put(given: dict[str, Given], path: list[str], value: Given) -> None:
    for part in path[:-1]:
        inner = given.setdefault(part, {})
        assert isinstance(inner, dict), f"{part} is a record"
        given = inner
    given[path[-1]] = value


def _one_of(text: str, choices: Collection[str]) -> str:
    if text not in choices:
        raise Malformed(f"expected one of {', '.join(choices)}, got {text[:40]!r}")
    return text


def _read_share(text: str) -> int:
    """Percent as basis points: `82`, `82,5` or `82.50`."""
    found = _SHARE.fullmatch(text or "0")
    if found is None:
        raise Malformed(f"share: expected percent such as 82,5, got {text[:40]!r}")
    return int(found[1] + (found[2] or "").ljust(2, "0"))


def _read_number(text: str) -> int:
    """A whole number, in groups of three or in none: `1.5` is none, and not fifteen."""
    if _NUMBER.fullmatch(text) is None:
        raise Malformed(f"number: expected digits, got {text[:40]!r}")
    return int(text.replace(".", "").replace(",", ""))


def _read_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise Malformed(f"data: expected hexadecimal digits, got {text[:40]!r}") from None


def _read_key(text: str) -> bytes:
    key = _read_hex(text)
    if len(key) != PUBLIC_KEY_BYTES:
        raise Malformed(f"key: expected {2 * PUBLIC_KEY_BYTES} hexadecimal digits, got {text[:80]!r}")
    return key


def _explain(field: Field) -> Text:
    match field.kind:
        case Kind.AMOUNT:
            return say("Write an amount in digits, such as 12,500,000.")
        case Kind.NUMBER | Kind.HIDDEN_NUMBER | Kind.MEASURE:
            return say("Write a whole number.")
        case Kind.SHARE:
            return say("Write a percentage from 0 to 100, with at most two decimal places.")
        case Kind.TIME:
            return say("Choose a day and a time.")
        case Kind.DAY:
            return say("Choose a day.")
        case Kind.CHOICE | Kind.NUMBER_CHOICE | Kind.YES_NO:
            return say("Choose one.")
        case Kind.ADDRESS:
            return say("Write an address: 40 characters, 0 to 9 and A to F.")
        case Kind.KEY:
            return say("A public key is 64 characters, 0 to 9 and a to f.")
        case Kind.ROWS:
            return say("Fill in one row at least.")
        case Kind.FILE:
            return say("Choose a file.")
        case _:
            return say("Fill this in.")


def hidden(**values: Value) -> dict[str, str]:
    """Values of hidden fields as a page carries them."""
    return {name: value.hex() if isinstance(value, bytes) else str(value) for name, value in values.items()}
