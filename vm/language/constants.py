"""Constants: expressions whose value the compiler knows."""

import ast

from vm.language.diagnostics import Mistake
from vm.language.expressions import check_expression
from vm.language.kinds import is_whole
from vm.language.names import Names
from vm.language.scope import Scope
from vm.language.tree import Constant


def read_constant(node: ast.expr, names: Names) -> Constant:
    """A constant's value; it may use the constants above it."""
    value = check_expression(node, Scope(names=names, signature=None))
    if isinstance(value, Constant):
        return value
    hint = "use numbers, texts, other constants, + - * // %, scaled(…), basis_points(…)"
    raise Mistake(names.source.span(node), "constant", "this value is not known when compiling", hint)


def read_number(node: ast.expr, names: Names) -> int:
    """A constant whole number: a list's bound, a loop's limit."""
    value = read_constant(node, names)
    if not is_whole(value.kind):
        raise Mistake(names.source.span(node), "constant", f"this must be a whole number, it is {value.kind}")
    assert isinstance(value.value, int)
    return value.value
