"""How much one module may hold, told with the source's words: what is counted only when it is lowered."""

from chain.limits import (
    INSTRUCTIONS_MAX,
    MODULE_BYTES_MAX,
    MODULE_CONSTANTS_MAX,
    MODULE_EXTERNALS_MAX,
    MODULE_MESSAGES_MAX,
    NESTING_MAX,
    REGISTERS_MAX,
)
from vm.flow import LOOPS
from vm.language.actions import Function
from vm.language.diagnostics import Diagnostics, Span
from vm.module import FunctionCode, Module
from vm.opcodes import Op

_WHOLE = Span(line=1, column=0, end_column=1)
_SPLIT = "divide it into functions"


def check_function(function: Function, code: FunctionCode, diagnostics: Diagnostics) -> None:
    """Records what makes a function too large or too deep."""
    for count, most, what in (
        (len(code.registers), REGISTERS_MAX, "variables and values at once"),
        (len(code.code), INSTRUCTIONS_MAX, "instructions"),
    ):
        if count > most:
            said = f"`{code.name}` needs {count} {what}, at most {most} are possible"
            diagnostics.add(function.span, "limit", said, _SPLIT)
    level = 0
    for instruction, line in zip(code.code, code.lines, strict=True):
        level += (instruction[0] == Op.IF or instruction[0] in LOOPS) - (instruction[0] == Op.END)
        if level > NESTING_MAX:
            place = Span(line=line, column=0, end_column=1)
            said = f"conditions and loops of `{code.name}` are more than {NESTING_MAX} deep here"
            diagnostics.add(
                place, "limit", said, "each elif is one level deeper than the one above; " + _SPLIT
            )
            return


def check_module(module: Module, size: int, diagnostics: Diagnostics) -> None:
    """Records what makes a contract too large. `size` is that of the module's bytes."""
    for count, most, what in (
        (len(module.constants), MODULE_CONSTANTS_MAX, "different constants"),
        (len(module.messages), MODULE_MESSAGES_MAX, "different refusals"),
        (len(module.externals), MODULE_EXTERNALS_MAX, "methods of other contracts"),
        (size, MODULE_BYTES_MAX, "bytes when compiled"),
    ):
        if count > most:
            said = f"the contract has {count} {what}, at most {most} are possible"
            diagnostics.add(_WHOLE, "limit", said, "divide it into two contracts")
