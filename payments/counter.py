"""The bank's counter: messages over HTTP, and what came back as a message of ours or as no answer.

Whatever is not exactly what was asked for is `Unanswered`: no connection, another status, half a message, a message about
something else. Only the bank's own words `{"unknown": …}` mean that it does not know it: a proxy's 404 does not, since
by those words a payment is sent.
"""

from collections.abc import Callable
from types import TracebackType
from typing import TypeVar
from urllib.parse import quote

import httpx2
import msgspec
import trio

from chain.errors import Malformed
from chain.limits import PAYMENT_MESSAGE_BYTES_MAX
from payments.iso20022 import (
    decode_notification,
    decode_statement,
    decode_status,
    encode_payment,
)
from payments.messages import Notification, Payment, Statement, Status
from payments.spoken import hide_numbers

TIMEOUT_S = 10.0
ANSWER_TIMEOUT_S = 30.0
_CONNECT_TIMEOUT_S = 2.0
_WORDS_SHOWN = 200
_XML = {"content-type": "application/xml"}
_OK, _UNKNOWN = 200, 404
Message = TypeVar("Message")


class Unanswered(Exception):
    """The bank was not reached, or what came is no answer to what was asked; the message says which."""


class Counter:
    """One bank, and the treasury's account there. Use it as an async context manager."""

    def __init__(self, url: str, account: str) -> None:
        self._url = url.rstrip("/")
        self._account = account
        self._http = httpx2.AsyncClient(
            timeout=httpx2.Timeout(TIMEOUT_S, connect=_CONNECT_TIMEOUT_S),
            headers={"accept-encoding": "identity"},  # what is unpacked may be a thousand times what came
            trust_env=False,
        )

    async def __aenter__(self) -> "Counter":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def pay(self, payment: Payment) -> Status:
        """Gives a payment to the bank. Raises `Unanswered`: then the bank may have it or not."""
        code, answer = await self._exchange("POST", "/payments", encode_payment(payment))
        if code != _OK:
            raise Unanswered(f"expected a pain.002, got status {code}: {_shown(answer)}")
        return _check_status(_read(decode_status, answer), payment.end_to_end_id)

    async def ask(self, end_to_end_id: str) -> Status | None:
        """Where a payment stands; None: the bank says that it does not know it. Raises `Unanswered`."""
        answer = await self._get(f"/payments/{end_to_end_id}", end_to_end_id)
        return None if answer is None else _check_status(_read(decode_status, answer), end_to_end_id)

    async def fetch_notification(self, number: int) -> Notification | None:
        """A notification by its number from 1; None: there is none yet. Raises `Unanswered`."""
        answer = await self._get(f"/notifications/{quote(self._account, safe='')}/{number}", str(number))
        return None if answer is None else self._check(_read(decode_notification, answer))

    async def fetch_statement(self, day: str) -> Statement:
        """All entries of a day of the bank. Raises `Unanswered`."""
        answer = await self._get(f"/statements/{quote(self._account, safe='')}/{day}", self._account)
        if answer is None:
            raise Unanswered(f"the bank knows no account {self._account}; see [bank] in gateway.toml")
        statement = self._check(_read(decode_statement, answer))
        if statement.day != day:
            raise Unanswered(f"expected the statement of {day}, got that of {statement.day}")
        return statement

    def _check(self, message: Message) -> Message:
        found = getattr(message, "account", None)
        if found != self._account:
            raise Unanswered(f"expected a message about account {self._account}, got one about {found}")
        return message

    async def _get(self, path: str, what: str) -> bytes | None:
        code, answer = await self._exchange("GET", path, b"")
        if code == _UNKNOWN and _is_unknown(answer, what):
            return None
        if code != _OK:
            raise Unanswered(f"expected a message, got status {code}: {_shown(answer)}")
        return answer

    async def _exchange(self, verb: str, path: str, body: bytes) -> tuple[int, bytes]:
        answer = bytearray()
        try:
            with trio.fail_after(ANSWER_TIMEOUT_S), trio.CancelScope() as reading:
                async with self._http.stream(
                    verb, self._url + path, content=body, headers=_XML if body else {}
                ) as response:
                    async for piece in response.aiter_raw():
                        answer += piece
                        if len(answer) > PAYMENT_MESSAGE_BYTES_MAX:
                            reading.cancel()
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            raise Unanswered(f"{type(error).__name__}: {error}") from error
        except trio.TooSlowError:
            raise Unanswered(f"no answer within {ANSWER_TIMEOUT_S:.0f} s") from None
        if len(answer) > PAYMENT_MESSAGE_BYTES_MAX:
            raise Unanswered(f"expected at most {PAYMENT_MESSAGE_BYTES_MAX} bytes, got more")
        return response.status_code, bytes(answer)


def _read(decode: Callable[[bytes], Message], answer: bytes) -> Message:
    try:
        return decode(answer)
    except Malformed as error:
        raise Unanswered(f"a message that cannot be read: {error}") from error


def _check_status(status: Status, end_to_end_id: str) -> Status:
    if status.end_to_end_id != end_to_end_id:
        raise Unanswered(f"expected an answer about {end_to_end_id}, got one about {status.end_to_end_id}")
    return status


def _is_unknown(answer: bytes, what: str) -> bool:
    try:
        return bool(msgspec.json.decode(answer) == {"unknown": what})
    except (msgspec.DecodeError, RecursionError):
        return False


def _shown(answer: bytes) -> str:
    return repr(hide_numbers(answer[:_WORDS_SHOWN].decode(errors="replace")))
