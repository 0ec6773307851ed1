"""The ledger's payment orders beside the bank's books: each released order paid exactly once, and not a unit more.

Pure: whoever holds it reads orders from a node and payments from the bank. Each released attempt has an end-to-end id that
follows from the ledger alone, and by it a payment at the bank is found, or found to belong to nobody.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from chain.payment import compute_end_to_end_id
from pilot.orders import Order, OrderState


class BankState(Enum):
    """What the bank says of a payment."""

    PENDING = "pending"
    BOOKED = "booked"
    REJECTED = "rejected"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class BankPayment:
    """A payment in the bank's books; the amount in minor units."""

    end_to_end_id: str
    amount: int
    currency: str
    state: BankState


@dataclass(frozen=True, slots=True, kw_only=True)
class BankBooks:
    """The bank's word: every payment that it was given, and by currency what left the treasury's account for good."""

    payments: tuple[BankPayment, ...]
    paid: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure as the ledger and as the bank has it."""

    name: str
    ledger: int
    bank: int

    @property
    def is_equal(self) -> bool:
        """Whether both say the same."""
        return self.ledger == self.bank


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What came of the comparison. `ordered` counts orders that were released at least once, `sent` each of their releases;
    sums are in minor units, one for each currency.
    """

    ordered: int
    sent: Row
    returned: Row
    settled: Row
    sums: tuple[Row, ...]
    faults: tuple[str, ...]

    @property
    def is_success(self) -> bool:
        """Whether every released order is paid exactly once or declined, and ledger and bank say the same."""
        return not self.faults and all(row.is_equal for row in (self.settled, *self.sums))


def settle(chain_id: str, orders: Sequence[Order], books: BankBooks) -> Settlement:
    """Compares all orders of a ledger with all payments of its bank."""
    known = {payment.end_to_end_id: payment for payment in books.payments}
    assert len(known) == len(books.payments), "a bank has one payment under each id"
    released = [order for order in orders if order.attempt > 0]
    faults: list[str] = []
    for order in released:
        ids = [compute_end_to_end_id(chain_id, order.number, attempt + 1) for attempt in range(order.attempt)]
        faults += _find_faults(order, [known.pop(id_, None) for id_ in ids])
    faults += [f"the bank has payment {id_}, of which the ledger has no order" for id_ in sorted(known)]
    states = Counter(order.state for order in released)
    at_bank = Counter(payment.state for payment in books.payments)
    return Settlement(
        ordered=len(released),
        sent=Row(name="sent", ledger=sum(order.attempt for order in released), bank=sum(at_bank.values())),
        returned=Row(
            name="returned",
            ledger=sum(order.returns for order in released),
            bank=at_bank[BankState.REJECTED] + at_bank[BankState.RETURNED],
        ),
        settled=Row(name="settled", ledger=states[OrderState.SETTLED], bank=at_bank[BankState.BOOKED]),
        sums=_sum(released, books),
        faults=tuple(faults),
    )


def _find_faults(order: Order, attempts: Sequence[BankPayment | None]) -> list[str]:
    """Where a released order was not paid exactly once, or a declined one was paid; what was declined the bank may not know."""
    name, state = f"order {order.number}", order.state
    booked = [one for one in attempts if one is not None and one.state is BankState.BOOKED]
    faults = []
    if state not in (OrderState.SETTLED, OrderState.DECLINED):
        faults.append(f"{name}: expected it to be settled or declined, got {state.name.lower()}")
    if len(booked) != (state is OrderState.SETTLED):
        faults.append(f"{name}: it is {state.name.lower()}, and the bank has paid it {len(booked)} times")
    if None in attempts and state is not OrderState.DECLINED:
        faults.append(f"{name}: the bank does not know release {attempts.index(None) + 1}")
    faults += [
        f"{name}: expected {order.currency} {order.net}, the bank paid {paid.currency} {paid.amount}"
        for paid in booked
        if (paid.currency, paid.amount) != (order.currency, order.net)
    ]
    return faults


def _sum(released: Sequence[Order], books: BankBooks) -> tuple[Row, ...]:
    ledger: Counter[str] = Counter()
    for order in released:
        if order.state is OrderState.SETTLED:
            ledger[order.currency] += order.net
    currencies = sorted({*ledger, *(currency for currency, paid in books.paid.items() if paid)})
    return tuple(
        Row(name=currency, ledger=ledger[currency], bank=books.paid.get(currency, 0))
        for currency in currencies
    )
