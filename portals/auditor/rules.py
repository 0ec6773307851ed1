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
    tree = ast.parse(text)
    clauses = {clause.number: clause for clause in _clauses_of(text)}
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    rules = {
        name: _rule_of(contract, function, text, functions, clauses)
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


def _rule_of(
    contract: str,
    function: ast.FunctionDef,
    text: str,
    functions: Mapping[str, ast.FunctionDef],
    clauses: Mapping[str, Clause],
) -> Rule:
    says = ast.get_docstring(function) or ""
    named = dict.fromkeys(_NAMED.findall(says))
    main = clauses.get(next(iter(named), ""))
    for reached in _reach(function, functions):
        named |= dict.fromkeys(_NAMED.findall(ast.get_source_segment(text, reached) or ""))
    others = sorted((clauses[number] for number in named if number in clauses), key=lambda one: one.line)
    return Rule(
        contract=contract,
        method=function.name,
        line=function.lineno,
        says=says,
        main=main,
        others=tuple(clause for clause in others if clause != main),
    )


def _reach(function: ast.FunctionDef, functions: Mapping[str, ast.FunctionDef]) -> list[ast.FunctionDef]:
    """A function and those of the same contract that it calls, however deep."""
    reached = {function.name: function}
    waiting = [function]
    while waiting:
        for node in ast.walk(waiting.pop()):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                called = functions.get(node.func.id)
                if called is not None and called.name not in reached:
                    reached[called.name] = called
                    waiting.append(called)
    return list(reached.values())
