"""Values given by field name: records, events, `replace`."""

import ast

from vm.language.diagnostics import Mistake
from vm.language.kinds import Field
from vm.language.matching import match_kind
from vm.language.names import nearest
from vm.language.scope import Scope
from vm.language.storage import Check
from vm.language.tree import Expression


def check_fields(
    name: str, fields: tuple[Field, ...], node: ast.Call, scope: Scope, check: Check
) -> tuple[Expression, ...]:
    """All fields of a record or event by name, evaluated in the order of the declaration."""
    given = named_values(node, scope, f"{name}(field=value)")
    for field in fields:
        if field.name not in given:
            raise Mistake(scope.span(node), "signature", f"{name} lacks its field `{field.name}`")
    values = tuple(match_kind(check(given[field.name], scope, field.kind), field.kind) for field in fields)
    for extra in sorted(set(given) - {field.name for field in fields}):
        hint = nearest(extra, [field.name for field in fields])
        raise Mistake(scope.span(given[extra]), "declared", f"{name} has no field `{extra}`", hint)
    return values


def named_values(node: ast.Call, scope: Scope, hint: str, positional: int = 0) -> dict[str, ast.expr]:
    """The keywords of a call. So many values without a name may stand before them."""
    if len(node.args) > positional:
        raise Mistake(scope.span(node.args[positional]), "signature", "fields are given by name", hint)
    given: dict[str, ast.expr] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            raise Mistake(scope.span(keyword.value), "subset", "`**` is not part of the language", hint)
        given[keyword.arg] = keyword.value
    return given
