"""Keys come back as they were written; wrong passphrases, open permissions and damage each have their own error."""

from collections.abc import Callable
from pathlib import Path

import pytest

from machine.faults import Damaged, DiskFault, Unusable, WrongLedger
from machine.keyfile import (
    KeyCosts,
    KeyKind,
    PassphraseNeeded,
    TooOpen,
    WrongPassphrase,
    read_key,
    read_key_info,
    write_key,
)
from tests.chain.making import make_key

KEY = make_key(7)
CHEAP = KeyCosts(operations=1, memory_bytes=8_192)
PASSPHRASE = "kunci r\u00e9publik"


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A plain key file."""
    path = tmp_path / "keys" / "validator.key"
    write_key(path, KEY, KeyKind.VALIDATOR, None)
    return path


@pytest.fixture
def encrypted(tmp_path: Path) -> Path:
    """An encrypted key file."""
    path = tmp_path / "keys" / "node.key"
    write_key(path, KEY, KeyKind.NODE, PASSPHRASE, CHEAP)
    return path


def never() -> str:
    pytest.fail("a plain key needs no passphrase")


def test_plain_key_comes_back_without_asking(plain: Path) -> None:
    assert read_key(plain, KeyKind.VALIDATOR, None) == KEY
    assert read_key(plain, KeyKind.VALIDATOR, never) == KEY


def test_encrypted_key_comes_back(encrypted: Path) -> None:
    assert read_key(encrypted, KeyKind.NODE, lambda: PASSPHRASE) == KEY
    assert KEY.seed.hex() not in encrypted.read_text()


def test_same_letters_in_another_form_open_it(encrypted: Path) -> None:
    assert read_key(encrypted, KeyKind.NODE, lambda: "kunci re\u0301publik") == KEY


def test_file_is_the_owners_alone(plain: Path) -> None:
    assert plain.stat().st_mode & 0o777 == 0o600
    assert plain.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("is_encrypted", [False, True])
def test_information_needs_no_passphrase(plain: Path, encrypted: Path, is_encrypted: bool) -> None:
    info = read_key_info(encrypted if is_encrypted else plain)
    assert (info.public, info.address, info.is_encrypted) == (KEY.public, KEY.address, is_encrypted)


def test_key_is_never_written_over(plain: Path) -> None:
    with pytest.raises(Unusable, match="a key already"):
        write_key(plain, make_key(8), KeyKind.VALIDATOR, None)
    assert read_key(plain, KeyKind.VALIDATOR, None) == KEY


def test_wrong_passphrase(encrypted: Path) -> None:
    with pytest.raises(WrongPassphrase):
        read_key(encrypted, KeyKind.NODE, lambda: "something else")


def test_nobody_to_ask(encrypted: Path) -> None:
    with pytest.raises(PassphraseNeeded):
        read_key(encrypted, KeyKind.NODE, None)


def test_other_kind(plain: Path) -> None:
    with pytest.raises(WrongLedger, match="expected a node key, got a validator key"):
        read_key(plain, KeyKind.NODE, None)


def test_missing_file_tells_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="terang keys new"):
        read_key(tmp_path / "none.key", KeyKind.NODE, None)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_file_that_others_may_read_is_refused(plain: Path, mode: int) -> None:
    plain.chmod(mode)
    with pytest.raises(TooOpen, match="chmod 600"):
        read_key(plain, KeyKind.VALIDATOR, None)


CHANGES: dict[str, Callable[[str], str]] = {
    "not TOML": lambda text: text + "\n???",
    "kind": lambda text: text.replace('"node"', '"baker"'),
    "public key": lambda text: text.replace(KEY.public.hex(), make_key(9).public.hex()),
    "short salt": lambda text: text.replace('salt = "', 'salt = "0').replace('nonce = "0', 'nonce = "'),
    "no hex": lambda text: text.replace('sealed_seed = "', 'sealed_seed = "x'),
    "cipher": lambda text: text.replace("argon2id", "rot13"),
    "costs": lambda text: text.replace("operations = 1", "operations = 1000000"),
    "memory": lambda text: text.replace("memory_bytes = 8192", "memory_bytes = 1"),
    "cut": lambda text: text[: len(text) // 2],
    "too long": lambda text: text + "#" * 10_000,
}


@pytest.mark.parametrize("name", CHANGES)
def test_damage_is_named(encrypted: Path, name: str) -> None:
    encrypted.write_text(CHANGES[name](encrypted.read_text()))
    with pytest.raises(Damaged, match=r"node\.key: .*backup"):
        read_key(encrypted, KeyKind.NODE, lambda: PASSPHRASE)


def test_file_that_is_not_text(plain: Path) -> None:
    plain.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Damaged, match="not a key file"):
        read_key(plain, KeyKind.VALIDATOR, None)


def test_seed_is_in_no_error(encrypted: Path) -> None:
    with pytest.raises(DiskFault) as caught:
        read_key(encrypted, KeyKind.NODE, lambda: "wrong")
    assert KEY.seed.hex() not in str(caught.value)
    assert KEY.seed.hex() not in repr(KEY)
