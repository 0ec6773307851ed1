"""Registers, instructions and lines of one function while it is being written.

A variable has a register of its own. A temporary lives as long as the statement that made it, then later ones
of the same type use its register again; a loop is one statement, so what it holds stays while its body runs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from vm.opcodes import Instruction, Op
from vm.types import Type

Register = int
"""A register's number."""


@dataclass(slots=True)
class Emitter:
    """Collects one function's code. `line` is the source line that the next instructions belong to."""

    registers: list[Type] = field(default_factory=list)
    code: list[Instruction] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    line: int = 1
    _free: dict[Type, list[Register]] = field(default_factory=dict)
    _held: list[list[Register]] = field(default_factory=list)

    def new_register(self, kind: Type) -> Register:
        """A register for the whole function."""
        self.registers.append(kind)
        return len(self.registers) - 1

    def temporary(self, kind: Type) -> Register:
        """A register until the end of the innermost open statement."""
        free = self._free.get(kind)
        register = free.pop() if free else self.new_register(kind)
        self._held[-1].append(register)
        return register

    @contextmanager
    def statement(self, line: int) -> Iterator[None]:
        """A statement: its instructions belong to its line, its temporaries end with it."""
        self.line = line
        self._held.append([])
        yield
        for register in reversed(self._held.pop()):
            self._free.setdefault(self.registers[register], []).append(register)
        self.line = line

    def emit(self, op: Op, *operands: int) -> None:
        """Appends one instruction."""
        self.code.append((int(op), *operands))
        self.lines.append(self.line)
