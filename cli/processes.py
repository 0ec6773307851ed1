"""The nodes of a network as processes of this machine: started, watched, killed and started again.

Each is a real node in a process of its own, tethered to this one; its output goes to `node.log` in its home.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from cli.errors import NotDone
from cli.heads import get_head
from cli.testnet import TestnetNode

START_S = 60.0
"""So long a node may take until it answers, on a machine that is busy with others."""
END_S = 10.0
_STEP_S = 0.05
_LOG_LINES_SHOWN = 12
ENTRY = "cli.tethered"
"""The module that runs a node; who measures one gives another."""


class NodeProcess:
    """One node. May be started again after it ended."""

    def __init__(self, node: TestnetNode, entry: str = ENTRY) -> None:
        self.node = node
        self._entry = entry
        self.peak_rss_bytes = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What the node wrote, over all its starts."""
        return self.node.home / "node.log"

    @property
    def is_running(self) -> bool:
        """Whether its process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Id of the started process."""
        assert self._process is not None, "only a started process has an id"
        return self._process.pid

    def start(self) -> None:
        """Starts the process and returns at once."""
        assert not self.is_running, f"{self.node.name} runs already"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._entry, str(self.node.home)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for this process, which ends the others in order
            )

    def wait_until_up(self) -> None:
        """Returns when the node answers; raises `NotDone` with the end of its log where it does not."""
        end = time.monotonic() + START_S
        while get_head(self.node.rpc_address).height is None:
            if not self.is_running:
                raise NotDone(f"{self.node.name} ended at its start:\n{self._read_log_end()}")
            if time.monotonic() > end:
                raise NotDone(f"{self.node.name} did not answer within {START_S:.0f} s; see {self.log}")
            time.sleep(_STEP_S)

    def measure(self) -> int:
        """Peak resident memory of the running process so far, in bytes."""
        if self.is_running:
            status = Path(f"/proc/{self.pid}/status").read_text()
            peak = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0 kB")
            self.peak_rss_bytes = max(self.peak_rss_bytes, int(peak.split()[1]) * 1024)
        return self.peak_rss_bytes

    def read_cpu_s(self) -> float:
        """Processor seconds of the running process so far, in user and system mode."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        user_ticks, system_ticks = int(fields[11]), int(fields[12])
        return (user_ticks + system_ticks) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """Ends the process as a power cut would, with nothing said."""
        if self._process is not None:
            self.measure()
            self._process.kill()
            self._collect()

    def terminate(self) -> None:
        """Asks the process to end."""
        if self.is_running and self._process is not None:
            self.measure()
            self._process.terminate()

    def wait(self) -> int | None:
        """Waits for the end, and makes it if it does not come; the exit code."""
        if self._process is None:
            return None
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        return self._collect()

    def _collect(self) -> int:
        assert self._process is not None and self._process.stdin is not None
        code = self._process.wait()
        self._process.stdin.close()
        self._process = None
        return code

    def _read_log_end(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-_LOG_LINES_SHOWN:])


class Processes:
    """All nodes of a network. A context manager: whatever happens, no process is left behind."""

    def __init__(self, nodes: Sequence[TestnetNode], entry: str = ENTRY) -> None:
        self.all = tuple(NodeProcess(node, entry) for node in nodes)

    def __enter__(self) -> "Processes":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Starts all and waits until each answers."""
        for process in self.all:
            process.start()
        for process in self.all:
            process.wait_until_up()

    def stop(self) -> None:
        """Ends all that run, together."""
        for process in self.all:
            process.terminate()
        for process in self.all:
            process.wait()
