"""The shape of a function's code: which END belongs to which IF or loop, and where control goes from each
of them.

Found in one walk with a stack. Everything that moves control forward or back gets its target here, so that
an engine never searches.
"""

from dataclasses import dataclass

from chain.errors import Invalid
from chain.limits import NESTING_MAX
from vm.opcodes import Instruction, Op

NO_TARGET = -1
LOOPS = frozenset({Op.FOR, Op.FOR_ROWS})


class Unsound(Invalid):
    """A module that must not run. Says the function, the instruction and the reason."""

    def __init__(self, reason: str, function: str = "", index: int | None = None) -> None:
        place = f"function {function}" if function else "module"
        super().__init__(
            f"{place}, instruction {index}: {reason}" if index is not None else f"{place}: {reason}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Where control goes from each instruction, by its index.

    `targets`: IF: where to go on when false, behind its ELSE or behind its END; ELSE: behind its END; FOR and
    FOR_ROWS: behind their END; a loop's END: its FOR; BREAK: behind the loop's END; CONTINUE: the loop's END;
    others: `NO_TARGET`. `ends`: the index of the END of each IF, FOR and FOR_ROWS.
    """

    targets: tuple[int, ...]
    ends: dict[int, int]


@dataclass(slots=True, kw_only=True)
class _Open:
    start: int
    op: Op
    leaves: list[int]
    turns: list[int]


def compute_flow(code: tuple[Instruction, ...], function: str) -> Flow:
    """The flow of a function.

    Raises:
        Unsound: what closes nothing, what is left open, or what is nested too deeply.
    """
    targets = [NO_TARGET] * len(code)
    ends: dict[int, int] = {}
    stack: list[_Open] = []
    for index, instruction in enumerate(code):
        op = Op(instruction[0])
        if op is Op.IF or op in LOOPS:
            stack.append(_Open(start=index, op=op, leaves=[], turns=[]))
        elif op in (Op.ELSE, Op.END, Op.BREAK, Op.CONTINUE):
            _close(op, index, stack, targets, ends, function)
        if len(stack) > NESTING_MAX:
            raise Unsound(f"expected at most {NESTING_MAX} levels, got more", function, index)
    if stack:
        raise Unsound(f"expected an END for {stack[-1].op.name}, got none", function, stack[-1].start)
    return Flow(targets=tuple(targets), ends=ends)


def _close(
    op: Op, index: int, stack: list[_Open], targets: list[int], ends: dict[int, int], function: str
) -> None:
    if op in (Op.BREAK, Op.CONTINUE):
        loop = next((one for one in reversed(stack) if one.op in LOOPS), None)
        if loop is None:
            raise Unsound(f"expected {op.name} inside a loop, got it outside", function, index)
        (loop.leaves if op is Op.BREAK else loop.turns).append(index)
        return
    if not stack or (op is Op.ELSE and stack[-1].op is not Op.IF):
        raise Unsound(f"expected {op.name} to close something, got it alone", function, index)
    opened = stack.pop()
    if op is Op.ELSE:
        targets[opened.start] = index + 1
        stack.append(_Open(start=index, op=Op.ELSE, leaves=[opened.start], turns=[]))
        return
    _end(opened, index, targets, ends)


def _end(opened: _Open, index: int, targets: list[int], ends: dict[int, int]) -> None:
    targets[opened.start] = index + 1
    ends[opened.start] = index
    if opened.op is Op.ELSE:
        ends[opened.leaves[0]] = index
    elif opened.op in LOOPS:
        targets[index] = opened.start
        for leave in opened.leaves:
            targets[leave] = index + 1
        for turn in opened.turns:
            targets[turn] = index
