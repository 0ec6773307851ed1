"""Calls: records, functions of the contract, methods of other contracts, built-in functions."""

import ast

from vm.language.diagnostics import AlreadyTold, Mistake
from vm.language.fields import check_fields
from vm.language.kinds import RecordType
from vm.language.library import FUNCTIONS
from vm.language.library_calls import call_library
from vm.language.matching import match_kind
from vm.language.names import Binding, nearest
from vm.language.scope import Scope
from vm.language.storage import Check, check_get, find_storage
from vm.language.tree import CallContract, CallFunction, Expression, MakeRecord, Role, Signature


def check_call(node: ast.Call, scope: Scope, check: Check) -> Expression:
    """Any call that has a value, or may stand as a statement."""
    match node.func:
        case ast.Name(id=name):
            return _call_name(name, node, scope, check)
        case ast.Attribute(value=ast.Name(id=name), attr=method) if name in scope.names.bindings:
            return _call_contract(scope.names.bindings[name], method, node, scope, check)
        case ast.Attribute(value=owner, attr=method):
            return _call_method(owner, method, node, scope, check)
    raise Mistake(scope.span(node), "subset", "only a name can be called")


def _call_name(name: str, node: ast.Call, scope: Scope, check: Check) -> Expression:
    names, span = scope.names, scope.span(node)
    if name in FUNCTIONS:
        return call_library(FUNCTIONS[name], node, scope, check)
    if name in names.records:
        return _make_record(names.records[name], node, scope, check)
    if name in names.functions:
        scope.calls.append((name, span))
        signature = names.functions[name]
        return CallFunction(
            kind=signature.result, span=span, name=name, operands=_operands(signature, node, scope, check)
        )
    if name in names.events:
        raise Mistake(span, "useful", "an event is announced, not kept", f"emit({name}(…))")
    if name in names.enums:
        raise Mistake(span, "types", "an enum's members are named", f"write {name}.MEMBER")
    if name in names.interfaces:
        raise Mistake(
            span, "storage", "another contract is bound at the top", f'name = {name}("contract id")'
        )
    if name == "range":
        raise Mistake(span, "bounded", "range belongs to a for loop", "for i in range(start, end, limit=N):")
    if name in names.places or name in scope.broken:
        raise AlreadyTold
    hint = nearest(name, [*FUNCTIONS, *names.functions, *names.records])
    raise Mistake(scope.span(node.func), "declared", f"there is no function `{name}`", hint)


def _call_method(owner: ast.expr, method: str, node: ast.Call, scope: Scope, check: Check) -> Expression:
    span, storage = scope.span(node), find_storage(owner, scope)
    if storage is not None and method == "get":
        return check_get(storage, node, scope, check)
    if method in ("set", "append"):
        raise Mistake(span, "useful", f"{method} has no value", "it stands on a line of its own")
    if method == "range":
        raise Mistake(
            span, "bounded", "range belongs to a for loop", "for key, value in name.range(prefix, limit=N):"
        )
    what = f"`{storage.name}`" if storage is not None else str(check(owner, scope, None).kind)
    raise Mistake(
        span,
        "declared",
        f"{what} has no method `{method}`",
        nearest(method, ("get", "set", "append", "range")),
    )


def _operands(signature: Signature, node: ast.Call, scope: Scope, check: Check) -> tuple[Expression, ...]:
    if node.keywords or len(node.args) != len(signature.parameters):
        given = len(node.args) + len(node.keywords)
        said = f"`{signature.name}` takes {len(signature.parameters)} value(s), here are {given}"
        if node.keywords:
            said = f"values of `{signature.name}` are given by place, not by name"
        raise Mistake(scope.span(node), "signature", said, str(signature))
    pairs = zip(node.args, signature.parameters, strict=True)
    return tuple(match_kind(check(value, scope, wanted.kind), wanted.kind) for value, wanted in pairs)


def _call_contract(bound: Binding, method: str, node: ast.Call, scope: Scope, check: Check) -> CallContract:
    span, signature = scope.span(node), bound.interface.methods.get(method)
    if signature is None:
        said = f"the interface {bound.interface.name} has no method `{method}`"
        raise Mistake(span, "declared", said, nearest(method, bound.interface.methods))
    if signature.role is not Role.VIEW:
        scope.writes.append((f"calls `{bound.contract}.{method}`", span))
    operands = _operands(signature, node, scope, check)
    return CallContract(
        kind=signature.result, span=span, contract=bound.contract, method=signature, operands=operands
    )


def _make_record(kind: RecordType, node: ast.Call, scope: Scope, check: Check) -> MakeRecord:
    values = check_fields(kind.name, kind.fields, node, scope, check)
    return MakeRecord(kind=kind, span=scope.span(node), values=values)
