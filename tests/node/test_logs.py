"""The node's log lines, where they cannot be written."""

import subprocess
import sys
from pathlib import Path

_LOGS_AND_GOES_ON = """
import structlog
from machine.logs import configure_logs
configure_logs("info", "{form}")
for number in range(3):
    structlog.get_logger("test").info("lost", number=number)
print("went on")
"""


def test_a_full_disk_under_the_log_does_not_stop_the_node() -> None:
    for form in ("text", "json"):
        with Path("/dev/full").open("w") as full:
            ran = subprocess.run(
                [sys.executable, "-c", _LOGS_AND_GOES_ON.format(form=form)],
                stdout=subprocess.PIPE,
                stderr=full,
                text=True,
                check=False,
            )
        assert ran.stdout == "went on\n"
