"""Messages fit the published schemas, are read as they were written, and whatever else comes is refused by name."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import Malformed
from payments.amounts import PLACES, format_amount, parse_amount
from payments.iso20022 import (
    decode_notification,
    decode_payment,
    decode_statement,
    decode_status,
    encode_notification,
    encode_payment,
    encode_statement,
    encode_status,
)
from payments.messages import Line, Notification, Party, Payment, Statement, Status
from tests.payments.model import make_release
from tests.payments.schemas import check

ID = make_release().end_to_end_id
NOW_MS = 1_795_600_000_123
TREASURY = Party(name="Kas Negara <Barat> & Co", bank="INDOIDJA", number="519000118")
SUPPLIER = Party(name="PT Alfa “Jaya”", bank="BMRIIDJAXXX", number="1230098765432")
PAYMENT = Payment(
    message_id=ID,
    created_ms=NOW_MS,
    day="2026-11-25",
    end_to_end_id=ID,
    debtor=TREASURY,
    creditor=SUPPLIER,
    amount=12_345,
    currency="IDR",
    text="SPM 17",
)
STATUS = Status(message_id="S-1", created_ms=NOW_MS, original_message_id=ID, end_to_end_id=ID, status="ACSC")
REJECTED = replace(STATUS, status="RJCT", code="AC04", reason="Rekening ditutup")
OUT = Line(
    reference="B-1", day="2026-11-25", amount=12_345, currency="IDR", is_credit=False, end_to_end_id=ID
)
BACK = replace(OUT, reference="B-2", is_credit=True, code="AC01", reason="Rekening tidak dikenal")
NOTIFICATION = Notification(message_id="N-1", created_ms=NOW_MS, account=TREASURY.number, lines=(OUT, BACK))
STATEMENT = Statement(
    message_id="T-1",
    created_ms=NOW_MS,
    account=TREASURY.number,
    day="2026-11-25",
    currency="IDR",
    opening=100,
    closing=-12_245,
    lines=(OUT,),
)
MESSAGES: tuple[tuple[str, Callable[[Any], bytes], Callable[[bytes], Any], Any], ...] = (
    ("pain.001.001.09", encode_payment, decode_payment, PAYMENT),
    ("pain.002.001.10", encode_status, decode_status, STATUS),
    ("pain.002.001.10", encode_status, decode_status, REJECTED),
    ("camt.054.001.08", encode_notification, decode_notification, NOTIFICATION),
    ("camt.053.001.08", encode_statement, decode_statement, STATEMENT),
    ("camt.053.001.08", encode_statement, decode_statement, replace(STATEMENT, lines=())),
)


@pytest.mark.parametrize(("name", "write", "read", "message"), MESSAGES)
def test_fits_its_schema_and_is_read_back(
    name: str, write: Callable[[Any], bytes], read: Callable[[bytes], Any], message: Any
) -> None:
    check(write(message), name)
    assert read(write(message)) == message


def test_the_schemas_refuse_what_does_not_fit() -> None:
    with pytest.raises(Exception, match="EndToEndId"):
        check(encode_payment(replace(PAYMENT, end_to_end_id="X" * 36)), "pain.001.001.09")


@given(st.sampled_from(sorted(PLACES)), st.integers(1, 10**18 - 1))
def test_amounts_round_trip(currency: str, amount: int) -> None:
    assert parse_amount(format_amount(amount, currency), currency) == amount


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [("1250", "IDR", 1250), ("1250.00", "IDR", 1250), ("12.5", "EUR", 1250), ("0.05", "USD", 5)],
)
def test_amounts_are_read_as_banks_write_them(text: str, currency: str, amount: int) -> None:
    assert parse_amount(text, currency) == amount


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("12.50", "IDR"),
        ("12.505", "EUR"),
        ("-1", "IDR"),
        ("1e3", "IDR"),
        ("1,000", "IDR"),
        ("", "IDR"),
        ("9" * 19, "IDR"),
        ("٣", "IDR"),
        ("1", "ABC"),
    ],
)
def test_other_amounts_are_refused(text: str, currency: str) -> None:
    with pytest.raises(Malformed):
        parse_amount(text, currency)


BOMB = b"""<?xml version="1.0"?><!DOCTYPE Document [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>&b;</CstmrPmtStsRpt></Document>"""
FETCHED = BOMB.replace(b'"aaaa"', b'SYSTEM "file:///etc/passwd"')
WRITTEN = encode_status(REJECTED)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (BOMB, "document type declaration"),
        (FETCHED, "document type declaration"),
        (b"", "expected XML"),
        (b"<html></html>", "expected namespace"),
        (WRITTEN[:-30], "expected XML"),
        (WRITTEN.replace(b"001.10", b"001.03"), "expected namespace"),
        (WRITTEN.replace(b"TxSts>", b"TxSta>"), "TxSts: expected one, got none"),
        (WRITTEN.replace(b"RJCT", b""), "expected 1 to 4 characters"),
        (WRITTEN.replace(b"RJCT", b"REJECTED"), "expected 1 to 4 characters"),
        (WRITTEN.replace(b"<TxSts>", b"<TxSts>RJCT</TxSts><TxSts>"), "expected one, got 2"),
        (WRITTEN.replace(b"RJCT", b"<a>RJCT</a>"), "expected text"),
        (WRITTEN.replace(b"<CreDtTm>", b"<CreDtTm>x"), "expected RFC 3339"),
        (WRITTEN.replace(b"<TxSts>", b"<a>" * 40), "less deep"),
        (encode_payment(PAYMENT), "expected namespace"),
    ],
)
def test_other_statuses_are_refused(data: bytes, said: str) -> None:
    with pytest.raises(Malformed, match=said):
        decode_status(data)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"<NbOfTxs>1<", b"<NbOfTxs>2<", "one transfer"),
        (b"<CtrlSum>12345<", b"<CtrlSum>12346<", "the sum"),
        (b"BMRIIDJAXXX", b"bmri", "expected a BIC"),
        (b'Ccy="IDR"', b'Ccy="ABC"', "InstdAmt: currency"),
        (b"<Dt>2026-11-25<", b"<Dt>2026-11-32<", "expected a date"),
    ],
)
def test_other_payments_are_refused(old: bytes, new: bytes, said: str) -> None:
    data = encode_payment(PAYMENT)
    assert old in data
    with pytest.raises(Malformed, match=said):
        decode_payment(data.replace(old, new))


def test_entries_that_are_not_booked_yet_are_no_entries() -> None:
    data = encode_notification(NOTIFICATION).replace(b"BOOK", b"PDNG", 1)
    assert decode_notification(data).lines == (BACK,)


ENTRY = encode_notification(replace(NOTIFICATION, lines=(OUT,)))
OTHER = make_release(2).end_to_end_id


def read_changed(*changes: tuple[bytes, bytes]) -> tuple[Line, ...]:
    """The lines of `ENTRY`, after changes that the schema allows."""
    data = ENTRY
    for old, new in changes:
        assert data.count(old) == 1, old
        data = data.replace(old, new)
    check(data, "camt.054.001.08")
    return decode_notification(data).lines


def between(data: bytes, name: bytes) -> bytes:
    """An element as it was written, the outermost of its name."""
    start, end = data.index(b"<%b>" % name), data.rindex(b"</%b>" % name) + len(name) + 3
    return data[start:end]


def test_an_entry_of_no_payment_needs_neither_details_nor_reference() -> None:
    of_none = replace(OUT, end_to_end_id="NOTPROVIDED")
    details = between(ENTRY, b"NtryDtls")
    assert read_changed((details, b"")) == (of_none,)
    assert read_changed((details, b""), (b"<AcctSvcrRef>B-1</AcctSvcrRef>", b"")) == (
        replace(of_none, reference="NOTPROVIDED"),
    )
    time = b"<BookgDt><DtTm>2026-11-25T23:59:00+07:00</DtTm></BookgDt>"
    assert read_changed((between(ENTRY, b"BookgDt"), time)) == (OUT,)


def test_payments_that_are_booked_together_are_told_apart() -> None:
    details, amount = between(ENTRY, b"TxDtls"), b'<Amt Ccy="IDR">12345</Amt>'
    parts = [
        details.replace(amount, b'<Amt Ccy="IDR">12000</Amt>'),
        details.replace(amount, b'<Amt Ccy="IDR">345</Amt>').replace(ID.encode(), OTHER.encode()),
    ]
    assert read_changed((details, b"".join(parts))) == (
        replace(OUT, amount=12_000),
        replace(OUT, amount=345, end_to_end_id=OTHER),
    )
    with pytest.raises(Malformed, match="expected payments that come to 12345"):
        read_changed((details, parts[0] * 2))


def test_a_payment_needs_a_reference_of_the_banks() -> None:
    of_entry, of_details = b"<AcctSvcrRef>B-1</AcctSvcrRef>", b"<AcctSvcrRef>B-7</AcctSvcrRef><EndToEndId>"
    with pytest.raises(Malformed, match=f"expected a reference of the bank's for {ID}, got none"):
        read_changed((of_entry, b""))
    assert read_changed((of_entry, b""), (b"<EndToEndId>", of_details)) == (replace(OUT, reference="B-7"),)


def test_all_that_a_bank_says_of_its_reasons_is_read() -> None:
    said = b"<AddtlInf>Rekening ditutup</AddtlInf>"
    data = WRITTEN.replace(said, said + b"<AddtlInf>per 1 November</AddtlInf>")
    more = data.replace(b"</StsRsnInf>", b"</StsRsnInf><StsRsnInf><Rsn><Cd>NARR</Cd></Rsn></StsRsnInf>")
    check(more, "pain.002.001.10")
    assert decode_status(more) == replace(REJECTED, reason="Rekening ditutup per 1 November")


@given(st.binary(max_size=200), st.integers(0, len(WRITTEN)))
def test_nothing_but_refusals_comes_of_noise(noise: bytes, place: int) -> None:
    try:
        decode_status(WRITTEN[:place] + noise + WRITTEN[place:])
    except Malformed as error:
        assert str(error)
