"""The typed tree, second half: places, statements, functions. Made by the type checker, read by lowering."""

from dataclasses import dataclass

from vm.language.diagnostics import Span
from vm.language.kinds import EnumType, Kind, RecordType
from vm.language.tree import CallContract, CallFunction, EventKind, Expression, Signature, Storage


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
    enums: tuple[EnumType, ...]
    records: tuple[RecordType, ...]
    storage: tuple[Storage, ...]
    events: tuple[EventKind, ...]
    functions: tuple[Function, ...]
