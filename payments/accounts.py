"""Suppliers' bank accounts: handed over by the supplier, kept sealed, found by the commitment on the ledger.

An account is a person's data: it is never on the ledger and never in the journal. Each lies in a file of its own, named
by its supplier and commitment, since a commitment is public and another supplier may state the same. It is sealed under a
key that follows from the treasury's key, so that a copy of the directory alone tells nothing. What is kept fits a
commitment that the ledger shows, so the directory grows no faster than the ledger.
Called from several threads: a file is whole or not there.
"""

import os
from collections import deque
from pathlib import Path

import msgspec
from nacl.bindings import (
    crypto_secretbox,
    crypto_secretbox_KEYBYTES,
    crypto_secretbox_NONCEBYTES,
    crypto_secretbox_open,
)
from nacl.exceptions import CryptoError

from chain.codec import as_array, as_bytes, as_text, decode, encode
from chain.errors import Malformed
from chain.hashing import Digest, tagged_hash
from chain.keys import ADDRESS_BYTES, Address, SigningKey, parse_address
from chain.limits import (
    ACCOUNT_BYTES_MAX,
    ACCOUNT_NAME_CHARACTERS_MAX,
    ACCOUNT_NUMBER_CHARACTERS_MAX,
    ACCOUNT_SALT_BYTES_MAX,
)
from chain.payment import BankAccount, compute_account_commitment
from machine.faults import Damaged
from machine.files import Files, replace_file
from payments.iso20022 import is_bic

_SALT_BYTES_MIN = 16
_FIELD_BYTES_MAX = 4 * ACCOUNT_NAME_CHARACTERS_MAX
_ADVICE = "Move it away, and let the supplier hand the account over again"


class _HandedOver(msgspec.Struct, forbid_unknown_fields=True):
    supplier: str
    holder: str
    bank: str
    number: str
    salt: str


def parse_account(body: bytes) -> tuple[Address, BankAccount]:
    """Whose account is handed over, and which: JSON. Raises `Malformed`."""
    try:
        given = msgspec.json.decode(body, type=_HandedOver)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Malformed(
            f"account: expected JSON with supplier, holder, bank, number, salt: {error}"
        ) from None
    try:
        salt = bytes.fromhex(given.salt)
    except ValueError:
        raise Malformed("salt: expected hexadecimal digits") from None
    if not _SALT_BYTES_MIN <= len(salt) <= ACCOUNT_SALT_BYTES_MAX:
        raise Malformed(
            f"salt: expected {_SALT_BYTES_MIN} to {ACCOUNT_SALT_BYTES_MAX} bytes, got {len(salt)}"
        )
    _check_text("holder", given.holder, ACCOUNT_NAME_CHARACTERS_MAX)
    _check_text("number", given.number, ACCOUNT_NUMBER_CHARACTERS_MAX)
    if not is_bic(given.bank):
        raise Malformed("bank: expected a BIC of 8 or 11 capitals and digits")
    account = BankAccount(holder=given.holder, bank=given.bank, number=given.number, salt=salt)
    return parse_address(given.supplier), account


def _check_text(what: str, text: str, characters_max: int) -> None:
    if not 1 <= len(text) <= characters_max or not text.isprintable() or text != text.strip():
        raise Malformed(
            f"{what}: expected 1 to {characters_max} printable characters, no space at either end"
        )


class Accounts:
    """The directory of sealed accounts."""

    def __init__(self, directory: Path, files: Files, key: SigningKey) -> None:
        """Makes the directory if it is not there; raises `DiskFault` where it cannot be used."""
        self._directory = directory
        self._files = files
        self._secret = tagged_hash("payments accounts", key.seed)[:crypto_secretbox_KEYBYTES]
        self._arrived: deque[Address] = deque(maxlen=1_000)
        files.make_directory(directory)

    def keep(self, supplier: Address, account: BankAccount) -> Digest:
        """Keeps an account that fits the ledger; on disk when it returns. Its commitment."""
        commitment = compute_account_commitment(account)
        content = encode((supplier, account.holder, account.bank, account.number, account.salt))
        nonce = os.urandom(crypto_secretbox_NONCEBYTES)
        sealed = nonce + crypto_secretbox(content, nonce, self._secret)
        replace_file(self._files, self._place(supplier, commitment), sealed)
        self._arrived.append(supplier)
        return commitment

    def find(self, supplier: Address, commitment: bytes) -> BankAccount | None:
        """The supplier's account that fits the commitment, if it was handed over. Raises `Damaged`."""
        place = self._place(supplier, commitment)
        sealed = self._files.read(place)
        if sealed is None:
            return None
        owner, account = self._open(place, sealed)
        if owner != supplier or compute_account_commitment(account) != commitment:
            raise Damaged(place, "it holds another account than its name says", _ADVICE)
        return account

    def take_arrived(self) -> list[Address]:
        """Suppliers that handed an account over since the last call."""
        taken: list[Address] = []
        while self._arrived:
            taken.append(self._arrived.popleft())
        return taken

    def _place(self, supplier: Address, commitment: bytes) -> Path:
        return self._directory / f"{supplier.hex()}-{commitment.hex()}.account"

    def _open(self, place: Path, sealed: bytes) -> tuple[Address, BankAccount]:
        nonce, box = sealed[:crypto_secretbox_NONCEBYTES], sealed[crypto_secretbox_NONCEBYTES:]
        try:
            content = crypto_secretbox_open(box, nonce, self._secret)
            owner, holder, bank, number, salt = as_array(
                decode(content, bytes_max=ACCOUNT_BYTES_MAX), "account", 5
            )
            return Address(as_bytes(owner, "supplier", ADDRESS_BYTES)), BankAccount(
                holder=as_text(holder, "holder", length_max=_FIELD_BYTES_MAX),
                bank=as_text(bank, "bank", length_max=_FIELD_BYTES_MAX),
                number=as_text(number, "number", length_max=_FIELD_BYTES_MAX),
                salt=as_bytes(salt, "salt", length_max=ACCOUNT_SALT_BYTES_MAX),
            )
        except (CryptoError, ValueError, Malformed) as error:
            reason = (
                f"it cannot be opened: {error}; it is damaged, or was sealed under another treasury's key"
            )
            raise Damaged(place, reason, _ADVICE) from error
