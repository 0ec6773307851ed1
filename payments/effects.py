"""What an attempt asks for, carried out in the order given: `Write` first, and nothing after it before it is on disk."""

from dataclasses import dataclass
from typing import TypeAlias

from payments.attempt import Report
from payments.inputs import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Put the fact into the journal; the effects after it wait until it is on disk."""

    fact: Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class FindAccount:
    """Look for an account that fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Ask the bank for the status by end-to-end id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Give the payment to the bank."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """Report to the ledger, unless it shows it already."""

    report: Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Tell people."""

    text: str


Effect: TypeAlias = Write | FindAccount | Ask | Send | Tell | Alarm
