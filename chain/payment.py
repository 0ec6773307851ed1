"""How a payment order and a supplier's account are named: everybody computes the same names from the same facts."""

from dataclasses import dataclass

from chain.codec import encode
from chain.hashing import Digest, tagged_hash

END_TO_END_ID_CHARACTERS = 35
"""What ISO 20022 allows (Max35Text)."""

_PREFIX = "TRG"
_DIGITS = END_TO_END_ID_CHARACTERS - len(_PREFIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAccount:
    """Where a supplier is paid: holder, BIC of the bank (ISO 9362), and account number.

    None of it is on the ledger: that has only `compute_account_commitment`, which the salt (32 random bytes) keeps from
    being guessed.
    """

    holder: str
    bank: str
    number: str
    salt: bytes


def compute_account_commitment(account: BankAccount) -> Digest:
    """What a supplier states on the ledger (`registry.set_account`) of the account that it hands to the treasury."""
    return tagged_hash("account", encode((account.holder, account.bank, account.number, account.salt)))


def compute_end_to_end_id(chain_id: str, order: int, attempt: int) -> str:
    """The end-to-end id of one attempt to pay an order: 35 characters, upper-case letters and digits.

    An order that is released again after the bank returned it is another attempt with another id, so that a bank which
    never carries out one id twice never pays an order twice.
    """
    return _PREFIX + tagged_hash("payment", encode((chain_id, order, attempt))).hex().upper()[:_DIGITS]
