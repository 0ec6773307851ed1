"""Where two types meet: what may stand where, and what to say when it may not."""

from vm.language.diagnostics import Mistake, Span
from vm.language.folding import as_kind
from vm.language.kinds import ADDR, BYTES, INT, NOTHING, STR, UINT, EnumType, Kind, ListType
from vm.language.tree import Builtin, Expression, MakeList


def match_kind(value: Expression, kind: Kind) -> Expression:
    """`value` at a place that wants `kind`."""
    value = as_kind(value, kind)
    if isinstance(value, MakeList) and isinstance(kind, ListType) and _fits_list(value.kind, kind):
        return MakeList(kind=kind, span=value.span, items=value.items)
    if value.kind == kind:
        return value
    rule = "whole-numbers" if {value.kind, kind} == {UINT, INT} else "types"
    raise Mistake(
        value.span, rule, f"this must be {kind}, it is {value.kind}", _conversion_hint(value.kind, kind)
    )


def _fits_list(found: ListType, wanted: ListType) -> bool:
    return found.item == wanted.item and found.bound <= wanted.bound


def same_whole(
    operator: str, left: Expression, right: Expression, span: Span
) -> tuple[Expression, Expression]:
    """Two whole numbers of one type: a written number takes the type of the other side."""
    left, right = as_kind(left, right.kind), as_kind(right, left.kind)
    if left.kind != right.kind:
        said = f"`{operator}` between {left.kind} and {right.kind}"
        raise Mistake(
            span, "whole-numbers", said, "convert one side: int(x), or uint(x) where x cannot be below zero"
        )
    return left, right


def matched(name: str, kind: Kind, span: Span, operands: tuple[Expression, ...]) -> Builtin:
    """An operation of the machine whose operands are checked."""
    return Builtin(kind=kind, span=span, name=name, operands=operands)


def _conversion_hint(found: Kind, wanted: Kind) -> str | None:
    if found is NOTHING:
        return "this call gives no value"
    return _HINTS.get((_shape(found), _shape(wanted)))


def _shape(kind: Kind) -> str:
    return "enum" if isinstance(kind, EnumType) else str(kind)


_HINTS: dict[tuple[str, str], str] = {
    (str(INT), str(UINT)): "uint(x) traps where x is below zero",
    (str(UINT), str(INT)): "int(x)",
    ("enum", str(UINT)): "uint(x) gives an enum member's number",
    (str(BYTES), str(ADDR)): "addr(x) takes 20 bytes",
    (str(ADDR), str(BYTES)): "to_bytes(x)",
    (str(STR), str(BYTES)): 'to_bytes(x), or a b"…" literal',
    (str(UINT), str(BYTES)): "to_bytes(x) gives 32 bytes, big-endian",
}
