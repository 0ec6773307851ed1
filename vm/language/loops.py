"""Loops. Each has a bound that is known when compiling: a list's, or a `limit`."""

import ast
from collections.abc import Callable
from dataclasses import replace

from chain.limits import LOOP_TURNS_MAX, ROWS_MAX
from vm.language.actions import ForItems, ForNumbers, ForRows, Statement, Variable
from vm.language.constants import read_number
from vm.language.diagnostics import AlreadyTold, Diagnostics, Mistake
from vm.language.expressions import check_expression
from vm.language.folding import as_kind
from vm.language.kinds import INT, NUMBER, UINT, Kind, ListType, is_whole
from vm.language.matching import same_whole
from vm.language.places import forbid_loop_variable
from vm.language.scope import Scope
from vm.language.storage import check_key_parts, find_storage, key_nodes
from vm.language.tree import Constant, Expression, Storage

Loop = ForItems | ForNumbers | ForRows
CheckBody = Callable[[list[ast.stmt], Scope, Diagnostics], tuple[Statement, ...]]


def check_for(
    node: ast.For, scope: Scope, diagnostics: Diagnostics, check_body: CheckBody
) -> list[Statement]:
    """A loop and its body. The body is checked even where the head is wrong."""
    try:
        loop, variables = _head(node, scope)
    except (Mistake, AlreadyTold) as problem:
        if isinstance(problem, Mistake):
            diagnostics.keep(problem.diagnostic)
        _give_up_targets(node.target, scope)
        _body(node, [], scope, diagnostics, check_body)
        return []
    return [replace(loop, body=_body(node, variables, scope, diagnostics, check_body))]


def _give_up_targets(target: ast.expr, scope: Scope) -> None:
    for part in key_nodes(target):
        if isinstance(part, ast.Name):
            scope.give_up(part.id)


def _body(
    node: ast.For, variables: list[Variable], scope: Scope, diagnostics: Diagnostics, check_body: CheckBody
) -> tuple[Statement, ...]:
    before, outer = scope.assigned, list(scope.loop_variables)
    for variable in variables:
        scope.loop_variables.append(variable.name)
        scope.mark_assigned(variable.name)
    scope.loops += 1
    body = check_body(node.body, scope, diagnostics)
    scope.loops -= 1
    scope.assigned, scope.loop_variables = before, outer
    if node.orelse:
        place = scope.span(node.orelse[0])
        diagnostics.add(place, "subset", "a loop has no else", "use a variable that the loop sets")
    return body


def _head(node: ast.For, scope: Scope) -> tuple[Loop, list[Variable]]:
    match node.iter:
        case ast.Call(func=ast.Name(id="range")):
            return _numbers(node, node.iter, scope)
        case ast.Call(func=ast.Attribute(value=owner, attr="range")):
            storage = find_storage(owner, scope)
            if storage is not None:
                return _rows(node, node.iter, storage, scope)
    return _items(node, scope)


def _declare(target: ast.expr, kinds: list[Kind], what: str, scope: Scope) -> list[Variable | None]:
    """The loop's variables, None for each `_`. An outer loop's variable cannot be taken again."""
    nodes = key_nodes(target)
    if len(nodes) != len(kinds):
        said = f"{what} gives {len(kinds)} value(s) a turn, here are {len(nodes)} name(s)"
        raise Mistake(scope.span(target), "signature", said, "write _ for a value that is not used")
    return [_declare_one(node, kind, scope) for node, kind in zip(nodes, kinds, strict=True)]


def _declare_one(node: ast.expr, kind: Kind, scope: Scope) -> Variable | None:
    if not isinstance(node, ast.Name):
        raise Mistake(scope.span(node), "subset", "a loop's variable is a name")
    if node.id == "_":
        return None
    forbid_loop_variable(node.id, node, scope)
    before = scope.assigned
    variable = scope.declare(node.id, kind, scope.span(node))
    scope.assigned = before
    return variable


