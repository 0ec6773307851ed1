"""A new node's home, and the next steps that it prints: each of their commands is one that can be carried out."""

from pathlib import Path

import pytest

from chain.keys import Address, format_address
from tests.cli.running import Terminal
from tests.test_documents import check_parses, split_command

ADDRESS = format_address(Address(bytes(20)))


@pytest.mark.parametrize(
    "options", [["--chain-id", "terang-uji"], ["--full-node"]], ids=["validator", "full node"]
)
def test_the_next_steps_can_be_taken(terminal: Terminal, tmp_path: Path, options: list[str]) -> None:
    ran = terminal.run("init", "--home", tmp_path / "my node", "--moniker", "Dinas PU", *options)
    assert ran.code == 0
    lines = [line.partition("terang ")[2] for line in ran.out.splitlines() if ": terang " in line]
    for line in lines:
        check_parses(split_command(line.replace("ADDRESS", ADDRESS)))
    assert [line.split()[0] for line in lines if line.split()[0] != "keys"] == [
        "genesis",
        "tx",
        "doctor",
        "start",
    ]
