"""Statements: each is checked alone, so that one mistake does not hide the next.

What a mistaken statement would have set counts as set to something unknown: uses of it say nothing more.
"""

import ast

from vm.language.actions import (
    Append,
    Assign,
    Break,
    Change,
    Continue,
    DeleteEntry,
    Do,
    Entry,
    If,
    Place,
    Return,
    Statement,
)
from vm.language.annotations import read_kind
from vm.language.constants import read_number
from vm.language.diagnostics import AlreadyTold, Diagnostics, Mistake
from vm.language.expressions import OPERATORS, check_condition, check_expression, check_value
from vm.language.folding import settle
from vm.language.kinds import BOOL, BYTES, NOTHING, STR, ListType, is_kept, is_whole
from vm.language.loops import check_for
from vm.language.places import forbid_loop_variable, read_place
from vm.language.refusals import check_emit, check_fail, check_require
from vm.language.scope import Scope, join
from vm.language.storage import check_keys, find_storage
from vm.language.tree import CallContract, CallFunction, Constant, Expression


def check_body(nodes: list[ast.stmt], scope: Scope, diagnostics: Diagnostics) -> tuple[Statement, ...]:
    """The statements of one block, in order. After a `return` nothing may follow."""
    body: list[Statement] = []
    for node in nodes:
        if scope.assigned is None:
            diagnostics.add(
                scope.span(node), "useful", "this is never reached", "remove it, or what ends the way above"
            )
            break
        try:
            body.extend(_check_statement(node, scope, diagnostics))
        except Mistake as mistake:
            diagnostics.keep(mistake.diagnostic)
            _give_up_targets(node, scope)
        except AlreadyTold:
            _give_up_targets(node, scope)
    return tuple(body)


def _give_up_targets(node: ast.stmt, scope: Scope) -> None:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            scope.give_up(name)
            scope.mark_assigned(name)
        case ast.Return() | ast.Expr(value=ast.Call(func=ast.Name(id="fail"))):
            scope.assigned = None


def _check_statement(node: ast.stmt, scope: Scope, diagnostics: Diagnostics) -> list[Statement]:
    match node:
        case ast.Assign():
            return [_assign(node, scope)]
        case ast.AnnAssign():
            return [_annotated(node, scope)]
        case ast.AugAssign():
            return [_change(node, scope)]
        case ast.Expr():
            return [_call_statement(node.value, scope)]
        case ast.If():
            return [_if(node, scope, diagnostics)]
        case ast.For():
            return check_for(node, scope, diagnostics, check_body)
        case ast.Return():
            return [_return(node, scope)]
        case ast.Delete():
            return [_delete(target, scope) for target in node.targets]
        case ast.Break() | ast.Continue():
            return [_leave(node, scope)]
        case ast.Pass():
            return []
    hint = "functions and classes stand at the top of the contract"
    raise Mistake(scope.span(node), "subset", "this cannot stand inside a function", hint)


def _assign(node: ast.Assign, scope: Scope) -> Assign:
    if len(node.targets) != 1 or isinstance(node.targets[0], ast.Tuple | ast.List):
        raise Mistake(
            scope.span(node), "subset", "one value is assigned to one place", "write a line for each"
        )
    target = node.targets[0]
    if isinstance(target, ast.Name) and find_storage(target, scope) is None:
        known = scope.variables.get(target.id)
        value = check_value(node.value, scope, known) if known else _infer(node.value, scope)
        return _set_variable(target, value, node, scope)
    place = read_place(target, scope)
    return Assign(span=scope.span(node), place=place, value=check_value(node.value, scope, place.kind))


def _infer(node: ast.expr, scope: Scope) -> Expression:
    value = settle(check_expression(node, scope))
    if not is_kept(value.kind):
        raise Mistake(scope.span(node), "types", "this call gives no value", "call it on a line of its own")
    return value


def _set_variable(target: ast.Name, value: Expression, node: ast.stmt, scope: Scope) -> Assign:
    forbid_loop_variable(target.id, target, scope)
    variable = scope.declare(target.id, value.kind, scope.span(target))
    return Assign(span=scope.span(node), place=Place(root=variable, steps=(), kind=value.kind), value=value)


def _annotated(node: ast.AnnAssign, scope: Scope) -> Assign:
    if not isinstance(node.target, ast.Name):
        raise Mistake(scope.span(node), "types", "only a variable is declared with a type")
    if node.value is None:
        said = f"`{node.target.id}` has no value"
        raise Mistake(scope.span(node), "assigned", said, "give it one on this line")
    kind = read_kind(node.annotation, scope.names, read_number)
    return _set_variable(node.target, check_value(node.value, scope, kind), node, scope)


