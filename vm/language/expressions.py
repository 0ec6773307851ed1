"""Expressions: what each means, its type, and constants where the compiler knows the value.

`check_expression` raises `Mistake` at the first thing that is wrong; the statement around it records it and
goes on with the next statement. Written numbers stay `NUMBER` until they meet a uint or an int.
"""

import ast
from dataclasses import replace

from chain.limits import CONDITIONS_JOINED_MAX, LIST_ITEMS_MAX
from vm.language.calls import check_call
from vm.language.diagnostics import Mistake
from vm.language.folding import arithmetic, as_kind, bounded, fold_join, settle
from vm.language.kinds import (
    ADDR,
    BOOL,
    BYTES,
    INT,
    NOTHING,
    NUMBER,
    STR,
    UINT,
    Kind,
    ListType,
    RecordType,
    has_order,
    is_comparable,
    is_kept,
    is_whole,
)
from vm.language.library import CONSTANTS, RESERVED
from vm.language.matching import match_kind, matched, same_whole
from vm.language.names import nearest
from vm.language.scope import Scope
from vm.language.storage import check_has, check_keys, find_storage, load
from vm.language.tree import (
    Choice,
    Comparison,
    Constant,
    Contains,
    Expression,
    GetField,
    GetItem,
    Local,
    Logic,
    MakeList,
    Not,
    Slice,
)

OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.And: "and",
    ast.Or: "or",
}


def check_value(node: ast.expr, scope: Scope, kind: Kind) -> Expression:
    """An expression at a place that wants `kind`."""
    return match_kind(check_expression(node, scope, kind), kind)


def check_expression(node: ast.expr, scope: Scope, wanted: Kind | None = None) -> Expression:
    """An expression. `wanted` helps where it has no type of its own (`[]`); it is not enforced."""
    match node:
        case ast.Constant():
            return _constant(node, scope)
        case ast.Name():
            return _name(node, scope)
        case ast.Attribute():
            return _attribute(node, scope)
        case ast.BinOp():
            return _binary(node, scope)
        case ast.UnaryOp():
            return _unary(node, scope)
        case ast.BoolOp():
            return _logic(node, scope)
        case ast.Compare():
            return _compare(node, scope)
        case ast.IfExp():
            return _choice(node, scope, wanted)
        case ast.List():
            return _list(node, scope, wanted)
        case ast.Subscript():
            return _subscript(node, scope)
        case ast.Call():
            return check_call(node, scope, check_expression)
        case ast.Tuple():
            said = "values with a comma between them are a key of a Map and nothing else"
            raise Mistake(scope.span(node), "types", said, "use a Record")
    raise Mistake(scope.span(node), "subset", "this is not an expression of the language")


def check_condition(node: ast.expr, scope: Scope) -> Expression:
    """An expression that must be true or false: nothing else counts as either."""
    value = check_expression(node, scope, BOOL)
    if value.kind is not BOOL:
        said = f"a condition is a bool, this is {value.kind}"
        raise Mistake(scope.span(node), "types", said, "compare it: x != 0, len(x) > 0")
    return value


def _constant(node: ast.Constant, scope: Scope) -> Constant:
    span = scope.span(node)
    match node.value:
        case bool():
            return Constant(kind=BOOL, span=span, value=node.value)
        case int():
            return bounded(Constant(kind=NUMBER, span=span, value=node.value))
        case str():
            return bounded(Constant(kind=STR, span=span, value=node.value))
        case bytes():
            return bounded(Constant(kind=BYTES, span=span, value=node.value))
    said = "None is not a value" if node.value is None else "this is not a value"
    raise Mistake(
        span, "types", said, "ask with `in` whether an entry is there, or use a default: m.get(key, default)"
    )


def _name(node: ast.Name, scope: Scope) -> Expression:
    span, names = scope.span(node), scope.names
    if node.id in CONSTANTS:
        return Constant(kind=NUMBER, span=span, value=CONSTANTS[node.id])
    if node.id in names.constants:
        return replace(names.constants[node.id], span=span)
    if node.id in names.storage:
        shape = "name[key] or name.get(key, default)" if names.storage[node.id].keys else "name.get()"
        raise Mistake(span, "storage", f"`{node.id}` is storage and not a value", f"read it with {shape}")
    if node.id in names.functions:
        raise Mistake(span, "types", f"`{node.id}` is a function and not a value", f"call it: {node.id}(…)")
    if node.id in (
        *names.records,
        *names.enums,
        *names.events,
        *names.interfaces,
        *names.bindings,
        *RESERVED,
    ):
        raise Mistake(span, "types", f"`{node.id}` is not a value")
    kind = scope.kind_of(node)
    return Local(kind=kind, span=span, name=node.id)


