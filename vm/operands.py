"""Which registers an instruction reads and sets, and whether its numbers point at things that exist."""

from dataclasses import dataclass

from vm.module import FunctionCode, Module
from vm.opcodes import TABLE, Instruction, Op


@dataclass(frozen=True, slots=True, kw_only=True)
class Operands:
    """The registers of one instruction."""

    reads: tuple[int, ...]
    sets: tuple[int, ...]


def read_operands(instruction: Instruction) -> Operands:
    """Registers by the letters of the table. The instruction has as many operands as its shape says."""
    op, operands = Op(instruction[0]), instruction[1:]
    if op is Op.FOR_ROWS:
        first = 3 + operands[2]
        return Operands(reads=operands[3:first], sets=operands[first:])
    shape = TABLE[op]
    letters = shape.operands.split("*")[0].split()
    pairs = tuple(zip(letters, operands, strict=False))
    rest = operands[len(letters) :] if shape.has_list and op is not Op.SORT else ()
    return Operands(
        reads=(*(number for letter, number in pairs if letter in "abc"), *rest),
        sets=tuple(number for letter, number in pairs if letter == "d"),
    )


def find_missing(instruction: Instruction, function: FunctionCode, module: Module) -> str | None:
    """What an operand points at that is not there, or None."""
    op, operands = Op(instruction[0]), instruction[1:]
    sizes = {
        "k": len(module.constants),
        "m": len(module.storage),
        "f": len(module.functions),
        "x": len(module.externals),
        "e": len(module.events),
        "t": len(module.messages),
    }
    for letter, number in zip(TABLE[op].operands.split("*")[0].split(), operands, strict=False):
        if number >= sizes.get(letter, number + 1):
            return f"expected a number below {sizes[letter]}, got {number}"
    if op is Op.FOR_ROWS and 3 + operands[2] > len(operands):
        return f"expected {operands[2]} registers of a prefix, got fewer"
    found = read_operands(instruction)
    for register in (*found.reads, *found.sets):
        if register >= len(function.registers):
            return f"expected a register below {len(function.registers)}, got {register}"
    return None
