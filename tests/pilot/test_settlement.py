"""Ledger and bank side by side: what is equal, and every way in which it is not."""

from dataclasses import replace

import pytest

from chain.keys import Address
from chain.payment import compute_end_to_end_id
from pilot.orders import Order, OrderState
from pilot.settlement import BankBooks, BankPayment, BankState, Settlement, settle

CHAIN = "uji"
SETTLED = Order(
    number=1,
    supplier=Address(bytes(20)),
    currency="IDR",
    gross=100,
    net=98,
    state=OrderState.SETTLED,
    attempt=1,
    reference="M1",
    reason="",
)
TWICE = replace(SETTLED, number=2, attempt=2, net=50)
DECLINED = replace(SETTLED, number=3, currency="USD", state=OrderState.DECLINED, reference="AM12")


def payment(
    order: int,
    attempt: int = 1,
    *,
    amount: int = 98,
    currency: str = "IDR",
    state: BankState = BankState.BOOKED,
) -> BankPayment:
    """A payment of an order's attempt in the bank's books."""
    id_ = compute_end_to_end_id(CHAIN, order, attempt)
    return BankPayment(end_to_end_id=id_, amount=amount, currency=currency, state=state)


FIRST = payment(1)
BACK, AGAIN = payment(2, 1, amount=50, state=BankState.REJECTED), payment(2, 2, amount=50)


def compare(orders: list[Order], payments: list[BankPayment], **paid: int) -> Settlement:
    """The settlement of these."""
    return settle(CHAIN, orders, BankBooks(payments=tuple(payments), paid=paid))


def test_paid_once_each_is_equal_also_on_the_second_attempt_and_where_one_was_declined() -> None:
    found = compare([SETTLED, TWICE, DECLINED], [FIRST, BACK, AGAIN], IDR=148)
    assert found.is_success and found.faults == ()
    assert (found.ordered, found.sent.ledger, found.sent.bank) == (3, 4, 3)
    assert (found.returned.ledger, found.returned.bank) == (2, 1)
    assert [(row.name, row.ledger, row.bank) for row in found.sums] == [("IDR", 148, 148)]


def test_an_order_that_was_never_released_is_not_asked_about() -> None:
    requested = replace(SETTLED, number=9, state=OrderState.REQUESTED, attempt=0)
    assert compare([SETTLED, requested], [FIRST], IDR=98).is_success


@pytest.mark.parametrize(
    ("order", "payments", "paid", "fault"),
    [
        (SETTLED, [], 98, "order 1: it is settled, and the bank has paid it 0 times"),
        (SETTLED, [], 98, "order 1: the bank does not know release 1"),
        (TWICE, [payment(2, 1, amount=50), AGAIN], 50, "the bank has paid it 2 times"),
        (SETTLED, [payment(1, amount=97)], 98, "expected IDR 98, the bank paid IDR 97"),
        (SETTLED, [payment(1, currency="USD")], 98, "expected IDR 98, the bank paid USD 98"),
        (SETTLED, [FIRST, payment(7)], 98, "of which the ledger has no order"),
        (SETTLED, [FIRST, payment(1, 2)], 98, "of which the ledger has no order"),
        (replace(SETTLED, state=OrderState.SENT), [], 0, "expected it to be settled or declined, got sent"),
        (
            replace(SETTLED, state=OrderState.RETURNED),
            [FIRST],
            98,
            "it is returned, and the bank has paid it",
        ),
        (DECLINED, [payment(3, currency="USD")], 0, "it is declined, and the bank has paid it 1 times"),
    ],
)
def test_what_is_not_paid_exactly_once_is_named(
    order: Order, payments: list[BankPayment], paid: int, fault: str
) -> None:
    found = compare([order], payments, IDR=paid)
    assert not found.is_success
    assert any(fault in one for one in found.faults), found.faults


def test_the_banks_own_sum_must_be_the_ledgers_in_every_currency() -> None:
    assert not compare([SETTLED], [FIRST], IDR=99).is_success
    assert not compare([SETTLED], [FIRST], IDR=98, USD=1).is_success
    assert compare([SETTLED], [FIRST], IDR=98, USD=0).is_success
