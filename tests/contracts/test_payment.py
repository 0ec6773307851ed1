"""Payments: made by acceptance alone, released by another officer, reported once by the treasury, never beyond the agreement."""

from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chain.codec import Value
from chain.keys import SigningKey
from tests.contracts.agreeing import (
    PAYMENT_OFFICER,
    PAYMENT_OFFICER_ROLE,
    PRICE,
    SUPPLIER,
    TREASURY,
    Agreeing,
    shown,
)
from tests.contracts.ledger import Refusal, begin, compiled, operator
from tests.contracts.tendering import GROUP, OFFICER
from vm.language.compile import compile_contract

REQUESTED, APPROVED, SENT, SETTLED, RETURNED, DECLINED = range(1, 7)
APPROVE, DECLINE, ASK_AGAIN, REPORT = range(4)


def state_of(ledger: Agreeing, order: int) -> Value:
    """Where an order stands."""
    return ledger.order(order)["state"]


def acts(ledger: Agreeing, order: int, who: SigningKey) -> Value:
    """What somebody may do with an order."""
    return ledger.view("payment", "acts", order, who.address)


def test_an_order_is_released_sent_and_settled() -> None:
    ledger = Agreeing()
    order = ledger.ordered(400_000, 600_000)
    assert state_of(ledger, order) == REQUESTED
    assert acts(ledger, order, PAYMENT_OFFICER) == (APPROVE, DECLINE)
    assert acts(ledger, order, TREASURY) == ()
    assert ledger.do(PAYMENT_OFFICER, "payment", "approve", order, 5_000, 44_000) == 351_000
    assert acts(ledger, order, TREASURY) == (REPORT,)
    ledger.do(TREASURY, "payment", "report_sent", order, 1, "MSG-1")
    assert state_of(ledger, order) == SENT
    ledger.do(TREASURY, "payment", "settle", order, 1, "SP2D-1")
    record = ledger.order(order)
    assert (record["state"], record["net"], record["reference"]) == (SETTLED, 351_000, "SP2D-1")
    assert ledger.view("payment", "paid_total", ledger.agreement) == 351_000
    assert ledger.view("payment", "requested_total", ledger.agreement) == 400_000


def test_what_the_bank_returns_is_released_once_more_under_another_attempt() -> None:
    ledger = Agreeing()
    order = ledger.ordered()
    ledger.do(PAYMENT_OFFICER, "payment", "approve", order, 0, 0)
    ledger.do(TREASURY, "payment", "report_returned", order, 1, "AC01", "rekening salah")
    assert acts(ledger, order, PAYMENT_OFFICER) == (APPROVE, DECLINE)
    ledger.do(PAYMENT_OFFICER, "payment", "approve", order, 0, 0)
    assert ledger.order(order)["attempt"] == 2
    ledger.do(TREASURY, "payment", "settle", order, 2, "SP2D-2")
    ledger.do(TREASURY, "payment", "report_returned", order, 2, "AC04", "rekening ditutup")
    assert ledger.view("payment", "paid_total", ledger.agreement) == 0


def test_a_declined_request_is_asked_for_again() -> None:
    ledger = Agreeing()
    order = ledger.ordered()
    ledger.do(PAYMENT_OFFICER, "payment", "decline", order, "faktur kurang")
    assert acts(ledger, order, OFFICER) == (ASK_AGAIN,)
    ledger.do(OFFICER, "payment", "ask_again", order, "faktur dilampirkan")
    ledger.do(PAYMENT_OFFICER, "payment", "approve", order, 0, 0)
    assert state_of(ledger, order) == APPROVED


