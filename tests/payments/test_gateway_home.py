"""What is wrong in a gateway's home is said in one message, before anything is sent or written."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from chain.keys import SigningKey
from machine.files import DiskFiles
from machine.keyfile import KeyKind, read_key, write_key
from payments.entries import Followed
from payments.gateway import EXIT_FAULT, main
from payments.journal import Journal, locked
from payments.settings import BankConfig, GatewayConfig, GatewayHome, SiteConfig, read_config, write_config

CHAIN = "terang-uji"
FILES = DiskFiles()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[GatewayHome]:
    """A gateway that has run: configuration, key, a journal of some entries. Its start turns the logs of all to this test."""
    place = GatewayHome(tmp_path)
    write_config(place.config, GatewayConfig(chain_id=CHAIN, http=SiteConfig(port=0)))
    write_key(place.key, SigningKey.from_seed(bytes(32)), KeyKind.ACCOUNT, None)
    write_journal(place)
    yield place
    structlog.reset_defaults()


def write_journal(place: GatewayHome) -> None:
    """A few entries by the key that is there."""
    key = read_key(place.key, KeyKind.ACCOUNT, None)
    journal = Journal(place.journal, FILES, chain_id=CHAIN, key=key.address)
    journal.read()
    for height in range(1, 9):
        journal.append(Followed(height=height))
    journal.close()


def journal_of(place: GatewayHome) -> Path:
    """The journal's file."""
    (found,) = place.journal.glob("payments-*.log")
    return found


def damage_journal(place: GatewayHome) -> None:
    data = bytearray(journal_of(place).read_bytes())
    data[len(data) // 2] ^= 1
    journal_of(place).write_bytes(data)


def copy_journal(place: GatewayHome) -> None:
    (place.journal / "payments-0123456789abcdef.log").write_bytes(b"")


def replace_key(place: GatewayHome) -> None:
    place.key.unlink()
    write_key(place.key, SigningKey.from_seed(b"\x01" * 32), KeyKind.ACCOUNT, None)


def set_text(text: str) -> Callable[[GatewayHome], object]:
    return lambda place: place.config.write_text(text)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (
            lambda place: place.config.unlink(),
            "there is no configuration; make one with: terang gateway init",
        ),
        (set_text("chain_id ="), "expected TOML"),
        (set_text("chain = 'a'"), "unknown key chain"),
        (set_text("[bank]\nurll = 'a'"), "unknown key bank.urll; did you mean bank.url?"),
        (set_text("[bank]\nurl = 'bank'"), 'bank.url: expected "http://host:port"'),
        (set_text("nodes = []"), "nodes: expected one or more different addresses"),
        (
            set_text("nodes = ['http://a:1', 'http://A:1/']"),
            "nodes: expected one or more different addresses",
        ),
        (set_text("genesis = 'abc'"), "genesis: expected 64 lower-case hexadecimal digits"),
        (lambda place: place.key.unlink(), "the key is not there"),
        (lambda place: place.key.chmod(0o644), "others may use this private key"),
        (
            lambda place: place.key.write_text("kind = 'account'"),
            "public_key: expected 64 hexadecimal digits",
        ),
        (damage_journal, "is damaged: a whole frame follows"),
        (copy_journal, "2 journals"),
        (replace_key, "the journal is of key"),
    ],
)
def test_a_start_is_refused_and_changes_nothing(
    home: GatewayHome, capsys: pytest.CaptureFixture[str], harm: Callable[[GatewayHome], object], words: str
) -> None:
    harm(home)
    before = {path: path.read_bytes() for path in home.journal.iterdir() if path.suffix == ".log"}
    assert main(home.path) == EXIT_FAULT
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith("terang: ") and words in told
    assert before == {path: path.read_bytes() for path in home.journal.iterdir() if path.suffix == ".log"}


def test_a_second_gateway_on_one_home_is_refused(
    home: GatewayHome, capsys: pytest.CaptureFixture[str]
) -> None:
    with locked(home.journal, FILES):
        assert main(home.path) == EXIT_FAULT
    assert "another gateway runs on this directory. End it first" in capsys.readouterr().err


def test_a_port_in_use_is_said_with_the_key_to_set(
    home: GatewayHome, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        write_config(home.config, GatewayConfig(chain_id=CHAIN, http=SiteConfig(port=port)))
        assert main(home.path) == EXIT_FAULT
    told = capsys.readouterr().err
    assert (
        f"address 127.0.0.1:{port}: Address already in use" in told
        and "set http.port in gateway.toml" in told
    )


def test_a_full_disk_ends_it_with_a_message(home: GatewayHome, capsys: pytest.CaptureFixture[str]) -> None:
    if os.geteuid() == 0:
        home.accounts.write_text("a file in the way")  # root writes anywhere else
    else:
        home.path.chmod(0o500)
    assert main(home.path) == EXIT_FAULT
    assert "cannot be used" in capsys.readouterr().err


def test_configuration_is_written_and_read(tmp_path: Path) -> None:
    config = GatewayConfig(
        chain_id="terang-jabar", nodes=("http://a:1", "https://b"), bank=BankConfig(poll_ms=60_000)
    )
    write_config(tmp_path / "gateway.toml", config)
    assert read_config(tmp_path / "gateway.toml") == config
