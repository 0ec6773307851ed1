"""Calls of built-in functions. Those with plain types are checked by the table, others by a rule each."""

import ast
from collections.abc import Callable

from chain.limits import SCALE_MAX
from vm.host import contract_address
from vm.language.diagnostics import Mistake
from vm.language.fields import named_values
from vm.language.folding import arithmetic, as_kind, basis_points, scaled, settle
from vm.language.kinds import (
    ADDR,
    BOOL,
    BYTES,
    INT,
    NUMBER,
    STR,
    UINT,
    EnumType,
    Kind,
    ListType,
    RecordType,
    has_order,
    is_whole,
)
from vm.language.library import BASIS_POINTS, FUNCTIONS, LibraryFunction
from vm.language.matching import match_kind, matched, same_whole
from vm.language.names import nearest
from vm.language.scope import Scope
from vm.language.storage import Check, find_storage
from vm.language.tree import Constant, Expression, ReplaceFields, Sort
from vm.type_codec import is_name
from vm.types import ADDR_BYTES


def call_library(function: LibraryFunction, node: ast.Call, scope: Scope, check: Check) -> Expression:
    """What a call of a function of the library computes, its arguments checked."""
    span = scope.span(node)
    if function.statement:
        raise Mistake(span, "useful", f"{function.name} has no value", "it stands on a line of its own")
    if function.name in _SPECIAL:
        return _SPECIAL[function.name](node, scope, check)
    assert function.parameters is not None and function.result is not None, function.name
    nodes = _arguments(node, len(function.parameters), scope)
    pairs = zip(nodes, function.parameters, strict=True)
    operands = tuple(match_kind(check(value, scope, kind), kind) for value, kind in pairs)
    if function.name == "basis_points":
        return _basis_points(operands, node, scope)
    return matched(function.name, function.result, span, operands)


def _arguments(node: ast.Call, count: int, scope: Scope) -> list[ast.expr]:
    assert isinstance(node.func, ast.Name)
    function = FUNCTIONS[node.func.id]
    if node.keywords or len(node.args) != count:
        said = f"`{function.name}` takes {count} value(s), here are {len(node.args) + len(node.keywords)}"
        raise Mistake(scope.span(node), "signature", said, function.signature)
    return node.args


def _basis_points(operands: tuple[Expression, ...], node: ast.Call, scope: Scope) -> Expression:
    amount, bps = operands
    if isinstance(amount, Constant) and isinstance(bps, Constant):
        assert isinstance(amount.value, int) and isinstance(bps.value, int)
        return Constant(kind=NUMBER, span=scope.span(node), value=basis_points(amount.value, bps.value))
    return _rounded_product(amount, bps, BASIS_POINTS, node, scope)


