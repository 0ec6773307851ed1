"""The machine's types as values of the codec.

    type    a Scalar's number, or [0, enum], [1, record], [2, item type, bound]

Enums and records stand in tables of the module; a record names only records before it, so that no type
contains itself. Depth is bounded when a record is read.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from chain.codec import Encodable, Value, as_array, as_text, as_uint
from chain.errors import Malformed
from chain.limits import (
    ENUM_MEMBERS_MAX,
    FIELDS_MAX,
    LIST_ITEMS_MAX,
    MODULE_RECORDS_MAX,
    NAME_BYTES_MAX,
    TYPE_DEPTH_MAX,
    TYPE_PARTS_MAX,
)
from vm.types import EnumType, Field, ListType, RecordType, Scalar, Type, count_depth, count_parts

Item = TypeVar("Item")


def read_each(value: Value, what: str, length_max: int, read: Callable[[Value], Item]) -> tuple[Item, ...]:
    """An array of things that are read alike."""
    return tuple(read(one) for one in as_array(value, what, length_max=length_max))


def is_name(text: str) -> bool:
    """Whether a contract, method or type may be called so. A hyphen is for contract ids."""
    return text.isascii() and len(text) <= NAME_BYTES_MAX and text.replace("-", "_").isidentifier()


def read_name(value: Value, what: str) -> str:
    """A name: not empty, letters, digits and underscores of ASCII."""
    name = as_text(value, what, length_max=NAME_BYTES_MAX)
    if not is_name(name):
        raise Malformed(f"{what}: expected letters, digits and underscores, got {name!r}")
    return name


def check_distinct(names: Sequence[str], what: str) -> None:
    """No name twice."""
    if len(set(names)) != len(names):
        raise Malformed(f"{what}: expected different names, got one twice")


class TypeWriter:
    """Writes types of one module."""

    def __init__(self, enums: Sequence[EnumType], records: Sequence[RecordType]) -> None:
        self._enums = {found: number for number, found in enumerate(enums)}
        self._records = {found: number for number, found in enumerate(records)}

    def write(self, kind: Type) -> Encodable:
        """A type."""
        match kind:
            case Scalar():
                return kind.value
            case EnumType():
                return [0, self._enums[kind]]
            case RecordType():
                return [1, self._records[kind]]
            case ListType(item=item, bound=bound):
                return [2, self.write(item), bound]

    def result(self, kind: Type | None) -> Encodable:
        """A function's result, null for none."""
        return None if kind is None else self.write(kind)

    def all(self, kinds: Sequence[Type]) -> Encodable:
        """Types in order."""
        return [self.write(kind) for kind in kinds]

    def fields(self, fields: Sequence[Field]) -> Encodable:
        """Names with types."""
        return [[field.name, self.write(field.kind)] for field in fields]


class TypeReader:
    """Reads types of one module."""

    def __init__(self, enums: tuple[EnumType, ...], records: tuple[RecordType, ...]) -> None:
        self.enums = enums
        self.records = records

    def read(self, value: Value, *, wide: bool = False) -> Type:
        """A type; `wide` where it is a register's."""
        if type(value) is int:
            return Scalar(as_uint(value, "type", (Scalar.WIDE_INT if wide else Scalar.ADDR).value))
        parts = as_array(value, "type", length_max=3)
        tag = as_uint(parts[0], "type") if parts else None  # True is not 1: a type has one form
        match (tag, *parts[1:]):
            case (0, number):
                return self.enums[as_uint(number, "enum", len(self.enums) - 1)]
            case (1, number):
                return self.records[as_uint(number, "record", len(self.records) - 1)]
            case (2, item, bound):
                return ListType(item=self._item(item), bound=as_uint(bound, "list bound", LIST_ITEMS_MAX))
        raise Malformed(f"type: expected a scalar, enum, record or list, got {parts[:1]}")

    def _item(self, value: Value) -> Type:
        item = self.read(value)
        if isinstance(item, ListType):
            raise Malformed("list: expected items that are no lists, got a list of lists")
        return item

    def result(self, value: Value) -> Type | None:
        """A function's result."""
        return None if value is None else self.read(value)

    def fields(self, value: Value, what: str, length_max: int) -> tuple[Field, ...]:
        """Names with types, no name twice."""
        fields = read_each(value, what, length_max, self._field)
        check_distinct([field.name for field in fields], what)
        return fields

    def _field(self, value: Value) -> Field:
        name, kind = as_array(value, "field", 2)
        return Field(name=read_name(name, "field name"), kind=self.read(kind))


def read_enums(value: Value) -> tuple[EnumType, ...]:
    """A module's enums."""
    enums = read_each(value, "enums", MODULE_RECORDS_MAX, _read_enum)
    check_distinct([found.name for found in enums], "enums")
    return enums


def _read_enum(value: Value) -> EnumType:
    name, members = as_array(value, "enum", 2)
    found = read_each(members, "members", ENUM_MEMBERS_MAX, lambda one: read_name(one, "member"))
    check_distinct(found, "members")
    if not found:
        raise Malformed("members: expected at least one, got none")
    return EnumType(name=read_name(name, "enum name"), members=found)


def read_records(value: Value, types: TypeReader) -> TypeReader:
    """A module's records, added to what `types` knows."""
    for one in as_array(value, "records", length_max=MODULE_RECORDS_MAX):
        name, fields = as_array(one, "record", 2)
        read = types.fields(fields, "record fields", FIELDS_MAX)
        if not read:
            raise Malformed("record fields: expected at least one, got none")
        record = RecordType(name=read_name(name, "record name"), fields=read)
        parts = count_parts(record)  # first: what is below has been counted, so that neither walk is long
        if parts > TYPE_PARTS_MAX:
            raise Malformed(f"record: expected at most {TYPE_PARTS_MAX} fields in all, got {parts}")
        if count_depth(record) > TYPE_DEPTH_MAX:
            raise Malformed(
                f"record: expected a depth of at most {TYPE_DEPTH_MAX}, got {count_depth(record)}"
            )
        types = TypeReader(types.enums, (*types.records, record))
    check_distinct([found.name for found in types.records], "records")
    return types
