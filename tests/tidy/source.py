"""The files of this repository as the rules of `tests.test_tidy` see them: a path, a text, and its syntax tree."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
CORES = ("chain", "consensus", "documents", "sealed", "vm")

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Finding(NamedTuple):
    """What a rule has against a line. `subject` is the name by which an excuse speaks of it."""

    line: int
    subject: str
    message: str


@dataclass(frozen=True)
class Source:
    """One file; `path` is relative to the repository, with slashes."""

    path: str
    text: str

    @property
    def package(self) -> str:
        """The room of the house that the file is in; "" for one at the top."""
        return self.path.partition("/")[0] if "/" in self.path else ""

    @property
    def is_python(self) -> bool:
        """Python of ours, and not a stub for a library that has no types."""
        return self.path.endswith(".py")

    @property
    def is_test(self) -> bool:
        """Whether the file tests, or helps to."""
        return self.package == "tests"

    @property
    def is_core(self) -> bool:
        """Whether every node must compute the same from it."""
        return self.is_python and self.package in CORES

    @cached_property
    def tree(self) -> ast.Module:
        """The file parsed."""
        return ast.parse(self.text, self.path)

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Lines in order, numbered from 1 by `enumerate(…, 1)`."""
        return tuple(self.text.splitlines())

    def nodes(self) -> Iterator[ast.AST]:
        """Every node of the tree."""
        return ast.walk(self.tree)

    def functions(self) -> Iterator[Function]:
        """Every function, methods and nested ones too."""
        return (node for node in self.nodes() if isinstance(node, Function))

    def calls(self) -> Iterator[tuple[ast.Call, str]]:
        """Every call with the dotted name that it calls, as far as it is one."""
        return ((node, dotted(node.func)) for node in self.nodes() if isinstance(node, ast.Call))

    def imports(self) -> Iterator[tuple[int, str]]:
        """Line and full name of every module that is imported."""
        for node in self.nodes():
            if isinstance(node, ast.Import):
                yield from ((node.lineno, name.name) for name in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield node.lineno, node.module or "."


def dotted(node: ast.AST | None) -> str:
    """`a.b.c` of an expression that is a dotted name; "" otherwise."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


@cache
def read_repository() -> tuple[Source, ...]:
    """Every text file that git keeps or would keep."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    found = []
    for path in sorted({*listed.stdout.decode().split("\0")} - {""}):
        data = (ROOT / path).read_bytes() if (ROOT / path).is_file() else b"\0"
        if b"\0" not in data:
            found.append(Source(path, data.decode()))
    return tuple(found)


@cache
def house() -> frozenset[str]:
    """The names that are imported flat: every folder at the top that has Python in it."""
    return frozenset(source.package for source in read_repository() if source.is_python) - {""}
