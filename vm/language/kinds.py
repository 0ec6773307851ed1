"""The types as a contract's author sees them.

Records and enums are nominal: two records with the same fields are different things. The machine below
knows less (an enum is a uint there, a record its fields by position); lowering erases what it does not
need. `NUMBER` is the type of a number that was written down and has not met its use yet: it becomes uint or
int there, so that `x + 1` works for both.
"""

from dataclasses import dataclass, field
from enum import Enum

UINT_BITS = 255
INT_BITS = 255
TEMPORARY_BITS_MAX = 2048  # exact width of a value between two assignments
UINT_MAX: int = 2**UINT_BITS - 1
INT_MAX: int = 2**INT_BITS - 1
INT_MIN: int = -(2**INT_BITS)


class Scalar(Enum):
    """Types with one value. The value is the name in the source."""

    UINT = "uint"
    INT = "int"
    BOOL = "bool"
    BYTES = "bytes"
    STR = "str"
    ADDR = "addr"
    NUMBER = "number"
    NOTHING = "None"

    def __str__(self) -> str:
        return self.value


UINT, INT, BOOL, BYTES, STR, ADDR = (
    Scalar.UINT,
    Scalar.INT,
    Scalar.BOOL,
    Scalar.BYTES,
    Scalar.STR,
    Scalar.ADDR,
)
NUMBER, NOTHING = Scalar.NUMBER, Scalar.NOTHING
WRITTEN_SCALARS = {kind.value: kind for kind in (UINT, INT, BOOL, BYTES, STR, ADDR)}


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumKind:
    """A closed list of names, numbered from 0 without gaps."""

    name: str
    members: tuple[str, ...] = field(compare=False)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldKind:
    """One field of a record, an event, or one parameter of a function."""

    name: str
    kind: "Kind"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordKind:
    """A fixed record. Compared by name, since a name is declared once."""

    name: str
    fields: tuple[FieldKind, ...] = field(compare=False)

    def position(self, name: str) -> int | None:
        """Where a field stands, or None."""
        return next((index for index, found in enumerate(self.fields) if found.name == name), None)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ListKind:
    """A list of at most `bound` items. `item` is NOTHING for a `[]` whose use is not known yet."""

    item: "Kind"
    bound: int

    def __str__(self) -> str:
        return f"List[{self.item}, {self.bound}]"


Kind = Scalar | EnumKind | RecordKind | ListKind


def is_whole(kind: Kind) -> bool:
    """uint, int or a number that may become either."""
    return kind in (UINT, INT, NUMBER)


def is_key(kind: Kind) -> bool:
    """May stand before the value in a Map."""
    return kind in (UINT, INT, BOOL, BYTES, STR, ADDR) or isinstance(kind, EnumKind)


def is_ordered(kind: Kind) -> bool:
    """Has a < that means something to a reader: numbers, texts and bytes by their bytes."""
    return is_whole(kind) or kind in (BYTES, STR, ADDR)


def is_comparable(kind: Kind) -> bool:
    """Has == and !=."""
    return isinstance(kind, EnumKind) or (isinstance(kind, Scalar) and kind is not NOTHING)


def is_storable(kind: Kind) -> bool:
    """May be the type of a variable, a field or a parameter."""
    return kind not in (NUMBER, NOTHING)


def fits(kind: Kind, value: int) -> bool:
    """Whether a written number is one of this type's."""
    if kind is UINT:
        return 0 <= value <= UINT_MAX
    if kind is INT:
        return INT_MIN <= value <= INT_MAX
    return False
