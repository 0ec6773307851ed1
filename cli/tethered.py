"""A process that ends with the one that started it: `python -m cli.tethered HOME` is a node, and behind `--` comes any
command line of `terang`. A pipe is its standard input.

Nothing is ever written to the pipe. Its end closes when the other process ends, however it ends, also by kill -9, and then
this process ends as by SIGTERM. So a demonstration or a test leaves no process behind.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from node.run import main

_GRACE_S = 15.0
"""So long it may take to end after its other end closed; then it ends as a crash would."""


def run_tethered(arguments: Sequence[str]) -> int:
    """Runs the node of a home, or the command line behind `--`; the exit code."""
    threading.Thread(target=_follow_other_end, name="tether", daemon=True).start()
    if arguments[0] == "--":
        from cli.main import run  # here, so that a node does not wait for all commands to load

        return run(arguments[1:])
    return main(Path(arguments[0]))


def _follow_other_end() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_S)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(run_tethered(sys.argv[1:]))
