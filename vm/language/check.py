"""From syntax to the typed tree: declarations first, then each function, then what functions do to each
other."""

import ast

from vm.language.actions import Contract, Function, Variable
from vm.language.declarations import collect
from vm.language.diagnostics import Diagnostics, Mistake
from vm.language.effects import Deeds, check_effects
from vm.language.kinds import NOTHING
from vm.language.names import Names
from vm.language.scope import Scope
from vm.language.source import ParsedSource, parse
from vm.language.statements import check_body
from vm.language.tree import Role


def check_contract(text: str, name: str, diagnostics: Diagnostics) -> Contract | None:
    """The typed tree of a contract, or None where `diagnostics` has mistakes."""
    source = parse(text, diagnostics)
    if source is None or diagnostics:
        return None
    names = collect(source, diagnostics)
    functions, deeds = _check_functions(names, diagnostics)
    check_effects(names, deeds, diagnostics)
    _check_entry(source, names, diagnostics)
    if diagnostics:
        return None
    return Contract(
        name=name,
        document=names.document,
        enums=tuple(names.enums.values()),
        records=tuple(names.records.values()),
        storage=tuple(names.storage.values()),
        events=tuple(names.events.values()),
        functions=tuple(functions),
    )


def _check_functions(names: Names, diagnostics: Diagnostics) -> tuple[list[Function], dict[str, Deeds]]:
    functions: list[Function] = []
    deeds: dict[str, Deeds] = {}
    for name, node in names.nodes.items():
        scope = Scope(names=names, signature=names.functions[name])
        functions.append(_check_function(node, scope, diagnostics))
        deeds[name] = Deeds(calls=tuple(scope.calls), writes=tuple(scope.writes))
    return functions, deeds


def _check_function(node: ast.FunctionDef, scope: Scope, diagnostics: Diagnostics) -> Function:
    signature = scope.signature
    assert signature is not None
    span = scope.span(node)
    for parameter, argument in zip(signature.parameters, node.args.args, strict=True):
        try:
            scope.declare(parameter.name, parameter.kind, scope.span(argument))
        except Mistake as mistake:
            diagnostics.keep(mistake.diagnostic)
            scope.give_up(parameter.name)
    document = ast.get_docstring(node, clean=True)
    body = check_body(node.body[1:] if document is not None else node.body, scope, diagnostics)
    if signature.result is not NOTHING and scope.assigned is not None:
        said = f"`{node.name}` can end without a result of type {signature.result}"
        diagnostics.add(span, "returns", said, "return a value on every path, or fail(…) where there is none")
    variables = tuple(Variable(name=name, kind=kind) for name, kind in scope.variables.items())
    return Function(signature=signature, span=span, document=document, variables=variables, body=body)


def _check_entry(source: ParsedSource, names: Names, diagnostics: Diagnostics) -> None:
    if diagnostics or any(found.role is not Role.INTERNAL for found in names.functions.values()):
        return
    said = "nothing of this contract can be reached from outside"
    diagnostics.add(
        source.span(source.tree.body[-1]), "entry-points", said, "write @call or @view above a function"
    )
