"""An award that is final, the people of an agreement, and its acts in few words."""

from functools import cache

from chain.codec import Value
from chain.keys import SigningKey
from tests.contracts.ledger import Ledger, Refusal, address, key, operator
from tests.contracts.tendering import OFFICER, Tendering
from vm.overlay import MemoryState

PRICE = 1_000_000
PAYMENT_OFFICER_ROLE = 5
SUPPLIER, PAYMENT_OFFICER, TREASURY = key("alfa"), key("ppspm of barat"), key("kas negara")
IN_TIME_MS = 50_000
DRAFTED, IN_FORCE, CLOSED, TERMINATED = range(4)
AGREEMENT_FIELDS = (
    "number tender supplier agency currency award_price value version newest stage drafted_by drafted_at "
    "in_force_at milestones deliveries waiting accepted rating reason"
)
ORDER_FIELDS = (
    "number agreement tender milestone delivery agency supplier currency gross penalty deductions tax net state "
    "attempt accepted_by requested_at approved_by approved_at sent_at settled_at reference reason"
)


@cache
def _prepared() -> tuple[dict[bytes, bytes], int, int, bytes, bytes]:
    ledger = Tendering()
    ledger.do(operator("barat"), "registry", "grant", PAYMENT_OFFICER.address, PAYMENT_OFFICER_ROLE)
    ledger.do(operator("barat"), "registry", "appoint_treasury", TREASURY.address)
    tender = ledger.publish()
    ledger.bid(tender, "alfa", PRICE)
    ledger.bid(tender, "beta", PRICE + 1)
    ledger.close(tender)
    ledger.reveal(tender, "alfa")
    ledger.reveal(tender, "beta")
    ledger.act("evaluate", tender)
    ledger.act("award", tender)
    unfinished = ledger.publish("T-2")
    until = ledger.record(tender)["standstill_until"]
    assert isinstance(until, int)
    ledger.wait(until - ledger.now_ms)
    ledger.act("finalise", tender)
    return dict(ledger.state.rows), ledger.height, ledger.now_ms, tender, unfinished


class Agreeing(Ledger):
    """A ledger on which `SUPPLIER` has won `tender` of barat at `PRICE`."""

    def __init__(self) -> None:
        super().__init__()
        rows, self.height, self.now_ms, self.tender, self.unfinished = _prepared()
        self.state = MemoryState(rows)
        self.agreement = self.view("agreement", "agreement_id", self.tender, SUPPLIER.address)

    def milestones(self, *amounts: int, due_in_ms: int = IN_TIME_MS) -> tuple[Value, ...]:
        """Milestones of these amounts that are due in a while."""
        return tuple(
            (f"Termin {number}", amount, self.now_ms + due_in_ms) for number, amount in enumerate(amounts, 1)
        )

    def draft(self, *amounts: int, due_in_ms: int = IN_TIME_MS) -> None:
        """The officer drafts the agreement."""
        wanted = self.milestones(*(amounts or (400_000, 600_000)), due_in_ms=due_in_ms)
        self.officer_does("draft", self.tender, SUPPLIER.address, wanted)

    def both_sign(self, version: int = 1) -> None:
        """Both sign."""
        for signer in (SUPPLIER, OFFICER):
            self.do(signer, "agreement", "sign", self.agreement, version)

    def agree(self, *amounts: int, due_in_ms: int = IN_TIME_MS) -> None:
        """An agreement in force."""
        self.draft(*amounts, due_in_ms=due_in_ms)
        self.both_sign()

    def deliver(self, milestone: int, amount: int) -> Value:
        """The supplier reports a delivery; its number."""
        return self.do(
            SUPPLIER, "agreement", "report_delivery", self.agreement, milestone, amount, "selesai", b""
        )

    def accept(self, delivery: Value) -> int:
        """The officer accepts a delivery; the number of the payment order."""
        order = self.officer_does("accept", self.agreement, delivery, "baik")
        assert isinstance(order, int)
        return order

    def ordered(self, *amounts: int) -> int:
        """The order of a delivery of the first milestone that was accepted."""
        self.agree(*amounts)
        return self.accept(self.deliver(1, (amounts or (400_000,))[0]))

    def officer_does(self, method: str, *arguments: Value) -> Value:
        """An act of the commitment officer."""
        return self.do(OFFICER, "agreement", method, *arguments)

    def officer_is_refused(self, method: str, *arguments: Value) -> Refusal:
        """An act of the commitment officer that must be refused; the message."""
        return self.refused(OFFICER, "agreement", method, *arguments)

    def record(self) -> dict[str, Value]:
        """The agreement's record by field."""
        return self._named("agreement", "agreement_record", self.agreement, AGREEMENT_FIELDS)

    def order(self, number: int) -> dict[str, Value]:
        """An order's record by field."""
        return self._named("payment", "order_record", number, ORDER_FIELDS)

    def acts(self, who: SigningKey) -> Value:
        """What somebody may do with the agreement, by number."""
        return self.view("agreement", "acts", self.agreement, who.address)

    def _named(self, contract: str, method: str, of: Value, fields: str) -> dict[str, Value]:
        row = self.view(contract, method, of)
        assert isinstance(row, tuple)
        return dict(zip(fields.split(), row, strict=True))


def shown(who: SigningKey | str) -> str:
    """Somebody's account as a message has it."""
    return (address(who) if isinstance(who, str) else who.address).hex().upper()
