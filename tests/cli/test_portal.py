"""`terang portal`: what it refuses before it serves."""

from pathlib import Path

from tests.cli.running import Terminal


def test_a_genesis_document_is_for_auditors(terminal: Terminal, tmp_path: Path) -> None:
    said = terminal.fail("portal", "supplier", "--genesis", tmp_path / "genesis.json")
    assert "--genesis: expected with the auditor's portal" in said


def test_what_is_no_genesis_document_is_told(terminal: Terminal, tmp_path: Path) -> None:
    place = tmp_path / "genesis.json"
    assert str(place) in terminal.fail("portal", "auditor", "--genesis", place)
    place.write_text("{}")
    assert "genesis" in terminal.fail("portal", "auditor", "--genesis", place)


def test_the_same_node_twice_is_told(terminal: Terminal) -> None:
    twice = ("--node", "http://127.0.0.1:1", "--node", "127.0.0.1:1")
    assert "expected different nodes" in terminal.fail("portal", "auditor", *twice)
