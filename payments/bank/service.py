"""The bank over HTTP: payments in, statuses, notifications and statements out, and a page for people.

    POST /payments                       pain.001 -> pain.002
    GET  /payments/END_TO_END_ID         pain.002, or 404 {"unknown": "END_TO_END_ID"}
    GET  /notifications/ACCOUNT/NUMBER   camt.054, numbered from 1, or 404 {"unknown": "NUMBER"}
    GET  /statements/ACCOUNT/DAY         camt.053
    GET  /  /summary  /health            the page; the same as JSON; whether it is there
    POST /switches  /switches/clear      how it is to misbehave

It has no accounts of users and no secrets: it belongs on a machine of one's own.
"""

from dataclasses import replace
from datetime import date
from urllib.parse import parse_qs

from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from chain.errors import Malformed
from chain.limits import BANK_FORM_BYTES_MAX, BANK_ROWS_SHOWN_MAX, PAYMENT_MESSAGE_BYTES_MAX
from payments.bank.books import Books
from payments.bank.page import STYLE, render_page
from payments.bank.switches import Kind, Switch
from payments.iso20022 import decode_payment, encode_statement, encode_status
from payments.messages import Status

_XML = "application/xml"
_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_SECONDS_MOST, _TIMES_MOST = 86_400 * 30, 1_000_000


class Torn(Response):
    """No answer: the connection ends before the answer does."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Promises more than it sends; the server then ends the connection."""
        headers = [(b"content-length", b"1000"), (b"content-type", _XML.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"<", "more_body": True})


def make_app(books: Books) -> Starlette:
    """The bank's HTTP side."""
    service = _Service(books)
    routes = [
        Route("/payments", service.pay, methods=["POST"]),
        Route("/payments/{end_to_end_id}", service.tell_status),
        Route("/notifications/{account}/{number:int}", service.tell_notification),
        Route("/statements/{account}/{day}", service.tell_statement),
        Route("/summary", service.summarise),
        Route("/health", service.tell_health),
        Route("/style.css", service.give_style),
        Route("/switches", service.set_switch, methods=["POST"]),
        Route("/switches/clear", service.clear_switches, methods=["POST"]),
        Route("/", service.show),
    ]
    return Starlette(routes=routes)


