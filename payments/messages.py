"""What treasury and bank say to each other, apart from how it is written (`payments.iso20022`). Amounts are in minor units."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Whose account: holder, BIC of the bank, and number there."""

    name: str
    bank: str
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """pain.001: pay so much from one account to the other. The amount is in minor units."""

    message_id: str
    created_ms: int
    day: str
    end_to_end_id: str
    debtor: Party
    creditor: Party
    amount: int
    currency: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """pain.002: ACCP, ACSC, PDNG, RJCT and the like, with a code and a reason where it is refused."""

    message_id: str
    created_ms: int
    original_message_id: str
    end_to_end_id: str
    status: str
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An entry on an account. `code` and `reason` are of a payment that came back."""

    reference: str
    day: str
    amount: int
    currency: str
    is_credit: bool
    end_to_end_id: str
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """camt.054: entries of an account as they are booked."""

    message_id: str
    created_ms: int
    account: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """camt.053: all entries of a day, and the balances before and after it (below zero: overdrawn)."""

    message_id: str
    created_ms: int
    account: str
    day: str
    currency: str
    opening: int
    closing: int
    lines: tuple[Line, ...]
