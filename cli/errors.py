"""Which errors a person gets as one line and exit code 2: everything that a person, a file or a node can get wrong.

What is not in this list is a fault of ours and shows its traceback, so that it can be reported.
"""

import pilot.ledger
from chain.errors import Invalid
from machine.faults import DiskFault
from node.config import ConfigError
from pilot.ocds import UnreadableInput
from rpc.client import BadAnswer, CallRefused, Unreachable
from rpc.documents import NotGiven, NotKept

USAGE = 2
"""Exit code where a command could not do what was asked."""
REFUSED = 1
"""Exit code where the ledger carried a transaction and a contract refused it."""
LIED = 1
"""Exit code where the truth was found and some node showed something else."""
FORKED = 3
"""Exit code where two blocks of one height were decided."""
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""


class NotDone(Exception):
    """A command cannot do what was asked. The message says what came, what was expected, and the next step."""


EXPECTED: tuple[type[Exception], ...] = (
    NotDone,
    Invalid,
    ConfigError,
    DiskFault,
    UnreadableInput,
    Unreachable,
    pilot.ledger.Unreachable,
    CallRefused,
    BadAnswer,
    NotKept,
    NotGiven,
    OSError,
)


def explain(error: Exception) -> str:
    """The line for a person, with the next step where the error itself does not have it."""
    match error:
        case pilot.ledger.GatewayAway():
            return f"{error}. Start one with: terang gateway start --home DIR, or give its address with --gateway"
        case Unreachable() | pilot.ledger.Unreachable():
            return f"{error}. Start a node with: terang start --home DIR, or give its address with --node"
        case BadAnswer():
            return f"no node of ours answered: {error}. Check that --node is the RPC address of a node"
        case OSError(filename=str(name)):
            return f"{name}: {error.strerror}. Check the path, its owner and its permissions"
        case _:
            return str(error)
