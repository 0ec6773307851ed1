"""The typed tree: what the type checker makes and lowering reads.

Everything is decided here: each name stands for one thing, each expression has its type, literals have
become uint or int, and constants are folded. A node keeps its span only for the line table.
"""

from dataclasses import dataclass
from enum import Enum

from vm.language.diagnostics import Span
from vm.language.kinds import FieldKind, Kind, ListKind, RecordKind


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
    parameters: tuple[FieldKind, ...]
    result: Kind

    def __str__(self) -> str:
        parameters = ", ".join(f"{found.name}: {found.kind}" for found in self.parameters)
        return f"{self.name}({parameters}) -> {self.result}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """One Var (no keys) or Map. Its number is its place in the declarations and part of its state keys."""

    name: str
    number: int
    keys: tuple[Kind, ...]
    value: Kind
    line: int

    def __str__(self) -> str:
        shape = "Map" if self.keys else "Var"
        return f"{self.name}: {shape}[{', '.join(str(kind) for kind in (*self.keys, self.value))}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventKind:
    """An event that a contract may emit."""

    name: str
    fields: tuple[FieldKind, ...]


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

    kind: RecordKind
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

    kind: RecordKind
    span: Span
    record: "Expression"
    changes: tuple[tuple[int, "Expression"], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeList:
    """A list from its items."""

    kind: ListKind
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

    kind: ListKind
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CallContract:
    """A call of another contract by its declared interface."""

    kind: Kind
    span: Span
    contract: str
    method: Signature
    operands: tuple["Expression", ...]


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

# --- Places: what can stand left of `=` ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A place that begins at a variable."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A place that begins in storage: a Var (no keys) or an entry of a Map."""

    storage: Storage
    keys: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldStep:
    """Into a field of the record reached so far."""

    position: int
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemStep:
    """Into an item of the list reached so far."""

    index: Expression
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a value is put: a variable or storage, and the way from there to the part that changes."""

    root: Variable | Entry
    steps: tuple[FieldStep | ItemStep, ...]
    kind: Kind


# --- Statements ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign:
    """Puts a value at a place."""

    span: Span
    place: Place
    value: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """`place op= value`: the place is found once, read, and written."""

    span: Span
    place: Place
    operator: str
    value: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """Adds an item at the end of the list at a place. Traps beyond the list's bound."""

    span: Span
    place: Place
    value: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteEntry:
    """Removes a Map's entry, or does nothing where there is none."""

    span: Span
    storage: Storage
    keys: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class If:
    """A condition and its two bodies."""

    span: Span
    condition: Expression
    then: tuple["Statement", ...]
    otherwise: tuple["Statement", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForItems:
    """Each item of a list as it was when the loop began. No variable where the source says `_`."""

    span: Span
    variable: Variable | None
    items: Expression
    body: tuple["Statement", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForNumbers:
    """Each number from start up to, not including, end. Traps where there are more than `bound`."""

    span: Span
    variable: Variable | None
    start: Expression
    end: Expression
    bound: int
    body: tuple["Statement", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForRows:
    """Each entry of a Map under a key prefix, in key order, as it was when the loop began.

    One variable for each remaining key part and one for the value; None where the source says `_`.
    """

    span: Span
    variables: tuple[Variable | None, ...]
    storage: Storage
    prefix: tuple[Expression, ...]
    bound: int
    body: tuple["Statement", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Leaves the nearest loop."""

    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Continue:
    """Goes to the next turn of the nearest loop."""

    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """Ends the function."""

    span: Span
    value: Expression | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Do:
    """A call for what it does."""

    span: Span
    call: CallFunction | CallContract


@dataclass(frozen=True, slots=True, kw_only=True)
class Require:
    """A rule: where the condition is false (None: always) the transaction is refused with the clause."""

    span: Span
    condition: Expression | None
    clause: str
    values: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Emit:
    """Announces an event."""

    span: Span
    event: EventKind
    values: tuple[Expression, ...]


Statement = (
    Assign
    | Change
    | Append
    | DeleteEntry
    | If
    | ForItems
    | ForNumbers
    | ForRows
    | Break
    | Continue
    | Return
    | Do
    | Require
    | Emit
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A checked function. `variables` are all its names with their one type, parameters first."""

    signature: Signature
    span: Span
    document: str | None
    variables: tuple[Variable, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A checked contract: all that lowering needs."""

    name: str
    document: str
    storage: tuple[Storage, ...]
    events: tuple[EventKind, ...]
    functions: tuple[Function, ...]
