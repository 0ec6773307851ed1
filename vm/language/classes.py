"""Classes at the top of a contract: Record, Enum, Event, Interface. They hold names and types, never code."""

import ast
from collections.abc import Sized

from chain.limits import (
    ENUM_MEMBERS_MAX,
    FIELDS_MAX,
    MODULE_EVENTS_MAX,
    MODULE_RECORDS_MAX,
    TYPE_DEPTH_MAX,
    TYPE_PARTS_MAX,
)
from vm.language.annotations import read_kind
from vm.language.constants import read_number
from vm.language.diagnostics import Mistake, Span
from vm.language.kinds import EnumType, Field, RecordType
from vm.language.library import CLASS_NAMES
from vm.language.names import InterfaceKind, Names, nearest
from vm.language.signatures import read_signature
from vm.language.tree import EventKind, Signature
from vm.types import count_depth, count_parts


def read_class(node: ast.ClassDef, names: Names) -> None:
    """Declares what a class statement stands for."""
    span = names.source.span(node)
    names.declare(node.name, span)
    match node:
        case ast.ClassDef(bases=[ast.Name(id="Record")], keywords=[], decorator_list=[]):
            _check_count(names.records, MODULE_RECORDS_MAX, "records", span)
            names.records[node.name] = _read_record(node, names)
        case ast.ClassDef(bases=[ast.Name(id="Event")], keywords=[], decorator_list=[]):
            _check_count(names.events, MODULE_EVENTS_MAX, "events", span)
            names.events[node.name] = EventKind(name=node.name, fields=_read_fields(node, names))
        case ast.ClassDef(bases=[ast.Name(id="Enum")], keywords=[], decorator_list=[]):
            _check_count(names.enums, MODULE_RECORDS_MAX, "enums", span)
            names.enums[node.name] = _read_enum(node, names)
        case ast.ClassDef(bases=[ast.Name(id="Interface")], keywords=[], decorator_list=[]):
            names.interfaces[node.name] = InterfaceKind(name=node.name, methods=_read_methods(node, names))
        case ast.ClassDef(bases=[ast.Name(id=other)]):
            hint = nearest(other, CLASS_NAMES) or f"class {node.name}(Record):"
            raise Mistake(span, "declared", f"there is no kind of class `{other}`", hint)
        case _:
            said = f"the class `{node.name}` is not a Record, Enum, Event or Interface"
            raise Mistake(span, "subset", said, f"class {node.name}(Record):")


def _check_count(found: Sized, most: int, what: str, span: Span) -> None:
    if len(found) >= most:
        raise Mistake(span, "limit", f"a contract has at most {most} {what}")


def _read_record(node: ast.ClassDef, names: Names) -> RecordType:
    record = RecordType(name=node.name, fields=_read_fields(node, names))
    parts = count_parts(record)
    if parts > TYPE_PARTS_MAX:
        said = f"{node.name} has {parts} fields with those of the records in it, at most {TYPE_PARTS_MAX} are possible"
        raise Mistake(names.source.span(node), "limit", said)
    depth = count_depth(record)
    if depth > TYPE_DEPTH_MAX:
        said = f"{node.name} is nested {depth} deep, at most {TYPE_DEPTH_MAX} are possible"
        raise Mistake(names.source.span(node), "limit", said, "keep the inner records in a Map of their own")
    return record


def _members(node: ast.ClassDef) -> list[ast.stmt]:
    """The statements of a class without its docstring."""
    return node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body


def _read_fields(node: ast.ClassDef, names: Names) -> tuple[Field, ...]:
    found: dict[str, Field] = {}
    for statement in _members(node):
        span = names.source.span(statement)
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=None):
                if name in found:
                    raise Mistake(span, "names", f"{node.name} has two fields `{name}`")
                found[name] = Field(name=name, kind=read_kind(annotation, names, read_number))
            case ast.AnnAssign():
                said = f"a field of {node.name} has no default"
                raise Mistake(span, "signature", said, "every field is given where a record is made")
            case _:
                raise Mistake(span, "subset", f"{node.name} holds fields only", "name: type")
    if not 1 <= len(found) <= FIELDS_MAX:
        said = f"{node.name} has {len(found)} fields, 1 to {FIELDS_MAX} are possible"
        raise Mistake(names.source.span(node), "limit", said)
    return tuple(found.values())


def _read_enum(node: ast.ClassDef, names: Names) -> EnumType:
    found: list[str] = []
    for statement in _members(node):
        span = names.source.span(statement)
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                if name in found:
                    raise Mistake(span, "names", f"{node.name} has two members `{name}`")
                if read_number(value, names) != len(found):
                    said = f"members are numbered without gaps from 0: {name} must be {len(found)}"
                    raise Mistake(
                        span, "range", said, "the member numbered 0 is what a Var holds that was never set"
                    )
                found.append(name)
            case _:
                raise Mistake(span, "subset", f"{node.name} holds members only", "NAME = 0")
    if not 1 <= len(found) <= ENUM_MEMBERS_MAX:
        said = f"{node.name} has {len(found)} members, 1 to {ENUM_MEMBERS_MAX} are possible"
        raise Mistake(names.source.span(node), "limit", said)
    return EnumType(name=node.name, members=tuple(found))


def _read_methods(node: ast.ClassDef, names: Names) -> dict[str, Signature]:
    methods: dict[str, Signature] = {}
    for statement in _members(node):
        span = names.source.span(statement)
        if not isinstance(statement, ast.FunctionDef):
            raise Mistake(
                span,
                "subset",
                f"{node.name} holds methods only",
                "def name(x: uint) -> bool: ... under @view",
            )
        if not _is_empty(statement):
            raise Mistake(span, "subset", "a method of an interface has no body", "end its line with ...")
        if statement.name in methods:
            raise Mistake(span, "names", f"{node.name} has two methods `{statement.name}`")
        methods[statement.name] = read_signature(statement, names, in_interface=True)
    return methods


def _is_empty(node: ast.FunctionDef) -> bool:
    rest = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    return all(
        isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and line.value.value is ...
        for line in rest
    )
