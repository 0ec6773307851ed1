"""Processes of this machine that a demonstration or a test runs: started, watched, killed and started again.

Each is tethered to this one, so that none outlives it, and writes to a log of its own. Nodes are such processes, and so is
every command line of `terang` that serves until it is ended.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Generic, TypeVar

from cli.errors import NotDone
from cli.heads import get_head
from cli.testnet import TestnetNode

START_S = 60.0
"""So long a process may take until it answers, on a machine that is busy with others."""
END_S = 10.0
_STEP_S = 0.05
_LOG_LINES_SHOWN = 12
ENTRY = "cli.tethered"
"""The module that runs a process; who measures one gives another."""


class Child:
    """One process: the arguments of its entry, a log, and how one sees that it answers. May be started again after it ended."""

    def __init__(
        self, name: str, arguments: Sequence[str], log: Path, is_up: Callable[[], bool], entry: str = ENTRY
    ) -> None:
        self.name = name
        self.log = log
        self.peak_rss_bytes = 0
        self._command = [sys.executable, "-m", entry, *arguments]
        self._is_up = is_up
        self._process: subprocess.Popen[bytes] | None = None

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
        assert not self.is_running, f"{self.name} runs already"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for this process, which ends the others in order
            )

    def wait_until_up(self) -> None:
        """Returns when it answers; raises `NotDone` with the end of its log where it does not."""
        end = time.monotonic() + START_S
        while not self._is_up():
            self.check()
            if time.monotonic() > end:
                raise NotDone(f"{self.name} did not answer within {START_S:.0f} s; see {self.log}")
            time.sleep(_STEP_S)

    def find_end(self) -> str | None:
        """How it ended by itself, with the end of its log; None where it runs or was not started."""
        code = None if self._process is None else self._process.poll()
        if code is None:
            return None
        return f"{self.name} has ended ({_explain(code)}); its log {self.log} ends:\n{self._read_log_end()}"

    def check(self) -> None:
        """Raises `NotDone` where it was started and has ended by itself."""
        end = self.find_end()
        if end is not None:
            raise NotDone(end)

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


def _explain(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


class NodeProcess(Child):
    """One node of a network."""

    def __init__(self, node: TestnetNode, entry: str = ENTRY) -> None:
        super().__init__(
            node.name,
            [str(node.home)],
            node.home / "node.log",
            lambda: get_head(node.rpc_address).height is not None,
            entry,
        )
        self.node = node


Process = TypeVar("Process", bound=Child)


class Processes(Generic[Process]):
    """Processes that end together. A context manager: whatever happens, none is left behind."""

    def __init__(self, processes: Sequence[Process]) -> None:
        self.all = tuple(processes)

    def __enter__(self) -> "Processes[Process]":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Starts all and returns at once."""
        for process in self.all:
            process.start()

    def wait_until_up(self) -> None:
        """Returns when each answers; raises `NotDone` where one does not."""
        for process in self.all:
            process.wait_until_up()

    def check(self) -> None:
        """Raises `NotDone` where one has ended by itself."""
        for process in self.all:
            process.check()

    def stop(self) -> None:
        """Ends all that run, together."""
        for process in self.all:
            process.terminate()
        for process in self.all:
            process.wait()
