"""Operations on numbers, and comparisons."""

from vm.engine_a.frame import Frame, shown
from vm.opcodes import Instruction
from vm.sizes import cost_of_copy, cost_of_wide
from vm.traps import trapped
from vm.types import Scalar


def on_const(frame: Frame, i: Instruction) -> int:
    frame.registers[i[1]] = frame.activation.module.module.constants[i[2]].value
    return frame.pc + 1


def on_move(frame: Frame, i: Instruction) -> int:
    source = frame.types[i[2]]
    if source is Scalar.WIDE_UINT or source is Scalar.WIDE_INT:
        frame.store_number(i[1], frame.number(i[2]))
    else:
        frame.registers[i[1]] = frame.registers[i[2]]
    return frame.pc + 1


def on_add(frame: Frame, i: Instruction) -> int:
    frame.store_number(i[1], frame.number(i[2]) + frame.number(i[3]))
    return frame.pc + 1


def on_sub(frame: Frame, i: Instruction) -> int:
    left, right = frame.number(i[2]), frame.number(i[3])
    if left < right and frame.types[i[1]] in (Scalar.UINT, Scalar.WIDE_UINT):
        raise trapped("{} - {} is below zero, and an unsigned number cannot be", shown(left), shown(right))
    frame.store_number(i[1], left - right)
    return frame.pc + 1


def on_mul(frame: Frame, i: Instruction) -> int:
    left, right = frame.number(i[2]), frame.number(i[3])
    frame.charge(cost_of_wide(left, right))
    frame.store_number(i[1], left * right)
    return frame.pc + 1


def _divide(frame: Frame, i: Instruction) -> tuple[int, int]:
    left, right = frame.number(i[2]), frame.number(i[3])
    if right == 0:
        raise trapped("{} is divided by zero", shown(left))
    frame.charge(cost_of_wide(left, right))
    return divmod(left, right)


def on_div(frame: Frame, i: Instruction) -> int:
    frame.store_number(i[1], _divide(frame, i)[0])
    return frame.pc + 1


def on_mod(frame: Frame, i: Instruction) -> int:
    frame.store_number(i[1], _divide(frame, i)[1])
    return frame.pc + 1


def on_min(frame: Frame, i: Instruction) -> int:
    frame.registers[i[1]] = min(frame.number(i[2]), frame.number(i[3]))
    return frame.pc + 1


def on_max(frame: Frame, i: Instruction) -> int:
    frame.registers[i[1]] = max(frame.number(i[2]), frame.number(i[3]))
    return frame.pc + 1


def on_abs(frame: Frame, i: Instruction) -> int:
    frame.store_number(i[1], abs(frame.number(i[2])))
    return frame.pc + 1


def on_to_number(frame: Frame, i: Instruction) -> int:
    frame.store_number(i[1], frame.number(i[2]))
    return frame.pc + 1


def _ordered(frame: Frame, i: Instruction) -> tuple["int | bytes | str", "int | bytes | str"]:
    """Two values as Python orders them the way the machine does: UTF-8 keeps the order of code points."""
    left, right = frame.registers[i[2]], frame.registers[i[3]]
    if isinstance(left, bytes | str) and isinstance(right, bytes | str):
        frame.charge(cost_of_copy(min(len(left), len(right))))
        return left, right
    assert isinstance(left, int), "verified to have an order"
    assert isinstance(right, int), "verified to have an order"
    return left, right


def on_eq(frame: Frame, i: Instruction) -> int:
    left, right = _ordered(frame, i)
    frame.registers[i[1]] = left == right
    return frame.pc + 1


def on_ne(frame: Frame, i: Instruction) -> int:
    left, right = _ordered(frame, i)
    frame.registers[i[1]] = left != right
    return frame.pc + 1


def on_lt(frame: Frame, i: Instruction) -> int:
    left, right = _ordered(frame, i)
    frame.registers[i[1]] = left < right  # type: ignore[operator]  # two of one kind, by _ordered
    return frame.pc + 1


def on_le(frame: Frame, i: Instruction) -> int:
    left, right = _ordered(frame, i)
    frame.registers[i[1]] = left <= right  # type: ignore[operator]  # as in _lt
    return frame.pc + 1


def on_gt(frame: Frame, i: Instruction) -> int:
    left, right = _ordered(frame, i)
    frame.registers[i[1]] = left > right  # type: ignore[operator]  # as in _lt
    return frame.pc + 1


def on_ge(frame: Frame, i: Instruction) -> int:
    left, right = _ordered(frame, i)
    frame.registers[i[1]] = left >= right  # type: ignore[operator]  # as in _lt
    return frame.pc + 1


def on_not(frame: Frame, i: Instruction) -> int:
    frame.registers[i[1]] = not frame.registers[i[2]]
    return frame.pc + 1
