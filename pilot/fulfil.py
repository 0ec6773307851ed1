"""The awards of a tender from the contract to the last payment, as its people would do it. Pure, like `pilot.conduct`.

Each winner signs for its price in two milestones, delivers both, and is paid for both. Everything up to the release of the
money is on the ledger alone; whether the money came, the treasury's gateway tells, and only where there is one is it
waited for. What comes back is with the payment officer again: an account that proved closed is followed by the supplier's
next one and another release; what no release can pay is declined.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.codec import as_uint
from chain.keys import Address
from chain.payment import BankAccount, compute_account_commitment
from chain.result import TransactionResult
from chain.transaction import Call
from pilot import calls, gas
from pilot.acts import Act, Ask, HandOver, Part, Refused, Sleep, Stage, Winner, must
from pilot.keyring import Keyring, Person, commitment_officer_of, payment_officer_of, supplier_named
from pilot.orders import Order, OrderState, read_orders
from pilot.plan import TenderPlan

DUE_IN_MS = 86_400_000  # milestones of a run are delivered at once
TAX_BPS = 150  # income tax (PPh 22) that a payment officer withholds
ASK_AGAIN_MS = 500
PATIENCE_MS = 300_000  # so long for the bank's answer to every order of one tender
RELEASES_MAX = 3
ACCOUNT_CODES = frozenset({"AC01", "AC03", "AC04", "AC06"})
"""ISO 20022's reasons that speak of the supplier's account: another account may help."""
UNPAYABLE_CODES = frozenset({"AM03", "AM12"})
"""That speak of the currency or the amount: no release helps."""
_FINAL = frozenset({OrderState.SETTLED, OrderState.DECLINED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """One winner to contract with: its id on the ledger, and the accounts that it states one after the other."""

    tender: bytes
    agency: str
    winner: Winner
    supplier: Address
    accounts: tuple[BankAccount, ...]

    @property
    def agreement(self) -> bytes:
        """The id of the agreement."""
        return calls.agreement_id(self.tender, self.supplier)

    @property
    def person(self) -> Person:
        """Who signs and delivers."""
        return supplier_named(self.winner.bidder)

    @property
    def amounts(self) -> tuple[int, ...]:
        """What each milestone is worth."""
        return split_price(self.winner.price)


def make_award(tender: bytes, plan: TenderPlan, winner: Winner, keyring: Keyring) -> Award:
    """An award as the keys of a run have it."""
    person = supplier_named(winner.bidder)
    names = {bid.bidder: bid.name for bid in plan.bids}
    return Award(
        tender=tender,
        agency=plan.agency,
        winner=winner,
        supplier=keyring.address_of(person),
        accounts=keyring.accounts_of(person, names.get(winner.bidder, winner.bidder)),
    )


def split_price(price: int) -> tuple[int, ...]:
    """The amounts of two milestones, of one where there is nothing to share."""
    return (price,) if price == 1 else (price // 2, price - price // 2)


def compute_tax(gross: int) -> int:
    """What is withheld of a gross amount: rounded down, so that something is always left."""
    return gross * TAX_BPS // 10_000


def fulfil(awards: Sequence[Award], *, is_paid: bool) -> Part[tuple[Order, ...]]:
    """Contracts, deliveries and payments of a tender's awards, side by side; `is_paid`: a gateway is there, and its answers
    are waited for.
    """
    if is_paid:
        yield from _state_accounts(awards, 0)
    yield from _contract(awards)
    yield from _deliver(awards)
    yield Stage(name="payment")
    requested = yield from _read_orders(awards)
    yield from must(*(_release(award, order) for order, award in requested))
    if is_paid:
        yield from _settle(awards)
    yield from must(
        *(_officer_act(award, calls.close_agreement(award.agreement), gas.CLOSE) for award in awards)
    )
    ended = yield from _read_orders(awards)
    return tuple(order for order, _ in ended)


# --- Contract and delivery ----------------------------------------------------------------------------------


def _contract(awards: Sequence[Award]) -> Part[None]:
    now_ms = (yield Stage(name="contract")).now_ms
    drafts = [
        calls.draft_agreement(award.tender, award.supplier, award.amounts, now_ms + DUE_IN_MS)
        for award in awards
    ]
    yield from must(
        *(_officer_act(award, draft, gas.DRAFT) for award, draft in zip(awards, drafts, strict=True))
    )
    yield from must(
        *(
            _act(signer, calls.sign_agreement(award.agreement), gas.SIGN)
            for award in awards
            for signer in (commitment_officer_of(award.agency), award.person)
        )
    )


def _deliver(awards: Sequence[Award]) -> Part[None]:
    yield Stage(name="delivery")
    parts = [(award, *part) for award in awards for part in enumerate(award.amounts, 1)]
    reported = yield from must(
        *(
            _act(award.person, calls.report_delivery(award.agreement, milestone, amount), gas.REPORT)
            for award, milestone, amount in parts
        )
    )
    yield from must(
        *(
            _officer_act(award, calls.accept_delivery(award.agreement, _number_of(result)), gas.ACCEPT)
            for (award, *_), result in zip(parts, reported, strict=True)
        )
    )


def _number_of(reported: TransactionResult) -> int:
    return as_uint(reported.data[0], "delivery's number")


# --- Payment ------------------------------------------------------------------------------------------------

_Orders = list[tuple[Order, Award]]
"""Each with the award that it pays for."""


def _state_accounts(awards: Sequence[Award], place: int) -> Part[None]:
    """Suppliers commit themselves to an account on the ledger and hand it to the treasury: each once in a run, however many
    awards they have.
    """
    stating = [(award, award.accounts[place]) for award in awards]
    yield from must(
        *(
            Act(
                signer=award.person,
                calls=(calls.set_account(compute_account_commitment(account)),),
                gas_limit=gas.SET_ACCOUNT,
                once=f"account {place} of {award.winner.bidder}",
            )
            for award, account in stating
        )
    )
    for award, account in stating:
        yield HandOver(supplier=award.supplier, account=account)


def _settle(awards: Sequence[Award]) -> Part[None]:
    """Until every order is settled or declined; what came back is answered."""
    start_ms = (yield Sleep(until_ms=0)).now_ms
    now_ms = start_ms
    while now_ms - start_ms <= PATIENCE_MS:
        found = yield from _read_orders(awards)
        if all(order.state in _FINAL for order, _ in found):
            return
        for order, award in found:
            if order.state is OrderState.RETURNED:
                yield from _answer_return(order, award)
        now_ms = (yield Sleep(until_ms=now_ms + ASK_AGAIN_MS)).now_ms
    raise Refused(
        f"expected the bank's answer to every order within {PATIENCE_MS // 1000} s, got: "
        + ", ".join(
            f"{order.number} {order.state.name.lower()}" for order, _ in found if order.state not in _FINAL
        )
    )


def _answer_return(order: Order, award: Award) -> Part[None]:
    """What the payment officer, and the supplier before it, do about a payment that came back."""
    if order.reference in UNPAYABLE_CODES:
        declining = calls.decline_payment(order.number, f"{order.reference}: no release can pay it")
        yield from must(_act(payment_officer_of(award.agency), declining, gas.DECLINE))
        return
    if order.attempt >= RELEASES_MAX:
        why = f"{order.reference}: {order.reason}"
        raise Refused(f"order {order.number} came back {order.attempt} times, at last with {why}")
    if order.reference in ACCOUNT_CODES and len(award.accounts) > 1:
        yield from _state_accounts([award], 1)
    yield from must(_release(award, order))


def _read_orders(awards: Sequence[Award]) -> Part[_Orders]:
    found: _Orders = []
    for award in awards:
        answer = yield Ask(contract="payment", method="orders_of", arguments=(award.agreement,))
        found += [(order, award) for order in read_orders(answer.value)]
    return found


def _release(award: Award, order: Order) -> Act:
    releasing = calls.approve_payment(order.number, compute_tax(order.gross))
    return _act(payment_officer_of(award.agency), releasing, gas.APPROVE)


# --- Acts ---------------------------------------------------------------------------------------------------


def _officer_act(award: Award, call: Call, gas_limit: int) -> Act:
    return _act(commitment_officer_of(award.agency), call, gas_limit)


def _act(signer: Person, call: Call, gas_limit: int) -> Act:
    return Act(signer=signer, calls=(call,), gas_limit=gas_limit)
