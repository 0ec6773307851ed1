"""What the gateway remembers, entry by entry: facts of attempts, and how far it has read ledger and bank.

An entry is an array of its kind and its fields in order, encoded as everything of ours (`chain.codec`); amounts are
32-byte strings, since the ledger's are up to 255 bits.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

from chain.codec import Value, as_array, as_bytes, as_text, as_uint, decode, encode
from chain.errors import Malformed
from chain.keys import ADDRESS_BYTES, Address
from chain.limits import PAYMENT_ENTRY_BYTES_MAX
from payments.attempt import Standing
from payments.inputs import (
    Accepted,
    AccountFound,
    AccountReplaced,
    Booked,
    CameBack,
    Fact,
    GaveUp,
    Rejected,
    Released,
    Shown,
)

_NUMBER_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class OfAttempt:
    """Something happened to an attempt."""

    end_to_end_id: str
    fact: Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """All blocks up to this height were read."""

    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """All the bank's notifications up to this number were read."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """The bank's statements of all days up to this one were held against this journal."""

    day: str


Entry: TypeAlias = OfAttempt | Followed | Fetched | Reconciled

_FACTS: tuple[type[Any], ...] = (
    Released,
    AccountFound,
    GaveUp,
    Accepted,
    Rejected,
    Booked,
    CameBack,
    Shown,
    AccountReplaced,
)
"""A fact's number is its place; new ones come at the end."""
_OF_ATTEMPT, _FOLLOWED, _FETCHED, _RECONCILED = range(4)


def encode_entry(entry: Entry) -> bytes:
    """Canonical bytes."""
    match entry:
        case OfAttempt():
            kind = _FACTS.index(type(entry.fact))
            return encode((_OF_ATTEMPT, entry.end_to_end_id, kind, _value_of(entry.fact)))
        case Followed():
            return encode((_FOLLOWED, entry.height))
        case Fetched():
            return encode((_FETCHED, entry.number))
        case Reconciled():
            return encode((_RECONCILED, entry.day))


def decode_entry(data: bytes) -> Entry:
    """Inverse of `encode_entry`; raises `Malformed`."""
    items = as_array(decode(data, bytes_max=PAYMENT_ENTRY_BYTES_MAX), "entry")
    kind = as_uint(items[0] if items else None, "entry's kind", _RECONCILED)
    if kind != _OF_ATTEMPT:
        return _decode_reached(kind, as_array(items, "entry", 2)[1])
    _, end_to_end_id, fact, value = as_array(items, "entry", 4)
    made = _FACTS[as_uint(fact, "fact's kind", len(_FACTS) - 1)]
    return OfAttempt(
        end_to_end_id=as_text(end_to_end_id, "end-to-end id", length_max=PAYMENT_ENTRY_BYTES_MAX),
        fact=_made_of(made, value),
    )


def _decode_reached(kind: int, value: Value) -> Entry:
    if kind == _FOLLOWED:
        return Followed(height=as_uint(value, "height"))
    if kind == _FETCHED:
        return Fetched(number=as_uint(value, "number"))
    return Reconciled(day=as_text(value, "day", length_max=10))


def _value_of(given: Any) -> Value:
    if isinstance(given, Standing):
        return int(given)
    if isinstance(given, int):
        return given.to_bytes(_NUMBER_BYTES, "big")
    if isinstance(given, str | bytes):
        return given
    return tuple(_value_of(getattr(given, field.name)) for field in fields(given))


def _made_of(kind: Any, value: Value) -> Any:
    read = _READERS.get(kind)
    if read is not None:
        return read(value)
    wanted = fields(kind)
    items = as_array(value, kind.__name__, len(wanted))
    return kind(**{field.name: _made_of(field.type, item) for field, item in zip(wanted, items, strict=True)})


def _standing_of(value: Value) -> Standing:
    try:
        return Standing(as_uint(value, "standing"))
    except ValueError:
        raise Malformed(
            f"standing: expected one of {[int(one) for one in Standing]}, got {value!r}"
        ) from None


_READERS: dict[Any, Callable[[Value], Any]] = {
    int: lambda value: int.from_bytes(as_bytes(value, "number", _NUMBER_BYTES), "big"),
    str: lambda value: as_text(value, "text", length_max=PAYMENT_ENTRY_BYTES_MAX),
    bytes: lambda value: as_bytes(value, "bytes", length_max=PAYMENT_ENTRY_BYTES_MAX),
    Address: lambda value: Address(as_bytes(value, "address", ADDRESS_BYTES)),
    Standing: _standing_of,
}
