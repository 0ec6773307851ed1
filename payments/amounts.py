"""Amounts as messages have them: decimal digits with the currency's places; within, whole minor units."""

import re

from chain.errors import Malformed

PLACES: dict[str, int] = {"IDR": 0, "JPY": 0, "EUR": 2, "INR": 2, "SGD": 2, "USD": 2}
"""Decimal places of the ledger's minor units. The rupiah's sen is out of use, and the ledger counts rupiah."""

_DIGITS = 18  # totalDigits of ISO 20022 amounts
_DECIMAL = re.compile(r"(\d{1,18})(?:\.(\d{1,5}))?", re.ASCII)


def is_payable(amount: int, currency: str) -> bool:
    """Whether a payment message can state it."""
    return currency in PLACES and 0 < amount < 10**_DIGITS


def format_amount(amount: int, currency: str) -> str:
    """`1250` of EUR is `12.50`; the currency must be in `PLACES`."""
    places = PLACES[currency]
    digits = f"{amount:0{places + 1}d}"
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits


def parse_amount(text: str, currency: str) -> int:
    """Minor units of what a message states. Raises `Malformed`: no decimal, an unknown currency, or parts of a minor unit."""
    if currency not in PLACES:
        raise Malformed(f"currency: expected one of {', '.join(sorted(PLACES))}, got {currency!r}")
    found = _DECIMAL.fullmatch(text)
    if found is None or len(found[1] + (found[2] or "")) > _DIGITS:
        raise Malformed(f"amount: expected up to {_DIGITS} digits such as 1250.00, got {text!r}")
    places, fraction = PLACES[currency], found[2] or ""
    if fraction[places:].strip("0"):
        raise Malformed(f"amount: expected {places} decimal places of {currency}, got {text!r}")
    return int(found[1] + fraction[:places].ljust(places, "0"))
