"""What an attempt is told. Facts change it for good and are kept in the journal; the rest passes, and may be lost in a crash."""

from dataclasses import dataclass
from typing import TypeAlias

from payments.attempt import Release, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """The ledger released it. `earlier` names what forbids to pay it: an earlier attempt that is booked."""

    release: Release
    standing: Standing
    at_ms: int
    earlier: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFound:
    """An account was handed over that fits the supplier's commitment on the ledger."""

    commitment: bytes
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GaveUp:
    """It is not paid, for a reason of this gateway's."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The bank has it and has not refused it (pain.002)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The bank does not carry it out (pain.002)."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """An entry that takes it from our account (camt.054, camt.053)."""

    amount: int
    currency: str
    reference: str
    day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CameBack:
    """An entry that brings it back to our account."""

    amount: int
    currency: str
    reference: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the ledger shows of it now."""

    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReplaced:
    """Before it was ever sent, the supplier stated another account: the one that was found is not paid to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotKnown:
    """The bank, asked by the end-to-end id, does not know it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """The bank was not reached, or what came cannot be understood or is about something else."""

    why: str
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """It was not given to the bank: nodes do not confirm it, or its account cannot be read."""

    why: str
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReported:
    """The ledger did not take the report."""

    why: str
    now_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """The process began anew; what was under way is in doubt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Time passes."""

    now_ms: int


Fact: TypeAlias = (
    Released | AccountFound | GaveUp | Accepted | Rejected | Booked | CameBack | Shown | AccountReplaced
)
"""What the journal keeps."""
Passing: TypeAlias = NotKnown | NoAnswer | NotSent | NotReported | Resumed | Tick
"""What is forgotten in a crash, and may be."""
Input: TypeAlias = Fact | Passing
