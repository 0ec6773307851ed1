"""Signing what a portal prepared, away from any portal and network."""

from base64 import b64decode, b64encode
from pathlib import Path

import pytest

from chain.transaction import check_transaction, decode_transaction, encode_unsigned
from machine.keyfile import KeyKind, write_key
from tests.chain.making import CHAIN, make_key, make_transaction
from tests.cli.running import Terminal

RAW = make_transaction(1)
UNSIGNED = b64encode(encode_unsigned(decode_transaction(RAW))).decode()


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The sender's key in its file."""
    path = tmp_path / "my.key"
    write_key(path, make_key(1_001), KeyKind.ACCOUNT, None)
    return path


def test_what_was_prepared_is_shown_and_signed(terminal: Terminal, tmp_path: Path, key: Path) -> None:
    file = tmp_path / "unsigned.txt"
    file.write_text(f"{UNSIGNED[:30]}\n{UNSIGNED[30:]}\n")
    ran = terminal.run("tx", "sign", file, "--key", key, "--yes")
    assert ran.code == 0, ran.err
    assert b64decode(ran.out) == RAW and check_transaction(b64decode(ran.out), CHAIN).raw == RAW
    assert "tender.publish" in ran.err and CHAIN in ran.err


def test_it_is_read_from_standard_input_too(terminal: Terminal, key: Path) -> None:
    assert b64decode(terminal.run("tx", "sign", "-", "--key", key, "--yes", given=UNSIGNED).out) == RAW


def test_nobody_signs_without_being_asked(terminal: Terminal, key: Path) -> None:
    ran = terminal.run("tx", "sign", "-", "--key", key, given=UNSIGNED)
    assert (ran.code, ran.out) == (2, "") and "--yes" in ran.err


def test_another_key_or_other_text_is_told(terminal: Terminal, tmp_path: Path, key: Path) -> None:
    other = tmp_path / "other.key"
    write_key(other, make_key(5), KeyKind.ACCOUNT, None)
    assert "to be signed by" in terminal.run("tx", "sign", "-", "--key", other, "--yes", given=UNSIGNED).err
    for text in ("%%%", "", "AAAA", b64encode(RAW).decode()):
        ran = terminal.run("tx", "sign", "-", "--key", key, "--yes", given=text)
        assert (ran.code, ran.out) == (2, "") and "Traceback" not in ran.err
