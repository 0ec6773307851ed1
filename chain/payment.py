"""How a payment order is named to the bank: everybody who reads the ledger computes the same name."""

from chain.codec import encode
from chain.hashing import tagged_hash

END_TO_END_ID_CHARACTERS = 35
"""What ISO 20022 allows (Max35Text)."""

_PREFIX = "TRG"
_DIGITS = END_TO_END_ID_CHARACTERS - len(_PREFIX)


def compute_end_to_end_id(chain_id: str, order: int, attempt: int) -> str:
    """The end-to-end id of one attempt to pay an order: 35 characters, upper-case letters and digits.

    An order that is released again after the bank returned it is another attempt with another id, so that a bank which
    never carries out one id twice never pays an order twice.
    """
    return _PREFIX + tagged_hash("payment", encode((chain_id, order, attempt))).hex().upper()[:_DIGITS]
