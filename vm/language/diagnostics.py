"""What the compiler says when a contract is wrong: the line, what is wrong, why the rule exists, a hint.

A rule is named once in `RULES` with its reason, so that the same mistake is explained by the same words
everywhere and the reference can list them. Diagnostics never stop the reading of a source at the first one:
a stage collects what it finds and the next stage runs only on what is right so far.
"""

from dataclasses import dataclass
from typing import NewType

from chain.errors import Invalid

RuleName = NewType("RuleName", str)

RULES: dict[str, str] = {
    "syntax": "a contract is read by Python's own grammar, so that every editor and reader knows its shape",
    "subset": "the language keeps only what an auditor can follow and a verifier can bound",
    "bounded": "every loop, list and call has a bound, so that a contract's cost is known before it runs",
    "exact": "amounts are whole numbers: floating point rounds differently from machine to machine",
    "plain-text": "what an auditor sees must be what the compiler reads",
    "documented": "a contract is a public text: it says first what it is for",
    "names": "one name means one thing everywhere in a contract",
    "declared": "what is not declared in the contract or built into the language cannot be used",
    "types": "values of different kinds never mix silently",
    "whole-numbers": "uint and int never mix silently: a debt must not become a large amount",
    "range": "a number that does not fit its type is an error before it is a loss",
    "constant": "constants are computed by the compiler, so that bytecode holds only their value",
    "storage": "storage is declared once at the top, so that its schema can be read and compared",
    "signature": "a function is called exactly as it is declared",
    "assigned": "a variable is read only where every path has set it",
    "returns": "a function with a result gives one on every path",
    "views": "a view answers a question; it must not change what it is asked about",
    "genesis": "set-up runs once, in the first block",
    "clause": "a refusal names its rule in words that stand in the source",
    "entry-points": "only what carries @call, @view or @genesis can be reached from outside",
    "useful": "a statement without effect is mostly a mistake",
    "limit": "every size has a bound that every node agrees on",
}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Span:
    """A place in the source: line from 1, columns from 0 in characters, the end exclusive."""

    line: int
    column: int
    end_column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One mistake: where, what, by which rule, and what to write instead where we know."""

    span: Span
    message: str
    rule: RuleName
    hint: str | None = None

    @property
    def reason(self) -> str:
        """Why the rule exists."""
        return RULES[self.rule]


class CompileError(Invalid):
    """A contract that does not compile. Carries every diagnostic that was found, in source order."""

    def __init__(self, name: str, source: str, diagnostics: list[Diagnostic]) -> None:
        self.name = name
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n\n".join(format_diagnostic(found, source, name) for found in diagnostics))


class Mistake(Invalid):
    """One mistake on its way to the statement or declaration that holds it, which records it and goes on."""

    def __init__(self, span: Span, rule: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic(span=span, message=message, rule=RuleName(rule), hint=hint)


class AlreadyTold(Invalid):
    """Something here is wrong because of a mistake that was recorded before: say nothing more."""


class Diagnostics:
    """Collects what the stages find, in any order; one message for one place."""

    def __init__(self) -> None:
        self._found: dict[tuple[Span, str], Diagnostic] = {}

    def add(self, span: Span, rule: str, message: str, hint: str | None = None) -> None:
        """Records one mistake. `rule` is a key of `RULES`."""
        self.keep(Diagnostic(span=span, message=message, rule=RuleName(rule), hint=hint))

    def keep(self, diagnostic: Diagnostic) -> None:
        """Records a mistake that a stage raised."""
        assert diagnostic.rule in RULES, diagnostic.rule
        self._found.setdefault((diagnostic.span, diagnostic.message), diagnostic)

    def sorted(self) -> list[Diagnostic]:
        """Everything found, in source order."""
        return sorted(self._found.values(), key=lambda found: (found.span, found.message))

    def __bool__(self) -> bool:
        return bool(self._found)


def format_diagnostic(diagnostic: Diagnostic, source: str, name: str) -> str:
    """The text a person reads: message, place, the line with a marker, reason, hint."""
    span = diagnostic.span
    lines = source.splitlines()
    shown = lines[span.line - 1] if 1 <= span.line <= len(lines) else ""
    marker = " " * span.column + "^" * max(1, span.end_column - span.column)
    gutter = " " * len(str(span.line))
    text = [
        f"error: {diagnostic.message}",
        f"{gutter}--> {name}:{span.line}:{span.column + 1}",
        f"{gutter} |",
        f"{span.line} | {shown}".rstrip(),
        f"{gutter} | {marker}",
        f"{gutter} = why: {diagnostic.reason}",
    ]
    if diagnostic.hint is not None:
        text.append(f"{gutter} = hint: {diagnostic.hint}")
    return "\n".join(text)
