"""Types as they are written: `uint`, `Bid`, `List[Bid, 500]`, and `Var[…]`, `Map[…]` of storage."""

import ast
from collections.abc import Callable

from chain.limits import LIST_ITEMS_MAX, MAP_KEYS_MAX
from vm.language.diagnostics import AlreadyTold, Mistake
from vm.language.kinds import NOTHING, WRITTEN_SCALARS, Kind, ListType, Type, is_key
from vm.language.names import Names

ReadNumber = Callable[[ast.expr, Names], int]
"""Reads a constant whole number: the bound of a list."""


def read_kind(node: ast.expr, names: Names, read_number: ReadNumber) -> Type:
    """The type that an annotation of a variable, field or parameter means."""
    match node:
        case ast.Name(id=name) if name != "List":
            return _named_kind(name, node, names)
        case ast.Subscript(value=ast.Name(id="List"), slice=ast.Tuple(elts=[item, bound])):
            return _list_kind(item, bound, names, read_number)
        case ast.Subscript(value=ast.Name(id="List")) | ast.Name(id="List"):
            raise Mistake(names.source.span(node), "bounded", "a list has no bound", "write List[type, N]")
        case ast.Subscript(value=ast.Name(id=("Map" | "Var") as shape)):
            said = f"{shape} is storage and not a value"
            raise Mistake(
                names.source.span(node), "storage", said, f"declare it at the top: name: {shape}[…]"
            )
    raise Mistake(
        names.source.span(node), "types", "this is not a type", "write uint, a record's name, List[type, N]"
    )


def read_result(
    node: ast.expr | None, function: ast.FunctionDef, names: Names, read_number: ReadNumber
) -> Kind:
    """The type after `->`."""
    match node:
        case None:
            said = f"the result of `{function.name}` is not declared"
            raise Mistake(
                names.source.span(function), "signature", said, "write `-> None:` where it gives none"
            )
        case ast.Constant(value=None):
            return NOTHING
        case _:
            return read_kind(node, names, read_number)


def read_storage(node: ast.expr, names: Names, read_number: ReadNumber) -> tuple[tuple[Type, ...], Type]:
    """Key types (none for a Var) and value type of a storage declaration."""
    match node:
        case ast.Subscript(value=ast.Name(id="Var"), slice=value) if not isinstance(value, ast.Tuple):
            return (), read_kind(value, names, read_number)
        case ast.Subscript(value=ast.Name(id="Map"), slice=ast.Tuple(elts=[_, _, *_] as parts)):
            return _map_kinds(parts, names, read_number)
    hint = "write name: Var[type], name: Map[key, value], or NAME = value for a constant"
    raise Mistake(names.source.span(node), "storage", "this is not a storage declaration", hint)


def _map_kinds(parts: list[ast.expr], names: Names, read_number: ReadNumber) -> tuple[tuple[Type, ...], Type]:
    *key_nodes, value_node = parts
    if len(key_nodes) > MAP_KEYS_MAX:
        said = f"a key has {len(key_nodes)} parts, at most {MAP_KEYS_MAX} are possible"
        raise Mistake(names.source.span(parts[0]), "limit", said)
    keys = tuple(read_kind(node, names, read_number) for node in key_nodes)
    for kind, node in zip(keys, key_nodes, strict=True):
        if not is_key(kind):
            said = f"{kind} cannot be part of a key"
            raise Mistake(
                names.source.span(node), "storage", said, "keys are uint, int, bool, bytes, str, addr, enums"
            )
    return keys, read_kind(value_node, names, read_number)


def _named_kind(name: str, node: ast.expr, names: Names) -> Type:
    if name in WRITTEN_SCALARS:
        return WRITTEN_SCALARS[name]
    if name in names.records:
        return names.records[name]
    if name in names.enums:
        return names.enums[name]
    if names.is_known(name):
        if name in (*names.events, *names.interfaces, *names.constants, *names.storage, *names.functions):
            raise Mistake(names.source.span(node), "types", f"`{name}` is not a type")
        raise AlreadyTold
    known = (*WRITTEN_SCALARS, *names.records, *names.enums)
    hint = "a record is declared above its first use" if name[:1].isupper() else None
    from_known = names.hint_for(name, known)
    raise Mistake(names.source.span(node), "declared", f"there is no type `{name}`", from_known or hint)


def _list_kind(item: ast.expr, bound: ast.expr, names: Names, read_number: ReadNumber) -> ListType:
    kind = read_kind(item, names, read_number)
    if isinstance(kind, ListType):
        said = "a list of lists is not possible"
        raise Mistake(names.source.span(item), "bounded", said, "put the inner list into a Record")
    number = read_number(bound, names)
    if not 1 <= number <= LIST_ITEMS_MAX:
        said = f"a list's bound is from 1 to {LIST_ITEMS_MAX}, not {number}"
        raise Mistake(names.source.span(bound), "limit", said)
    return ListType(item=kind, bound=number)
