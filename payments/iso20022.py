"""The four ISO 20022 messages between treasury and bank, each written and read: one payment in a message.

    pain.001.001.09   the order to pay           gateway -> bank
    pain.002.001.10   what becomes of it         bank -> gateway
    camt.054.001.08   an entry, as it is booked  bank -> gateway
    camt.053.001.08   all entries of a day       bank -> gateway

Of each message the part is read that decides something; what else a bank puts in is left alone. What is read must be
there once, of its form and within its length: everything else is `Malformed` and names the element. Days are dates of
the bank, times are UTC.

An entry is of one payment, of several that the bank booked together, or of none, such as a fee or a deposit: what the
schema leaves out for those may be left out, since one entry that cannot be read would hold up all that come after it.
"""

import re
from dataclasses import replace
from datetime import date

from chain.errors import Malformed
from chain.time import format_time, parse_time
from payments.amounts import format_amount, parse_amount
from payments.markup import Element, Tree, parse_document, render_document
from payments.messages import Line, Notification, Party, Payment, Statement, Status

_SPACE = "urn:iso:std:iso:20022:tech:xsd:"
PAYMENT, STATUS, NOTIFICATION, STATEMENT = (
    f"{_SPACE}{name}" for name in ("pain.001.001.09", "pain.002.001.10", "camt.054.001.08", "camt.053.001.08")
)
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?", re.ASCII)
_NAME_CHARACTERS, _NUMBER_CHARACTERS, _TEXT_CHARACTERS, _REASON_CHARACTERS = 140, 34, 140, 105
_REASONS_CHARACTERS = 500
NOT_PROVIDED = "NOTPROVIDED"
"""What ISO 20022 has where an entry belongs to no payment of the customer's."""


def is_bic(text: str) -> bool:
    """Whether it has the form of a bank's BIC (ISO 9362)."""
    return _BIC.fullmatch(text) is not None


# --- pain.001 -----------------------------------------------------------------------------------------------------


def encode_payment(payment: Payment) -> bytes:
    """A pain.001 with one transaction."""
    header: Tree = (
        "GrpHdr",
        [
            *_message(payment.message_id, payment.created_ms),
            ("NbOfTxs", "1"),
            ("CtrlSum", format_amount(payment.amount, payment.currency)),
            ("InitgPty", [("Nm", payment.debtor.name)]),
        ],
    )
    transaction: Tree = (
        "CdtTrfTxInf",
        [
            ("PmtId", [("EndToEndId", payment.end_to_end_id)]),
            ("Amt", [_amount("InstdAmt", payment.amount, payment.currency)]),
            _agent("CdtrAgt", payment.creditor.bank),
            ("Cdtr", [("Nm", payment.creditor.name)]),
            _account("CdtrAcct", payment.creditor.number),
            ("RmtInf", [("Ustrd", payment.text)]),
        ],
    )
    instruction: Tree = (
        "PmtInf",
        [
            ("PmtInfId", payment.message_id),
            ("PmtMtd", "TRF"),
            ("ReqdExctnDt", [("Dt", payment.day)]),
            ("Dbtr", [("Nm", payment.debtor.name)]),
            _account("DbtrAcct", payment.debtor.number),
            _agent("DbtrAgt", payment.debtor.bank),
            transaction,
        ],
    )
    return render_document(PAYMENT, ("CstmrCdtTrfInitn", [header, instruction]))