def test_lists_are_paged_by_number() -> None:
    ledger = Agreeing()
    ledger.agree(400_000, 600_000)
    for part in (100_000, 100_000, 200_000):
        ledger.accept(ledger.deliver(1, part))
    assert ledger.view("payment", "order_count") == 3
    rows = ledger.view("payment", "order_list", 2, 5)
    assert isinstance(rows, tuple)
    assert [row[0] for row in rows] == [2, 3]  # type: ignore[index]  # records
    assert ledger.view("payment", "order_list", 4, 5) == ()
    of_agreement = ledger.view("payment", "orders_of", ledger.agreement)
    assert isinstance(of_agreement, tuple)
    assert [row[0] for row in of_agreement] == [1, 2, 3]  # type: ignore[index]  # records


# --- Refusals -------------------------------------------------------------------------------------------------------

GREEDY = """\"\"\"Agreement: asks for more than it is worth.\"\"\"


class Payment(Interface):
    @call
    def request(
        agreement: bytes,
        tender: bytes,
        milestone: uint,
        delivery: uint,
        agency: str,
        supplier: addr,
        currency: str,
        gross: uint,
        penalty: uint,
        value: uint,
        accepted_by: addr,
    ) -> uint: ...


payment = Payment("payment")


@call
def ask() -> uint:
    return payment.request(b"a", b"t", 1, 1, "barat", caller(), "IDR", 6, 0, 5, caller())
"""

Attempt = Callable[[Agreeing], Refusal]


def by(signer: SigningKey, method: str, *arguments: Value, released: bool = False) -> Attempt:
    """An act on an order of 400 thousand."""

    def attempt(ledger: Agreeing) -> Refusal:
        order = ledger.ordered(400_000, 600_000)
        if released:
            ledger.do(PAYMENT_OFFICER, "payment", "approve", order, 0, 0)
        return ledger.refused(signer, "payment", method, order, *arguments)

    return attempt


def after_report(method: str, *report: Value, number: int = 1) -> Attempt:
    """A report of an attempt that was reported in the same way before, for the order of this number."""

    def attempt(ledger: Agreeing) -> Refusal:
        ledger.agree(*[100_000] * 10)
        order = [ledger.accept(ledger.deliver(milestone, 100_000)) for milestone in range(1, number + 1)][-1]
        ledger.do(PAYMENT_OFFICER, "payment", "approve", order, 0, 0)
        ledger.do(TREASURY, "payment", method, order, 1, *report)
        return ledger.refused(TREASURY, "payment", method, order, 1, *report)

    return attempt


def _requesting(ledger: Agreeing) -> Refusal:
    zero = (bytes(32), bytes(32), 1, 1, "barat", SUPPLIER.address, "IDR", 5, 0, 5, OFFICER.address)
    return ledger.refused(OFFICER, "payment", "request", *zero)


def _approving_what_one_accepted(ledger: Agreeing) -> Refusal:
    ledger.do(operator("barat"), "registry", "grant", OFFICER.address, PAYMENT_OFFICER_ROLE)
    return by(OFFICER, "approve", 0, 0)(ledger)


def _approving_twice(ledger: Agreeing) -> Refusal:
    return by(PAYMENT_OFFICER, "approve", 0, 0, released=True)(ledger)


def _asking_for_too_much(_: Agreeing) -> Refusal:
    """The shipped agreement never does, so that another one stands in its place."""
    modules = dict(compiled()) | {"agreement": compile_contract(GREEDY, "agreement").code}
    return begin(tuple(modules.items())).refused(operator("barat"), "agreement", "ask")


