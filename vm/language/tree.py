"""The typed tree: what the type checker makes and lowering reads.

Everything is decided here: each name stands for one thing, each expression has its type, literals have
become uint or int, and constants are folded. A node keeps its span only for the line table.
"""

from dataclasses import dataclass
from enum import Enum

from vm.language.diagnostics import Span
from vm.language.kinds import NOTHING, Field, Kind, ListType, RecordType, Type


class Role(Enum):
    """How a function is reached. The value is its decorator."""

    CALL = "call"
    VIEW = "view"
    GENESIS = "genesis"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a caller must know of a function or of another contract's method."""

    name: str
    role: Role
    parameters: tuple[Field, ...]
    result: Kind

    @property
    def gives_nothing(self) -> bool:
        """Whether there is no result."""
        return self.result is NOTHING

    def __str__(self) -> str:
        parameters = ", ".join(f"{found.name}: {found.kind}" for found in self.parameters)
        return f"{self.name}({parameters}) -> {self.result}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """One Var (no keys) or Map. Its number is its place in the declarations and part of its state keys."""

    name: str
    number: int
    keys: tuple[Type, ...]
    value: Type
    line: int

    def __str__(self) -> str:
        shape = "Map" if self.keys else "Var"
        return f"{self.name}: {shape}[{', '.join(str(kind) for kind in (*self.keys, self.value))}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventKind:
    """An event that a contract may emit."""

    name: str
    fields: tuple[Field, ...]


# --- Expressions --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """A value known when compiling; an enum's member is its number."""

    kind: Kind
    span: Span
    value: bool | int | bytes | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """A parameter or variable."""

    kind: Kind
    span: Span
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic:
    """`+ - * // %` on two of the same whole type; exact, `bits` bounds its size before any check."""

    kind: Kind
    span: Span
    operator: str
    left: "Expression"
    right: "Expression"
    bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`== != < <= > >=` on two of the same type."""

    kind: Kind
    span: Span
    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Logic:
    """`and`, `or`: the right side is evaluated only where it decides."""

    kind: Kind
    span: Span
    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """`not` of a bool."""

    kind: Kind
    span: Span
    operand: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """`then if condition else otherwise`; only one side is evaluated."""

    kind: Kind
    span: Span
    condition: "Expression"
    then: "Expression"
    otherwise: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeRecord:
    """A record from all its fields, in the order of its declaration."""

    kind: RecordType
    span: Span
    values: tuple["Expression", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GetField:
    """One field of a record."""

    kind: Kind
    span: Span
    record: "Expression"
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceFields:
    """A record like another but for some fields."""

    kind: RecordType
    span: Span
    record: "Expression"
    changes: tuple[tuple[int, "Expression"], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeList:
    """A list from its items."""

    kind: ListType
    span: Span
    items: tuple["Expression", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GetItem:
    """An item of a list, or a byte of bytes as uint. Traps beyond the end."""

    kind: Kind
    span: Span
    value: "Expression"
    index: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Part of bytes or str. Traps where the ends do not lie within it in order."""

    kind: Kind
    span: Span
    value: "Expression"
    start: "Expression | None"
    end: "Expression | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contains:
    """Whether a list holds a value."""

    kind: Kind
    span: Span
    items: "Expression"
    value: "Expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class Builtin:
    """A function of the language (`vm.language.library`)."""

    kind: Kind
    span: Span
    name: str
    operands: tuple["Expression", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """A stable sort of records by fields: (position, descending) from the most to the least important."""

    kind: ListType
    span: Span
    value: "Expression"
    by: tuple[tuple[int, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFunction:
    """A call of a function of this contract."""

    kind: Kind
    span: Span
    name: str
    operands: tuple["Expression", ...]

    @property
    def gives_nothing(self) -> bool:
        """Whether there is no result."""
        return self.kind is NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class CallContract:
    """A call of another contract by its declared interface."""

    kind: Kind
    span: Span
    contract: str
    method: Signature
    operands: tuple["Expression", ...]

    @property
    def gives_nothing(self) -> bool:
        """Whether there is no result."""
        return self.kind is NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A Var's value (zero if never set), or a Map's entry: an absent one is the default, or traps."""

    kind: Kind
    span: Span
    storage: Storage
    keys: tuple["Expression", ...]
    default: "Expression | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class HasEntry:
    """Whether a Map has an entry."""

    kind: Kind
    span: Span
    storage: Storage
    keys: tuple["Expression", ...]


Compound = MakeRecord | GetField | ReplaceFields | MakeList | GetItem | Slice | Sort

Expression = (
    Constant
    | Local
    | Arithmetic
    | Comparison
    | Logic
    | Not
    | Choice
    | MakeRecord
    | GetField
    | ReplaceFields
    | MakeList
    | GetItem
    | Slice
    | Contains
    | Builtin
    | Sort
    | CallFunction
    | CallContract
    | Load
    | HasEntry
)