def decode_payment(data: bytes) -> Payment:
    """A pain.001 with one transaction. Raises `Malformed`."""
    message = _read_message(data, PAYMENT, "CstmrCdtTrfInitn")
    instruction = message.get("PmtInf")
    transaction = instruction.get("CdtTrfTxInf")
    if (message.read("GrpHdr/NbOfTxs"), instruction.read("PmtMtd")) != ("1", "TRF"):
        raise Malformed("CstmrCdtTrfInitn: expected one transfer in a message")
    amount, currency = _read_amount(transaction.get("Amt/InstdAmt"))
    if parse_amount(message.read_or("GrpHdr/CtrlSum", format_amount(amount, currency)), currency) != amount:
        raise Malformed("GrpHdr/CtrlSum: expected the sum of the transactions")
    return Payment(
        message_id=message.read("GrpHdr/MsgId"),
        created_ms=_read_time(message.get("GrpHdr/CreDtTm")),
        day=_read_day(instruction.get("ReqdExctnDt")),
        end_to_end_id=transaction.read("PmtId/EndToEndId"),
        debtor=_read_party(instruction, "Dbtr"),
        creditor=_read_party(transaction, "Cdtr"),
        amount=amount,
        currency=currency,
        text=transaction.read_or("RmtInf/Ustrd", "", characters_max=_TEXT_CHARACTERS),
    )


# --- pain.002 -----------------------------------------------------------------------------------------------------


def encode_status(status: Status) -> bytes:
    """A pain.002 about one transaction."""
    reason: list[Tree] = []
    if status.code:
        inside: list[Tree] = [("Rsn", [("Cd", status.code)])]
        inside += [("AddtlInf", status.reason)] if status.reason else []
        reason = [("StsRsnInf", inside)]
    transaction: Tree = (
        "TxInfAndSts",
        [("OrgnlEndToEndId", status.end_to_end_id), ("TxSts", status.status), *reason],
    )
    content: list[Tree] = [
        ("GrpHdr", _message(status.message_id, status.created_ms)),
        (
            "OrgnlGrpInfAndSts",
            [("OrgnlMsgId", status.original_message_id), ("OrgnlMsgNmId", "pain.001.001.09")],
        ),
        ("OrgnlPmtInfAndSts", [("OrgnlPmtInfId", status.original_message_id), transaction]),
    ]
    return render_document(STATUS, ("CstmrPmtStsRpt", content))


def decode_status(data: bytes) -> Status:
    """A pain.002 about one transaction. Raises `Malformed`."""
    message = _read_message(data, STATUS, "CstmrPmtStsRpt")
    transaction = message.get("OrgnlPmtInfAndSts/TxInfAndSts")
    code, reason = _read_why(transaction, "StsRsnInf")
    return Status(
        message_id=message.read("GrpHdr/MsgId"),
        created_ms=_read_time(message.get("GrpHdr/CreDtTm")),
        original_message_id=message.read("OrgnlGrpInfAndSts/OrgnlMsgId"),
        end_to_end_id=transaction.read("OrgnlEndToEndId"),
        status=transaction.read("TxSts", characters_max=4),
        code=code,
        reason=reason,
    )


# --- camt.054, camt.053 -------------------------------------------------------------------------------------------


def encode_notification(notification: Notification) -> bytes:
    """A camt.054."""
    report: Tree = (
        "Ntfctn",
        [
            ("Id", notification.message_id),
            _account("Acct", notification.account),
            *(_entry(line) for line in notification.lines),
        ],
    )
    header: Tree = ("GrpHdr", _message(notification.message_id, notification.created_ms))
    return render_document(NOTIFICATION, ("BkToCstmrDbtCdtNtfctn", [header, report]))


def decode_notification(data: bytes) -> Notification:
    """A camt.054 about one account. Raises `Malformed`."""
    message = _read_message(data, NOTIFICATION, "BkToCstmrDbtCdtNtfctn")
    report = message.get("Ntfctn")
    return Notification(
        message_id=message.read("GrpHdr/MsgId"),
        created_ms=_read_time(message.get("GrpHdr/CreDtTm")),
        account=report.read("Acct/Id/Othr/Id", characters_max=_NUMBER_CHARACTERS),
        lines=_read_lines(report),
    )


def encode_statement(statement: Statement) -> bytes:
    """A camt.053 of one day."""
    report: Tree = (
        "Stmt",
        [
            ("Id", statement.message_id),
            _account("Acct", statement.account),
            _balance("OPBD", statement.opening, statement),
            _balance("CLBD", statement.closing, statement),
            *(_entry(line) for line in statement.lines),
        ],
    )
    header: Tree = ("GrpHdr", _message(statement.message_id, statement.created_ms))
    return render_document(STATEMENT, ("BkToCstmrStmt", [header, report]))


