"""`require`, `fail` and `emit`: what a contract says to the world.

A refusal's text is a constant that begins with its clause; values are put into its {} outside of the
ledger's core, by whoever shows it. So the text of every possible refusal stands in the bytecode and can be
listed.
"""

import ast

from chain.limits import MESSAGE_BYTES_MAX, TRAP_VALUES_MAX
from vm.language.actions import Emit, Require
from vm.language.diagnostics import Mistake
from vm.language.expressions import check_condition, check_expression
from vm.language.fields import check_fields
from vm.language.folding import settle
from vm.language.kinds import STR, is_comparable
from vm.language.library import FUNCTIONS
from vm.language.scope import Scope
from vm.language.tree import Constant, Expression


def check_require(node: ast.Call, scope: Scope) -> Require:
    """`require(condition, "clause …", values…)`"""
    if len(node.args) < 2 or node.keywords:
        hint = FUNCTIONS["require"].signature
        raise Mistake(scope.span(node), "clause", "require takes a condition, a text and its values", hint)
    condition = check_condition(node.args[0], scope)
    return _refusal(condition, node, node.args[1:], scope)


def check_fail(node: ast.Call, scope: Scope) -> Require:
    """`fail("clause …", values…)`: the way ends here."""
    if not node.args or node.keywords:
        raise Mistake(
            scope.span(node), "clause", "fail takes a text and its values", FUNCTIONS["fail"].signature
        )
    refusal = _refusal(None, node, node.args, scope)
    scope.assigned = None
    return refusal


def _refusal(condition: Expression | None, node: ast.Call, said: list[ast.expr], scope: Scope) -> Require:
    text, *value_nodes = said
    clause = _read_clause(text, scope)
    values = tuple(_shown_value(value, scope) for value in value_nodes)
    gaps = clause.count("{}")
    if gaps != len(values):
        told = f"the text has {gaps} {{}}, and {len(values)} value(s) follow it"
        raise Mistake(scope.span(text), "clause", told, "write one {} for each value")
    if len(values) > TRAP_VALUES_MAX:
        told = f"{len(values)} values, at most {TRAP_VALUES_MAX} are shown"
        raise Mistake(scope.span(text), "limit", told)
    return Require(span=scope.span(node), condition=condition, clause=clause, values=values)


def _read_clause(node: ast.expr, scope: Scope) -> str:
    span, value = scope.span(node), check_expression(node, scope, STR)
    if not (isinstance(value, Constant) and isinstance(value.value, str)):
        raise Mistake(
            span, "clause", "the text of a refusal is a constant", 'write {} for a value: "clause 1: {}", x'
        )
    clause = value.value
    if not clause.startswith("clause "):
        raise Mistake(span, "clause", "the text of a refusal begins with its clause", f'"clause 1: {clause}"')
    if len(clause.encode()) > MESSAGE_BYTES_MAX:
        raise Mistake(span, "limit", f"the text is longer than {MESSAGE_BYTES_MAX} bytes")
    rest = clause.replace("{}", "")
    if "{" in rest or "}" in rest:
        raise Mistake(
            span,
            "clause",
            "a brace in a refusal's text is the place of a value",
            "write {} and no other brace",
        )
    return clause


def _shown_value(node: ast.expr, scope: Scope) -> Expression:
    value = settle(check_expression(node, scope))
    if not is_comparable(value.kind):
        told = f"{value.kind} cannot be shown in a refusal"
        raise Mistake(scope.span(node), "types", told, "show one of its fields")
    return value


def check_emit(node: ast.Call, scope: Scope) -> Emit:
    """`emit(Event(field=value))`"""
    match node.args:
        case [ast.Call(func=ast.Name(id=name)) as made] if name in scope.names.events and not node.keywords:
            event = scope.names.events[name]
            scope.writes.append((f"emits {name}", scope.span(node)))
            values = check_fields(event.name, event.fields, made, scope, check_expression)
            return Emit(span=scope.span(node), event=event, values=values)
    hint = "declare class Happened(Event): …, then emit(Happened(field=value))"
    raise Mistake(scope.span(node), "signature", "emit takes one event, made on the spot", hint)
