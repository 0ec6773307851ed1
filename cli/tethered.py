"""A node that ends with the process that started it: `python -m cli.tethered HOME`, with a pipe as standard input.

Nothing is ever written to the pipe. Its end closes when the other process ends, however it ends, also by kill -9, and then
this node ends as by SIGTERM. So a demonstration or a test leaves no process behind.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

from node.run import main

_GRACE_S = 15.0
"""So long a node may take to end after its other end closed; then it ends as a crash would."""


def run_tethered(home: Path) -> int:
    """Runs the node of `home`; its exit code."""
    threading.Thread(target=_follow_other_end, name="tether", daemon=True).start()
    return main(home)


def _follow_other_end() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_S)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(run_tethered(Path(sys.argv[1])))
