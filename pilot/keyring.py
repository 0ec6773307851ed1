"""The keys of a run: agency operators' keys are given, officers' and suppliers' keys are made from them.

Made, not drawn: the same operators give the same officers and suppliers, so that a second run on a network
finds its people registered. The keys of sealed envelopes are made from the bidder's in the same way. Good for
a pilot, where one person plays all parts; real officers and suppliers make their own keys and show them to
nobody.
"""

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from chain.hashing import sha256, tagged_hash
from chain.keys import Address, SigningKey
from chain.limits import ACCOUNT_NAME_CHARACTERS_MAX
from chain.payment import BankAccount

BANKS = ("BRINIDJA", "BMRIIDJA", "BNINIDJA", "BTANIDJA")
"""BICs of banks that a run's suppliers have their accounts with."""
CLOSED_ENDING = "0000"
"""The sandbox bank takes an account whose number ends so for closed: it pays nothing to it."""
CLOSED_SHARE = 8
"""One in so many suppliers states a closed account first, whatever the run, so that it is seen what follows."""
_NUMBER_DIGITS = 12
KEYS_KEPT = 20_000  # suppliers' keys remembered; making one costs 30 µs


class Part(Enum):
    """Whose key signs. The value is part of the key's derivation."""

    OPERATOR = "operator"
    COMMITMENT_OFFICER = "commitment officer"
    SELECTION_GROUP = "selection group"
    BUDGET_AUTHORITY = "budget authority"
    PAYMENT_OFFICER = "payment officer"
    SUPPLIER = "supplier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A part and a name: of the agency, or of the supplier as the record has it."""

    part: Part
    name: str


class Keyring:
    """Keys by person. `operators` maps each agency's name to its operator's key."""

    def __init__(self, operators: dict[str, SigningKey]) -> None:
        assert operators, "a pilot needs at least one agency's operator"
        self._operators = dict(sorted(operators.items()))
        first = next(iter(self._operators.values()))
        self._supplier_seed = tagged_hash("pilot suppliers", first.seed)
        self._made = lru_cache(maxsize=KEYS_KEPT)(self._make)

    @property
    def agencies(self) -> tuple[str, ...]:
        """Names of the agencies, sorted."""
        return tuple(self._operators)

    def key_of(self, person: Person) -> SigningKey:
        """The person's signing key."""
        if person.part is Part.OPERATOR:
            return self._operators[person.name]
        return self._made(person)

    def address_of(self, person: Person) -> Address:
        """The person's address."""
        return self.key_of(person).address

    def envelope_key(self, person: Person, context: bytes) -> bytes:
        """32 bytes that seal one envelope of a supplier, for the context of that envelope alone."""
        return tagged_hash("pilot envelope", self.key_of(person).seed + context)

    def accounts_of(self, supplier: Person, holder: str) -> tuple[BankAccount, ...]:
        """Made-up bank accounts of a supplier, in the order in which it states them: the next when one proves closed."""
        open_account = self._account_of(supplier, holder, is_closed=False)
        if sha256(supplier.name.encode())[0] % CLOSED_SHARE:
            return (open_account,)
        return self._account_of(supplier, holder, is_closed=True), open_account

    def _account_of(self, supplier: Person, holder: str, *, is_closed: bool) -> BankAccount:
        seed = self.key_of(supplier).seed
        kind = "closed account" if is_closed else "account"
        digits = f"{int.from_bytes(tagged_hash(f'pilot {kind} number', seed)[:8], 'big'):0{_NUMBER_DIGITS}}"
        ending = CLOSED_ENDING if is_closed else digits[-4:].replace("0", "1")
        return BankAccount(
            holder=_as_holder(holder) or "Penyedia",
            bank=BANKS[int(digits[0]) % len(BANKS)],
            number=digits[: _NUMBER_DIGITS - len(ending)] + ending,
            salt=tagged_hash(f"pilot {kind} salt", seed),
        )

    def _make(self, person: Person) -> SigningKey:
        if person.part is Part.SUPPLIER:
            return SigningKey.from_seed(tagged_hash("pilot key", self._supplier_seed + person.name.encode()))
        seed = self._operators[person.name].seed
        return SigningKey.from_seed(tagged_hash("pilot key", seed + person.part.value.encode()))


def _as_holder(name: str) -> str:
    """As much of a name as a payment message takes."""
    printable = "".join(sign if sign.isprintable() else " " for sign in name)
    return printable.strip()[:ACCOUNT_NAME_CHARACTERS_MAX].strip()


def operator_of(agency: str) -> Person:
    """The operator of an agency."""
    return Person(part=Part.OPERATOR, name=agency)


def commitment_officer_of(agency: str) -> Person:
    """The commitment officer (PPK) of an agency."""
    return Person(part=Part.COMMITMENT_OFFICER, name=agency)


def selection_group_of(agency: str) -> Person:
    """The selection group (Pokja) of an agency."""
    return Person(part=Part.SELECTION_GROUP, name=agency)


def budget_authority_of(agency: str) -> Person:
    """The budget authority (PA/KPA) of an agency."""
    return Person(part=Part.BUDGET_AUTHORITY, name=agency)


def payment_officer_of(agency: str) -> Person:
    """The payment officer (PPSPM) of an agency."""
    return Person(part=Part.PAYMENT_OFFICER, name=agency)


def supplier_named(name: str) -> Person:
    """A supplier by its id in the record."""
    return Person(part=Part.SUPPLIER, name=name)
