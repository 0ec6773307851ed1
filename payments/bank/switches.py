"""How the bank can be told to misbehave: for the next so many payments, of one account or one end-to-end id or any."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What it does instead of its duty."""

    REJECT = "reject"
    DELAY = "delay"
    RETURN = "return"
    TWICE = "twice"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_ID = "wrong_id"
    MALFORMED = "malformed"
    CLOSE_BEFORE = "close_before"
    CLOSE_AFTER = "close_after"
    AWAY = "away"


EXPLAINED: dict[Kind, str] = {
    Kind.REJECT: "refuses a payment, with the code",
    Kind.DELAY: "books only after so many seconds",
    Kind.RETURN: "books, and brings the money back after so many seconds, with the code",
    Kind.TWICE: "tells of a booking in two notifications",
    Kind.WRONG_AMOUNT: "notifies one unit more than it booked; the statement is right",
    Kind.WRONG_ID: "answers about another end-to-end id",
    Kind.MALFORMED: "answers with half a message",
    Kind.CLOSE_BEFORE: "ends the connection before it reads the payment",
    Kind.CLOSE_AFTER: "takes the payment, and ends the connection without an answer",
    Kind.AWAY: "ends the connection of every request",
}
"""In a person's words, for the page and the reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One order to misbehave; empty `account` and `end_to_end_id` mean any."""

    kind: Kind
    times: int = 1
    account: str = ""
    end_to_end_id: str = ""
    seconds: int = 0
    code: str = ""


CLOSED_ENDING = "0000"
"""An account at another bank whose number ends so is closed: no switch is needed to see a payment refused."""


def is_closed(number: str) -> bool:
    """Whether the bank refuses to pay to an account of this number."""
    return number.endswith(CLOSED_ENDING)
