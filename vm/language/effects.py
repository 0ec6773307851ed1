"""What functions do through the functions they call: views that write, set-up called later, recursion.

The verifier proves the same of the bytecode; here it is told with the source's words.
"""

from dataclasses import dataclass

from chain.limits import CALL_DEPTH_MAX
from vm.language.diagnostics import Diagnostics, Span
from vm.language.names import Names
from vm.language.tree import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Deeds:
    """What one body does itself."""

    calls: tuple[tuple[str, Span], ...]
    writes: tuple[tuple[str, Span], ...]


def check_effects(names: Names, deeds: dict[str, Deeds], diagnostics: Diagnostics) -> None:
    """Records views that change something, later calls of set-up, functions that reach themselves, calls too deep."""
    for name in deeds:
        _check_genesis_calls(name, names, deeds, diagnostics)
    order = _order(deeds, diagnostics)
    if order is None:
        return
    writes = _first_writes(order, deeds)
    for name in order:
        if names.functions[name].role is Role.VIEW:
            _check_view(name, deeds, writes, diagnostics)
    _check_heights(order, deeds, diagnostics)


def _check_genesis_calls(name: str, names: Names, deeds: dict[str, Deeds], diagnostics: Diagnostics) -> None:
    for called, span in deeds[name].calls:
        if names.functions[called].role is Role.GENESIS:
            diagnostics.add(
                span, "genesis", f"`{called}` is set-up and cannot be called", "share a function without @"
            )


def _check_view(
    view: str, deeds: dict[str, Deeds], writes: dict[str, str | None], diagnostics: Diagnostics
) -> None:
    for what, span in deeds[view].writes:
        diagnostics.add(span, "views", f"the view `{view}` {what}", "make it a @call")
    for called, span in deeds[view].calls:
        found = writes[called]
        if found is not None:
            said = f"the view `{view}` {found} through `{called}`"
            diagnostics.add(span, "views", said, "make it a @call")


def _first_writes(order: list[str], deeds: dict[str, Deeds]) -> dict[str, str | None]:
    """What each function changes, itself or below."""
    found: dict[str, str | None] = {}
    for name in order:
        own = [what for what, _ in deeds[name].writes]
        below = [what for called, _ in deeds[name].calls if (what := found[called]) is not None]
        found[name] = next(iter([*own, *below]), None)
    return found


def _check_heights(order: list[str], deeds: dict[str, Deeds], diagnostics: Diagnostics) -> None:
    heights: dict[str, int] = {}
    for name in order:
        below = max((heights[called] for called, _ in deeds[name].calls), default=0)
        heights[name] = below + 1
        if below == CALL_DEPTH_MAX:
            span = next(span for called, span in deeds[name].calls if heights[called] == below)
            said = f"with this call in `{name}`, calls are more than {CALL_DEPTH_MAX} deep"
            diagnostics.add(span, "bounded", said)


def _order(deeds: dict[str, Deeds], diagnostics: Diagnostics) -> list[str] | None:
    """Functions so that each stands behind those it calls; None where one reaches itself."""
    finished: dict[str, None] = {}
    found = False

    def visit(name: str, way: list[str]) -> None:
        nonlocal found
        for called, span in deeds[name].calls:
            if called in way or called == name:
                found = True
                chain = " → ".join([*way[way.index(called) if called in way else len(way) :], name, called])
                said = f"`{called}` calls itself: {chain}"
                diagnostics.add(span, "bounded", said, "write a loop with a bound")
            elif called not in finished:
                visit(called, [*way, name])
        finished[name] = None

    for name in deeds:
        if name not in finished:
            visit(name, [])
    return None if found else list(finished)
