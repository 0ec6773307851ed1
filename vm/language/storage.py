"""Reading storage: entries by key, defaults, presence. Writing is in `vm.language.places`."""

import ast
from collections.abc import Callable

from vm.language.diagnostics import Mistake, Span
from vm.language.kinds import BOOL, Kind
from vm.language.matching import match_kind
from vm.language.scope import Scope
from vm.language.tree import Expression, HasEntry, Load, Storage

Check = Callable[[ast.expr, Scope, Kind | None], Expression]
"""`vm.language.expressions.check_expression`, given to the modules that it uses itself."""


def find_storage(node: ast.expr, scope: Scope) -> Storage | None:
    """The storage that a name stands for, or None when it is anything else."""
    return scope.names.storage.get(node.id) if isinstance(node, ast.Name) else None


def key_nodes(node: ast.expr) -> list[ast.expr]:
    """The parts of a key: `m[a, b]` has two."""
    return node.elts if isinstance(node, ast.Tuple) else [node]


def check_keys(storage: Storage, node: ast.expr, scope: Scope, check: Check) -> tuple[Expression, ...]:
    """All parts of a key of this Map."""
    nodes = key_nodes(node)
    wanted = ", ".join(str(kind) for kind in storage.keys)
    if not storage.keys:
        said, hint = (
            f"`{storage.name}` is a Var and has no keys",
            f"{storage.name}.get(), {storage.name}.set(value)",
        )
        raise Mistake(scope.span(node), "storage", said, hint)
    if len(nodes) != len(storage.keys):
        said = f"a key of `{storage.name}` is [{wanted}], here it has {len(nodes)} part(s)"
        raise Mistake(scope.span(node), "storage", said)
    return check_key_parts(storage, nodes, scope, check)


def check_key_parts(
    storage: Storage, nodes: list[ast.expr], scope: Scope, check: Check
) -> tuple[Expression, ...]:
    """The first parts of a key, as many as are written."""
    pairs = zip(nodes, storage.keys, strict=False)
    return tuple(match_kind(check(node, scope, kind), kind) for node, kind in pairs)


def check_has(storage: Storage, key: ast.expr, span: Span, scope: Scope, check: Check) -> HasEntry:
    """`key in storage`."""
    keys = check_keys(storage, key, scope, check)
    scope.reads.append((storage.name, span))
    return HasEntry(kind=BOOL, span=span, storage=storage, keys=keys)


def load(
    storage: Storage, keys: tuple[Expression, ...], default: Expression | None, span: Span, scope: Scope
) -> Load:
    """Reads a Var or an entry."""
    scope.reads.append((storage.name, span))
    return Load(kind=storage.value, span=span, storage=storage, keys=keys, default=default)


def check_get(storage: Storage, node: ast.Call, scope: Scope, check: Check) -> Load:
    """`var.get()` or `map.get(key, default)`."""
    span, nodes = scope.span(node), node.args
    if node.keywords:
        raise Mistake(span, "signature", "get takes no names", "map.get(key, default)")
    if not storage.keys:
        if nodes:
            raise Mistake(span, "signature", f"`{storage.name}` is a Var: get() takes nothing")
        return load(storage, (), None, span, scope)
    if len(nodes) != 2:
        said = f"`{storage.name}`.get takes a key and a default"
        hint = f"{storage.name}.get(key, default); a compound key is written (a, b)"
        raise Mistake(span, "signature", said, hint)
    keys = check_keys(storage, nodes[0], scope, check)
    default = match_kind(check(nodes[1], scope, storage.value), storage.value)
    return load(storage, keys, default, span, scope)
