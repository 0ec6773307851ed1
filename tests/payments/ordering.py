"""Payment orders on a real network: one award, an agreement of many deliveries, and an order for each, to be released at will."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from chain.codec import as_uint
from chain.keys import Address, SigningKey
from chain.limits import NONCE_BYTES
from chain.payment import BankAccount, compute_account_commitment, compute_end_to_end_id
from chain.result import TransactionResult, render
from chain.transaction import Call, compute_transaction_id, encode_transaction, sign_transaction
from pilot import calls
from pilot.fulfil import compute_tax
from pilot.keyring import (
    Keyring,
    Person,
    budget_authority_of,
    commitment_officer_of,
    operator_of,
    payment_officer_of,
    selection_group_of,
    supplier_named,
)
from pilot.plan import PlannedBid, TenderPlan
from rpc.client import SyncClient
from rpc.contracts import Contract, Record, record_of
from rpc.requests import abi, broadcast_txs, query, tx_status
from tests.network.running import CHAIN, wait_until

AGENCY = "agency-1"
SUPPLIER_NAME = "PT Alfa"
ACCOUNT = BankAccount(holder="PT Alfa", bank="BMRIIDJA", number="1230098765432", salt=b"\x07" * 32)
GAS = 500_000
CALLS_AT_ONCE = 4
_PLAN = TenderPlan(
    reference="T-1",
    title="Jalan Utara",
    agency=AGENCY,
    currency="IDR",
    estimate=None,
    envelopes=1,
    winners=1,
    criteria="harga",
    documents=bytes(32),
    bids=(),
    set_aside=(),
)


@dataclass
class Ordering:
    """What people of one agency and its supplier do, and what the ledger shows."""

    client: SyncClient
    keyring: Keyring
    treasury: Address
    orders: list[int] = field(default_factory=list)
    amount: int = 1_000_000

    @property
    def supplier(self) -> Person:
        """Who is paid."""
        return supplier_named(SUPPLIER_NAME)

    @property
    def account(self) -> BankAccount:
        """Where it is paid."""
        return ACCOUNT

    def prepare(self, count: int) -> None:
        """So many requested orders, each of `amount` gross; the treasury is appointed, the account is stated."""
        people = {
            calls.ROLE_COMMITMENT_OFFICER: commitment_officer_of(AGENCY),
            calls.ROLE_SELECTION_GROUP: selection_group_of(AGENCY),
            calls.ROLE_BUDGET_AUTHORITY: budget_authority_of(AGENCY),
            calls.ROLE_PAYMENT_OFFICER: payment_officer_of(AGENCY),
        }
        operator, officer = operator_of(AGENCY), commitment_officer_of(AGENCY)
        grants = [calls.grant(self._address(person), role) for role, person in people.items()]
        self.do((operator, grants), (self.supplier, [calls.register(SUPPLIER_NAME, bytes(32), b"\x01" * 32)]))
        self.appoint(self.treasury)
        tender = calls.tender_id(AGENCY, _PLAN.reference)
        price = count * self.amount
        self._award(
            tender, PlannedBid(bidder=SUPPLIER_NAME, name=SUPPLIER_NAME, version=1, place=0, price=price)
        )
        agreement = calls.agreement_id(tender, self._address(self.supplier))
        drafted = calls.draft_agreement(tender, self._address(self.supplier), (price,), now_ms() + 86_400_000)
        self.do((officer, [drafted]))
        self.do(
            (officer, [calls.sign_agreement(agreement)]), (self.supplier, [calls.sign_agreement(agreement)])
        )
        reports = [calls.report_delivery(agreement, 1, self.amount)] * count
        for batch in _batches(reports):
            self.do((self.supplier, batch))
        for batch in _batches([calls.accept_delivery(agreement, number) for number in range(1, count + 1)]):
            (result,) = self.do((officer, batch))
            self.orders += [as_uint(value, "order") for value in result.data]
        self.state_account(self.account)

    def _award(self, tender: bytes, bid: PlannedBid) -> None:
        group, officer = selection_group_of(AGENCY), commitment_officer_of(AGENCY)
        plan = TenderPlan(**{name: getattr(_PLAN, name) for name in _PLAN.__slots__} | {"bids": (bid,)})
        self.do((officer, [calls.plan_tender(plan.reference, plan, now_ms())]))
        self.do((budget_authority_of(AGENCY), [calls.approve_plan(tender)]))
        closes_at = now_ms() + 3_000
        self.do((group, [calls.publish(plan.reference, plan, closes_at)]))
        self.do((self.supplier, [calls.submit(tender, plan, bid, self.keyring, CHAIN)]))
        time.sleep(max(0.0, (closes_at - now_ms()) / 1_000 + 0.2))
        self.do((self.supplier, [calls.reveal_price(tender, bid, self.keyring, CHAIN)]))
        self.do((group, [calls.evaluate(tender), calls.award(tender)]))
        record = self.client.call(query("tender", "tender_record", (tender,))).value
        time.sleep(max(0.0, (calls.standstill_until(record) - now_ms()) / 1_000 + 0.2))
        self.do((group, [calls.finalise(tender)]))

    # --- What is done while a gateway runs ----------------------------------------------------------------------

    def approve(self, order: int) -> str:
        """The payment officer releases an order; the end-to-end id of the attempt."""
        tax = compute_tax(self.amount)
        self.do((payment_officer_of(AGENCY), [calls.approve_payment(order, tax)]))
        return compute_end_to_end_id(CHAIN, order, self.attempt(order))

    def state_account(self, account: BankAccount) -> None:
        """The supplier states an account."""
        self.do((self.supplier, [calls.set_account(compute_account_commitment(account))]))

    def appoint(self, treasury: Address) -> None:
        """The operator appoints a treasury."""
        call = Call(contract="registry", method="appoint_treasury", arguments=(treasury,))
        self.do((operator_of(AGENCY), [call]))

    @property
    def net(self) -> int:
        """What is left of an order's gross."""
        return self.amount - compute_tax(self.amount)

    def state(self, order: int) -> str:
        """What the ledger shows."""
        return self._order(order).text("state")

    def attempt(self, order: int) -> int:
        """At which attempt it is."""
        return self._order(order).number("attempt")

    def _order(self, order: int) -> Record:
        payment = Contract(self.client.call(abi("payment")))
        return record_of(self.client.call(payment.view("order_record", order=order)))

    def do(self, *acts: tuple[Person, Sequence[Call]]) -> list[TransactionResult]:
        """Signs, sends and waits; every act must take effect."""
        raws = [self._sign(self.keyring.key_of(person), wanted) for person, wanted in acts]
        ids = [compute_transaction_id(raw) for raw in raws]
        for admitted in self.client.call(broadcast_txs(raws)):
            assert admitted.code == 0, admitted
        wait_until(
            lambda: all(fate.result for fate in self.client.call(tx_status(ids))), "acts are committed"
        )
        results = [fate.result for fate in self.client.call(tx_status(ids)) if fate.result is not None]
        for result in results:
            assert result.is_ok, result.code if result.trap is None else render(result.trap)
        return results

    def _address(self, person: Person) -> Address:
        return self.keyring.address_of(person)

    @staticmethod
    def _sign(key: SigningKey, wanted: Sequence[Call]) -> bytes:
        return encode_transaction(
            sign_transaction(
                key,
                chain_id=CHAIN,
                nonce=os.urandom(NONCE_BYTES),
                valid_until_ms=now_ms() + 60_000,
                gas_limit=GAS * len(wanted),
                calls=tuple(wanted),
            )
        )


def now_ms() -> int:
    """This machine's time."""
    return time.time_ns() // 1_000_000


def _batches(wanted: list[Call]) -> list[list[Call]]:
    return [wanted[place : place + CALLS_AT_ONCE] for place in range(0, len(wanted), CALLS_AT_ONCE)]
