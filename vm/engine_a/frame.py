"""One call of one function, and the contract it belongs to: what the operations work on."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from chain.limits import CALL_DEPTH_MAX
from vm.host import ContractStorage, Run
from vm.meter import ReadyFunction, ReadyModule
from vm.opcodes import Instruction
from vm.traps import trapped
from vm.types import RuntimeValue, Scalar, Type, is_in_range

Loop = Iterator[Sequence[RuntimeValue]]


class Contracts(Protocol):
    """How a frame reaches other contracts."""

    def call_external(
        self, caller: "Activation", number: int, arguments: list[RuntimeValue]
    ) -> RuntimeValue | None:
        """Calls method `number` of the caller's externals."""
        ...


class Activation:
    """One contract at work: its module, its storage, who called it."""

    __slots__ = ("_execute", "caller", "contract", "contracts", "module", "run", "storage")

    def __init__(
        self,
        run: Run,
        contract: str,
        module: ReadyModule,
        caller: bytes,
        contracts: Contracts,
        execute: "Callable[[Frame], RuntimeValue | None]",
    ) -> None:
        self.run = run
        self._execute = execute
        self.contract = contract
        self.module = module
        self.caller = caller
        self.contracts = contracts
        self.storage = ContractStorage(run, contract, module.module.storage)

    def call(self, number: int, arguments: Sequence[RuntimeValue]) -> RuntimeValue | None:
        """Runs a function of the module; traps when calls nest too deeply."""
        run = self.run
        if run.depth >= CALL_DEPTH_MAX:
            raise trapped("calls nest at most {} deep", CALL_DEPTH_MAX)
        run.depth += 1
        try:
            return self._execute(Frame(self, number, arguments))
        finally:
            run.depth -= 1


class Frame:
    """One call of one function."""

    __slots__ = ("activation", "function", "loops", "name", "pc", "registers", "result", "types")

    def __init__(self, activation: Activation, number: int, arguments: Sequence[RuntimeValue]) -> None:
        declared = activation.module.module.functions[number]
        self.activation = activation
        self.function: ReadyFunction = activation.module.functions[number]
        self.name = declared.name
        self.types: tuple[Type, ...] = declared.registers
        self.registers: list[RuntimeValue] = [*arguments, *([0] * (len(self.types) - len(arguments)))]
        self.loops: list[tuple[Loop, Sequence[int]]] = []
        self.result: RuntimeValue | None = None
        self.pc = 0

    def charge(self, amount: int) -> None:
        """Takes gas for work of this size."""
        self.activation.run.gas.charge(amount)

    def store_number(self, register: int, number: int) -> None:
        """Puts an exact number into a register, within the range of its type."""
        kind = self.types[register]
        if kind is not Scalar.WIDE_UINT and kind is not Scalar.WIDE_INT and not is_in_range(kind, number):
            raise trapped("the number {} is out of range of {}", shown(number), str(kind))
        self.registers[register] = number

    def number(self, register: int) -> int:
        """A register that holds a number."""
        value = self.registers[register]
        assert isinstance(value, int), "verified to be a number"
        return value

    def items(self, register: int) -> tuple[RuntimeValue, ...]:
        """A register that holds a record or list."""
        value = self.registers[register]
        assert isinstance(value, tuple), "verified to be a record or list"
        return value

    def binary(self, register: int) -> bytes:
        """A register that holds bytes or an address."""
        value = self.registers[register]
        assert isinstance(value, bytes), "verified to be bytes"
        return value

    def values(self, registers: Sequence[int]) -> list[RuntimeValue]:
        """Several registers."""
        return [self.registers[register] for register in registers]


def shown(number: int) -> str:
    """A number for a message: exact up to 78 digits, else by its size."""
    return str(number) if number.bit_length() <= 256 else f"of {number.bit_length()} bits"


Handler = Callable[[Frame, Instruction], int]
"""Carries out one instruction and says where to go on; below 0 the function is over."""
