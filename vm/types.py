"""The machine's types, and what a value of each is while it runs.

Types are static and structural: two records are the same type when their names and fields are. Values are
immutable Python objects, so that a copy is a reference:

    uint, int   int                      in the range of the type
    bool        bool
    bytes, str  bytes, str
    addr        bytes of length 20
    enum        int                      the member's number
    record      tuple                    its fields in order
    list        tuple                    at most `bound` items

`WIDE_UINT` and `WIDE_INT` are types of registers only: exact results of arithmetic that were not assigned
yet, wider than their type may be. Only arithmetic, comparisons and MOVE read them; MOVE into `UINT` or
`INT` checks the range.
"""

from dataclasses import dataclass
from enum import Enum
from typing import assert_never

UINT_BITS = 255
INT_BITS = 256  # with the sign
UINT_MAX: int = 2**UINT_BITS - 1
INT_MAX: int = 2**255 - 1
INT_MIN: int = -(2**255)
ADDR_BYTES = 20


class Scalar(Enum):
    """Types without parts. The number is the type's code in a module."""

    UINT = 0
    INT = 1
    BOOL = 2
    BYTES = 3
    STR = 4
    ADDR = 5
    WIDE_UINT = 6
    WIDE_INT = 7

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumType:
    """A closed list of names, numbered from 0 without gaps."""

    name: str
    members: tuple[str, ...]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a record or event, or one parameter of a function."""

    name: str
    kind: "Type"

    def __str__(self) -> str:
        return f"{self.name}: {self.kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordType:
    """A fixed record."""

    name: str
    fields: tuple[Field, ...]

    def position(self, name: str) -> int | None:
        """Where a field stands, or None."""
        return next((index for index, found in enumerate(self.fields) if found.name == name), None)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ListType:
    """A list of at most `bound` items; an item is no list."""

    item: "Type"
    bound: int

    def __str__(self) -> str:
        return f"List[{self.item}, {self.bound}]"


Type = Scalar | EnumType | RecordType | ListType

RuntimeValue = int | bool | bytes | str | tuple["RuntimeValue", ...]
"""What a register holds."""

WRITTEN_SCALARS = (Scalar.UINT, Scalar.INT, Scalar.BOOL, Scalar.BYTES, Scalar.STR, Scalar.ADDR)


def is_key(kind: Type) -> bool:
    """May be part of a Map's key."""
    return kind in WRITTEN_SCALARS or isinstance(kind, EnumType)


def is_ordered(kind: Type) -> bool:
    """Has < : numbers, and texts and bytes by their bytes. `SORT` orders bools and enums too."""
    return isinstance(kind, Scalar) and kind is not Scalar.BOOL


def is_comparable(kind: Type) -> bool:
    """Has == : everything without parts."""
    return isinstance(kind, Scalar | EnumType)


def count_parts(kind: Type) -> int:
    """Fields of a type and of all records in it; a list counts its item once. The work of comparing two types."""
    match kind:
        case RecordType(fields=fields):
            return sum(count_parts(field.kind) for field in fields)
        case ListType(item=item):
            return count_parts(item)
        case Scalar() | EnumType():
            return 1


def count_depth(kind: Type) -> int:
    """How deep values of a type are nested."""
    match kind:
        case ListType(item=item):
            return 1 + count_depth(item)
        case RecordType(fields=fields):
            return 1 + max((count_depth(field.kind) for field in fields), default=0)
        case Scalar() | EnumType():
            return 0


def is_in_range(kind: Type, number: int) -> bool:
    """Whether an exact number is a value of `uint`, `int` or an enum."""
    match kind:
        case Scalar.UINT:
            return 0 <= number <= UINT_MAX
        case Scalar.INT:
            return INT_MIN <= number <= INT_MAX
        case EnumType(members=members):
            return 0 <= number < len(members)
    return False


def zero_value(kind: Type) -> RuntimeValue:
    """What a Var holds that was never set."""
    match kind:
        case Scalar.BYTES:
            return b""
        case Scalar.STR:
            return ""
        case Scalar.BOOL:
            return False
        case Scalar.ADDR:
            return bytes(ADDR_BYTES)
        case Scalar() | EnumType():
            return 0
        case RecordType(fields=fields):
            return tuple(zero_value(field.kind) for field in fields)
        case ListType():
            return ()
        case _:
            assert_never(kind)
