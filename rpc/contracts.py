"""Contracts by name: arguments are given and values are read by the names that a contract declares, never by their
places.

    tender = Contract(await client.call(requests.abi("tender")))
    call = tender.call("withdraw", tender=id)
    bid = await client.call(tender.view("bid_of", tender=id, bidder=address))
    bid["price"], bid["state"]            # 125000, "OPENED"

A record is a `Record`, an enum the name of its member, a list a tuple; a number is an int however large. What does not
fit its type is `Malformed`, and says which field.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from chain.codec import Value, as_array, as_bool, as_bytes, as_text
from chain.errors import Malformed
from chain.keys import ADDRESS_BYTES
from chain.limits import INT64_MIN, STATE_VALUE_BYTES_MAX, UINT64_MAX
from chain.result import Event
from chain.transaction import Call
from rpc.requests import Request, query
from rpc.values import ContractDescription, FieldInfo, FieldsInfo, MethodInfo

Named: TypeAlias = "bool | int | bytes | str | Record | tuple[Named, ...]"
"""A value read by its type."""
Given: TypeAlias = "bool | int | bytes | str | Record | Mapping[str, Given] | Sequence[Given]"
"""A value to be written by its type; a record may be any mapping of its fields."""

_NUMBER_BYTES = 32
_NUMBERS = {"uint": range(2**255), "int": range(-(2**255), 2**255)}
_LIST = re.compile(r"List\[(\w+), (\d+)\]", re.ASCII)


class Record:
    """A record or event: fields by name, frozen. Equal to another of the same name and fields."""

    __slots__ = ("_values", "record_name")

    def __init__(self, record_name: str, values: Mapping[str, Named]) -> None:
        object.__setattr__(self, "record_name", record_name)
        object.__setattr__(self, "_values", dict(values))

    record_name: str
    _values: dict[str, Named]

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a record is frozen, {name} stays")

    def __getitem__(self, name: str) -> Named:
        return self._values[name]

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record):
            return NotImplemented
        return (self.record_name, self._values) == (other.record_name, other._values)

    def __hash__(self) -> int:
        return hash((self.record_name, tuple(self._values.items())))

    def __repr__(self) -> str:
        return f"{self.record_name}({', '.join(f'{name}={value!r}' for name, value in self._values.items())})"

    def number(self, name: str) -> int:
        """A field that is a number."""
        value = self[name]
        assert isinstance(value, int) and not isinstance(value, bool), f"{self.record_name}.{name}: {value!r}"
        return value

    def text(self, name: str) -> str:
        """A field that is a text, or an enum: its member's name."""
        value = self[name]
        assert isinstance(value, str), f"{self.record_name}.{name}: {value!r}"
        return value

    def data(self, name: str) -> bytes:
        """A field that is bytes or an address."""
        value = self[name]
        assert isinstance(value, bytes), f"{self.record_name}.{name}: {value!r}"
        return value

    def flag(self, name: str) -> bool:
        """A field that is true or false."""
        value = self[name]
        assert isinstance(value, bool), f"{self.record_name}.{name}: {value!r}"
        return value


def records_of(value: Named) -> tuple[Record, ...]:
    """A value that is a list of records."""
    assert isinstance(value, tuple), value
    return tuple(record_of(one) for one in value)


