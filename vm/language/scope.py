"""What is known at a point of a function: its variables, which of them are set, and what the function does.

Definite assignment follows the statements: after an `if`, what both branches set is set; after a loop, only
what was set before it, since it may not run at all. A variable has one type in the whole function.
"""

import ast
from dataclasses import dataclass, field

from vm.language.actions import Variable
from vm.language.diagnostics import AlreadyTold, Mistake, Span
from vm.language.kinds import Kind
from vm.language.names import Names, nearest
from vm.language.tree import Signature


@dataclass(slots=True, kw_only=True)
class Scope:
    """The state of checking one function. `assigned` is None where the point cannot be reached."""

    names: Names
    signature: Signature | None
    variables: dict[str, Kind] = field(default_factory=dict)
    assigned: frozenset[str] | None = frozenset()
    loop_variables: list[str] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    loops: int = 0
    calls: list[tuple[str, Span]] = field(default_factory=list)
    writes: list[tuple[str, Span]] = field(default_factory=list)
    reads: list[tuple[str, Span]] = field(default_factory=list)

    def span(self, node: ast.AST) -> Span:
        """Where a node stands."""
        return self.names.source.span(node)

    def kind_of(self, node: ast.Name) -> Kind:
        """The type of a variable that is read, if it is set by now."""
        name = node.id
        if name in self.broken:
            raise AlreadyTold
        if name not in self.variables:
            said = f"there is no `{name}`"
            hint = nearest(name, [*self.variables, *self.names.places]) or self.names.hint_for(name)
            raise Mistake(self.span(node), "declared", said, hint)
        if self.assigned is not None and name not in self.assigned:
            said = f"`{name}` is not set on every way to this line"
            raise Mistake(self.span(node), "assigned", said, f"set `{name}` before the if or loop")
        return self.variables[name]

    def declare(self, name: str, kind: Kind, span: Span) -> Variable:
        """A variable that is set here, for the first time or again."""
        if name in self.names.places:
            said = f"`{name}` is declared at the top of the contract, on line {self.names.places[name].line}"
            raise Mistake(span, "names", said, "choose another name for the variable")
        known = self.variables.setdefault(name, kind)
        if known != kind:
            said = f"`{name}` is {known} and cannot become {kind}"
            raise Mistake(span, "types", said, "choose another name for the new value")
        self.mark_assigned(name)
        return Variable(name=name, kind=kind)

    def mark_assigned(self, name: str) -> None:
        """From here on the variable is set."""
        if self.assigned is not None:
            self.assigned |= {name}

    def give_up(self, name: str) -> None:
        """A variable whose value was wrong: later uses of it say nothing more."""
        if name not in self.variables:
            self.broken.add(name)


def join(first: frozenset[str] | None, second: frozenset[str] | None) -> frozenset[str] | None:
    """What is set where two ways meet; a way that ends before does not count."""
    if first is None:
        return second
    return first if second is None else first & second