def _attribute(node: ast.Attribute, scope: Scope) -> Expression:
    span = scope.span(node)
    if isinstance(node.value, ast.Name) and node.value.id in scope.names.enums:
        return _member(node.value.id, node.attr, node, scope)
    record = check_expression(node.value, scope)
    if not isinstance(record.kind, RecordType):
        hint = "a method is called: name.get()" if node.attr in ("get", "set", "append", "range") else None
        raise Mistake(span, "types", f"{record.kind} has no fields, so no `.{node.attr}`", hint)
    position = record.kind.position(node.attr)
    if position is None:
        said = f"{record.kind} has no field `{node.attr}`"
        raise Mistake(
            span, "declared", said, nearest(node.attr, [found.name for found in record.kind.fields])
        )
    kind = record.kind.fields[position].kind
    return GetField(kind=kind, span=span, record=record, position=position)


def _member(name: str, member: str, node: ast.Attribute, scope: Scope) -> Constant:
    kind = scope.names.enums[name]
    if member not in kind.members:
        said = f"{name} has no member `{member}`"
        raise Mistake(scope.span(node), "declared", said, nearest(member, kind.members))
    return Constant(kind=kind, span=scope.span(node), value=kind.members.index(member))


def _binary(node: ast.BinOp, scope: Scope) -> Expression:
    operator, span = OPERATORS[type(node.op)], scope.span(node)
    left, right = check_expression(node.left, scope), check_expression(node.right, scope)
    if operator == "+" and left.kind in (BYTES, STR) and left.kind == right.kind:
        joined = fold_join(left, right, span)
        return joined or matched("concatenate", left.kind, span, (left, right))
    for side in (left, right):
        if not is_whole(side.kind):
            hint = "`+` joins bytes with bytes and str with str" if operator == "+" else None
            raise Mistake(span, "types", f"`{operator}` cannot work on {left.kind} and {right.kind}", hint)
    left, right = same_whole(operator, left, right, span)
    return arithmetic(operator, left, right, span)


def _unary(node: ast.UnaryOp, scope: Scope) -> Expression:
    span = scope.span(node)
    if isinstance(node.op, ast.Not):
        return Not(kind=BOOL, span=span, operand=check_condition(node.operand, scope))
    value = check_expression(node.operand, scope)
    if value.kind is UINT or not is_whole(value.kind):
        hint = "write -int(x) where the result may be below zero" if value.kind is UINT else None
        raise Mistake(span, "types", f"`-` cannot work on {value.kind}", hint)
    return arithmetic("-", Constant(kind=value.kind, span=span, value=0), value, span)


def _logic(node: ast.BoolOp, scope: Scope) -> Expression:
    if len(node.values) > CONDITIONS_JOINED_MAX:
        said = f"{len(node.values)} conditions are joined, at most {CONDITIONS_JOINED_MAX} are possible"
        raise Mistake(scope.span(node), "limit", said, "name the parts in variables or functions")
    first, *rest = [check_condition(part, scope) for part in node.values]
    for part in rest:
        first = Logic(
            kind=BOOL, span=scope.span(node), operator=OPERATORS[type(node.op)], left=first, right=part
        )
    return first


def _compare(node: ast.Compare, scope: Scope) -> Expression:
    span = scope.span(node)
    if len(node.ops) != 1:
        said = "comparisons are not chained"
        raise Mistake(span, "subset", said, "write a < b and b < c")
    operator, right_node = node.ops[0], node.comparators[0]
    if isinstance(operator, ast.In | ast.NotIn):
        found = _contains(node.left, right_node, node, scope)
        return Not(kind=BOOL, span=span, operand=found) if isinstance(operator, ast.NotIn) else found
    left, right = check_expression(node.left, scope), check_expression(right_node, scope)
    return _comparison(OPERATORS[type(operator)], left, right, node, scope)


def _comparison(
    operator: str, left: Expression, right: Expression, node: ast.Compare, scope: Scope
) -> Expression:
    span = scope.span(node)
    if is_whole(left.kind) and is_whole(right.kind):
        left, right = (settle(side) for side in same_whole(operator, left, right, span))
    if left.kind != right.kind:
        said = f"{left.kind} and {right.kind} cannot be compared"
        raise Mistake(span, "types", said, "convert one of them")
    allowed = is_comparable(left.kind) if operator in ("==", "!=") else has_order(left.kind)
    if not allowed:
        hint = "compare the fields that matter" if isinstance(left.kind, RecordType) else None
        raise Mistake(span, "types", f"`{operator}` cannot work on {left.kind}", hint)
    return Comparison(kind=BOOL, span=span, operator=operator, left=left, right=right)