def record_of(value: Named) -> Record:
    """A value that is a record."""
    assert isinstance(value, Record), value
    return value


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract as its description says it is."""

    description: ContractDescription

    def call(self, method: str, /, **given: Given) -> Call:
        """A call to put into a transaction. Raises `Malformed`."""
        arguments = self.encode_arguments(method, given)
        return Call(contract=self.description.id, method=method, arguments=arguments)

    def view(self, method: str, /, **given: Given) -> Request[Named]:
        """A request for a view's value. Raises `Malformed`, here and where the answer is read."""
        asked = query(self.description.id, method, self.encode_arguments(method, given))
        return Request(
            method=asked.method,
            params=asked.params,
            read=lambda result: self.decode_view(method, asked.read(result).value),
        )

    def encode_arguments(self, method: str, given: Mapping[str, Given]) -> tuple[Value, ...]:
        """Arguments in their order, of arguments by name. Raises `Malformed`."""
        found = self.method(method)
        return self._encode_fields(f"{self.description.id}.{method}", found.parameters, given)

    def decode_arguments(self, method: str, values: Sequence[Value]) -> Record:
        """A call's arguments by name. Raises `Malformed`."""
        parameters = self.method(method).parameters
        return self._decode_fields(FieldsInfo(name=method, fields=parameters), tuple(values), method)

    def decode_result(self, method: str, value: Value) -> "Named | None":
        """What a method gave, None where it gives nothing. Raises `Malformed`."""
        result = self.method(method).result
        return None if not result else self._decode(result, value, f"{self.description.id}.{method}")

    def decode_view(self, method: str, value: Value) -> Named:
        """What a view gave. Raises `Malformed`."""
        found = self.decode_result(method, value)
        if found is None:
            raise Malformed(f"{self.description.id}.{method}: expected a view, which gives a value")
        return found

    def decode_event(self, event: Event) -> Record:
        """An event's fields by name. Raises `Malformed`."""
        found = next((one for one in self.description.events if one.name == event.name), None)
        if found is None:
            raise Malformed(f"{self.description.id}: there is no event {event.name}")
        return self._decode_fields(found, tuple(value for _, value in event.fields), event.name)

    def has_method(self, name: str) -> bool:
        """Whether the deployed module has it."""
        return any(one.name == name for one in self.description.methods)

    def method(self, name: str) -> MethodInfo:
        """A method by name. Raises `Malformed`."""
        found = next((one for one in self.description.methods if one.name == name), None)
        if found is None:
            raise Malformed(f"{self.description.id}: there is no method {name}")
        return found

    # --- Types --------------------------------------------------------------------------------------------------

    def _record(self, name: str) -> FieldsInfo | None:
        return next((one for one in self.description.records if one.name == name), None)

    def _members(self, name: str) -> tuple[str, ...] | None:
        return next((one.members for one in self.description.enums if one.name == name), None)

    def _encode(self, kind: str, given: Given, what: str) -> Value:
        match kind:
            case "uint" | "int":
                return _encode_number(kind, given, what)
            case "bool":
                return _of(bool, given, kind, what)
            case "bytes" | "addr":
                data = _of(bytes, given, kind, what)
                return as_bytes(data, what, ADDRESS_BYTES if kind == "addr" else None)
            case "str":
                return _of(str, given, kind, what)
        members, record, items = self._members(kind), self._record(kind), _LIST.fullmatch(kind)
        if members is not None:
            if not isinstance(given, str) or given not in members:
                raise Malformed(f"{what}: expected one of {', '.join(members)}, got {given!r}")
            return members.index(given)
        if record is not None:
            return self._encode_fields(what, record.fields, _mapping(given, kind, what))
        if items is None:
            raise Malformed(f"{what}: type {kind} is not described")
        if isinstance(given, str | bytes) or not isinstance(given, Sequence) or len(given) > int(items[2]):
            raise Malformed(f"{what}: expected {kind}, got {given!r}")
        return tuple(self._encode(items[1], one, f"{what}[{place}]") for place, one in enumerate(given))

    def _encode_fields(
        self, what: str, fields: Sequence[FieldInfo], given: Mapping[str, Given]
    ) -> tuple[Value, ...]:
        names = [field.name for field in fields]
        if set(given) != set(names):
            raise Malformed(f"{what}: expected {', '.join(names) or 'nothing'}, got {', '.join(given)}")
        return tuple(self._encode(field.type, given[field.name], f"{what}.{field.name}") for field in fields)

    def _decode(self, kind: str, value: Value, what: str) -> Named:
        match kind:
            case "uint" | "int":
                return _decode_number(kind, value, what)
            case "bool":
                return as_bool(value, what)
            case "bytes" | "addr":
                length = ADDRESS_BYTES if kind == "addr" else None
                return as_bytes(value, what, length, length_max=STATE_VALUE_BYTES_MAX)
            case "str":
                return as_text(value, what, length_max=STATE_VALUE_BYTES_MAX)
        members, record, items = self._members(kind), self._record(kind), _LIST.fullmatch(kind)
        if members is not None:
            if type(value) is not int or not 0 <= value < len(members):
                raise Malformed(f"{what}: expected the number of a {kind}, got {value!r}")
            return members[value]
        if record is not None:
            return self._decode_fields(record, value, what)
        if items is None:
            raise Malformed(f"{what}: type {kind} is not described")
        found = as_array(value, what, length_max=int(items[2]))
        return tuple(self._decode(items[1], one, f"{what}[{place}]") for place, one in enumerate(found))

    def _decode_fields(self, record: FieldsInfo, value: Value, what: str) -> Record:
        found = as_array(value, what, len(record.fields))
        pairs = zip(record.fields, found, strict=True)
        return Record(
            record.name,
            {field.name: self._decode(field.type, one, f"{what}.{field.name}") for field, one in pairs},
        )


def _of(wanted: type, given: Given, kind: str, what: str) -> Value:
    if type(given) is not wanted:
        raise Malformed(f"{what}: expected {kind}, got {type(given).__name__}")
    return given  # type: ignore[return-value]  # one of the plain types, as tested above


def _mapping(given: Given, kind: str, what: str) -> Mapping[str, Given]:
    if isinstance(given, Record):
        return {name: given[name] for name in given}
    if not isinstance(given, Mapping):
        raise Malformed(f"{what}: expected {kind}, got {type(given).__name__}")
    return given


def _encode_number(kind: str, given: Given, what: str) -> Value:
    if type(given) is not int or given not in _NUMBERS[kind]:
        raise Malformed(f"{what}: expected {kind}, got {given!r}")
    if INT64_MIN <= given <= UINT64_MAX:
        return given
    return given.to_bytes(_NUMBER_BYTES, "big", signed=kind == "int")


def _decode_number(kind: str, value: Value, what: str) -> int:
    if type(value) is bytes and len(value) == _NUMBER_BYTES:
        return int.from_bytes(value, "big", signed=kind == "int")
    if type(value) is not int or (kind == "uint" and value < 0):
        raise Malformed(f"{what}: expected {kind}, got {value!r}")
    return value
