"""The names of a contract and what each stands for. One table: nothing shadows anything."""

import ast
import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from chain.limits import NAMES_COMPARED_MAX
from vm.language.diagnostics import Mistake, Span
from vm.language.kinds import WRITTEN_SCALARS, EnumType, RecordType
from vm.language.library import RESERVED
from vm.language.source import ParsedSource
from vm.language.tree import Constant, EventKind, Signature, Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceKind:
    """Another contract as this one knows it."""

    name: str
    methods: dict[str, Signature]


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A contract id under a name, with the interface that is expected of it."""

    interface: InterfaceKind
    contract: str


@dataclass(slots=True, kw_only=True)
class Names:
    """Everything declared so far. A declaration may use only what stands above it; functions may use all."""

    source: ParsedSource
    document: str = ""
    records: dict[str, RecordType] = field(default_factory=dict)
    enums: dict[str, EnumType] = field(default_factory=dict)
    events: dict[str, EventKind] = field(default_factory=dict)
    interfaces: dict[str, InterfaceKind] = field(default_factory=dict)
    bindings: dict[str, Binding] = field(default_factory=dict)
    constants: dict[str, Constant] = field(default_factory=dict)
    storage: dict[str, Storage] = field(default_factory=dict)
    functions: dict[str, Signature] = field(default_factory=dict)
    nodes: dict[str, ast.FunctionDef] = field(default_factory=dict)
    places: dict[str, Span] = field(default_factory=dict)

    def declare(self, name: str, span: Span) -> None:
        """Takes a name, or says by what it is taken."""
        if name in RESERVED:
            raise Mistake(span, "names", f"`{name}` is built into the language", "choose another name")
        if name in self.places:
            said = f"`{name}` is declared already, on line {self.places[name].line}"
            raise Mistake(span, "names", said, "choose another name")
        self.places[name] = span

    def is_known(self, name: str) -> bool:
        """Whether a name was declared, even where its declaration was wrong."""
        return name in self.places

    def hint_for(self, name: str, more: Iterable[str] = ()) -> str | None:
        """The nearest name that exists."""
        return nearest(name, [*self.places, *RESERVED, *WRITTEN_SCALARS, *more])


_LENGTHS_APART = 8


def nearest(name: str, known: Iterable[str]) -> str | None:
    """A hint with the most similar of the known names, if one is similar."""
    others = (one for one in dict.fromkeys(known) if one != name)
    alike = [one for one in others if abs(len(one) - len(name)) <= _LENGTHS_APART]
    alike.sort(key=lambda one: (one[:1] != name[:1], one))
    found = difflib.get_close_matches(name, alike[:NAMES_COMPARED_MAX], n=1, cutoff=0.7)
    return f"did you mean `{found[0]}`?" if found else None