def _items(node: ast.For, scope: Scope) -> tuple[Loop, list[Variable]]:
    storage = find_storage(node.iter, scope)
    if storage is not None:
        hint = f"for key, value in {storage.name}.range(prefix, limit=N):"
        raise Mistake(scope.span(node.iter), "bounded", "a Map is visited by range, with a limit", hint)
    items = check_expression(node.iter, scope)
    if not isinstance(items.kind, ListType):
        raise Mistake(scope.span(node.iter), "bounded", f"a loop visits a list, not {items.kind}")
    (variable,) = _declare(node.target, [items.kind.item], "a list", scope)
    loop = ForItems(span=scope.span(node.iter), variable=variable, items=items, body=())
    return loop, _named([variable])


def _named(variables: list[Variable | None]) -> list[Variable]:
    return [variable for variable in variables if variable is not None]


def _numbers(node: ast.For, call: ast.Call, scope: Scope) -> tuple[Loop, list[Variable]]:
    span = scope.span(call)
    if len(call.args) not in (1, 2):
        raise Mistake(span, "signature", "range takes one or two numbers", "range(start, end, limit=N)")
    start, end = _range_ends(call, scope)
    limit = _read_limit(call, LOOP_TURNS_MAX, scope)
    bound = limit if limit is not None else _known_length(start, end, scope, call)
    (variable,) = _declare(node.target, [start.kind], "range", scope)
    loop = ForNumbers(span=span, variable=variable, start=start, end=end, bound=bound, body=())
    return loop, _named([variable])


def _range_ends(call: ast.Call, scope: Scope) -> tuple[Expression, Expression]:
    span = scope.span(call)
    zero = Constant(kind=NUMBER, span=span, value=0)
    values = [check_expression(value, scope) for value in call.args]
    for value in values:
        if not is_whole(value.kind):
            raise Mistake(value.span, "types", f"range takes numbers, not {value.kind}")
    start, end = (zero, values[0]) if len(values) == 1 else (values[0], values[1])
    start, end = same_whole("range", start, end, span)
    if start.kind is NUMBER:
        settled = (
            INT if any(isinstance(side, Constant) and int(side.value) < 0 for side in (start, end)) else UINT
        )
        return as_kind(start, settled), as_kind(end, settled)
    return start, end


def _known_length(start: Expression, end: Expression, scope: Scope, call: ast.Call) -> int:
    if isinstance(start, Constant) and isinstance(end, Constant):
        length = max(1, int(end.value) - int(start.value))
        if length <= LOOP_TURNS_MAX:
            return length
    hint = "range(start, end, limit=N): more than N turns trap"
    raise Mistake(scope.span(call), "bounded", "this loop has no bound", hint)


def _read_limit(call: ast.Call, most: int, scope: Scope) -> int | None:
    limit: int | None = None
    for keyword in call.keywords:
        if keyword.arg != "limit":
            raise Mistake(scope.span(keyword.value), "signature", f"range has no `{keyword.arg}`", "limit=N")
        limit = read_number(keyword.value, scope.names)
        if not 1 <= limit <= most:
            raise Mistake(scope.span(keyword.value), "limit", f"a limit is 1 to {most}, not {limit}")
    return limit


def _rows(node: ast.For, call: ast.Call, storage: Storage, scope: Scope) -> tuple[Loop, list[Variable]]:
    span = scope.span(call)
    if not storage.keys:
        raise Mistake(
            span, "storage", f"`{storage.name}` is a Var and has no entries", f"{storage.name}.get()"
        )
    if len(call.args) >= len(storage.keys):
        said = (
            f"a prefix of `{storage.name}` has at most {len(storage.keys) - 1} part(s): one is left to visit"
        )
        raise Mistake(span, "storage", said, f"{storage.name}[key] reads one entry")
    limit = _read_limit(call, ROWS_MAX, scope)
    if limit is None:
        said, hint = (
            "this loop has no bound",
            f"{storage.name}.range(prefix, limit=N): more than N entries trap",
        )
        raise Mistake(span, "bounded", said, hint)
    prefix = check_key_parts(storage, call.args, scope, check_expression)
    scope.reads.append((storage.name, span))
    kinds: list[Kind] = [*storage.keys[len(prefix) :], storage.value]
    variables = _declare(node.target, kinds, f"a range over `{storage.name}`", scope)
    loop = ForRows(
        span=span, variables=tuple(variables), storage=storage, prefix=prefix, bound=limit, body=()
    )
    return loop, _named(variables)