def _change(node: ast.AugAssign, scope: Scope) -> Change:
    place, operator = read_place(node.target, scope), OPERATORS[type(node.op)]
    if not (is_whole(place.kind) or (operator == "+" and place.kind in (BYTES, STR))):
        raise Mistake(scope.span(node), "types", f"`{operator}=` cannot work on {place.kind}")
    value = check_value(node.value, scope, place.kind)
    if operator in ("//", "%") and isinstance(value, Constant) and value.value == 0:
        raise Mistake(value.span, "range", "nothing can be divided by zero")
    return Change(span=scope.span(node), place=place, operator=operator, value=value)


def _call_statement(node: ast.expr, scope: Scope) -> Statement:
    match node:
        case ast.Call(func=ast.Name(id="require")):
            return check_require(node, scope)
        case ast.Call(func=ast.Name(id="fail")):
            return check_fail(node, scope)
        case ast.Call(func=ast.Name(id="emit")):
            return check_emit(node, scope)
        case ast.Call(func=ast.Attribute(value=owner, attr="set")) if find_storage(owner, scope):
            return _set_var(node, owner, scope)
        case ast.Call(func=ast.Attribute(value=owner, attr="append")):
            return _append(node, owner, scope)
    return _do(node, scope)


def _set_var(node: ast.Call, owner: ast.expr, scope: Scope) -> Assign:
    storage = find_storage(owner, scope)
    assert storage is not None
    if storage.keys:
        hint = f"{storage.name}[key] = value"
        raise Mistake(scope.span(node), "storage", f"`{storage.name}` is a Map: its entries are set", hint)
    if len(node.args) != 1 or node.keywords:
        raise Mistake(scope.span(node), "signature", "set takes one value", f"{storage.name}.set(value)")
    scope.writes.append((f"changes `{storage.name}`", scope.span(node)))
    value = check_value(node.args[0], scope, storage.value)
    place = Place(root=Entry(storage=storage, keys=()), steps=(), kind=storage.value)
    return Assign(span=scope.span(node), place=place, value=value)


def _append(node: ast.Call, owner: ast.expr, scope: Scope) -> Append:
    place = read_place(owner, scope)
    if not isinstance(place.kind, ListType):
        raise Mistake(scope.span(node), "types", f"only a list can be appended to, this is {place.kind}")
    if len(node.args) != 1 or node.keywords:
        raise Mistake(scope.span(node), "signature", "append takes one item", "found.append(item)")
    return Append(span=scope.span(node), place=place, value=check_value(node.args[0], scope, place.kind.item))


def _do(node: ast.expr, scope: Scope) -> Do:
    if isinstance(node, ast.Call):
        call = check_expression(node, scope)
        if isinstance(call, CallFunction | CallContract):
            return Do(span=scope.span(node), call=call)
    raise Mistake(
        scope.span(node), "useful", "this line computes a value and drops it", "assign it, or remove the line"
    )


def _if(node: ast.If, scope: Scope, diagnostics: Diagnostics) -> If:
    try:
        condition: Expression = check_condition(node.test, scope)
    except Mistake as mistake:
        diagnostics.keep(mistake.diagnostic)
        condition = Constant(kind=BOOL, span=scope.span(node.test), value=True)
    except AlreadyTold:
        condition = Constant(kind=BOOL, span=scope.span(node.test), value=True)
    before = scope.assigned
    then = check_body(node.body, scope, diagnostics)
    after_then, scope.assigned = scope.assigned, before
    otherwise = check_body(node.orelse, scope, diagnostics)
    scope.assigned = join(after_then, scope.assigned)
    return If(span=scope.span(node.test), condition=condition, then=then, otherwise=otherwise)


def _return(node: ast.Return, scope: Scope) -> Return:
    assert scope.signature is not None
    result, span = scope.signature.result, scope.span(node)
    if result is NOTHING and node.value is not None:
        raise Mistake(
            span,
            "returns",
            f"`{scope.signature.name}` gives no value",
            "write `return`, or declare the result",
        )
    if result is not NOTHING and node.value is None:
        raise Mistake(span, "returns", f"`{scope.signature.name}` gives {result}", "return a value")
    value = check_value(node.value, scope, result) if node.value is not None else None
    scope.assigned = None
    return Return(span=span, value=value)


def _delete(node: ast.expr, scope: Scope) -> DeleteEntry:
    storage = find_storage(node.value, scope) if isinstance(node, ast.Subscript) else None
    if storage is None or not isinstance(node, ast.Subscript):
        raise Mistake(scope.span(node), "storage", "only an entry of a Map can be deleted", "del name[key]")
    keys = check_keys(storage, node.slice, scope, check_expression)
    scope.writes.append((f"changes `{storage.name}`", scope.span(node)))
    return DeleteEntry(span=scope.span(node), storage=storage, keys=keys)


def _leave(node: ast.Break | ast.Continue, scope: Scope) -> Break | Continue:
    if scope.loops == 0:
        word = "break" if isinstance(node, ast.Break) else "continue"
        raise Mistake(scope.span(node), "syntax", f"`{word}` stands outside of a loop")
    scope.assigned = None
    return Break(span=scope.span(node)) if isinstance(node, ast.Break) else Continue(span=scope.span(node))
