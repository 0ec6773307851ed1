"""How long, how documented and how bounded the code is."""

import ast
import re
from collections.abc import Iterator

from tests.tidy.source import Finding, Function, Source, dotted

FILE_LINES_MAX = 400
TEST_FILE_LINES_MAX = 600  # the scenarios of one subject stay together, and are read one by one
FUNCTION_LINES_MAX = 60

_STRANGERS_REACH = (
    "chain",
    "consensus",
    "documents",
    "genesis",
    "machine",
    "node",
    "p2p",
    "payments",
    "rpc",
    "sealed",
    "vm",
)
_BOUND = re.compile(r"(_|\b)MAX(_|\b)")
_BROAD = frozenset({"Exception", "BaseException", "ExceptionGroup", "BaseExceptionGroup"})


def file_length(source: Source) -> Iterator[Finding]:
    """A file is for one idea."""
    lines_max = TEST_FILE_LINES_MAX if source.is_test else FILE_LINES_MAX
    if source.is_python and len(source.lines) > lines_max:
        yield Finding(lines_max, "", f"expected at most {lines_max} lines, got {len(source.lines)}")


def function_length(source: Source) -> Iterator[Finding]:
    """A function fits a screen."""
    for node in source.functions() if source.is_python else ():
        count = (node.end_lineno or node.lineno) - node.lineno + 1
        if count > FUNCTION_LINES_MAX:
            said = f"expected at most {FUNCTION_LINES_MAX} lines, got {count} of {node.name}"
            yield Finding(node.lineno, node.name, said)


def docstrings(source: Source) -> Iterator[Finding]:
    """Every module, and every public class and function outside tests, says what it is for."""
    if not source.is_python:
        return
    if ast.get_docstring(source.tree) is None:
        yield Finding(1, "", "expected a docstring that says what the module is for, got none")
    if not source.is_test:
        yield from _undocumented(source.tree.body, "")


def _undocumented(body: list[ast.stmt], place: str) -> Iterator[Finding]:
    for node in body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        if ast.get_docstring(node) is None:
            yield Finding(
                node.lineno, place + node.name, f"expected a docstring of {place}{node.name}, got none"
            )
        if isinstance(node, ast.ClassDef):
            yield from _undocumented(node.body, f"{node.name}.")


def annotations(source: Source) -> Iterator[Finding]:
    """Every function says what it returns."""
    for node in source.functions() if source.is_python else ():
        if node.returns is None:
            yield Finding(node.lineno, node.name, f"expected what {node.name} returns, got no annotation")


def broad_except(source: Source) -> Iterator[Finding]:
    """What is caught is named; everything is caught once, at the top of a node."""
    if not source.is_python:
        return
    for node in source.nodes():
        if isinstance(node, ast.ExceptHandler):
            for caught in _caught(node.type):
                if caught in _BROAD or not caught:
                    yield Finding(
                        node.lineno, caught, f"expected named errors, got except {caught or 'without a name'}"
                    )
    for call, name in source.calls():
        if name.rpartition(".")[2] == "suppress" and _BROAD.intersection(map(dotted, call.args)):
            yield Finding(call.lineno, name, f"expected named errors, got {name} of all")


def _caught(node: ast.expr | None) -> list[str]:
    return [dotted(one) for one in node.elts] if isinstance(node, ast.Tuple) else [dotted(node)]


def limits(source: Source) -> Iterator[Finding]:
    """What bounds a stranger is a number of `chain.limits`, where its reason stands.

    Held are constants named …MAX… of the rooms that a stranger's bytes reach. A bound computed from those of
    `chain.limits` may stand anywhere; the pilot and the commands bound only who runs them.
    """
    if not source.is_python or source.package not in _STRANGERS_REACH or source.path == "chain/limits.py":
        return
    for node in source.tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                pass
            case _:
                continue
        if _BOUND.search(name) and not any(isinstance(part, ast.Name) for part in ast.walk(value)):
            yield Finding(node.lineno, name, f"expected {name} in chain/limits.py, with its reason")


def skipped_tests(source: Source) -> Iterator[Finding]:
    """A test runs or is not there."""
    for node in source.nodes() if source.is_python and source.is_test else ():
        name = dotted(node)
        last = name.rpartition(".")[2]
        if name.startswith("pytest.") and last in {"skip", "skipif", "xfail", "importorskip"}:
            yield Finding(node.lineno, last, f"expected a test that runs, got {name}")  # type: ignore[attr-defined]  # an expression has a line
