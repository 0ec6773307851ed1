"""`terang documents` where no network is needed, and what people get wrong."""

from pathlib import Path

import pytest

from chain.hashing import sha256
from chain.limits import DOCUMENT_BYTES_MAX
from documents.container import parse_container
from documents.readers import document_public, document_secret
from machine.files import DiskFiles
from machine.keyfile import KeyKind, write_key
from node.config import Config, write_config
from node.documents import DocumentLimits, DocumentStore
from node.home import Home
from tests.cli.running import Terminal
from tests.documents.making import OWNER, make_container

HASH = sha256(make_container()).hex()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A node's home with one document."""
    place = Home(tmp_path / "node")
    place.config.parent.mkdir(parents=True)
    write_config(place.config, Config())
    roomy = DocumentLimits(bytes_max=10**6, owner_day_bytes_max=10**6)
    store = DocumentStore(place.documents("data/documents"), roomy, DiskFiles())
    store.open(0)
    store.keep(parse_container(make_container()), make_container(), 0)
    return place.path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The owner's key."""
    path = tmp_path / "owner.key"
    write_key(path, OWNER, KeyKind.ACCOUNT, None)
    return path


def test_the_document_key_of_a_key_file(terminal: Terminal, key: Path) -> None:
    shown = terminal.succeed("documents", "key", key).strip()
    assert shown == "0x" + document_public(document_secret(OWNER.seed)).hex()


def test_an_operator_lists_and_removes(terminal: Terminal, home: Path) -> None:
    (line,) = terminal.succeed("documents", "list", "--home", home).splitlines()
    assert line.startswith(HASH) and "closed" in line and "barat" in line
    (home / "data" / "documents" / HASH).write_bytes(b"")
    assert "damaged" in terminal.succeed("documents", "list", "--home", home)
    assert HASH in terminal.succeed("documents", "remove", HASH, "--home", home)
    assert terminal.succeed("documents", "list", "--home", home) == ""
    assert "is not kept here" in terminal.fail("documents", "remove", HASH, "--home", home)
    assert "64 hexadecimal digits" in terminal.fail("documents", "remove", "xyz", "--home", home)


def test_what_cannot_be_put_is_told_before_a_node_is_asked(
    terminal: Terminal, tmp_path: Path, key: Path
) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(DOCUMENT_BYTES_MAX + 1)
    options = ("--agency", "barat", "--key", key)
    assert "in parts" in terminal.fail("documents", "put", large, *options)
    assert "not both" in terminal.fail("documents", "put", large, *options, "--public", "--sealed")
    assert "No such file" in terminal.fail("documents", "put", tmp_path / "none", *options)
    output = ("--output", tmp_path / "out")
    assert "hexadecimal" in terminal.fail("documents", "get", "12", *output)
    away = ("--node", "http://127.0.0.1:1")
    assert "no node" in terminal.fail("documents", "get", HASH, *output, *away)
