"""How a call can stop before its end. All writes and events of its transaction are then dropped.

A `Stop` starts with its reason alone; the function it happened in adds contract, function and source line on the way out.
Every other exception is a fault of this node and is not caught anywhere in the machine.
"""

from chain.codec import Value
from chain.result import ResultCode, Trap


class Stop(Exception):
    """A call ends here: `message` is a template with `{}` for each value."""

    def __init__(self, code: ResultCode, message: str, *values: Value) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.values = values
        self.contract = ""
        self.function = ""
        self.line = 0

    def locate(self, contract: str, function: str, line: int) -> None:
        """Says where it happened, unless a function further in has said so already."""
        if not self.contract:
            self.contract, self.function, self.line = contract, function, line

    def trap(self) -> Trap:
        """The trap as it stands in a result."""
        return Trap(
            contract=self.contract,
            function=self.function,
            message=self.message,
            values=self.values,
            line=self.line,
        )


def trapped(message: str, *values: Value) -> Stop:
    """A fault of the contract's code or of what it was given: range, index, bound, absence, depth."""
    return Stop(ResultCode.TRAPPED, message, *values)


def refused(message: str, *values: Value) -> Stop:
    """A clause of the contract says no."""
    return Stop(ResultCode.REFUSED, message, *values)


def out_of_gas() -> Stop:
    """The transaction's gas is used up."""
    return Stop(ResultCode.OUT_OF_GAS, "the gas limit of the transaction is used up")
