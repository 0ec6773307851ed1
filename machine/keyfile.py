"""Private keys in files: readable by their owner only, and encrypted where a passphrase is given.

A key file is a few lines of TOML that an operator can look at: what the key is for, its public half and address, and the
seed, plain or sealed. A passphrase goes through Argon2id, at the cost that the file states, into XSalsa20-Poly1305,
which tells a wrong passphrase from the right one. A file that others may read is refused, as by ssh.
"""

import os
import stat
import tomllib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from nacl.bindings import (
    crypto_pwhash_alg,
    crypto_pwhash_ALG_ARGON2ID13,
    crypto_secretbox,
    crypto_secretbox_open,
)
from nacl.exceptions import CryptoError
from nacl.exceptions import RuntimeError as NotDerived

from chain.errors import Malformed
from chain.keys import SEED_BYTES, Address, PublicKey, SigningKey, address_of, format_address
from chain.limits import KEY_FILE_BYTES_MAX, KEY_MEMORY_BYTES_MAX, KEY_OPERATIONS_MAX
from machine.faults import Damaged, DiskFault, Unusable, WrongLedger
from machine.files import DiskFiles, replace_file

_FILES = DiskFiles()
_SALT_BYTES = 16
_NONCE_BYTES = 24
_MEMORY_BYTES_MIN = 8_192  # Argon2's own
_SEALED_BYTES = SEED_BYTES + 16
_CIPHER = "argon2id-xsalsa20poly1305"
_RESTORE = "Restore the file from its backup"


class KeyKind(StrEnum):
    """What a key is for; one kind never stands in for another."""

    VALIDATOR = "validator"
    NODE = "node"
    ACCOUNT = "account"


class WrongPassphrase(DiskFault):
    """The passphrase does not open the file."""


class PassphraseNeeded(DiskFault):
    """The file is encrypted, and nobody is there to ask."""


