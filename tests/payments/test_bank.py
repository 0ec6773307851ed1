"""The bank keeps its books: an id once, the sum zero, everything on disk; and misbehaves as it is told to."""

import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from chain.errors import Malformed
from payments.bank.reading import read_paid, read_payments
from tests.payments.banking import (
    BALANCE,
    DAY,
    SUPPLIER,
    TREASURY,
    BankClient,
    BankProcess,
    make_payment,
    serving_bank,
)

PAYMENT = make_payment()
ID = PAYMENT.end_to_end_id


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[BankClient]:
    with serving_bank(tmp_path) as client:
        yield client


def test_a_payment_is_booked_once_however_often_it_comes(bank: BankClient) -> None:
    assert bank.ask(ID) is None
    assert [bank.pay(PAYMENT).status for _ in range(3)] == ["ACSC"] * 3
    assert bank.balance(SUPPLIER.number) == bank.paid() == 1_000
    (line,) = bank.lines()
    assert (line.end_to_end_id, line.amount, line.is_credit, line.day) == (ID, 1_000, False, DAY)
    status = bank.ask(ID)
    assert status is not None and status.status == "ACSC"


def test_another_payment_under_the_same_id_is_refused(bank: BankClient) -> None:
    bank.pay(PAYMENT)
    status = bank.pay(replace(PAYMENT, amount=2_000))
    assert (status.status, status.code) == ("RJCT", "DU04")
    assert bank.paid() == 1_000
    found = bank.ask(ID)
    assert found is not None and found.status == "ACSC"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"debtor": replace(TREASURY, number="1")}, "AC02"),
        ({"debtor": replace(TREASURY, bank="BMRIIDJA")}, "AC02"),
        ({"currency": "EUR"}, "AM03"),
        ({"amount": BALANCE + 1}, "AM04"),
        ({"creditor": replace(SUPPLIER, number="123450000")}, "AC04"),
    ],
)
def test_what_cannot_be_paid_is_rejected_for_good(
    bank: BankClient, changes: dict[str, Any], code: str
) -> None:
    payment = make_payment(**changes)
    assert [bank.pay(payment).code for _ in range(2)] == [code, code]
    assert bank.paid() == 0 and bank.lines() == []


def test_what_waits_to_be_booked_is_not_spent_again(bank: BankClient) -> None:
    bank.switch("delay", seconds=10)
    assert bank.pay(make_payment(1, amount=BALANCE)).status == "PDNG"
    assert bank.pay(make_payment(2)).code == "AM04"
    bank.now_ms += 10_000
    assert bank.paid() == BALANCE


def test_statements_add_up_from_day_to_day(bank: BankClient) -> None:
    bank.pay(make_payment(1))
    bank.now_ms += 86_400_000
    bank.switch("return", seconds=5, code="AC06")
    bank.pay(make_payment(2, amount=300))
    bank.now_ms += 5_000
    first, second = bank.statement(), bank.statement("2026-11-26")
    assert (first.opening, first.closing, second.opening) == (0, BALANCE - 1_000, BALANCE - 1_000)
    assert [(line.amount, line.is_credit, line.code) for line in second.lines] == [
        (300, False, ""),
        (300, True, "AC06"),
    ]
    assert second.closing == BALANCE - 1_000
    assert bank.statement("2026-11-27").lines == ()


def test_requests_that_make_no_sense_are_refused(bank: BankClient) -> None:
    post, get = bank.http.post, bank.http.get
    assert post(f"{bank.address}/payments", content=b"<a/>").status_code == 400
    assert get(f"{bank.address}/statements/1/{DAY}").status_code == 404
    assert get(f"{bank.address}/statements/{TREASURY.number}/yesterday").status_code == 400
    for form in ({"kind": "sing"}, {"kind": "delay", "seconds": "-1"}, {"kind": "reject", "code": "no"}):
        assert post(f"{bank.address}/switches", data=form).status_code == 400
    forged = post(f"{bank.address}/switches", data={"kind": "away"}, headers={"sec-fetch-site": "cross-site"})
    assert forged.status_code == 403


# --- Misbehaviour -------------------------------------------------------------------------------------------------


def test_reject_names_its_code_for_the_payments_that_are_meant(bank: BankClient) -> None:
    bank.switch("reject", times=2, code="AC06", account=SUPPLIER.number)
    other = replace(SUPPLIER, number="777")
    assert bank.pay(make_payment(1, creditor=other)).status == "ACSC"
    assert [bank.pay(make_payment(number)).code for number in (2, 3, 4)] == ["AC06", "AC06", ""]
    assert bank.paid() == 2_000


