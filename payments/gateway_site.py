"""The gateway over HTTP: suppliers hand accounts over, and people and monitors look.

    POST /accounts   {"supplier", "holder", "bank", "number", "salt"} -> {"commitment"}; taken only when it fits the ledger
    GET  /health     "ok", "trouble" (something is away, and is tried again) or "alarm" (people must look), and why
    GET  /orders     attempts, the newest first: ?order=12  ?open=true  ?first=0&limit=100
    GET  /metrics    for Prometheus

Nothing here moves money, and nothing tells an account. Runs on the HTTP thread, with a client of its own for the ledger.
"""

from collections.abc import Mapping
from dataclasses import asdict

from anyio import to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chain.errors import Malformed
from chain.keys import format_address
from chain.limits import ACCOUNT_BYTES_MAX, PAYMENT_ORDERS_SHOWN_MAX
from chain.payment import compute_account_commitment
from machine.faults import DiskFault
from payments.accounts import Accounts, parse_account
from payments.attempt import Attempt
from payments.desk import Desk
from payments.gateway_metrics import CONTENT_TYPE, render_metrics
from payments.ledger import Ledger
from payments.nodes import FAILED
from rpc.requests import CallRefused

_BAD, _MISFIT, _TOO_LARGE, _AWAY = 400, 409, 413, 503


def make_app(desk: Desk, ledger: Ledger, accounts: Accounts) -> Starlette:
    """The gateway's HTTP side."""
    site = _Site(desk, ledger, accounts)
    routes = [
        Route("/accounts", site.take_account, methods=["POST"]),
        Route("/health", site.tell_health),
        Route("/orders", site.list_orders),
        Route("/metrics", site.tell_metrics),
    ]
    return Starlette(routes=routes)


class _Site:
    def __init__(self, desk: Desk, ledger: Ledger, accounts: Accounts) -> None:
        self._desk = desk
        self._ledger = ledger
        self._accounts = accounts

    async def take_account(self, request: Request) -> Response:
        """An account, kept only when the supplier has stated its commitment on the ledger."""
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > ACCOUNT_BYTES_MAX:
                return _refuse(_TOO_LARGE, f"expected at most {ACCOUNT_BYTES_MAX} bytes")
        try:
            supplier, account = parse_account(bytes(body))
            stated = await self._ledger.agreed_commitment(supplier, self._desk.book.height)
        except Malformed as error:
            return _refuse(_BAD, str(error))
        except CallRefused as refused:
            return _refuse(_MISFIT, str(refused))
        except FAILED as error:
            return _refuse(_AWAY, f"the ledger cannot be asked now, try again: {error}")
        if stated != compute_account_commitment(account):
            return _refuse(
                _MISFIT,
                f"the account does not fit what supplier {format_address(supplier)} stated on the ledger: state it "
                "there first, with the same salt",
            )
        try:
            commitment = await to_thread.run_sync(self._accounts.keep, supplier, account)
        except DiskFault as fault:
            return _refuse(_AWAY, f"the account cannot be kept now, try again: {fault.problem}")
        return JSONResponse({"commitment": commitment.hex()})

    async def tell_health(self, _: Request) -> Response:
        """How it goes; always status 200, so that the words are read."""
        alarms, troubles = self._desk.alarms.list_alarms(), self._desk.alarms.list_troubles()
        attempts = self._desk.copy_attempts()
        return JSONResponse(
            {
                "status": "alarm" if alarms else "trouble" if troubles else "ok",
                "chain_id": self._desk.book.chain_id,
                "treasury": format_address(self._ledger.treasury),
                "height": self._desk.book.height,
                "notification": self._desk.book.notification,
                "reconciled_day": self._desk.book.reconciled_day,
                "attempts": len(attempts),
                "open": len(self._desk.book.open_ids),
                "alarms": [asdict(notice) for notice in alarms],
                "troubles": {what: asdict(notice) for what, notice in troubles.items()},
            }
        )

    async def list_orders(self, request: Request) -> Response:
        """Attempts to pay orders, each with its alarms."""
        try:
            first = _read_whole(request.query_params, "first", 0)
            limit = _read_whole(request.query_params, "limit", 100)
            order = _read_whole(request.query_params, "order", 0)
        except Malformed as error:
            return _refuse(_BAD, str(error))
        is_open = request.query_params.get("open") == "true"
        found = [
            attempt
            for attempt in reversed(self._desk.copy_attempts().values())
            if order in (0, attempt.release.order) and not (is_open and attempt.is_over)
        ]
        notices: dict[str, list[str]] = {}
        for notice in (*self._desk.alarms.list_alarms(), *self._desk.alarms.list_troubles().values()):
            notices.setdefault(notice.end_to_end_id, []).append(notice.text)
        shown = found[first : first + min(limit, PAYMENT_ORDERS_SHOWN_MAX)]
        rows = [_show(attempt, notices.get(attempt.release.end_to_end_id, [])) for attempt in shown]
        return JSONResponse({"count": len(found), "orders": rows})

    async def tell_metrics(self, _: Request) -> Response:
        """In Prometheus' text format."""
        return Response(render_metrics(self._desk), media_type=CONTENT_TYPE)


def _show(attempt: Attempt, notices: list[str]) -> dict[str, object]:
    released = attempt.release
    return {
        "order": released.order,
        "attempt": released.attempt,
        "end_to_end_id": released.end_to_end_id,
        "agency": released.agency,
        "supplier": format_address(released.supplier),
        "currency": released.currency,
        "net": str(released.net),
        "stage": attempt.stage.name,
        "ledger": attempt.standing.name,
        "is_over": attempt.is_over,
        "released_ms": attempt.released_ms,
        "reference": attempt.reference,
        "booked_on": attempt.booked_on,
        "code": attempt.code,
        "reason": attempt.reason,
        "notices": notices,
    }


def _read_whole(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Malformed(f"{name}: expected a whole number, got {text[:40]!r}")
    return int(text)


def _refuse(code: int, why: str) -> Response:
    return JSONResponse({"error": why}, status_code=code)
