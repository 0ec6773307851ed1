"""What stands at the top of a contract: records, enums, events, interfaces, constants, storage, and
functions' signatures.

Read from top to bottom; a declaration uses only what stands above it, so that nothing is circular and a
reader never has to look ahead. Only function bodies may use everything.
"""

import ast

from chain.limits import FUNCTIONS_MAX, STORAGE_MAX
from vm.language.annotations import read_kind, read_storage
from vm.language.classes import read_class
from vm.language.constants import read_constant, read_number
from vm.language.diagnostics import AlreadyTold, Diagnostics, Mistake, Span
from vm.language.folding import as_kind
from vm.language.names import Binding, Names
from vm.language.signatures import read_signature
from vm.language.source import ParsedSource
from vm.language.tree import Constant, Storage
from vm.type_codec import is_name


def collect(source: ParsedSource, diagnostics: Diagnostics) -> Names:
    """Reads every declaration. Function bodies are left in `Names.nodes`."""
    names = Names(source=source)
    body = source.tree.body
    document = ast.get_docstring(source.tree, clean=True)
    if not document:
        place = Span(line=1, column=0, end_column=1)
        hint = 'begin with """What this contract is for."""'
        diagnostics.add(place, "documented", "the contract does not say what it is for", hint)
    names.document = document or ""
    for node in body[1:] if document is not None else body:
        try:
            _read_declaration(node, names)
        except Mistake as mistake:
            diagnostics.keep(mistake.diagnostic)
        except AlreadyTold:
            continue
    return names


def _read_declaration(node: ast.stmt, names: Names) -> None:
    match node:
        case ast.ClassDef():
            read_class(node, names)
        case ast.Assign(targets=[ast.Name() as target], value=value):
            _read_constant_or_binding(target, value, names)
        case ast.AnnAssign(target=ast.Name() as target, value=None):
            _read_storage(target, node, names)
        case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
            _read_typed_constant(target, node.annotation, value, names)
        case ast.FunctionDef():
            _read_function(node, names)
        case _:
            said = "this cannot stand at the top of a contract"
            hint = (
                "at the top stand classes, constants, storage and functions; statements belong into functions"
            )
            raise Mistake(names.source.span(node), "syntax", said, hint)


def _read_constant_or_binding(target: ast.Name, value: ast.expr, names: Names) -> None:
    span = names.source.span(target)
    match value:
        case ast.Call(func=ast.Name(id=interface), args=args, keywords=[]) if interface in names.interfaces:
            names.declare(target.id, span)
            contract = read_constant(args[0], names).value if len(args) == 1 else None
            if not isinstance(contract, str):
                said = "a contract is bound by its id"
                raise Mistake(
                    names.source.span(value), "constant", said, f'{target.id} = {interface}("contract id")'
                )
            if not is_name(contract):
                said = f'"{contract}" cannot be the id of a contract'
                raise Mistake(
                    names.source.span(value),
                    "declared",
                    said,
                    "letters, digits, - and _; it begins with a letter",
                )
            names.bindings[target.id] = Binding(interface=names.interfaces[interface], contract=contract)
        case _:
            names.declare(target.id, span)
            names.constants[target.id] = read_constant(value, names)


def _read_typed_constant(target: ast.Name, annotation: ast.expr, value: ast.expr, names: Names) -> None:
    names.declare(target.id, names.source.span(target))
    kind = read_kind(annotation, names, read_number)
    constant = as_kind(read_constant(value, names), kind)
    assert isinstance(constant, Constant)
    if constant.kind != kind:
        raise Mistake(constant.span, "types", f"this must be {kind}, it is {constant.kind}")
    names.constants[target.id] = constant


def _read_storage(target: ast.Name, node: ast.AnnAssign, names: Names) -> None:
    span = names.source.span(target)
    names.declare(target.id, span)
    keys, value = read_storage(node.annotation, names, read_number)
    number = len(names.storage)
    if number >= STORAGE_MAX:
        raise Mistake(span, "limit", f"a contract has at most {STORAGE_MAX} Vars and Maps")
    names.storage[target.id] = Storage(name=target.id, number=number, keys=keys, value=value, line=span.line)


def _read_function(node: ast.FunctionDef, names: Names) -> None:
    names.declare(node.name, names.source.span(node))
    if len(names.functions) >= FUNCTIONS_MAX:
        raise Mistake(names.source.span(node), "limit", f"a contract has at most {FUNCTIONS_MAX} functions")
    names.functions[node.name] = read_signature(node, names, in_interface=False)
    names.nodes[node.name] = node
