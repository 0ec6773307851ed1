"""The rules as they are written: each contract's text, its clauses, and which of them a method holds to. Pure.

The texts come with this release. Whether they are those of the deployed modules is for the hash to say, which binds a
module to its text: see `portals.auditor.sources`.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from chain.hashing import Digest, compute_source_hash

CONTRACTS = ("tender", "agreement", "payment", "registry", "governance", "calendar", "documents")
_CLAUSE = re.compile(r"^ {4}(\d+\.\d+)  (.*(?:\n {9,}.*)*)", re.MULTILINE)
_NAMED = re.compile(r"clause (\d+\.\d+)", re.IGNORECASE)
_WHOLE = re.compile(r"clause (\d+):", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A clause of a contract: its number, its words, and the line where it stands."""

    number: str
    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A method: where it stands, what it says of itself, the clause it carries out, and the others it holds to."""

    contract: str
    method: str
    line: int
    says: str
    main: Clause | None
    others: tuple[Clause, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A contract's text, with what is in it by name."""

    contract: str
    text: str
    hash: Digest
    clauses: Mapping[str, Clause]
    rules: Mapping[str, Rule]

    @property
    def lines(self) -> list[str]:
        """The text, line by line."""
        return self.text.splitlines()


@cache
def read_source(contract: str) -> Source | None:
    """A contract of this release; None for one that it does not know."""
    if contract not in CONTRACTS:
        return None
    text = (files("contracts") / f"{contract}.contract").read_text()
    clauses = {clause.number: clause for clause in _clauses_of(text)}
    functions = _functions_of(text)
    rules = {
        name: _rule_of(contract, function, functions, clauses)
        for name, function in functions.items()
        if not name.startswith("_")
    }
    return Source(contract=contract, text=text, hash=compute_source_hash(text), clauses=clauses, rules=rules)


def find_rule(contract: str, method: str) -> Rule | None:
    """The rule of a method; None where this release does not know it."""
    source = read_source(contract)
    return None if source is None else source.rules.get(method)


def _clauses_of(text: str) -> Iterator[Clause]:
    head = text[: text.index('"""', 3)]
    for found in _CLAUSE.finditer(head):
        line = head.count("\n", 0, found.start()) + 1
        yield Clause(number=found[1], text=" ".join(found[2].split()), line=line)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Function:
    """What is needed of a function: where it is, the clauses that it names, and what it calls in its contract."""

    name: str
    line: int
    says: str
    named: tuple[str, ...]
    calls: tuple[str, ...]


def _functions_of(text: str) -> dict[str, _Function]:
    lines = text.splitlines()
    nodes = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    names = {node.name for node in nodes}
    return {
        node.name: _Function(
            name=node.name,
            line=node.lineno,
            says=ast.get_docstring(node) or "",
            named=tuple(_NAMED.findall("\n".join(lines[node.lineno - 1 : node.end_lineno]))),
            calls=tuple(
                call.func.id
                for call in ast.walk(node)
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in names
            ),
        )
        for node in nodes
    }


def _rule_of(
    contract: str,
    function: _Function,
    functions: Mapping[str, _Function],
    clauses: Mapping[str, Clause],
) -> Rule:
    stated = _NAMED.findall(function.says)
    main = clauses.get(stated[0]) if stated else None
    numbers = {number for reached in _reach(function, functions) for number in reached.named}
    whole = tuple(f"{number}." for number in _WHOLE.findall(function.says))
    numbers |= {number for number in clauses if whole and number.startswith(whole)}
    held = sorted((clauses[number] for number in numbers if number in clauses), key=lambda one: one.line)
    return Rule(
        contract=contract,
        method=function.name,
        line=function.line,
        says=function.says,
        main=main,
        others=tuple(clause for clause in held if clause != main),
    )


def _reach(function: _Function, functions: Mapping[str, _Function]) -> list[_Function]:
    """A function and those of the same contract that it calls, however deep."""
    reached = {function.name: function}
    waiting = [function]
    while waiting:
        for name in waiting.pop().calls:
            if name not in reached:
                reached[name] = functions[name]
                waiting.append(functions[name])
    return list(reached.values())