def _rounded_product(
    left: Expression, right: Expression, divisor: int, node: ast.Call, scope: Scope
) -> Expression:
    """left * right / divisor, half up: the language's one rounding, made of exact steps."""
    span = scope.span(node)
    half = Constant(kind=UINT, span=span, value=divisor // 2)
    product = arithmetic("+", arithmetic("*", left, right, span), half, span)
    return arithmetic("//", product, Constant(kind=UINT, span=span, value=divisor), span)


def _times_scaled(node: ast.Call, scope: Scope, check: Check) -> Expression:
    price, quantity, decimals = _arguments(node, 3, scope)
    left, right = (match_kind(check(value, scope, UINT), UINT) for value in (price, quantity))
    return _rounded_product(left, right, 10 ** _read_decimals(decimals, scope, check), node, scope)


def _scaled(node: ast.Call, scope: Scope, check: Check) -> Expression:
    text, decimals = _arguments(node, 2, scope)
    value = check(text, scope, STR)
    if not (isinstance(value, Constant) and isinstance(value.value, str)):
        raise Mistake(
            scope.span(text), "constant", "a quantity with decimals is written out", 'scaled("12.500", 3)'
        )
    return scaled(value.value, _read_decimals(decimals, scope, check), scope.span(node))


def _read_decimals(node: ast.expr, scope: Scope, check: Check) -> int:
    value = check(node, scope, UINT)
    if not (isinstance(value, Constant) and is_whole(value.kind) and isinstance(value.value, int)):
        raise Mistake(scope.span(node), "constant", "the number of decimals is a constant")
    if not 0 <= value.value <= SCALE_MAX:
        raise Mistake(
            scope.span(node), "limit", f"a quantity has 0 to {SCALE_MAX} decimals, not {value.value}"
        )
    return value.value


def _to_addr(node: ast.Call, scope: Scope, check: Check) -> Expression:
    value = match_kind(check(_arguments(node, 1, scope)[0], scope, BYTES), BYTES)
    if not (isinstance(value, Constant) and isinstance(value.value, bytes)):
        return matched("addr", ADDR, scope.span(node), (value,))
    if len(value.value) != ADDR_BYTES:
        said = f"an address has {ADDR_BYTES} bytes, this has {len(value.value)}"
        raise Mistake(value.span, "range", said)
    return Constant(kind=ADDR, span=scope.span(node), value=value.value)


def _contract_address(node: ast.Call, scope: Scope, check: Check) -> Expression:
    (given,) = _arguments(node, 1, scope)
    value = check(given, scope, STR)
    if not (isinstance(value, Constant) and isinstance(value.value, str) and is_name(value.value)):
        hint = FUNCTIONS["contract_address"].signature
        raise Mistake(scope.span(given), "constant", "this is not the id of a contract, written out", hint)
    return Constant(kind=ADDR, span=scope.span(node), value=contract_address(value.value))


def _to_uint(node: ast.Call, scope: Scope, check: Check) -> Expression:
    value = check(_arguments(node, 1, scope)[0], scope, UINT)
    if isinstance(value, Constant) and (is_whole(value.kind) or isinstance(value.kind, EnumType)):
        number = Constant(kind=NUMBER, span=value.span, value=value.value)
        return as_kind(number, UINT)
    if value.kind is INT or isinstance(value.kind, EnumType):
        return matched("uint", UINT, scope.span(node), (value,))
    hint = "to_uint(x) reads bytes" if value.kind is BYTES else None
    return match_or_explain(value, UINT, hint)


def _to_int(node: ast.Call, scope: Scope, check: Check) -> Expression:
    value = check(_arguments(node, 1, scope)[0], scope, INT)
    if isinstance(value, Constant) and is_whole(value.kind):
        return as_kind(Constant(kind=NUMBER, span=value.span, value=value.value), INT)
    if value.kind is UINT:
        return matched("int", INT, scope.span(node), (value,))
    return match_or_explain(value, INT, None)


def match_or_explain(value: Expression, kind: Kind, hint: str | None) -> Expression:
    """`match_kind` with a hint of the caller's own."""
    if value.kind != kind:
        raise Mistake(value.span, "types", f"{value.kind} cannot become {kind}", hint)
    return value


def _extreme(name: str) -> "Special":
    def check_extreme(node: ast.Call, scope: Scope, check: Check) -> Expression:
        left, right = (check(value, scope, None) for value in _arguments(node, 2, scope))
        span = scope.span(node)
        if not (is_whole(left.kind) and is_whole(right.kind)):
            raise Mistake(span, "types", f"{name} takes two numbers, not {left.kind} and {right.kind}")
        left, right = (settle(side) for side in same_whole(name, left, right, span))
        left, right = match_kind(left, right.kind), match_kind(right, left.kind)
        return matched(name, left.kind, span, (left, right))

    return check_extreme


def _absolute(node: ast.Call, scope: Scope, check: Check) -> Expression:
    value = match_kind(check(_arguments(node, 1, scope)[0], scope, INT), INT)
    return matched("abs", UINT, scope.span(node), (value,))


def _length(node: ast.Call, scope: Scope, check: Check) -> Expression:
    argument = _arguments(node, 1, scope)[0]
    storage = find_storage(argument, scope)
    if storage is not None:
        said = f"`{storage.name}` does not know how many entries it has"
        raise Mistake(scope.span(node), "bounded", said, "keep a Var[uint] that counts")
    value = check(argument, scope, None)
    if not (isinstance(value.kind, ListType) or value.kind in (BYTES, STR)):
        raise Mistake(scope.span(node), "types", f"{value.kind} has no length")
    return matched("len", UINT, scope.span(node), (value,))


def _to_bytes(node: ast.Call, scope: Scope, check: Check) -> Expression:
    value = settle(check(_arguments(node, 1, scope)[0], scope, UINT))
    if value.kind not in (UINT, ADDR, STR):
        raise Mistake(scope.span(node), "types", f"to_bytes takes uint, addr or str, not {value.kind}")
    return matched("to_bytes", BYTES, scope.span(node), (value,))


def _replace(node: ast.Call, scope: Scope, check: Check) -> Expression:
    span, signature = scope.span(node), FUNCTIONS["replace"].signature
    given = named_values(node, scope, signature, positional=1)
    if not node.args or not given:
        raise Mistake(span, "signature", "replace takes a record and the fields that differ", signature)
    record = check(node.args[0], scope, None)
    if not isinstance(record.kind, RecordType):
        raise Mistake(record.span, "types", f"replace takes a record, not {record.kind}")
    changes = tuple(_changed_field(record.kind, name, value, scope, check) for name, value in given.items())
    return ReplaceFields(kind=record.kind, span=span, record=record, changes=changes)


def _changed_field(
    kind: RecordType, name: str, node: ast.expr, scope: Scope, check: Check
) -> tuple[int, Expression]:
    position = kind.position(name)
    if position is None:
        hint = nearest(name, [field.name for field in kind.fields])
        raise Mistake(scope.span(node), "declared", f"{kind} has no field `{name}`", hint)
    wanted = kind.fields[position].kind
    return position, match_kind(check(node, scope, wanted), wanted)


def _sort_by(node: ast.Call, scope: Scope, check: Check) -> Expression:
    span, signature = scope.span(node), FUNCTIONS["sort_by"].signature
    if len(node.args) < 2 or node.keywords:
        raise Mistake(span, "signature", "sort_by takes a list and at least one field", signature)
    value = check(node.args[0], scope, None)
    if not (isinstance(value.kind, ListType) and isinstance(value.kind.item, RecordType)):
        raise Mistake(value.span, "types", f"sort_by takes a list of records, not {value.kind}")
    record = value.kind.item
    by = tuple(_sort_key(record, key, scope) for key in node.args[1:])
    return Sort(kind=value.kind, span=span, value=value, by=by)


def _sort_key(record: RecordType, node: ast.expr, scope: Scope) -> tuple[int, bool]:
    match node:
        case ast.Call(func=ast.Name(id="descending"), args=[inner], keywords=[]):
            return _sort_key(record, inner, scope)[0], True
        case ast.Attribute(value=ast.Name(id=name), attr=field) if name == record.name:
            return _sort_field(record, field, node, scope), False
    said = f"this is not a field of {record.name}"
    raise Mistake(
        scope.span(node), "signature", said, f"write {record.name}.field or descending({record.name}.field)"
    )


def _sort_field(record: RecordType, name: str, node: ast.expr, scope: Scope) -> int:
    position = record.position(name)
    if position is None:
        hint = nearest(name, [field.name for field in record.fields])
        raise Mistake(scope.span(node), "declared", f"{record} has no field `{name}`", hint)
    kind = record.fields[position].kind
    if not (has_order(kind) or kind is BOOL or isinstance(kind, EnumType)):
        raise Mistake(scope.span(node), "types", f"{kind} has no order")
    return position


def _descending(node: ast.Call, scope: Scope, check: Check) -> Expression:
    raise Mistake(
        scope.span(node), "signature", "descending belongs inside sort_by", FUNCTIONS["sort_by"].signature
    )


Special = Callable[[ast.Call, Scope, Check], Expression]

_SPECIAL: dict[str, Special] = {
    "uint": _to_uint,
    "int": _to_int,
    "min": _extreme("min"),
    "max": _extreme("max"),
    "abs": _absolute,
    "addr": _to_addr,
    "contract_address": _contract_address,
    "scaled": _scaled,
    "times_scaled": _times_scaled,
    "len": _length,
    "to_bytes": _to_bytes,
    "replace": _replace,
    "sort_by": _sort_by,
    "descending": _descending,
}