class _Service:
    def __init__(self, books: Books) -> None:
        self._books = books

    # --- For programs -------------------------------------------------------------------------------------------

    async def pay(self, request: Request) -> Response:
        """A pain.001."""
        try:
            payment = decode_payment(await _read_body(request, PAYMENT_MESSAGE_BYTES_MAX))
        except Malformed as error:
            return _refuse(400, str(error))
        meant = payment.creditor.number, payment.end_to_end_id
        if await self._is_to(Kind.AWAY, *meant) or await self._is_to(Kind.CLOSE_BEFORE, *meant):
            return Torn()
        status = await to_thread.run_sync(self._books.receive, payment)
        if await self._is_to(Kind.CLOSE_AFTER, *meant):
            return Torn()
        return await self._answer(status)

    async def tell_status(self, request: Request) -> Response:
        """A pain.002 about a payment."""
        id_ = request.path_params["end_to_end_id"]
        if await self._is_to(Kind.AWAY, "", id_):
            return Torn()
        status = await to_thread.run_sync(self._books.get_status, id_)
        return _unknown(id_) if status is None else await self._answer(status)

    async def tell_notification(self, request: Request) -> Response:
        """A camt.054."""
        if await self._is_to(Kind.AWAY):
            return Torn()
        account, number = request.path_params["account"], request.path_params["number"]
        found = await to_thread.run_sync(self._books.get_notification, account, min(number, 2**62))
        return _unknown(str(number)) if found is None else Response(found, media_type=_XML)

    async def tell_statement(self, request: Request) -> Response:
        """A camt.053."""
        if await self._is_to(Kind.AWAY):
            return Torn()
        try:
            day = date.fromisoformat(request.path_params["day"]).isoformat()
        except ValueError:
            return _refuse(400, "expected a day such as 2026-11-25")
        account = request.path_params["account"]
        found = await to_thread.run_sync(self._books.get_statement, account, day)
        return _unknown(account) if found is None else Response(encode_statement(found), media_type=_XML)

    async def summarise(self, _: Request) -> Response:
        """Accounts and totals; `sum` is of all balances, and is zero."""
        accounts = await to_thread.run_sync(self._books.list_accounts)
        totals = await to_thread.run_sync(self._books.list_totals)
        sum_ = sum(account["balance"] for account in accounts)
        return JSONResponse({"accounts": accounts, "payments": totals, "sum": sum_})

    async def tell_health(self, _: Request) -> Response:
        """It is there."""
        return JSONResponse({"status": "ok"})

    async def _answer(self, status: Status) -> Response:
        if await self._is_to(Kind.WRONG_ID, "", status.end_to_end_id):
            status = replace(status, end_to_end_id="TRG" + "0" * 32)
            return Response(encode_status(status), media_type=_XML)
        data = encode_status(status)
        if await self._is_to(Kind.MALFORMED, "", status.end_to_end_id):
            data = data[: len(data) // 2]
        return Response(data, media_type=_XML)

    async def _is_to(self, kind: Kind, account: str = "", end_to_end_id: str = "") -> bool:
        return await to_thread.run_sync(self._books.take_switch, kind, account, end_to_end_id) is not None

    # --- For people ---------------------------------------------------------------------------------------------

    async def show(self, _: Request) -> Response:
        """The page."""
        accounts = await to_thread.run_sync(self._books.list_accounts)
        payments = await to_thread.run_sync(self._books.list_payments, BANK_ROWS_SHOWN_MAX)
        movements = await to_thread.run_sync(self._books.list_movements, BANK_ROWS_SHOWN_MAX)
        switches = await to_thread.run_sync(self._books.list_switches)
        page = render_page(accounts, payments, movements, switches)
        return Response(page, media_type="text/html", headers={"content-security-policy": _POLICY})

    async def give_style(self, _: Request) -> Response:
        """The page's looks."""
        return Response(STYLE, media_type="text/css")

    async def set_switch(self, request: Request) -> Response:
        """A form of the page, or the same fields from a program."""
        if _is_from_elsewhere(request):
            return _refuse(403, "expected a form of this page")
        try:
            switch = _read_switch(await _read_body(request, BANK_FORM_BYTES_MAX))
        except Malformed as error:
            return _refuse(400, str(error))
        await to_thread.run_sync(self._books.set_switch, switch)
        return RedirectResponse("/", status_code=303)

    async def clear_switches(self, request: Request) -> Response:
        """It behaves again."""
        if _is_from_elsewhere(request):
            return _refuse(403, "expected a form of this page")
        await to_thread.run_sync(self._books.clear_switches)
        return RedirectResponse("/", status_code=303)


def _is_from_elsewhere(request: Request) -> bool:
    """Whether another site made the browser send it."""
    return request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin")


async def _read_body(request: Request, bytes_max: int) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > bytes_max:
            raise Malformed(f"expected at most {bytes_max} bytes")
    return bytes(body)


def _read_switch(body: bytes) -> Switch:
    try:
        fields = parse_qs(body.decode(), strict_parsing=True, max_num_fields=10) if body else {}
    except ValueError as error:
        raise Malformed(f"expected a form: {error}") from None
    given = {name: values[0].strip() for name, values in fields.items()}
    try:
        kind = Kind(given.get("kind", ""))
    except ValueError:
        raise Malformed(f"kind: expected one of {', '.join(Kind)}, got {given.get('kind', '')!r}") from None
    return Switch(
        kind=kind,
        times=_read_whole(given, "times", 1, _TIMES_MOST),
        account=given.get("account", ""),
        end_to_end_id=given.get("end_to_end_id", ""),
        seconds=_read_whole(given, "seconds", 0, _SECONDS_MOST),
        code=_read_code(given, kind),
    )


def _read_code(given: dict[str, str], kind: Kind) -> str:
    usual = {Kind.REJECT: "AC04", Kind.RETURN: "AC01"}.get(kind, "")
    code = given.get("code") or usual
    if code and not (len(code) == 4 and code.isascii() and code.isalnum() and code.isupper()):
        raise Malformed(f"code: expected four capitals and digits such as AC04, got {code!r}")
    return code


def _read_whole(given: dict[str, str], name: str, least: int, most: int) -> int:
    text = given.get(name) or str(least)
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        raise Malformed(f"{name}: expected {least} to {most}, got {text!r}")
    return int(text)


def _unknown(what: str) -> Response:
    return JSONResponse({"unknown": what}, status_code=404)


def _refuse(code: int, why: str) -> Response:
    return JSONResponse({"error": why}, status_code=code)
