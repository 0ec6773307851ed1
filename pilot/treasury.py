"""The treasury's gateway over HTTP, as suppliers hand their accounts to it."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import rpc.client
from chain.errors import Malformed
from chain.keys import Address, format_address, parse_address
from chain.limits import GATEWAY_ANSWER_BYTES_MAX
from chain.payment import BankAccount
from pilot.ledger import GatewayAway, ViewRefused
from rpc.client import BadAnswer, Client
from rpc.documents import Exchange

MISFITS_MAX = 50
"""Times that an account which does not fit the ledger is handed over again: the gateway's node may be a block behind."""
_JSON = {"content-type": "application/json"}


class _Misfit(Exception):
    """The ledger that the gateway sees has no such commitment, or not yet."""


@asynccontextmanager
async def connect_gateway(address: str) -> AsyncIterator["HttpTreasury"]:
    """The gateway at an address; raises `GatewayAway` where it does not say which key it has."""
    async with Client([address]) as client:
        try:
            treasury = await client.exchange(_health())
        except (rpc.client.Unreachable, BadAnswer) as error:
            raise GatewayAway(f"the payment gateway at {address} does not answer: {error}") from error
        yield HttpTreasury(client, treasury)


class HttpTreasury:
    """A `pilot.ledger.Treasury` over HTTP."""

    def __init__(self, client: Client, address: Address) -> None:
        self._client = client
        self._address = address
        self._misfits: Counter[BankAccount] = Counter()

    @property
    def address(self) -> Address:
        """See `pilot.ledger.Treasury`."""
        return self._address

    async def hand_over(self, supplier: Address, account: BankAccount) -> None:
        """See `pilot.ledger.Treasury`."""
        try:
            await self._client.exchange(_accounts(supplier, account))
        except (rpc.client.Unreachable, BadAnswer) as error:
            raise GatewayAway(f"the payment gateway takes no account: {error}") from error
        except _Misfit as misfit:
            self._misfits[account] += 1
            if self._misfits[account] > MISFITS_MAX:
                raise ViewRefused(f"the payment gateway: {misfit}") from misfit
            raise GatewayAway(f"the payment gateway: {misfit}") from misfit


def _health() -> Exchange[Address]:
    return Exchange(
        verb="GET",
        path="/health",
        headers={},
        body=b"",
        answer_bytes_max=GATEWAY_ANSWER_BYTES_MAX,
        read=_read_health,
    )


def _read_health(_: int, body: bytes) -> Address:
    try:
        return parse_address(json.loads(body)["treasury"])
    except (ValueError, TypeError, KeyError, Malformed) as error:
        raise BadAnswer(f"health: expected a payment gateway's, with its treasury's key: {error}") from error


def _accounts(supplier: Address, account: BankAccount) -> Exchange[None]:
    given = {
        "supplier": format_address(supplier),
        "holder": account.holder,
        "bank": account.bank,
        "number": account.number,
        "salt": account.salt.hex(),
    }
    return Exchange(
        verb="POST",
        path="/accounts",
        headers=_JSON,
        body=json.dumps(given).encode(),
        answer_bytes_max=GATEWAY_ANSWER_BYTES_MAX,
        read=_read_taken,
    )


def _read_taken(status: int, body: bytes) -> None:
    if status == HTTPStatus.OK:
        return
    try:
        why = str(json.loads(body)["error"])
    except (ValueError, TypeError, KeyError) as error:
        raise BadAnswer(f"account: expected a reason, got status {status}") from error
    if status == HTTPStatus.CONFLICT:
        raise _Misfit(why)
    raise ViewRefused(f"the payment gateway: {why}")