class TooOpen(DiskFault):
    """Others than the owner may read the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCosts:
    """What one guess of a passphrase costs; the defaults take about half a second and 256 MB."""

    operations: int = 3
    memory_bytes: int = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInfo:
    """What can be told of a key file without its passphrase."""

    kind: KeyKind
    public: PublicKey
    is_encrypted: bool

    @property
    def address(self) -> Address:
        """Address of the key."""
        return address_of(self.public)


def write_key(
    path: Path,
    key: SigningKey,
    kind: KeyKind,
    passphrase: str | None,
    costs: KeyCosts = KeyCosts(),
) -> None:
    """Writes a new key file, encrypted if there is a passphrase. On disk when it returns.

    Raises:
        Unusable: there is a file already; a key is never written over.
    """
    if _FILES.read(path) is not None:
        raise Unusable(path, "there is a key already", "Move it away first if it is really no longer wanted")
    lines = [
        "# A private key of Terang. Whoever reads it can act as its owner.",
        f'kind = "{kind}"',
        f'public_key = "{key.public.hex()}"',
        f'address = "{format_address(key.address)}"',
    ]
    lines += [f'seed = "{key.seed.hex()}"'] if passphrase is None else _seal(key, passphrase, costs)
    _FILES.make_directory(path.parent)
    replace_file(_FILES, path, "\n".join([*lines, ""]).encode())


def read_key(path: Path, kind: KeyKind, ask: Callable[[], str] | None) -> SigningKey:
    """The key in the file; `ask` gives the passphrase and is called only if the file is encrypted.

    Raises:
        Unusable: there is none.
        TooOpen: others may read it.
        WrongLedger: a key of another kind.
        PassphraseNeeded: it is encrypted and `ask` is None.
        WrongPassphrase: it does not open.
        Damaged: not a whole key file.
    """
    fields = _read_fields(path)
    info = _read_info(path, fields)
    if info.kind is not kind:
        raise WrongLedger(
            path, f"expected a {kind} key, got a {info.kind} key", "Give the path of the right file"
        )
    if not info.is_encrypted:
        ask = None
    elif ask is None:
        raise PassphraseNeeded(
            path,
            "the key is encrypted",
            "Start where a passphrase can be asked for, or give it in TERANG_PASSPHRASE",
        )
    seed = _hex(path, fields, "seed", SEED_BYTES) if ask is None else _open_seal(path, fields, ask())
    key = SigningKey.from_seed(seed)
    if key.public != info.public:
        raise Damaged(path, "the seed does not belong to the public key", _RESTORE)
    return key


def read_key_info(path: Path) -> KeyInfo:
    """What the file says of itself; raises as `read_key`."""
    return _read_info(path, _read_fields(path))


def _seal(key: SigningKey, passphrase: str, costs: KeyCosts) -> list[str]:
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    sealed = crypto_secretbox(key.seed, nonce, _stretch(passphrase, salt, costs))
    return [
        f'cipher = "{_CIPHER}"',
        f"operations = {costs.operations}",
        f"memory_bytes = {costs.memory_bytes}",
        f'salt = "{salt.hex()}"',
        f'nonce = "{nonce.hex()}"',
        f'sealed_seed = "{sealed.hex()}"',
    ]


def _open_seal(path: Path, fields: dict[str, object], passphrase: str) -> bytes:
    if fields.get("cipher") != _CIPHER:
        raise Damaged(path, f"expected cipher {_CIPHER}, got {fields.get('cipher')!r}", _RESTORE)
    costs = KeyCosts(
        operations=_number(path, fields, "operations", 1, KEY_OPERATIONS_MAX),
        memory_bytes=_number(path, fields, "memory_bytes", _MEMORY_BYTES_MIN, KEY_MEMORY_BYTES_MAX),
    )
    salt = _hex(path, fields, "salt", _SALT_BYTES)
    nonce = _hex(path, fields, "nonce", _NONCE_BYTES)
    sealed = _hex(path, fields, "sealed_seed", _SEALED_BYTES)
    try:
        secret = _stretch(passphrase, salt, costs)
    except NotDerived:
        raise Unusable(
            path, f"opening it needs {costs.memory_bytes} bytes of memory", "Free some memory and try again"
        ) from None
    try:
        return crypto_secretbox_open(sealed, nonce, secret)
    except CryptoError:
        raise WrongPassphrase(path, "the passphrase does not open the key", "Try again") from None


def _stretch(passphrase: str, salt: bytes, costs: KeyCosts) -> bytes:
    given = unicodedata.normalize("NFC", passphrase).encode()
    return crypto_pwhash_alg(
        32, given, salt, costs.operations, costs.memory_bytes, crypto_pwhash_ALG_ARGON2ID13
    )


def _read_fields(path: Path) -> dict[str, object]:
    data = _FILES.read(path)
    if data is None:
        raise Unusable(path, "the key is not there", "Make one with: terang keys new")
    _check_permissions(path)
    try:
        if len(data) > KEY_FILE_BYTES_MAX:
            raise Malformed(f"expected at most {KEY_FILE_BYTES_MAX} bytes, got {len(data)}")
        return tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, Malformed) as error:
        raise Damaged(path, f"not a key file: {error}", _RESTORE) from error


def _check_permissions(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise TooOpen(path, f"others may use this private key (mode {mode:03o})", f"Run: chmod 600 {path}")


def _read_info(path: Path, fields: dict[str, object]) -> KeyInfo:
    kind = fields.get("kind")
    if kind not in tuple(KeyKind):
        raise Damaged(path, f"expected kind {', '.join(KeyKind)}, got {kind!r}", _RESTORE)
    public = PublicKey(_hex(path, fields, "public_key", 32))
    return KeyInfo(kind=KeyKind(str(kind)), public=public, is_encrypted="sealed_seed" in fields)


def _hex(path: Path, fields: dict[str, object], name: str, length: int) -> bytes:
    text = fields.get(name)
    try:
        data = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        data = b""
    if len(data) != length:
        raise Damaged(path, f"{name}: expected {2 * length} hexadecimal digits", _RESTORE)
    return data


def _number(path: Path, fields: dict[str, object], name: str, minimum: int, maximum: int) -> int:
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not minimum <= value <= maximum:
        raise Damaged(path, f"{name}: expected {minimum} to {maximum}, got {value!r}", _RESTORE)
    return value
