"""A home that is lost and comes back from its backup, without the record of what it signed; and files that are no backup."""

import io
import tarfile
from pathlib import Path

import pytest

from chain.limits import BACKUP_FILE_BYTES_MAX
from cli import testnet
from genesis.document import DEMO_RULES
from machine.files import DiskFiles
from machine.keyfile import read_key_info
from node.home import Home
from node.signer_record import SignerRecord
from tests.cli.running import Terminal


@pytest.fixture
def homes(tmp_path: Path) -> list[Home]:
    """A validator's home and a full node's."""
    made = testnet.make_testnet(
        tmp_path / "network",
        validators=1,
        full_nodes=1,
        chain_id="terang-test",
        rules=DEMO_RULES,
        base_port=None,
    )
    return [Home(node.home) for node in made.nodes]


def files_of(home: Home) -> dict[str, bytes]:
    return {
        path.relative_to(home.path).as_posix(): path.read_bytes()
        for folder in ("config", "keys")
        for path in (home.path / folder).rglob("*")
        if path.is_file()
    }


def test_a_validator_comes_back_with_a_floor(terminal: Terminal, homes: list[Home], tmp_path: Path) -> None:
    file, again = tmp_path / "node.tar", Home(tmp_path / "again")
    said = terminal.succeed("backup", file, "--home", homes[0].path)
    assert "validator.key is not encrypted" in said and file.stat().st_mode & 0o077 == 0
    with tarfile.open(file) as archive:
        assert {name.partition("/")[0] for name in archive.getnames()} == {"config", "keys"}
    assert "--floor HEIGHT" in terminal.fail("restore", file, "--home", again.path)
    assert not again.path.exists()

    terminal.succeed("restore", file, "--home", again.path, "--floor", 1_000)
    assert files_of(again) == files_of(homes[0])
    address = read_key_info(again.validator_key).address
    assert SignerRecord(again.signer_record, address, "terang-test", DiskFiles()).floor == 1_000
    assert again.validator_key.stat().st_mode & 0o077 == 0
    assert "WRONG" not in terminal.succeed("doctor", "--home", again.path)


def test_a_full_node_needs_no_floor(terminal: Terminal, homes: list[Home], tmp_path: Path) -> None:
    file, again = tmp_path / "node.tar", Home(tmp_path / "again")
    terminal.succeed("backup", file, "--home", homes[1].path)
    assert "holds no validator's key" in terminal.fail("restore", file, "--home", again.path, "--floor", 5)
    terminal.succeed("restore", file, "--home", again.path)
    assert files_of(again) == files_of(homes[1]) and not again.signer_record.exists()


def test_nothing_is_written_over(terminal: Terminal, homes: list[Home], tmp_path: Path) -> None:
    file = tmp_path / "node.tar"
    terminal.succeed("backup", file, "--home", homes[0].path)
    before = file.read_bytes()
    assert "there is a file already" in terminal.fail("backup", file, "--home", homes[1].path)
    assert "is not empty" in terminal.fail("restore", file, "--home", homes[0].path, "--floor", 9)
    assert file.read_bytes() == before


def test_a_home_with_a_foreign_giant(terminal: Terminal, homes: list[Home], tmp_path: Path) -> None:
    (homes[0].path / "config" / "film.mp4").write_bytes(bytes(BACKUP_FILE_BYTES_MAX + 1))
    assert "Move away what is not of the node" in terminal.fail(
        "backup", tmp_path / "b", "--home", homes[0].path
    )
    assert not (tmp_path / "b").exists()


def make_archive(*entries: tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, kind in entries:
            entry = tarfile.TarInfo(name)
            entry.type = kind
            entry.linkname = "/etc/passwd" if kind == tarfile.SYMTYPE else ""
            archive.addfile(entry)
    return packed.getvalue()


FOREIGN = {
    "no archive": b"not a backup at all",
    "empty": b"",
    "without a configuration": make_archive(("keys/node.key", tarfile.REGTYPE)),
    "a record of signatures": make_archive(("data/signer/record", tarfile.REGTYPE)),
    "a path that climbs out": make_archive(("config/../../evil", tarfile.REGTYPE)),
    "an absolute path": make_archive(("/etc/evil", tarfile.REGTYPE)),
    "a link": make_archive(("config/terang.toml", tarfile.SYMTYPE)),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_no_backup_is_refused_whole(terminal: Terminal, tmp_path: Path, name: str) -> None:
    file = tmp_path / "node.tar"
    file.write_bytes(FOREIGN[name])
    assert "expected a" in terminal.fail("restore", file, "--home", tmp_path / "again")
    assert not (tmp_path / "again").exists()
