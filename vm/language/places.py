"""What can stand left of `=`: a variable, a Map's entry, and fields and list items below them.

Values are copied, never shared: `bid = bids[k]` is a copy, and `bid.price = 5` changes the copy only. To
change what is stored one writes `bids[k].price = 5`, which reads, changes and writes the entry. A loop's
variable cannot be changed at all, so that nobody takes the copy for the list's own item.
"""

import ast

from vm.language.actions import Entry, FieldStep, ItemStep, Place, Variable
from vm.language.diagnostics import Mistake
from vm.language.expressions import check_expression, check_value
from vm.language.kinds import UINT, ListType, RecordType
from vm.language.names import nearest
from vm.language.scope import Scope
from vm.language.storage import check_keys, find_storage


def read_place(node: ast.expr, scope: Scope) -> Place:
    """A place whose root exists: the target of an assignment to a part, of `op=`, of append."""
    match node:
        case ast.Name():
            return _variable(node, scope)
        case ast.Subscript(value=owner, slice=index):
            return _item(node, owner, index, scope)
        case ast.Attribute(value=owner, attr=name):
            return _field(node, owner, name, scope)
    hint = "assign to one name, one field or one entry at a time"
    raise Mistake(scope.span(node), "subset", "nothing can be assigned to this", hint)


def forbid_loop_variable(name: str, node: ast.AST, scope: Scope) -> None:
    """The loop alone sets its variable."""
    if name in scope.loop_variables:
        said = f"`{name}` is set by its loop and is a copy of what it visits"
        raise Mistake(
            scope.span(node), "useful", said, "put it into another variable, or change the stored entry"
        )


def _variable(node: ast.Name, scope: Scope) -> Place:
    storage = find_storage(node, scope)
    if storage is not None:
        hint = f"{storage.name}[key] = value" if storage.keys else f"{storage.name}.set(value)"
        raise Mistake(scope.span(node), "storage", f"`{storage.name}` is storage and not a variable", hint)
    kind = scope.kind_of(node)
    forbid_loop_variable(node.id, node, scope)
    return Place(root=Variable(name=node.id, kind=kind), steps=(), kind=kind)


def _item(node: ast.Subscript, owner: ast.expr, index: ast.expr, scope: Scope) -> Place:
    storage = find_storage(owner, scope)
    if storage is not None:
        keys = check_keys(storage, index, scope, check_expression)
        scope.writes.append((f"changes `{storage.name}`", scope.span(node)))
        return Place(root=Entry(storage=storage, keys=keys), steps=(), kind=storage.value)
    place = read_place(owner, scope)
    if not isinstance(place.kind, ListType):
        raise Mistake(scope.span(node), "types", f"{place.kind} has no items that can be set")
    step = ItemStep(index=check_value(index, scope, UINT), kind=place.kind.item)
    return Place(root=place.root, steps=(*place.steps, step), kind=place.kind.item)


def _field(node: ast.Attribute, owner: ast.expr, name: str, scope: Scope) -> Place:
    storage = find_storage(owner, scope)
    if storage is not None and not storage.keys:
        hint = f"{storage.name}.set(replace({storage.name}.get(), {name}=value))"
        raise Mistake(scope.span(node), "storage", f"`{storage.name}` is a Var: it is set as a whole", hint)
    place = read_place(owner, scope)
    if not isinstance(place.kind, RecordType):
        raise Mistake(scope.span(node), "types", f"{place.kind} has no fields, so no `.{name}`")
    position = place.kind.position(name)
    if position is None:
        near = nearest(name, [field.name for field in place.kind.fields])
        raise Mistake(scope.span(node), "declared", f"{place.kind} has no field `{name}`", near)
    kind = place.kind.fields[position].kind
    return Place(root=place.root, steps=(*place.steps, FieldStep(position=position, kind=kind)), kind=kind)
