"""How far a tender came after its award: to the last payment, or exactly one reason why not."""

from enum import Enum

from pilot.acts import Outcome
from pilot.orders import OrderState


class Ending(Enum):
    """Where a tender ended. The list is closed; the value is what people read."""

    PAID = "paid: every milestone accepted and settled by the bank, and the agreements closed"
    NO_WINNER = "no contract: the tender failed, since no bid was valid"
    NOT_PAYABLE = "declined: the bank has no account in the currency, or no message can state the amount"
    RELEASED = "released: accepted and released for payment; no gateway was there to pay"
    UNFINISHED = "unfinished"


def find_ending(outcome: Outcome) -> Ending:
    """The ending of a tender whose people have done all they do."""
    states = {order.state for order in outcome.orders}
    if not outcome.winners:
        return Ending.NO_WINNER
    if states == {OrderState.SETTLED}:
        return Ending.PAID
    if OrderState.DECLINED in states and states <= {OrderState.SETTLED, OrderState.DECLINED}:
        return Ending.NOT_PAYABLE
    return Ending.RELEASED if states == {OrderState.APPROVED} else Ending.UNFINISHED
