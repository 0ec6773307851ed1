"""What functions do through the functions they call: views that write, set-up called later, recursion.

The verifier proves the same of the bytecode; here it is told with the source's words.
"""

from dataclasses import dataclass

from vm.language.diagnostics import Diagnostics, Span
from vm.language.names import Names
from vm.language.tree import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Deeds:
    """What one body does itself."""

    calls: tuple[tuple[str, Span], ...]
    writes: tuple[tuple[str, Span], ...]


def check_effects(names: Names, deeds: dict[str, Deeds], diagnostics: Diagnostics) -> None:
    """Records views that change something, later calls of set-up, functions that reach themselves."""
    for name in deeds:
        _check_genesis_calls(name, names, deeds, diagnostics)
    recursive = _check_recursion(deeds, diagnostics)
    for name, signature in names.functions.items():
        if signature.role is Role.VIEW and name in deeds and not recursive:
            _check_view(name, deeds, diagnostics)


def _check_genesis_calls(name: str, names: Names, deeds: dict[str, Deeds], diagnostics: Diagnostics) -> None:
    for called, span in deeds[name].calls:
        if names.functions[called].role is Role.GENESIS:
            diagnostics.add(
                span, "genesis", f"`{called}` is set-up and cannot be called", "share a function without @"
            )


def _check_view(view: str, deeds: dict[str, Deeds], diagnostics: Diagnostics) -> None:
    for what, span in deeds[view].writes:
        diagnostics.add(span, "views", f"the view `{view}` {what}", "make it a @call")
    for called, span in deeds[view].calls:
        found = _first_write(called, deeds)
        if found is not None:
            said = f"the view `{view}` {found} through `{called}`"
            diagnostics.add(span, "views", said, "make it a @call")


def _first_write(name: str, deeds: dict[str, Deeds]) -> str | None:
    """What a function changes, itself or below. The call graph has no cycle here."""
    if name not in deeds:
        return None
    if deeds[name].writes:
        return deeds[name].writes[0][0]
    return next((found for called, _ in deeds[name].calls if (found := _first_write(called, deeds))), None)


def _check_recursion(deeds: dict[str, Deeds], diagnostics: Diagnostics) -> bool:
    finished: set[str] = set()
    found = False

    def visit(name: str, way: list[str]) -> None:
        nonlocal found
        for called, span in deeds[name].calls if name in deeds else ():
            if called in way or called == name:
                found = True
                chain = " → ".join([*way[way.index(called) if called in way else len(way) :], name, called])
                said = f"`{called}` calls itself: {chain}"
                diagnostics.add(span, "bounded", said, "write a loop with a bound")
            elif called not in finished:
                visit(called, [*way, name])
        finished.add(name)

    for name in deeds:
        if name not in finished:
            visit(name, [])
    return found
