"""The payment gateways of treasuries, to which a supplier hands its bank account through the portal.

What a gateway answers is told in words. An account passes through here and is kept nowhere: neither in a log nor in a page.
Handing it over again is safe; nothing is paid by it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2

from chain.errors import Malformed
from chain.limits import ACCOUNT_BYTES_MAX
from portals.languages import Text, say

ACCOUNT_FIELDS = ("holder", "bank", "number", "salt")
_TIMEOUT = httpx2.Timeout(10.0, connect=3.0)
_TAKEN, _NO_ANSWER = 200, 503
_ANSWERS = {
    _TAKEN: say("It has your account, and pays to it from now on."),
    400: say(
        "It does not understand this account. Look at the bank's code (BIC: 8 or 11 capitals and digits) and at the number."
    ),
    409: say(
        "This is not the account that is on the record. State it there first; if you did, take the file that you saved last."
    ),
    413: say("This is more than an account holds."),
}
_AWAY = say(
    "It does not answer now. Nothing is lost: keep the file and hand it over later. A payment to you waits until then."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """What a gateway said: `host` names it, `code` is HTTP's, 503 where it does not answer."""

    host: str
    code: int
    text: Text

    @property
    def is_taken(self) -> bool:
        """Whether it has the account."""
        return self.code == _TAKEN


class Treasuries:
    """The gateways that this portal knows, by their addresses."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = tuple(address.rstrip("/") for address in addresses)

    def __bool__(self) -> bool:
        return bool(self._addresses)

    async def hand_over(self, supplier: bytes, account: Mapping[str, str]) -> list[HandedOver]:
        """Gives an account to each. Raises `Malformed` where a part of it is missing or too long."""
        parts = {name: account.get(name, "").strip() for name in ACCOUNT_FIELDS}
        if "" in parts.values() or sum(map(len, parts.values())) > ACCOUNT_BYTES_MAX // 4:
            raise Malformed(f"account: expected {', '.join(ACCOUNT_FIELDS)}")
        async with httpx2.AsyncClient(timeout=_TIMEOUT, trust_env=False) as http:
            return [
                await _hand(http, address, {"supplier": supplier.hex()} | parts)
                for address in self._addresses
            ]


async def _hand(http: httpx2.AsyncClient, address: str, account: Mapping[str, str]) -> HandedOver:
    host = urlsplit(address).netloc
    try:
        async with http.stream("POST", f"{address}/accounts", json=account) as answer:
            code = answer.status_code
    except (httpx2.RequestError, httpx2.InvalidURL):
        code = _NO_ANSWER
    if code not in _ANSWERS:
        return HandedOver(host=host, code=_NO_ANSWER, text=_AWAY)
    return HandedOver(host=host, code=code, text=_ANSWERS[code])
