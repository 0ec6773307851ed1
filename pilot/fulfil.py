"""One award from the contract to the last payment, as its people would do it. Pure, like `pilot.conduct`.

Each winner signs for its price in two milestones, delivers both, and is paid for both. Everything up to the release of the
money is on the ledger alone; whether the money came, the treasury's gateway tells, and only where there is one is it
waited for. A payment that the bank returned is released once more.
"""

from dataclasses import dataclass

from chain.codec import Value, as_array, as_text, as_uint
from chain.keys import Address
from chain.payment import compute_account_commitment
from chain.transaction import Call
from pilot import calls, gas
from pilot.acts import Act, Ask, HandOver, Order, OrderState, Part, Refused, Sleep, Stage, Winner, must
from pilot.keyring import Keyring, Person, commitment_officer_of, payment_officer_of, supplier_named

DUE_IN_MS = 86_400_000  # milestones of a run are delivered at once
TAX_BPS = 150  # income tax (PPh 22) that a payment officer withholds
ASK_AGAIN_MS = 500
PATIENCE_MS = 300_000  # so long for the bank's answer to every order of one agreement
RELEASES_MAX = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """One winner to contract with."""

    tender: bytes
    agency: str
    winner: Winner
    supplier: Address


def fulfil(award: Award, keyring: Keyring, *, is_paid: bool) -> Part[tuple[Order, ...]]:
    """Contract, deliveries and payments of one award; `is_paid`: a gateway is there, and its answers are waited for."""
    agreement = calls.agreement_id(award.tender, award.supplier)
    officer, supplier = commitment_officer_of(award.agency), supplier_named(award.winner.bidder)
    amounts = split_price(award.winner.price)
    if is_paid:
        yield from _state_account(award, keyring, supplier)
    now_ms = (yield Stage(name="contract")).now_ms
    drafting = calls.draft_agreement(award.tender, award.supplier, amounts, now_ms + DUE_IN_MS)
    yield from must(_act(officer, drafting, gas.DRAFT))
    signature = calls.sign_agreement(agreement)
    yield from must(*(_act(one, signature, gas.SIGN) for one in (officer, supplier)))
    yield Stage(name="delivery")
    reports = [calls.report_delivery(agreement, number, amount) for number, amount in enumerate(amounts, 1)]
    delivered = yield from _numbers(*(_act(supplier, call, gas.REPORT) for call in reports))
    accepted = yield from _numbers(
        *(_act(officer, calls.accept_delivery(agreement, number), gas.ACCEPT) for number in delivered)
    )
    yield Stage(name="payment")
    officer_of_payments = payment_officer_of(award.agency)
    releases = [
        _release(officer_of_payments, number, amount)
        for number, amount in zip(accepted, amounts, strict=True)
    ]
    yield from must(*releases)
    orders = yield from (_wait_for_bank(accepted, officer_of_payments) if is_paid else _read_orders(accepted))
    closing = calls.close_agreement(agreement)
    yield from must(_act(officer, closing, gas.CLOSE))
    return orders


def _state_account(award: Award, keyring: Keyring, supplier: Person) -> Part[None]:
    """The supplier commits itself to its account on the ledger, and hands the account to the treasury."""
    account = keyring.account_of(supplier, award.winner.bidder)
    stating = calls.set_account(compute_account_commitment(account))
    yield from must(_act(supplier, stating, gas.SET_ACCOUNT))
    yield HandOver(supplier=award.supplier, account=account)


def split_price(price: int) -> tuple[int, ...]:
    """The amounts of two milestones, of one where there is nothing to share."""
    return (price,) if price == 1 else (price // 2, price - price // 2)


def compute_tax(gross: int) -> int:
    """What is withheld of a gross amount: rounded down, so that something is always left."""
    return gross * TAX_BPS // 10_000


def read_order(value: Value) -> tuple[Order, int]:
    """An order as the contract's record has it, and its gross amount."""
    fields = as_array(value, "order", 23)
    order = Order(
        number=as_uint(fields[0], "number"),
        currency=as_text(fields[7], "currency", length_max=3),
        net=_amount(fields[12]),
        state=OrderState(as_uint(fields[13], "state")),
        attempt=as_uint(fields[14], "attempt"),
    )
    return order, _amount(fields[8])


def _amount(value: Value) -> int:
    """A uint in its ABI form: beyond 64 bits as 32 bytes."""
    return int.from_bytes(value, "big") if isinstance(value, bytes) else as_uint(value, "amount")


def _wait_for_bank(numbers: tuple[int, ...], officer: Person) -> Part[tuple[Order, ...]]:
    """Until every order is settled; what comes back is released again, a few times."""
    start_ms = (yield Sleep(until_ms=0)).now_ms
    now_ms = start_ms
    while now_ms - start_ms <= PATIENCE_MS:
        orders = yield from _read_orders(numbers)
        if all(order.state is OrderState.SETTLED for order in orders):
            return orders
        for order in orders:
            if order.state is OrderState.RETURNED and order.attempt < RELEASES_MAX:
                answer = yield Ask(contract="payment", method="order_record", arguments=(order.number,))
                yield from must(_release(officer, order.number, read_order(answer.value)[1]))
        now_ms = (yield Sleep(until_ms=now_ms + ASK_AGAIN_MS)).now_ms
    raise Refused(f"expected the bank's answer within {PATIENCE_MS // 1000} s, got none for an order")


def _read_orders(numbers: tuple[int, ...]) -> Part[tuple[Order, ...]]:
    orders = []
    for number in numbers:
        answer = yield Ask(contract="payment", method="order_record", arguments=(number,))
        orders.append(read_order(answer.value)[0])
    return tuple(orders)


def _release(officer: Person, order: int, gross: int) -> Act:
    return _act(officer, calls.approve_payment(order, compute_tax(gross)), gas.APPROVE)


def _act(signer: Person, call: Call, gas_limit: int) -> Act:
    return Act(signer=signer, calls=(call,), gas_limit=gas_limit)


def _numbers(*acts: Act) -> Part[tuple[int, ...]]:
    """Sends acts that must take effect; the number that each returns."""
    results = yield from must(*acts)
    return tuple(as_uint(result.data[0], "number") for result in results)
