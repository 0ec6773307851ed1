"""One attempt to pay an order: what the ledger released, where it stands with the bank, and what the ledger shows of it."""

from dataclasses import dataclass
from enum import Enum, IntEnum, auto

from chain.keys import Address
from payments.amounts import is_payable


class Stage(Enum):
    """Where an attempt stands between ledger and bank."""

    WAITING = auto()  # released; nobody has handed over an account that fits
    INTENDED = auto()  # on record here; whether the bank has it, the bank knows
    ACCEPTED = auto()  # the bank has it
    PAID = auto()  # the bank booked it
    REJECTED = auto()  # the bank does not carry it out
    RETURNED = auto()  # the bank booked it, and it came back
    REFUSED = auto()  # never given to the bank


class Standing(IntEnum):
    """What the ledger shows of this attempt; it only grows."""

    APPROVED = 2
    SENT = 3
    SETTLED = 4
    RETURNED = 5
    OVER = 6  # the order is at a later attempt


class Report(Enum):
    """What the ledger is to be told."""

    SENT = auto()
    SETTLED = auto()
    RETURNED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """An order as the ledger released it. Amounts are whole minor units."""

    order: int
    attempt: int
    end_to_end_id: str
    agency: str
    supplier: Address
    currency: str
    gross: int
    penalty: int
    deductions: int
    tax: int
    net: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    """How long the gateway waits before it does something again, in milliseconds."""

    again_ms: int = 2_000
    again_max_ms: int = 60_000
    status_ms: int = 30_000
    account_ms: int = 3 * 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt; the last six fields do not outlive the process."""

    release: Release
    stage: Stage = Stage.WAITING
    standing: Standing = Standing.APPROVED
    released_ms: int = 0
    commitment: bytes = b""
    intended_ms: int = 0
    reference: str = ""
    booked_on: str = ""
    return_reference: str = ""
    code: str = ""
    reason: str = ""
    is_at_bank: bool = False
    is_at_ledger: bool = False
    tries: int = 0
    bank_from_ms: int = 0
    reports_refused: int = 0
    ledger_from_ms: int = 0

    @property
    def is_over(self) -> bool:
        """Whether nothing is due any more; the money may still come back."""
        return self.stage not in OPEN_STAGES and next_report(self) is None


OPEN_STAGES = frozenset({Stage.WAITING, Stage.INTENDED, Stage.ACCEPTED})
"""Of which the end is not known."""
STAGES_AT_BANK = frozenset({Stage.INTENDED, Stage.ACCEPTED})
"""In which the bank is asked."""
STAGES_BACK = frozenset({Stage.REJECTED, Stage.RETURNED, Stage.REFUSED})
"""In which the payment officer has it again."""


def next_report(attempt: Attempt) -> Report | None:
    """What the ledger does not show yet and must."""
    standing = attempt.standing
    if attempt.stage is Stage.ACCEPTED and standing is Standing.APPROVED:
        return Report.SENT
    if attempt.stage is Stage.PAID and standing < Standing.SETTLED:
        return Report.SETTLED
    if attempt.stage in STAGES_BACK and standing < Standing.RETURNED:
        return Report.RETURNED
    return None


def find_misfit(release: Release) -> str:
    """Why an order cannot be paid as it stands; empty if it can."""
    net = release.gross - release.penalty - release.deductions - release.tax
    if net != release.net:
        return f"the order's net is {release.net}, and what is left of its gross is {net}"
    if not is_payable(release.net, release.currency):
        return f"{release.currency} {release.net} cannot be written into a payment message"
    return ""
