"""The run's ledger over RPC: whichever of the nodes answers, and only when it has come as far as the run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import rpc.client
from chain.codec import Value
from pilot.acts import Ask
from pilot.ledger import CommittedBlock, Unreachable, ViewRefused
from rpc import requests
from rpc.client import BadAnswer, CallRefused, Client

_HELD_ALREADY = frozenset({108, 109})
"""Admission codes of a transaction that waits or is committed: sending it again is no fault."""


@asynccontextmanager
async def connect(addresses: list[str]) -> AsyncIterator["RpcLedger"]:
    """A ledger at these RPC addresses."""
    async with Client(addresses) as client:
        yield RpcLedger(client)


class RpcLedger:
    """A `pilot.ledger.Ledger` over the typed client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def chain_id(self) -> str:
        """The network's name."""
        return (await self._call(requests.status())).node_info.network

    async def height(self) -> int:
        """The height of the last block of the node that answers."""
        return int((await self._call(requests.status())).sync_info.latest_block_height)

    async def block(self, height: int) -> CommittedBlock:
        """A block with exact results."""
        found = await self._call(requests.committed(height))
        return CommittedBlock(time_ms=found.time_ms, results=found.transactions)

    async def send(self, raws: list[bytes]) -> list[str | None]:
        """Hands transactions over in one request."""
        admitted = await self._call(requests.broadcast_txs(raws))
        return [None if one.code in (0, *_HELD_ALREADY) else one.message for one in admitted]

    async def ask(self, ask: Ask, height_min: int) -> Value:
        """A view's value; a node that is not there yet is passed over."""
        try:
            answer = await self._client.call(requests.query(ask.contract, ask.method, ask.arguments))
        except CallRefused as refused:
            raise ViewRefused(str(refused)) from refused
        except (rpc.client.Unreachable, BadAnswer) as error:
            raise Unreachable(str(error)) from error
        if answer.height < height_min:
            self._client.turn_away()
            raise Unreachable(f"expected a node at height {height_min}, got one at {answer.height}")
        return answer.value

    async def turn_away(self) -> None:
        """Talk to another node from now on."""
        self._client.turn_away()

    async def _call(self, request: requests.Request[requests.Answer]) -> requests.Answer:
        try:
            return await self._client.call(request)
        except (rpc.client.Unreachable, CallRefused, BadAnswer) as error:
            raise Unreachable(str(error)) from error
