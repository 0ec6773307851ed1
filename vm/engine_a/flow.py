"""Operations that decide where a function goes on: branches, loops, calls, refusals, returns.

`target` of an instruction was computed once (`vm.meter`). A loop keeps an iterator of what it sets before each turn;
its END asks for the next turn, so a loop that never turns jumps over its END at once.
"""

from collections.abc import Sequence

from chain.codec import Value
from chain.limits import TRAP_VALUE_LENGTH_MAX
from vm.abi import value_from
from vm.engine_a.frame import Frame, Loop
from vm.opcodes import Instruction
from vm.traps import Stop, refused, trapped

_OVER = -1


def on_if(frame: Frame, i: Instruction) -> int:
    return frame.pc + 1 if frame.registers[i[1]] else frame.function.target[frame.pc]


def on_else(frame: Frame, _: Instruction) -> int:
    return frame.function.target[frame.pc]


def on_end(frame: Frame, _: Instruction) -> int:
    """The END of an IF is passed; that of a loop begins its next turn or ends it."""
    start = frame.function.target[frame.pc]
    if start < 0:
        return frame.pc + 1
    return start + 1 if _turn(frame) else frame.pc + 1


def _turn(frame: Frame) -> bool:
    """Sets the registers of the nearest loop's next turn; False when there is none, and the loop is left."""
    turns, destinations = frame.loops[-1]
    values = next(turns, None)
    if values is None:
        frame.loops.pop()
        return False
    for register, value in zip(destinations, values, strict=True):
        frame.registers[register] = value
    return True


def _begin(frame: Frame, turns: Loop, destinations: Sequence[int]) -> int:
    frame.loops.append((turns, destinations))
    return frame.pc + 1 if _turn(frame) else frame.function.target[frame.pc]


def on_for(frame: Frame, i: Instruction) -> int:
    start, end, bound = frame.number(i[2]), frame.number(i[3]), i[4]
    if end - start > bound:
        raise trapped("the loop turns at most {} times, and it would more often", bound)
    return _begin(frame, zip(range(start, end), strict=True), i[1:2])


def on_for_rows(frame: Frame, i: Instruction) -> int:
    storage, limit, prefix_length = i[1:4]
    prefix, destinations = frame.values(i[4 : 4 + prefix_length]), i[4 + prefix_length :]
    rows = frame.activation.storage.rows(storage, prefix, limit)
    return _begin(frame, iter(rows), destinations)


def on_break(frame: Frame, _: Instruction) -> int:
    frame.loops.pop()
    return frame.function.target[frame.pc]


def on_continue(frame: Frame, _: Instruction) -> int:
    return frame.function.target[frame.pc]


def on_return(_frame: Frame, _: Instruction) -> int:
    return _OVER


def on_return_value(frame: Frame, i: Instruction) -> int:
    frame.result = frame.registers[i[1]]
    return _OVER


def on_call(frame: Frame, i: Instruction) -> int:
    frame.activation.call(i[1], frame.values(i[2:]))
    return frame.pc + 1


def on_call_value(frame: Frame, i: Instruction) -> int:
    result = frame.activation.call(i[2], frame.values(i[3:]))
    assert result is not None, "verified to give a result"
    frame.registers[i[1]] = result
    return frame.pc + 1


def _refusal(frame: Frame, message: int, registers: Sequence[int]) -> Stop:
    values = [_to_value(frame, register) for register in registers]
    return refused(frame.activation.module.module.messages[message], *values)


def _to_value(frame: Frame, register: int) -> Value:
    """Long bytes and texts are cut: a refused transaction has not paid for storing them."""
    value = value_from(frame.types[register], frame.registers[register])
    return value[:TRAP_VALUE_LENGTH_MAX] if isinstance(value, bytes | str) else value


def on_require(frame: Frame, i: Instruction) -> int:
    if not frame.registers[i[1]]:
        raise _refusal(frame, i[2], i[3:])
    return frame.pc + 1


def on_fail(frame: Frame, i: Instruction) -> int:
    raise _refusal(frame, i[1], i[2:])
