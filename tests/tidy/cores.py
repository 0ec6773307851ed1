"""What makes a node compute other than its neighbours: rounding, an order by chance, an address in memory."""

import ast
from collections.abc import Iterable, Iterator

from tests.tidy.source import Finding, Function, Source, dotted

_ORDERLESS = frozenset({"sorted", "any", "all", "sum", "len", "set", "frozenset"})  # same result in any order
_ORDERED = frozenset(
    {"list", "tuple", "iter", "next", "enumerate", "zip", "map", "filter", "reversed", "dict"}
)
_SET_TYPES = frozenset({"set", "frozenset", "AbstractSet", "MutableSet"})
_SET_METHODS = frozenset({"union", "intersection", "difference", "symmetric_difference"})
_BY_CHANCE = frozenset({"hash", "id", "object.__hash__"})


def floats(source: Source) -> Iterator[Finding]:
    """The cores have no floats and no division that makes one."""
    for node in source.nodes() if source.is_core else ():
        match node:
            case ast.Constant(value=float() | complex() as value):
                yield Finding(node.lineno, "float", f"expected whole numbers, got {value!r}")
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
                yield Finding(node.lineno, "/", "expected //, which is exact, got /")
            case ast.Call(func=ast.Name(id="float" | "complex" | "round" as name)):
                yield Finding(node.lineno, name, f"expected whole numbers, got {name}()")


def chance(source: Source) -> Iterator[Finding]:
    """`hash` is salted and `id` is an address: both differ from process to process."""
    for call, name in source.calls() if source.is_core else ():
        if name in _BY_CHANCE:
            yield Finding(
                call.lineno, name, f"expected a value that every process computes alike, got {name}()"
            )


def set_order(source: Source) -> Iterator[Finding]:
    """Nothing walks a set, whose order is chance, but to build another set, to sort it or to count it.

    Known as sets are displays, comprehensions, calls of `set`, operations on those, names that the same function
    annotates or assigns as one, and attributes that the file does.
    """
    if not source.is_core:
        return
    free = {
        id(argument)
        for call, name in source.calls()
        if name in _ORDERLESS
        for argument in call.args
        if isinstance(argument, ast.GeneratorExp | ast.ListComp)
    }
    of_file = _names_of_sets(_outside_functions(source.tree)) | {
        name for name in _names_of_sets(source.nodes()) if name.startswith(".")
    }
    for part in _parts(source.tree):
        named = of_file | _names_of_sets(part)
        for walked in (walked for node in part for walked in _walked(node, free)):
            if _is_set(walked, named):
                shown = ast.unparse(walked)
                yield Finding(
                    walked.lineno, shown, f"expected sorted(…) of a set that is walked, got {shown}"
                )


def _outside_functions(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that are in no function, and the functions themselves, not entered."""
    for node in ast.iter_child_nodes(tree):
        yield node
        if not isinstance(node, Function):
            yield from _outside_functions(node)


def _parts(tree: ast.Module) -> Iterator[list[ast.AST]]:
    """What shares its names: the module with its classes, then each function with what is nested in it."""
    outside = list(_outside_functions(tree))
    yield [node for node in outside if not isinstance(node, Function)]
    yield from (list(ast.walk(node)) for node in outside if isinstance(node, Function))


def _walked(node: ast.AST, free: set[int]) -> list[ast.expr]:
    """The expressions whose order this node gives away."""
    match node:
        case ast.For(iter=walked):
            return [walked]
        case ast.ListComp() | ast.GeneratorExp() | ast.DictComp() if id(node) not in free:
            return [generator.iter for generator in node.generators]
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return [element.value for element in elements if isinstance(element, ast.Starred)]
        case ast.Call(func=ast.Attribute(attr="pop", value=value), args=[]):
            return [value]
        case ast.Call(func=ast.Attribute(attr="join" | "extend" | "fromkeys"), args=arguments):
            return arguments
        case ast.Call(func=ast.Name(id=name), args=arguments):
            starred = [one.value for one in arguments if isinstance(one, ast.Starred)]
            return [*starred, *(arguments if name in _ORDERED else ())]
    return []


def _names_of_sets(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Names of sets, those of attributes and of a class's fields with a point before them."""
    found = set()
    for node in nodes:
        match node:
            case ast.ClassDef(body=body):
                found |= {f".{name}" for name in _names_of_sets(body)}
            case ast.AnnAssign(target=target, annotation=kind) if _is_set_type(kind):
                found.add(_name(target))
            case ast.arg(arg=name, annotation=ast.expr() as kind) if _is_set_type(kind):
                found.add(name)
            case ast.Assign(targets=[target], value=value) if _is_set(value, frozenset()):
                found.add(_name(target))
    return frozenset(found)


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=name):
            return f".{name}"
    return ""


def _is_set_type(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return _is_set_type(node.left) or _is_set_type(node.right)
    return dotted(node.value if isinstance(node, ast.Subscript) else node) in _SET_TYPES


def _is_set(node: ast.expr, named: frozenset[str]) -> bool:
    match node:
        case ast.Set() | ast.SetComp() | ast.Call(func=ast.Name(id="set" | "frozenset")):
            return True
        case ast.BinOp(left=left, op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor(), right=right):
            return _is_set(left, named) or _is_set(right, named)
        case ast.Call(func=ast.Attribute(attr=method, value=value)) if method in _SET_METHODS:
            return _is_set(value, named)
        case ast.Name() | ast.Attribute():
            return _name(node) in named
    return False
