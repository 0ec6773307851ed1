"""One procurement from its plan to the bank's reference, on a ledger that remembers every block of it."""

from chain.codec import Value
from chain.keys import SigningKey
from tests.contracts.agreeing import PAYMENT_OFFICER, PAYMENT_OFFICER_ROLE, PRICE, SUPPLIER, TREASURY
from tests.contracts.ledger import Ledger, address, key, operator
from tests.contracts.tendering import (
    AUTHORITY,
    BUDGET_AUTHORITY,
    COMMITMENT_OFFICER,
    GROUP,
    OFFICER,
    SELECTION_GROUP,
    SUPPLIERS,
    Tendering,
    price_document,
)

LATER_OFFICER = key("later ppk of barat")
OFFICERS = (
    (OFFICER, COMMITMENT_OFFICER),
    (LATER_OFFICER, COMMITMENT_OFFICER),
    (GROUP, SELECTION_GROUP),
    (AUTHORITY, BUDGET_AUTHORITY),
    (PAYMENT_OFFICER, PAYMENT_OFFICER_ROLE),
)
ESTIMATE = 1_010_000
SUMS = (400_000, 600_000)


class Life(Tendering):
    """A tender that `SUPPLIER` wins, its contract, and the first delivery paid. The last act is refused."""

    def __init__(self) -> None:
        super().__init__()
        self._appoint()
        self.tender = self.publish(estimate=ESTIMATE)
        self.do(key("beta"), "tender", "ask", self.tender, "Apakah ada uang muka?")
        self.act("answer", self.tender, 1, "Ada, 20 persen.")
        self._bid_and_award()
        agreement = self.view("agreement", "agreement_id", self.tender, SUPPLIER.address)
        assert isinstance(agreement, bytes)
        self.agreement = agreement
        self.order = self._agree_and_deliver()
        self._pay()
        self.refused_act("cancel", self.tender, "berubah pikiran")

    def _appoint(self) -> None:
        """Everybody, on record: not from the prepared state."""
        fresh = Ledger()
        self.state, self.height = fresh.state, fresh.height
        barat = operator("barat")
        for officer, role in OFFICERS:
            self.do(barat, "registry", "grant", officer.address, role)
        self.do(barat, "registry", "appoint_treasury", TREASURY.address)
        for name in SUPPLIERS:
            self.do(key(name), "registry", "register", f"PT {name}", bytes(32), bytes(32))

    def _bid_and_award(self) -> None:
        for name, price in (("alfa", PRICE), ("beta", PRICE + 1), ("citra", PRICE - 1)):
            arguments = self.bid_arguments(self.tender, name, price_document(price))
            self.do(key(name), "tender", "submit", *arguments)
        self.close(self.tender)
        for name in ("alfa", "beta", "citra"):
            self.reveal(self.tender, name)
        self.act("disqualify", self.tender, address("citra"), "Jaminan palsu <b>")
        self.act("evaluate", self.tender)
        self.act("award", self.tender)
        self.do(key("beta"), "tender", "object", self.tender, "Harga tidak wajar", b"")
        self.act("answer_objection", self.tender, 1, 1, "Harga di bawah HPS")
        until = self.record(self.tender)["standstill_until"]
        assert isinstance(until, int)
        self.wait(until - self.now_ms)
        self.act("finalise", self.tender)

    def _agree_and_deliver(self) -> int:
        milestones = tuple(
            (f"Termin {number}", amount, self.now_ms + 50_000) for number, amount in enumerate(SUMS, 1)
        )
        self._agree(OFFICER, "draft", self.tender, SUPPLIER.address, milestones)
        self._agree(SUPPLIER, "sign", self.agreement, 1)
        self._agree(OFFICER, "sign", self.agreement, 1)
        self._agree(SUPPLIER, "report_delivery", self.agreement, 1, SUMS[0], "Pondasi selesai", b"")
        order = self.do(OFFICER, "agreement", "accept", self.agreement, 1, "Sesuai")
        assert isinstance(order, int)
        self.do(operator("barat"), "registry", "revoke", OFFICER.address, COMMITMENT_OFFICER)
        return order

    def _agree(self, who: SigningKey, method: str, *arguments: Value) -> None:
        self.do(who, "agreement", method, *arguments)

    def _pay(self) -> None:
        self.do(PAYMENT_OFFICER, "payment", "approve", self.order, 10_000, 40_000)
        self.do(TREASURY, "payment", "report_sent", self.order, 1, "MSG-1")
        self.do(TREASURY, "payment", "settle", self.order, 1, "SP2D-77")
