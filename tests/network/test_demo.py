"""The demonstration as a person runs it, from the command line: its end, its ways to be ended, and what it leaves behind."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.portal import PortalName
from tests.network.running import wait_until

_DEMO = [sys.executable, "-c", "from cli.main import main; main()", "demo"]
_CHILD = "cli.tethered"
_MARK = "TERANG_TEST_DEMO"
PROCESSES = 1 + 5 + 2 + len(PortalName)
"""The demo itself, nodes, bank and gateway, portals."""
BOUND_S = 150


@contextmanager
def running_demo(directory: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The demo in a process of its own, with its network in `directory`, by which its processes are found."""
    with subprocess.Popen(
        [*_DEMO, "--output", str(directory), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "COLUMNS": "150", _MARK: str(directory)},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def find_processes(directory: Path, words: str = "") -> list[int]:
    """Processes of this machine that the demo in the directory started, and itself; those whose command line has these words."""
    mark = f"{_MARK}={directory}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.name != str(os.getpid()):
            try:
                environment = (entry / "environ").read_bytes().split(b"\x00")
                line = (entry / "cmdline").read_bytes().replace(b"\x00", b" ").decode()
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
            if mark in environment and words in line:
                found.append(int(entry.name))
    return found


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """What the demo has said when it has said these words."""
    assert process.stdout is not None
    told = ""
    while words not in told:
        line = process.stdout.readline()
        assert line, f"it ended without {words!r}: {told}"
        told += line
    return told


def assert_nothing_is_left(directory: Path) -> None:
    """No process, at once or when the tether is noticed."""
    wait_until(lambda: find_processes(directory) == [], "all processes have ended")


def test_the_sample_ends_in_success_with_every_order_paid_once(tmp_path: Path) -> None:
    place = tmp_path / "network"
    with running_demo(place, "--exit") as process:
        told, _ = process.communicate(timeout=BOUND_S)
    assert process.returncode == 0, told
    assert "height and state root identical on all nodes" in told
    assert "equal to the record" in told and "unexplained" not in told
    assert "10 │ paid: every milestone accepted" in told and "2 │ no contract" in told
    assert re.search("each paid exactly once .* yes ", told) and "NOT EQUAL" not in told
    rows = {name: row for name in ("ordered", "settled") if (row := re.search(rf"{name} +│ +(\d+)", told))}
    assert {name: row[1] for name, row in rows.items()} == {"ordered": "24", "settled": "24"}
    returned = re.search(r"returned +│ +(\d+) │ +(\d+)", told)
    assert returned is not None and int(returned[1]) == int(returned[2]) >= 2, "closed accounts are seen"
    assert re.search(r"sum +│ +(IDR [\d,]+) │ +\1 │ equal", told)
    assert find_processes(place) == []


def test_a_person_can_go_on_and_ctrl_c_is_no_error(tmp_path: Path) -> None:
    place = tmp_path / "network"
    with running_demo(place, "--tenders", "1") as process:
        told = read_until(process, "what becomes of the next payment")
        assert len(find_processes(place)) == PROCESSES
        addresses = re.findall(r"^  (\w[\w -]*?) {2,}(http://\S+)", told, re.MULTILINE)
        assert {name for name, _ in addresses} >= {"bank", "gateway", "agency-1", "auditor-1"}
        assert {name for name, _ in addresses} >= {f"{name} portal" for name in PortalName}
        for _, address in addresses:
            with urllib.request.urlopen(address, timeout=20) as page:
                assert page.status == 200
        files = re.findall(r"\S+\.json$", told, re.MULTILINE)
        keys = [json.loads((place / "people" / file).read_text()) for file in files]
        assert len({key["public_key"] for key in keys}) == len(files) == 6
        for address in re.findall(r"http://\S+/(?:tenders/\w+|orders\?order=\d+)", told):
            with urllib.request.urlopen(address, timeout=20) as page:
                assert page.status == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert find_processes(place) == []


@pytest.mark.parametrize("wanted", [1, PROCESSES - 1])
def test_ctrl_c_at_any_time_leaves_no_process_behind(tmp_path: Path, wanted: int) -> None:
    place = tmp_path / "network"
    with running_demo(place) as process:
        wait_until(lambda: len(find_processes(place, _CHILD)) >= wanted, f"{wanted} children are there")
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert_nothing_is_left(place)


def test_killed_outright_it_leaves_no_process_behind_either(tmp_path: Path) -> None:
    place = tmp_path / "network"
    with running_demo(place) as process:
        wait_until(lambda: len(find_processes(place)) == PROCESSES, "all processes are there")
        process.kill()
        process.communicate(timeout=60)
        assert_nothing_is_left(place)


@pytest.mark.parametrize(("service", "moment"), [("bank", "submission"), ("gateway", "  payment ")])
def test_a_bank_or_a_gateway_that_dies_is_told_and_ends_it(tmp_path: Path, service: str, moment: str) -> None:
    place = tmp_path / "network"
    with running_demo(place, "--exit") as process:
        read_until(process, moment)
        (pid,) = find_processes(place, f"-- {service} start")
        os.kill(pid, signal.SIGKILL)
        started = time.monotonic()
        told, _ = process.communicate(timeout=BOUND_S)
    assert process.returncode == 2, told
    assert f"{service} has ended (killed by signal 9)" in told
    assert time.monotonic() - started < BOUND_S
    assert_nothing_is_left(place)


def test_a_file_that_cannot_be_read_is_told_before_anything_starts(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.jsonl.gz"
    damaged.write_bytes(b"\x1f\x8b damaged")
    for file, words in ((tmp_path / "none.jsonl", "there is no such file"), (damaged, str(damaged))):
        with running_demo(tmp_path / "network", "--input", str(file)) as process:
            told, _ = process.communicate(timeout=60)
        assert process.returncode == 2 and words in told and "Traceback" not in told, told
        assert not (tmp_path / "network").exists()
