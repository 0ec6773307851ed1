"""What can be wrong with this node's own disk. Every error names the file, what is wrong and the next step.

These are neither a peer's errors nor assertions: the node stops, loses nothing that it acknowledged, and tells its
operator what to do. It never repairs by guessing.
"""

import errno
from pathlib import Path

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
FULL_ADVICE = "Free some space and start again; nothing is lost"
LIMIT_ADVICE = "Raise the limit on the size of files (ulimit -f) and start again; nothing is lost"


class DiskFault(Exception):
    """The node cannot go on with a file of its own."""

    def __init__(self, path: Path, problem: str, advice: str) -> None:
        super().__init__(f"{path}: {problem}. {advice}")
        self.path = path
        self.problem = problem
        self.advice = advice


class Damaged(DiskFault):
    """Content that this node once acknowledged is not what it wrote."""


class InUse(DiskFault):
    """Another process holds the file."""


class DiskFull(DiskFault):
    """No room to write; what was acknowledged before is safe."""


class Unusable(DiskFault):
    """The operating system refuses to read or write: permissions, a read-only mount, a failing device."""


class WrongLedger(DiskFault):
    """A whole file, but of another network or another key."""


def find_told(
    group: BaseExceptionGroup[BaseException], told: tuple[type[BaseException], ...]
) -> BaseException | None:
    """The first error of tasks that failed together; None where one is of no kind that is told to an operator."""
    expected, unexpected = group.split(told)
    error: BaseException | None = None if unexpected is not None else expected
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def compute_fault(error: OSError, path: Path) -> DiskFault:
    """The fault that an operating system error on `path` means."""
    if error.errno in _FULL:
        return DiskFull(path, "the disk is full", FULL_ADVICE)
    if error.errno == errno.EFBIG:
        return DiskFull(path, "the file may not grow further", LIMIT_ADVICE)
    reason = error.strerror or str(error)
    return Unusable(
        path, f"cannot be used: {reason}", "Check its owner, its permissions and the device it is on"
    )