def decode_statement(data: bytes) -> Statement:
    """A camt.053 of one account and day. Raises `Malformed`."""
    message = _read_message(data, STATEMENT, "BkToCstmrStmt")
    report = message.get("Stmt")
    balances = {one.read("Tp/CdOrPrtry/Cd", characters_max=4): one for one in report.every("Bal")}
    if not {"OPBD", "CLBD"} <= balances.keys():
        raise Malformed(f"Stmt/Bal: expected OPBD and CLBD, got {', '.join(balances) or 'none'}")
    opening, currency = _read_balance(balances["OPBD"])
    closing, other = _read_balance(balances["CLBD"])
    if other != currency:
        raise Malformed(f"Stmt/Bal: expected one currency, got {currency} and {other}")
    return Statement(
        message_id=message.read("GrpHdr/MsgId"),
        created_ms=_read_time(message.get("GrpHdr/CreDtTm")),
        account=report.read("Acct/Id/Othr/Id", characters_max=_NUMBER_CHARACTERS),
        day=_read_day(balances["CLBD"].get("Dt")),
        currency=currency,
        opening=opening,
        closing=closing,
        lines=_read_lines(report),
    )


# --- Parts, written -----------------------------------------------------------------------------------------------


def _message(message_id: str, created_ms: int) -> list[Tree]:
    return [("MsgId", message_id), ("CreDtTm", format_time(created_ms))]


def _amount(name: str, amount: int, currency: str) -> Tree:
    return (name, format_amount(amount, currency), {"Ccy": currency})


def _account(name: str, number: str) -> Tree:
    return (name, [("Id", [("Othr", [("Id", number)])])])


def _agent(name: str, bank: str) -> Tree:
    return (name, [("FinInstnId", [("BICFI", bank)])])


def _sign(is_credit: bool) -> Tree:
    return ("CdtDbtInd", "CRDT" if is_credit else "DBIT")


def _balance(kind: str, amount: int, statement: Statement) -> Tree:
    return (
        "Bal",
        [
            ("Tp", [("CdOrPrtry", [("Cd", kind)])]),
            _amount("Amt", abs(amount), statement.currency),
            _sign(amount >= 0),
            ("Dt", [("Dt", statement.day)]),
        ],
    )


def _entry(line: Line) -> Tree:
    details: list[Tree] = [
        ("Refs", [("EndToEndId", line.end_to_end_id)]),
        _amount("Amt", line.amount, line.currency),
        _sign(line.is_credit),
    ]
    if line.code:
        inside: list[Tree] = [("Rsn", [("Cd", line.code)])]
        inside += [("AddtlInf", line.reason)] if line.reason else []
        details.append(("RtrInf", inside))
    return (
        "Ntry",
        [
            _amount("Amt", line.amount, line.currency),
            _sign(line.is_credit),
            ("Sts", [("Cd", "BOOK")]),
            ("BookgDt", [("Dt", line.day)]),
            ("AcctSvcrRef", line.reference),
            ("BkTxCd", [("Prtry", [("Cd", "TRF")])]),
            ("NtryDtls", [("TxDtls", details)]),
        ],
    )


# --- Parts, read --------------------------------------------------------------------------------------------------


def _read_message(data: bytes, namespace: str, name: str) -> Element:
    document = parse_document(data, namespace)
    if document.name != "Document":
        raise Malformed(f"message: expected Document, got {document.name}")
    return document.get(name)


def _read_amount(element: Element) -> tuple[int, str]:
    currency = element.attributes.get("Ccy", "")
    try:
        return parse_amount(element.own_text(24), currency), currency
    except Malformed as error:
        raise Malformed(f"{element.place}: {error}") from error


def _read_time(element: Element) -> int:
    text = element.own_text(35)
    return parse_time(text if re.search(r"(Z|[+-]\d\d:\d\d)$", text) else text + "Z")


