"""The end of a demonstration with payments: the ledger's orders and the bank's books, each read where it is kept."""

from pathlib import Path

from payments.bank.reading import read_paid, read_payments
from pilot.orders import Order, read_orders
from pilot.settlement import BankBooks, BankPayment, BankState, Settlement, settle
from rpc.client import SyncClient
from rpc.requests import query

PAGE = 100
"""Orders in one answer, as many as the contract gives."""


def read_ledger_orders(address: str) -> list[Order]:
    """All payment orders of the ledger, as one node has them; raises as `rpc.client.SyncClient.call`."""
    found: list[Order] = []
    with SyncClient([address]) as client:
        while True:
            page = client.call(query("payment", "order_list", (len(found) + 1, PAGE))).value
            orders = read_orders(page)
            found += orders
            if len(orders) < PAGE:
                return found


def read_bank(books: Path, account: str) -> BankBooks:
    """The sandbox bank's word on what it was given, and on what left the treasury's account."""
    payments = tuple(
        BankPayment(
            end_to_end_id=held.end_to_end_id,
            amount=held.amount,
            currency=held.currency,
            state=BankState(held.state),
        )
        for held in read_payments(books)
    )
    return BankBooks(payments=payments, paid=read_paid(books, account))


def compare_with_bank(chain_id: str, address: str, books: Path, account: str) -> Settlement:
    """Reads both and compares them."""
    return settle(chain_id, read_ledger_orders(address), read_bank(books, account))
