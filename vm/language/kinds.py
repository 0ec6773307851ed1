"""The types as a contract's author sees them: the machine's, and two that exist only while compiling.

`NUMBER` is the type of a number that was written down and has not met its use yet: it becomes uint or int
there, so that `x + 1` works for both. `NOTHING` is what a call without a result gives.
"""

from enum import Enum
from typing import TypeGuard

from vm.types import EnumType, Field, ListType, RecordType, Scalar, Type, is_in_range, is_key, is_ordered

__all__ = [
    "ADDR",
    "BOOL",
    "BYTES",
    "INT",
    "NOTHING",
    "NUMBER",
    "STR",
    "UINT",
    "WRITTEN_SCALARS",
    "EnumType",
    "Field",
    "Kind",
    "ListType",
    "RecordType",
    "Type",
    "has_order",
    "is_comparable",
    "is_in_range",
    "is_kept",
    "is_key",
    "is_whole",
    "machine_type",
]


class Pseudo(Enum):
    """Types of expressions that no value keeps."""

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
NUMBER, NOTHING = Pseudo.NUMBER, Pseudo.NOTHING
WRITTEN_SCALARS: dict[str, Type] = {str(kind): kind for kind in (UINT, INT, BOOL, BYTES, STR, ADDR)}

Kind = Type | Pseudo


def machine_type(kind: Kind) -> Type:
    """The type of a value that is kept: what the checker guarantees where it matters."""
    assert not isinstance(kind, Pseudo), kind
    return kind


def is_whole(kind: Kind) -> bool:
    """uint, int or a number that may become either."""
    return kind in (UINT, INT, NUMBER)


def is_kept(kind: Kind) -> TypeGuard[Type]:
    """May be the type of a variable: not a bare number, not nothing."""
    return not isinstance(kind, Pseudo)


def has_order(kind: Kind) -> bool:
    """Has a < that means something to a reader."""
    return kind is NUMBER or (not isinstance(kind, Pseudo) and is_ordered(kind))


def is_comparable(kind: Kind) -> bool:
    """Has == and !=."""
    return kind is NUMBER or isinstance(kind, Scalar | EnumType)
