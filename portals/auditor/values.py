"""Values of calls and events in a person's words, each under its label. Pure.

A record within a record becomes lines of its own, `Terms · Title`; a sealed envelope is told by its size and its hash,
since nobody can read more of it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from chain.hashing import sha256
from chain.keys import format_address
from chain.time import TIME_MS_MAX
from portals.auditor.people import Person
from portals.languages import Language
from portals.local_forms import format_amount, format_day, format_number, format_share, format_time
from portals.reading.proposals import show_value
from portals.words import reading_of
from rpc.contracts import Contract, Named, Record
from rpc.values import FieldInfo

_SHOWN_BYTES = 64  # a hash, a key or a signature is shown; what is longer by its size and hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A value under its label. `kind` says how it is set: plain, code, words or party, whose address is `address`."""

    label: str
    text: str
    kind: str = "plain"
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """In what language, currency and time zone values are said, and who stands behind addresses."""

    language: Language
    currency: str
    zone: int
    people: Mapping[bytes, Person]


def label_of(field: FieldInfo, language: Language) -> str:
    """What a field is called: a sealed price is called otherwise than a price."""
    special = f"field.{field.name}.{field.type}"
    label = language.name(special if language.knows(special) else f"field.{field.name}")
    return label[:1].upper() + label[1:]


def say_fields(
    fields: Sequence[FieldInfo], record: Record, contract: Contract, saying: Saying, prefix: str = ""
) -> Iterator[Line]:
    """The fields of a record, or the arguments of a call, a line each."""
    if "currency" in record:
        saying = replace(saying, currency=record.text("currency"))
    for field in fields:
        label = prefix + label_of(field, saying.language)
        if field.name == "value" and isinstance(record[field.name], int) and "name" in record:
            yield Line(label=label, text=show_value(record, saying.language))
            continue
        yield from _say(field, record[field.name], label, contract, saying)


def _say(field: FieldInfo, value: Named, label: str, contract: Contract, saying: Saying) -> Iterator[Line]:
    if isinstance(value, Record):
        yield from say_fields(fields_of(contract, value), value, contract, saying, f"{label} · ")
    elif isinstance(value, tuple):
        for number, one in enumerate(value, start=1):
            yield from _say(_item_of(field), one, f"{label} {number}", contract, saying)
    elif value not in ("", b""):
        yield _line(field, value, label, contract, saying)


def fields_of(contract: Contract, record: Record) -> tuple[FieldInfo, ...]:
    """The declared fields of a record or an event."""
    known = (*contract.description.records, *contract.description.events)
    return next(one.fields for one in known if one.name == record.record_name)


def _item_of(field: FieldInfo) -> FieldInfo:
    kind = field.type.removeprefix("List[").partition(",")[0]
    return FieldInfo(name=field.name, type=kind)


def _line(
    field: FieldInfo, value: bool | int | bytes | str, label: str, contract: Contract, saying: Saying
) -> Line:
    language = saying.language
    if isinstance(value, bool):
        return Line(label=label, text=language.say("yes") if value else language.say("no"))
    if isinstance(value, int):
        return Line(label=label, text=_say_number(field, value, saying))
    if isinstance(value, bytes):
        return _say_bytes(field, value, label, saying)
    if any(one.name == field.type for one in contract.description.enums):
        return Line(label=label, text=language.name(f"{field.type}.{value}"))
    return Line(label=label, text=value, kind="words")


def _say_number(field: FieldInfo, value: int, saying: Saying) -> str:
    language = saying.language
    ways: dict[str, Callable[[], str]] = {
        "time": lambda: format_time(value, language, saying.zone),
        "share": lambda: format_share(value, language),
        "day": lambda: format_day(value, language),
        "amount": lambda: format_amount(value, saying.currency, language),
    }
    reading = reading_of(field)
    if reading == "time" and not 10**11 < value <= TIME_MS_MAX:
        reading = "plain"
    return ways.get(reading, lambda: format_number(value, language))()


def _say_bytes(field: FieldInfo, value: bytes, label: str, saying: Saying) -> Line:
    if field.type == "addr":
        address = format_address(value)  # type: ignore[arg-type]  # the contract's type says that it is one
        person = saying.people.get(value)
        shown = address if person is None else person.name
        return Line(label=label, text=shown, kind="party", address=address)
    if len(value) <= _SHOWN_BYTES:
        return Line(label=label, text=value.hex().upper(), kind="code")
    size = saying.language.say("{count} bytes", count=format_number(len(value), saying.language))
    return Line(label=label, text=f"{size}, SHA-256 {sha256(value).hex().upper()}", kind="code")


def addresses_in(fields: Sequence[FieldInfo], record: Record, contract: Contract) -> Iterator[bytes]:
    """Every address that stands in a record, however deep."""
    for field in fields:
        yield from _addresses(field, record[field.name], contract)


def _addresses(field: FieldInfo, value: Named, contract: Contract) -> Iterator[bytes]:
    if isinstance(value, Record):
        yield from addresses_in(fields_of(contract, value), value, contract)
    elif isinstance(value, tuple):
        for one in value:
            yield from _addresses(_item_of(field), one, contract)
    elif field.type == "addr" and isinstance(value, bytes) and any(value):
        yield value
