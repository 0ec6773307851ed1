"""Searches of the record, as far as they go: all transactions that announced something, page after page.

Where a node says that it is still indexing, it is asked again a few times: each time it is further.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.errors import Malformed
from chain.limits import PORTAL_SEARCH_PAGES_MAX
from chain.result import render_value
from chain.time import parse_time
from chain.transaction import TxId
from portals.ledger import Ledger, ask_each
from portals.page import Page
from rpc import requests
from rpc.answers import TxAnswer, TxSearchAnswer
from rpc.contracts import Record
from rpc.exact import whole
from rpc.requests import CallRefused, Request
from rpc.values import ASK_AGAIN

_TRIES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """An event that a node showed; nothing of it is checked."""

    id: TxId
    height: int
    time_ms: int
    record: Record


def ask_for(contract: str, field: str, value: bytes | int | str, event: str = "") -> str:
    """A query for events that have a value."""
    key = f"{contract}.{event}.{field}" if event else f"{contract}.{field}"
    return f"{key}='{render_value(value)}'"


async def search(ledger: Ledger, query: str) -> list[TxAnswer]:
    """All transactions of a query with their proofs, in order. Raises `Malformed` where there are too many."""
    found: list[TxAnswer] = []
    cursor: str | None = ""
    for _ in range(PORTAL_SEARCH_PAGES_MAX):
        answer = await _ask(ledger, requests.tx_search(query, prove=True, cursor=cursor))
        found += answer.txs
        cursor = answer.next_cursor
        if cursor is None:
            return found
    raise Malformed(f"search: expected at most {len(found)} transactions, the node finds more")


async def search_newest(ledger: Ledger, query: str, count: int) -> list[TxAnswer]:
    """The newest of them, the newest first."""
    request = requests.tx_search(query, prove=True, rows=count, newest_first=True)
    return (await _ask(ledger, request)).txs


async def search_each(ledger: Ledger, queries: Sequence[str]) -> list[TxAnswer]:
    """Transactions of any of the queries, each once, in the order of the chain. Raises `Malformed`."""

    async def ask(query: str) -> list[TxAnswer]:
        return await search(ledger, query)

    found = {one.hash: one for answers in (await ask_each(queries, ask)).values() for one in answers}
    return sorted(found.values(), key=lambda one: (whole(one.height, "height"), one.index))


async def _ask(ledger: Ledger, request: Request[TxSearchAnswer]) -> TxSearchAnswer:
    for _ in range(_TRIES - 1):
        try:
            return await ledger.call(request)
        except CallRefused as refused:
            if ASK_AGAIN not in str(refused):
                raise
    return await ledger.call(request)


async def find_events(
    page: Page, contract: str, event: str, field: str, value: bytes | int | str
) -> list[Announced]:
    """The events of one name that have a value, the oldest first."""
    found = await search(page.ledger, ask_for(contract, field, value, event))
    return await read_events(page, found, contract, event)


async def read_events(page: Page, found: Sequence[TxAnswer], contract: str, event: str) -> list[Announced]:
    """The events of one name (any, where it is empty) that these transactions announced, as the node says."""
    described = await page.ledger.contract(contract)
    ids = [TxId(bytes.fromhex(one.hash)) for one in found]
    announced: list[Announced] = []
    fates = [fate for some in _split(ids) for fate in await page.ledger.call(requests.tx_status(some))]
    times = await read_times(page.ledger, [whole(one.height, "height") for one in found])
    for fate in fates:
        if fate.result is None or fate.height is None:
            raise Malformed(f"transaction {fate.id.hex()}: expected a result, the node has none")
        announced += [
            Announced(
                id=fate.id,
                height=fate.height,
                time_ms=times[fate.height],
                record=described.decode_event(one),
            )
            for one in fate.result.events
            if one.contract == contract and event in ("", one.name)
        ]
    return announced


def _split(ids: Sequence[TxId]) -> list[Sequence[TxId]]:
    return [ids[place : place + 500] for place in range(0, len(ids), 500)]


async def read_times(ledger: Ledger, heights: Sequence[int]) -> dict[int, int]:
    """The time of each of these blocks, as the node says."""

    async def read(height: int) -> int:
        shown = (await ledger.call(requests.header(height))).header
        if shown is None:
            raise Malformed(f"block {height}: the node does not show it")
        return parse_time(shown.time)

    return await ask_each(heights, read)
