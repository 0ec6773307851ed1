"""The command as a whole: help, examples, exit codes, and errors without tracebacks."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import Terminal

COMMANDS = [
    "demo",
    "testnet",
    "init",
    "start",
    "status",
    "query",
    "pilot",
    "version",
    "genesis new",
    "genesis add-validator",
    "genesis add-full-node",
    "genesis check",
    "keys new",
    "keys show",
    "keys import",
    "tx call",
    "tx sign",
    "portal",
    "timeline",
    "contract check",
    "contract compile",
    "contract show",
]
NOBODY = "127.0.0.1:9"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(terminal: Terminal, command: str) -> None:
    shown = terminal.succeed(*command.split(), "--help")
    assert f"Example: terang {command}" in shown


def test_the_list_of_commands_is_whole_lines(terminal: Terminal) -> None:
    shown = [terminal.succeed(group, "--help") for group in ("genesis", "keys", "tx", "contract")]
    shown.append(terminal.succeed("--help"))
    lines = [line for text in shown for line in text.splitlines() if not line.startswith("Usage")]
    assert not [line for line in lines if line.endswith("...")]


def test_an_unknown_command_is_refused(terminal: Terminal) -> None:
    assert "No such command 'nosuch'" in terminal.fail("nosuch")


def test_version(terminal: Terminal) -> None:
    assert terminal.succeed("version").startswith("terang ")


@pytest.mark.parametrize(
    "command",
    ["status", "query governance member_list"],
)
def test_without_a_node_the_next_step_is_told(terminal: Terminal, command: str) -> None:
    told = terminal.fail(*command.split(), "--node", NOBODY)
    assert "no node answers (http://127.0.0.1:9: " in told
    assert "Start a node with: terang start --home DIR" in told


def test_a_home_without_a_node_is_refused(terminal: Terminal, tmp_path: Path) -> None:
    assert "there is no node here. Make one with: terang init" in terminal.fail("start", "--home", tmp_path)


def test_a_file_that_is_not_there_is_named(terminal: Terminal, tmp_path: Path) -> None:
    told = terminal.fail("contract", "check", tmp_path / "none.contract")
    assert f"{tmp_path}/none.contract: No such file or directory. Check the path" in told


def test_python_without_assertions_is_refused() -> None:
    ran = subprocess.run(
        [sys.executable, "-O", "-c", "from cli.main import main; main()"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ran.returncode == 1
    assert "does not run with python -O" in ran.stderr