def _read_day(element: Element) -> str:
    """A date, or the date of a time as the bank has it."""
    is_time = element.find("DtTm") is not None
    text = element.read("DtTm")[:10] if is_time else element.read("Dt", characters_max=10)
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise Malformed(f"{element.place}/Dt: expected a date such as 2026-11-25, got {text!r}") from None


def _read_party(element: Element, name: str) -> Party:
    bank = element.read(f"{name}Agt/FinInstnId/BICFI", characters_max=11)
    if not is_bic(bank):
        raise Malformed(f"{name}Agt: expected a BIC, got {bank!r}")
    return Party(
        name=element.read(f"{name}/Nm", characters_max=_NAME_CHARACTERS),
        bank=bank,
        number=element.read(f"{name}Acct/Id/Othr/Id", characters_max=_NUMBER_CHARACTERS),
    )


def _read_why(element: Element, name: str) -> tuple[str, str]:
    """The first code of its reasons, of the public list or the bank's own, and all that is said beside them."""
    code, words = "", []
    for one in element.every(name):
        found = one.find("Rsn")
        if found is not None and not code:
            code = found.read_or("Cd", "", characters_max=4) or found.read("Prtry")
        words += [said.own_text(_REASON_CHARACTERS) for said in one.every("AddtlInf")]
    return code, " ".join(words)[:_REASONS_CHARACTERS]


def _read_sign(element: Element) -> bool:
    text = element.read("CdtDbtInd")
    if text not in ("CRDT", "DBIT"):
        raise Malformed(f"{element.place}/CdtDbtInd: expected CRDT or DBIT, got {text!r}")
    return text == "CRDT"


def _read_balance(element: Element) -> tuple[int, str]:
    amount, currency = _read_amount(element.get("Amt"))
    return (amount if _read_sign(element) else -amount), currency


def _read_lines(report: Element) -> tuple[Line, ...]:
    booked = (entry for entry in report.every("Ntry") if entry.read("Sts/Cd") == "BOOK")
    return tuple(line for entry in booked for line in _read_entry(entry))


def _read_entry(entry: Element) -> tuple[Line, ...]:
    amount, currency = _read_amount(entry.get("Amt"))
    whole = Line(
        reference=entry.read_or("AcctSvcrRef", "") or entry.read_or("NtryRef", NOT_PROVIDED),
        day=_read_day(entry.get("BookgDt")),
        amount=amount,
        currency=currency,
        is_credit=_read_sign(entry),
        end_to_end_id=NOT_PROVIDED,
    )
    details = [one for inside in entry.every("NtryDtls") for one in inside.every("TxDtls")]
    if not details:
        return (whole,)
    if len(details) == 1:
        return (_read_details(details[0], whole),)
    lines = tuple(_read_details(one, _read_part(one, whole)) for one in details)
    if sum(_moved(line) for line in lines) != _moved(whole):
        raise Malformed(f"{entry.place}: expected payments that come to {amount}, got others")
    return lines


def _read_part(details: Element, whole: Line) -> Line:
    """One of the payments that were booked together: in the entry's currency, and its way unless it says another."""
    amount, currency = _read_amount(details.get("Amt"))
    if currency != whole.currency:
        raise Malformed(f"{details.place}/Amt: expected {whole.currency}, got {currency}")
    is_credit = whole.is_credit if details.find("CdtDbtInd") is None else _read_sign(details)
    return replace(whole, amount=amount, is_credit=is_credit)


def _read_details(details: Element, line: Line) -> Line:
    reference, id_ = line.reference, details.read_or("Refs/EndToEndId", NOT_PROVIDED)
    if reference == NOT_PROVIDED:
        reference = details.read_or("Refs/AcctSvcrRef", NOT_PROVIDED)
    if reference == NOT_PROVIDED != id_:
        raise Malformed(f"{details.place}: expected a reference of the bank's for {id_}, got none")
    code, reason = _read_why(details, "RtrInf")
    return replace(line, reference=reference, end_to_end_id=id_, code=code, reason=reason)


def _moved(line: Line) -> int:
    return line.amount if line.is_credit else -line.amount
