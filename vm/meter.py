"""Gas, put in by the node itself: a module cannot say what it costs.

A block is a run of instructions that execute all or none: it begins at the function's start, behind IF,
ELSE, END, FOR and FOR_ROWS, and behind what leaves a block early. Its whole gas is charged before its first
instruction, so that an engine counts once a block and not once an instruction. What depends on sizes comes
on top, before the work is done (`vm.sizes`).

The engine runs a `ReadyFunction`: parallel tuples over the instructions, whose places are those of the
module, so that lines and listings stay true.

    code     the module's instructions
    gas      to charge before the instruction; 0 inside a block
    target   as in `vm.flow`
    lines    source lines
"""

from dataclasses import dataclass

from vm.flow import compute_flow
from vm.module import FunctionCode, Module
from vm.opcodes import TABLE, Instruction, Op
from vm.signatures import Signatures

_BOUNDARIES = frozenset(
    {Op.IF, Op.ELSE, Op.END, Op.FOR, Op.FOR_ROWS, Op.BREAK, Op.CONTINUE, Op.RETURN, Op.RETURN_VALUE, Op.FAIL}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyFunction:
    """A function as an engine runs it."""

    code: tuple[Instruction, ...]
    gas: tuple[int, ...]
    target: tuple[int, ...]
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyModule:
    """A verified module with its gas, and digests of what its functions take and give and of what it expects of others.

    All stand in the module's order.
    """

    module: Module
    functions: tuple[ReadyFunction, ...]
    signatures: tuple[bytes, ...]
    expected: tuple[bytes, ...]


def prepare(module: Module) -> ReadyModule:
    """Puts gas into a module that `vm.verify` has accepted."""
    digests = Signatures(module)
    return ReadyModule(
        module=module,
        functions=tuple(_prepare_function(found) for found in module.functions),
        signatures=tuple(
            digests.compute([field.kind for field in found.parameters], found.result)
            for found in module.functions
        ),
        expected=tuple(digests.compute(found.parameters, found.result) for found in module.externals),
    )


def _prepare_function(function: FunctionCode) -> ReadyFunction:
    flow = compute_flow(function.code, function.name)
    return ReadyFunction(
        code=function.code, gas=compute_gas(function.code), target=flow.targets, lines=function.lines
    )


def compute_gas(code: tuple[Instruction, ...]) -> tuple[int, ...]:
    """For each instruction, the gas of the block that it begins, or 0."""
    gas = [0] * len(code)
    start = 0
    for index, instruction in enumerate(code):
        op = Op(instruction[0])
        if op in (Op.FOR, Op.FOR_ROWS, Op.END) and index != start:
            start = (
                index  # control comes here from elsewhere too: a loop's next turn, the other side of an IF
            )
        gas[start] += TABLE[op].gas
        if op in _BOUNDARIES:
            start = index + 1
    return tuple(gas)
