"""Parts of a demonstration that need no network: the bank's currency, the tables, and whom a visitor may be."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from cli.display import compute_end_table, format_money
from cli.ports import find_free_ports, is_listening
from cli.processes import Child
from cli.scene import pick_currency
from cli.visit import pick_visitor
from pilot.acts import Outcome, Winner
from pilot.compare import Comparison, Verdict
from pilot.ending import Ending
from pilot.keyring import supplier_named
from pilot.orders import Order, OrderState
from pilot.report import PilotReport
from pilot.settlement import BankBooks, BankPayment, settle
from tests.pilot.making import document, line
from tests.pilot.memory import KEYRING

CHAIN = "uji"
ALFA = KEYRING.address_of(supplier_named("ALFA"))
ORDER = Order(
    number=1,
    supplier=ALFA,
    currency="IDR",
    gross=100,
    net=98,
    state=OrderState.SETTLED,
    attempt=1,
    reference="M1",
    reason="",
)


def report_of(*orders: Order, ending: Ending = Ending.PAID) -> PilotReport:
    """A run of one tender with these orders."""
    outcome = Outcome(
        tender=b"t" * 32,
        agency="barat",
        stage="final",
        winners=(Winner(bidder="BETA", price=1), Winner(bidder="ALFA", price=2)),
        bids=2,
        rounds=1,
        orders=orders,
    )
    found = Comparison(
        ocid="ocds-1",
        verdict=Verdict.EQUAL,
        ledger=("ALFA",),
        record=("ALFA",),
        ending=ending,
        outcome=outcome,
    )
    return PilotReport(
        comparisons=(found,),
        bad_lines=(),
        bids=2,
        suppliers=2,
        transactions=9,
        repeated=0,
        first_height=1,
        last_height=5,
        elapsed_ms=1_000,
    )


def show(report: PilotReport, payments: list[BankPayment], **paid: int) -> str:
    """The tables at the end, with a bank that says this."""
    console = Console(file=io.StringIO(), width=150)
    settlement = settle(CHAIN, report.orders, BankBooks(payments=tuple(payments), paid=paid))
    console.print(compute_end_table(report, (), settlement))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_bank_that_says_otherwise_is_shown_with_the_orders_number() -> None:
    told = show(report_of(ORDER), [], IDR=0)
    assert re.search("each paid exactly once .* NO ", told)
    assert re.search("settled .* NOT EQUAL ", told) and re.search("sum .* NOT EQUAL ", told)
    assert "order 1: it is settled, and the bank has paid it 0 times" in told
    assert "IDR 98" in told and "IDR 0" in told


def test_ends_are_shown_by_their_names() -> None:
    declined = replace(ORDER, state=OrderState.DECLINED, reference="AM12")
    told = show(report_of(declined, ending=Ending.NOT_PAYABLE), [])
    assert "1 │ declined: the bank has no account in the currency" in told
    assert re.search("each paid exactly once .* yes ", told)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1_234_567, "IDR", "IDR 1,234,567"),
        (1_234_567, "INR", "INR 12,345.67"),
        (5, "USD", "USD 0.05"),
        (1_234, "XTS", "XTS 1,234 minor units"),
    ],
)
def test_money_is_written_with_the_places_of_its_currency(amount: int, currency: str, text: str) -> None:
    assert format_money(amount, currency) == text


def test_the_bank_has_the_currency_of_most_tenders_that_it_can_have(tmp_path: Path) -> None:
    file = tmp_path / "tenders.jsonl"

    def write(*currencies: str) -> None:
        documents = [line(document([("A", 900, "valid")], ["A"])) for _ in currencies]
        texts = [
            made.replace(b'"IDR"', f'"{currency}"'.encode())
            for made, currency in zip(documents, currencies, strict=True)
        ]
        file.write_bytes(b"".join(texts) + b"no JSON\n")

    write("INR", "IDR", "INR")
    assert pick_currency(file, None) == "INR"
    assert pick_currency(file, 1) == "INR"
    write("XTS", "XTS", "USD")
    assert pick_currency(file, None) == "USD"
    write("XTS")
    assert pick_currency(file, None) == "IDR"


def test_a_visitor_is_the_winner_whose_payment_came_back() -> None:
    beta = replace(ORDER, number=2, supplier=KEYRING.address_of(supplier_named("BETA")))
    visitor = pick_visitor(report_of(beta, replace(ORDER, number=3, attempt=2)), KEYRING)
    assert visitor is not None and (visitor.supplier, visitor.order.number) == ("ALFA", 3)
    visitor = pick_visitor(report_of(beta, replace(ORDER, number=3)), KEYRING)
    assert visitor is not None and (visitor.supplier, visitor.order.number) == ("BETA", 2)
    assert pick_visitor(report_of(beta, ending=Ending.UNFINISHED), KEYRING) is None


def test_a_child_that_ends_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    (port,) = find_free_ports(1)
    child = Child("bank", ["--", "bank", "no-such-command"], tmp_path / "log", lambda: is_listening(port))
    assert child.find_end() is None, "it was not started"
    with pytest.raises(Exception, match=r"bank has ended \(exit code 2\)(?s:.*)no-such-command"):
        try:
            child.start()
            child.wait_until_up()
        finally:
            child.wait()
    assert not child.is_running
