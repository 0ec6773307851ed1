"""Only the bank's own words mean that it does not know a payment; everything else that is not an answer is none."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from payments.counter import Counter, Unanswered
from payments.iso20022 import encode_notification, encode_statement, encode_status
from payments.messages import Notification, Statement, Status
from rpc.run import RpcThread
from tests.payments.banking import DAY, START_MS, make_payment

ACCOUNT = "519000118"
PAYMENT = make_payment()
ID = PAYMENT.end_to_end_id
STATUS = Status(message_id="A1", created_ms=START_MS, original_message_id=ID, end_to_end_id=ID, status="ACSC")
NOTIFICATION = Notification(message_id="N1", created_ms=START_MS, account="other", lines=())
STATEMENT = Statement(
    message_id="S1",
    created_ms=START_MS,
    account=ACCOUNT,
    day=DAY,
    currency="IDR",
    opening=0,
    closing=0,
    lines=(),
)


@contextmanager
def answering(code: int, body: bytes, **headers: str) -> Iterator[str]:
    """A bank that answers everything so; its address."""

    async def answer(_: Request) -> Response:
        return Response(body, status_code=code, headers=headers)

    server = RpcThread(
        Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])]), "127.0.0.1", 0
    )
    server.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("code", "body"),
    [
        (404, b""),
        (404, b"<html>not found</html>"),
        (404, b'{"unknown": ""}'),
        (404, b'{"unknown": "TRG2"}'),
        (404, b'{"unknown": "%s", "more": 1}' % ID.encode()),
        (404, b"[" * 100_000),
        (200, b'{"unknown": "%s"}' % ID.encode()),
        (200, b""),
        (200, encode_status(STATUS)[:-10]),
        (
            200,
            encode_status(
                Status(
                    **{**{name: getattr(STATUS, name) for name in STATUS.__slots__}, "end_to_end_id": "TRG2"}
                )
            ),
        ),
        (500, encode_status(STATUS)),
        (302, b""),
        (204, b""),
    ],
)
async def test_no_answer_is_never_taken_for_not_known(code: int, body: bytes) -> None:
    with answering(code, body) as address:
        async with Counter(address, ACCOUNT) as counter:
            with pytest.raises(Unanswered):
                await counter.ask(ID)
            with pytest.raises(Unanswered):
                await counter.pay(PAYMENT)


async def test_its_own_words_are() -> None:
    with answering(404, b'{"unknown": "%s"}' % ID.encode()) as address:
        async with Counter(address, ACCOUNT) as counter:
            assert await counter.ask(ID) is None
            with pytest.raises(Unanswered, match="got status 404"):
                await counter.pay(PAYMENT)


async def test_nothing_is_unpacked() -> None:
    packed = gzip.compress(b'{"unknown": "%s"}' % ID.encode())
    with answering(404, packed, **{"content-encoding": "gzip"}) as address:
        async with Counter(address, ACCOUNT) as counter:
            with pytest.raises(Unanswered, match="got status 404"):
                await counter.ask(ID)


async def test_an_answer_is_read() -> None:
    with answering(200, encode_status(STATUS)) as address:
        async with Counter(address, ACCOUNT) as counter:
            assert await counter.ask(ID) == await counter.pay(PAYMENT) == STATUS


async def test_messages_about_another_account_or_day_are_none() -> None:
    with answering(200, encode_notification(NOTIFICATION)) as address:
        async with Counter(address, ACCOUNT) as counter:
            with pytest.raises(Unanswered, match="about account 519000118, got one about other"):
                await counter.fetch_notification(1)
    with answering(200, encode_statement(STATEMENT)) as address:
        async with Counter(address, ACCOUNT) as counter:
            assert await counter.fetch_statement(DAY) == STATEMENT
            with pytest.raises(Unanswered, match="expected the statement of 2026-11-24"):
                await counter.fetch_statement("2026-11-24")


async def test_nobody_there_is_no_answer() -> None:
    with answering(200, b"") as address:
        pass
    async with Counter(address, ACCOUNT) as counter:
        with pytest.raises(Unanswered, match="ConnectError"):
            await counter.ask(ID)


async def test_an_answer_that_never_ends_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payments.counter.PAYMENT_MESSAGE_BYTES_MAX", 1_000)
    with answering(200, b"<" * 2_000) as address:
        async with Counter(address, ACCOUNT) as counter:
            with pytest.raises(Unanswered, match="expected at most 1000 bytes"):
                await counter.ask(ID)