REFUSALS: dict[str, Attempt] = {
    f"clause 1.1: only an accepted delivery makes a payment request, not {shown(OFFICER)}": _requesting,
    "clause 1.1: there is no order 7": lambda ledger: ledger.refused(
        TREASURY, "payment", "settle", 7, 1, "x"
    ),
    "clause 1.2: the requests come to 6, the agreement is worth 5": _asking_for_too_much,
    f"clause 2.1: {shown(GROUP)} is not a payment officer of barat": by(GROUP, "approve", 0, 0),
    "clause 2.1: order 1 is neither requested nor returned": _approving_twice,
    f"clause 2.2: {shown(OFFICER)} accepted the delivery and does not release its payment": (
        _approving_what_one_accepted
    ),
    "clause 2.1: penalty, deductions and tax come to 400000, and nothing is left of 400000": by(
        PAYMENT_OFFICER, "approve", 1, 399_999
    ),
    "clause 2.3: a reason has 1 to 500 bytes": by(PAYMENT_OFFICER, "decline", ""),
    f"clause 2.3: {shown(GROUP)} is not a commitment officer of barat": by(GROUP, "ask_again", "x"),
    "clause 2.3: order 1 is not declined": by(OFFICER, "ask_again", "x"),
    "clause 3.1: order 1 is not released": by(TREASURY, "settle", 0, "x"),
    f"clause 3.1: {shown(OFFICER)} is not the treasury of barat": by(
        OFFICER, "settle", 1, "x", released=True
    ),
    "clause 3.1: a reference has 1 to 100 bytes": by(TREASURY, "settle", 1, "", released=True),
    "clause 3.1: a code has 1 to 10 bytes": by(TREASURY, "report_returned", 1, "", "x", released=True),
    "clause 3.2: order 1 is at attempt 1, the report is of 2": by(TREASURY, "settle", 2, "x", released=True),
    "clause 3.4: order 1 was reported already": after_report("settle", "SP2D-1"),
    "clause 3.4: order 2 was reported already": after_report("report_sent", "MSG-1", number=2),
    "clause 3.4: order 3 was reported already": after_report("report_returned", "AC01", "salah", number=3),
}


# --- The law --------------------------------------------------------------------------------------------------------


class Payments(RuleBasedStateMachine):
    """Deliveries, releases and reports in any order: the sums hold after each."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Agreeing()
        self.ledger.agree(400_000, 600_000)
        self.settled: dict[int, int] = {}

    @rule(milestone=st.integers(1, 2), amount=st.integers(1, 700_000), is_good=st.booleans())
    def deliver(self, milestone: int, amount: int, is_good: bool) -> None:
        result = self.ledger.send(
            SUPPLIER, "agreement", "report_delivery", self.ledger.agreement, milestone, amount, "", b""
        )
        if result.is_ok:
            method = "accept" if is_good else "reject"
            self.ledger.officer_does(method, self.ledger.agreement, result.data[0], "x")

    @precondition(lambda self: self.orders())
    @rule(data=st.data(), taken=st.integers(0, 200_000))
    def release(self, data: st.DataObject, taken: int) -> None:
        self.ledger.send(PAYMENT_OFFICER, "payment", "approve", self.pick(data), taken, taken)

    @precondition(lambda self: self.orders())
    @rule(data=st.data(), method=st.sampled_from(("report_sent", "settle", "report_returned")))
    def report(self, data: st.DataObject, method: str) -> None:
        order = self.pick(data)
        attempt = self.ledger.order(order)["attempt"]
        more = ("AC01", "x") if method == "report_returned" else ("x",)
        result = self.ledger.send(TREASURY, "payment", method, order, attempt, *more)
        if result.is_ok and method == "settle":
            net = self.ledger.order(order)["net"]
            assert isinstance(net, int)
            self.settled[order] = net
        elif result.is_ok and method == "report_returned":
            self.settled.pop(order, None)

    @invariant()
    def payments_never_exceed_the_agreement(self) -> None:
        requested = self.ledger.view("payment", "requested_total", self.ledger.agreement)
        paid = self.ledger.view("payment", "paid_total", self.ledger.agreement)
        assert isinstance(requested, int) and isinstance(paid, int)
        assert requested == self.ledger.record()["accepted"]
        assert requested <= PRICE
        assert paid == sum(self.settled.values()) <= requested

    def orders(self) -> int:
        """How many orders there are."""
        count = self.ledger.view("payment", "order_count")
        assert isinstance(count, int)
        return count

    def pick(self, data: st.DataObject) -> int:
        """One of the orders."""
        return data.draw(st.integers(1, self.orders()))


Payments.TestCase.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
test_payments_never_exceed_the_agreement = Payments.TestCase