def _contains(left: ast.expr, right: ast.expr, node: ast.Compare, scope: Scope) -> Expression:
    storage = find_storage(right, scope)
    if storage is not None:
        return check_has(storage, left, scope.span(node), scope, check_expression)
    items = check_expression(right, scope)
    if not isinstance(items.kind, ListType):
        said = f"`in` asks a Map or a list, not {items.kind}"
        raise Mistake(scope.span(right), "types", said)
    value = check_value(left, scope, items.kind.item)
    if not is_comparable(value.kind):
        raise Mistake(scope.span(left), "types", f"{value.kind} cannot be looked for in a list")
    return Contains(kind=BOOL, span=scope.span(node), items=items, value=value)


def _choice(node: ast.IfExp, scope: Scope, wanted: Kind | None) -> Expression:
    condition = check_condition(node.test, scope)
    then, otherwise = check_expression(node.body, scope, wanted), check_expression(node.orelse, scope, wanted)
    if wanted in (UINT, INT) and then.kind is NUMBER and otherwise.kind is NUMBER:
        then, otherwise = as_kind(then, wanted), as_kind(otherwise, wanted)
    elif then.kind is NUMBER and otherwise.kind is NUMBER:
        negative = any(isinstance(side, Constant) and int(side.value) < 0 for side in (then, otherwise))
        kind = INT if negative else UINT
        then, otherwise = as_kind(then, kind), as_kind(otherwise, kind)
    then, otherwise = as_kind(then, otherwise.kind), as_kind(otherwise, then.kind)
    if then.kind != otherwise.kind:
        said = f"both values of a choice have one type, these are {then.kind} and {otherwise.kind}"
        raise Mistake(scope.span(node), "types", said)
    if then.kind is NOTHING:
        raise Mistake(scope.span(node), "types", "a choice needs values", "use an if statement")
    return Choice(kind=then.kind, span=scope.span(node), condition=condition, then=then, otherwise=otherwise)


def _list(node: ast.List, scope: Scope, wanted: Kind | None) -> Expression:
    span = scope.span(node)
    if isinstance(wanted, ListType):
        items = tuple(check_value(item, scope, wanted.item) for item in node.elts)
        if len(items) > wanted.bound:
            raise Mistake(span, "bounded", f"{len(items)} items do not fit {wanted}")
        return MakeList(kind=wanted, span=span, items=items)
    if not node.elts:
        hint = "write found: List[type, N] = []"
        raise Mistake(span, "bounded", "an empty list has neither type nor bound here", hint)
    if len(node.elts) > LIST_ITEMS_MAX:
        raise Mistake(span, "limit", f"a list has at most {LIST_ITEMS_MAX} items, here are {len(node.elts)}")
    first = settle(check_expression(node.elts[0], scope))
    if not is_kept(first.kind):
        raise Mistake(first.span, "types", "this call gives no value")
    rest = tuple(check_value(item, scope, first.kind) for item in node.elts[1:])
    return MakeList(kind=ListType(item=first.kind, bound=len(node.elts)), span=span, items=(first, *rest))


def _subscript(node: ast.Subscript, scope: Scope) -> Expression:
    span = scope.span(node)
    storage = find_storage(node.value, scope)
    if storage is not None:
        keys = check_keys(storage, node.slice, scope, check_expression)
        return load(storage, keys, None, span, scope)
    value = check_expression(node.value, scope)
    if isinstance(node.slice, ast.Slice):
        return _slice(value, node.slice, node, scope)
    if isinstance(value.kind, ListType):
        return GetItem(
            kind=value.kind.item, span=span, value=value, index=check_value(node.slice, scope, UINT)
        )
    if value.kind is BYTES:
        return GetItem(kind=UINT, span=span, value=value, index=check_value(node.slice, scope, UINT))
    hint = "take a part of it: text[i : i + 1]" if value.kind is STR else None
    raise Mistake(span, "types", f"{value.kind} has no items", hint)


def _slice(value: Expression, bounds: ast.Slice, node: ast.Subscript, scope: Scope) -> Expression:
    span = scope.span(node)
    if value.kind not in (BYTES, STR):
        hint = "an address becomes bytes with to_bytes(x)" if value.kind is ADDR else None
        raise Mistake(span, "types", f"{value.kind} has no parts", hint)
    if bounds.step is not None:
        raise Mistake(span, "subset", "a part has a start and an end, no step")
    start = check_value(bounds.lower, scope, UINT) if bounds.lower is not None else None
    end = check_value(bounds.upper, scope, UINT) if bounds.upper is not None else None
    return Slice(kind=value.kind, span=span, value=value, start=start, end=end)