def test_twice_tells_of_one_booking_in_two_notifications(bank: BankClient) -> None:
    bank.switch("twice")
    bank.pay(PAYMENT)
    first, second = bank.notifications()
    assert first.lines == second.lines and first.message_id != second.message_id
    assert bank.paid() == 1_000


def test_wrong_amount_is_only_in_the_notification(bank: BankClient) -> None:
    bank.switch("wrong_amount")
    bank.pay(PAYMENT)
    assert [line.amount for line in bank.lines()] == [1_001]
    assert [line.amount for line in bank.statement().lines if line.end_to_end_id == ID] == [1_000]


def test_wrong_id_and_malformed_spoil_one_answer(bank: BankClient) -> None:
    bank.switch("wrong_id", end_to_end_id=ID)
    assert bank.pay(PAYMENT).end_to_end_id != ID
    bank.switch("malformed", end_to_end_id=ID)
    with pytest.raises(Exception, match="XML"):
        bank.ask(ID)
    found = bank.ask(ID)
    assert found is not None and found.end_to_end_id == ID


@pytest.mark.parametrize(
    ("kind", "is_taken"), [("close_before", False), ("close_after", True), ("away", False)]
)
def test_a_torn_connection_gives_no_answer(bank: BankClient, kind: str, is_taken: bool) -> None:
    bank.switch(kind)
    with pytest.raises(httpx2.TransportError):
        bank.pay(PAYMENT)
    assert (bank.ask(ID) is not None) == is_taken
    assert bank.pay(PAYMENT).status == "ACSC"
    assert bank.paid() == 1_000


def test_the_money_comes_back_later(bank: BankClient) -> None:
    bank.switch("return", seconds=60)
    assert bank.pay(PAYMENT).status == "ACSC"
    assert bank.paid() == 1_000
    bank.now_ms += 60_000
    assert bank.paid() == 0
    assert [(line.is_credit, line.code) for line in bank.lines()] == [(False, ""), (True, "AC01")]


def test_switches_are_seen_and_cleared(bank: BankClient) -> None:
    bank.switch("away", account="1", times=7)
    assert "<td>away</td><td>7</td>" in bank.http.get(bank.address).text
    bank.http.post(f"{bank.address}/switches/clear")
    assert "<td>away</td>" not in bank.http.get(bank.address).text


def test_the_page_shows_what_is_there_and_runs_nothing(bank: BankClient) -> None:
    bank.pay(make_payment(creditor=replace(SUPPLIER, name="<script>alert(1)</script>")))
    answer = bank.http.get(bank.address)
    assert "&lt;script&gt;alert(1)" in answer.text and "<script" not in answer.text
    assert "IDR 1000" in answer.text and ID in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert bank.http.get(f"{bank.address}/style.css").status_code == 200


def test_books_are_read_from_their_file_as_they_stand(tmp_path: Path) -> None:
    with serving_bank(tmp_path) as bank:
        bank.pay(PAYMENT)
        bank.pay(make_payment(2, creditor=replace(SUPPLIER, number="99990000")))
        bank.switch("return", seconds=60)
        bank.pay(make_payment(3))
        books = tmp_path / "bank.sqlite"
        assert [(one.end_to_end_id, one.amount, one.state) for one in read_payments(books)] == [
            (ID, 1_000, "booked"),
            (make_payment(2).end_to_end_id, 1_000, "rejected"),
            (make_payment(3).end_to_end_id, 1_000, "booked"),
        ]
        assert read_paid(books, TREASURY.number) == {"IDR": 2_000}
        bank.now_ms += 60_000
        bank.paid()
        assert read_paid(books, TREASURY.number) == {"IDR": 1_000}
        assert read_payments(books)[2].state == "returned"
    with pytest.raises(sqlite3.OperationalError):
        read_payments(tmp_path / "elsewhere.sqlite")


# --- Kills --------------------------------------------------------------------------------------------------------


def test_books_outlive_kills_under_load(tmp_path: Path) -> None:
    bank = BankProcess(tmp_path / "bank")
    bank.start()
    answered: list[str] = []
    for life in range(2):
        killer = threading.Timer(0.2, bank.kill)
        for number in range(life * 10_000, life * 10_000 + 10_000):
            if number == life * 10_000 + 3:
                killer.start()  # however slow the machine is, some were answered
            try:
                answered.append(bank.client.pay(make_payment(number)).end_to_end_id)
            except (httpx2.TransportError, Malformed):
                break
        killer.join()
        bank.start()
    assert len(answered) > 5
    for id_ in answered:
        status = bank.client.ask(id_)
        assert status is not None and status.status == "ACSC"
    booked = [line.end_to_end_id for line in bank.client.lines()]
    assert len(booked) == len(set(booked)) and set(answered) <= set(booked)
    assert bank.client.paid() == 1_000 * len(booked)
    assert bank.stop() == 0
