"""The demonstration as a person runs it, from the command line."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.network.running import wait_until

_DEMO = [sys.executable, "-c", "from cli.main import main; main()", "demo"]


@contextmanager
def running_demo(directory: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The demo in a process of its own, with its network in `directory`."""
    with subprocess.Popen(
        [*_DEMO, "--output", str(directory), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "COLUMNS": "150"},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def find_processes(directory: Path) -> list[str]:
    """Command lines of processes of this machine that name the directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.name != str(os.getpid()):
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\x00", b" ").decode()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if str(directory) in line:
                found.append(line)
    return found


def test_the_sample_ends_in_success(tmp_path: Path) -> None:
    with running_demo(tmp_path / "network", "--exit") as process:
        told, _ = process.communicate(timeout=180)
    assert process.returncode == 0, told
    assert "height and state root identical on all nodes" in told
    assert "equal to the record" in told
    assert "unexplained" not in told
    assert find_processes(tmp_path) == []


def test_ctrl_c_leaves_no_process_behind(tmp_path: Path) -> None:
    with running_demo(tmp_path / "network") as process:
        wait_until(lambda: len(find_processes(tmp_path)) == 6, "the demo and five nodes are there")
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert find_processes(tmp_path) == []


def test_killed_outright_it_leaves_no_process_behind_either(tmp_path: Path) -> None:
    with running_demo(tmp_path / "network") as process:
        wait_until(lambda: len(find_processes(tmp_path)) == 6, "the demo and five nodes are there")
        process.kill()
        process.communicate(timeout=60)
        wait_until(lambda: find_processes(tmp_path) == [], "the nodes have ended")


def test_a_file_that_is_not_there_is_told_before_anything_starts(tmp_path: Path) -> None:
    with running_demo(tmp_path / "network", "--input", str(tmp_path / "none.jsonl")) as process:
        told, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "there is no such file" in told
    assert not (tmp_path / "network").exists()
