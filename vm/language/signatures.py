"""Function heads: who may call, with what, for what result."""

import ast

from chain.limits import ARGUMENTS_MAX
from vm.language.annotations import read_kind, read_result
from vm.language.constants import read_number
from vm.language.diagnostics import Mistake
from vm.language.kinds import NOTHING, Field
from vm.language.library import DECORATORS, RESERVED
from vm.language.names import Names, nearest
from vm.language.tree import Role, Signature


def read_signature(node: ast.FunctionDef, names: Names, *, in_interface: bool) -> Signature:
    """The head of a function, or of another contract's method inside an Interface."""
    span, role = names.source.span(node), _read_role(node, names)
    parameters = _read_parameters(node, names)
    result = read_result(node.returns, node, names, read_number)
    if role is Role.VIEW and result is NOTHING:
        raise Mistake(span, "views", f"the view `{node.name}` answers nothing", "declare its result: -> uint")
    if role is Role.GENESIS and (in_interface or result is not NOTHING):
        raise Mistake(span, "genesis", "set-up gives no result and cannot be called by others", "-> None")
    if in_interface and role is Role.INTERNAL:
        said = f"the method `{node.name}` is neither @call nor @view"
        raise Mistake(
            span, "entry-points", said, "write @view above it, or @call where it may change something"
        )
    return Signature(name=node.name, role=role, parameters=parameters, result=result)


def _read_role(node: ast.FunctionDef, names: Names) -> Role:
    match node.decorator_list:
        case []:
            return Role.INTERNAL
        case [ast.Name(id=name)] if name in DECORATORS:
            return Role(name)
        case [ast.Name(id=name) as decorator]:
            hint = nearest(name, DECORATORS) or "@call, @view or @genesis"
            raise Mistake(names.source.span(decorator), "entry-points", f"there is no @{name}", hint)
        case [decorator, *_]:
            said = "a function has one of @call, @view and @genesis, or none"
            raise Mistake(names.source.span(decorator), "entry-points", said)
    raise AssertionError("unreachable: the patterns above cover every list")


def _read_parameters(node: ast.FunctionDef, names: Names) -> tuple[Field, ...]:
    given = node.args
    span = names.source.span(node)
    if given.posonlyargs or given.kwonlyargs or given.vararg or given.kwarg or given.defaults:
        said = f"parameters of `{node.name}` are plain names with types"
        raise Mistake(span, "signature", said, "no defaults, no *, no /: write each value where it is called")
    if len(given.args) > ARGUMENTS_MAX:
        raise Mistake(span, "limit", f"a function has at most {ARGUMENTS_MAX} parameters", "pass a Record")
    found: list[Field] = []
    for argument in given.args:
        found.append(_read_parameter(argument, names))
        _check_name(argument, found, names)
    return tuple(found)


def _read_parameter(argument: ast.arg, names: Names) -> Field:
    if argument.annotation is None:
        said = f"the parameter `{argument.arg}` has no type"
        raise Mistake(names.source.span(argument), "types", said, f"write {argument.arg}: uint")
    return Field(name=argument.arg, kind=read_kind(argument.annotation, names, read_number))


def _check_name(argument: ast.arg, found: list[Field], names: Names) -> None:
    span = names.source.span(argument)
    if argument.arg in RESERVED:
        raise Mistake(span, "names", f"`{argument.arg}` is built into the language", "choose another name")
    if sum(field.name == argument.arg for field in found) > 1:
        raise Mistake(span, "names", f"there are two parameters `{argument.arg}`")
