"""Nodes of the ledger as the gateway sees them: whichever answers to follow, two that agree before money moves.

A node is spoken to only after it showed the network's name and genesis document, and is asked again after it was away:
another network may have taken its address. A node that is not as far as what was read already is passed over, so that
nothing is decided on old state. Each node's answers are read by its own description of the contract: a node that lies
about either lies for itself alone.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import anyio
import msgspec

from chain.errors import Malformed
from chain.limits import HEIGHT_MAX
from chain.time import parse_time
from rpc import requests
from rpc.client import Client
from rpc.contracts import Contract, Given, Named
from rpc.requests import BadAnswer, CallRefused, PrunedThere, Request, Unreachable

DESCRIBED_S = 10.0
"""So long a contract's description is kept: an upgraded one is known after it."""
CATCH_UP_S = 2.0
"""So long a node is waited for that lacks the newest block."""
BEHIND_BLOCKS = 10
"""A node that lacks more of what others have is said to be behind."""
STALE_MS = 180_000
"""So old may a last block be: a network that is idle makes one each minute."""
_STEP_S = 0.05
_HEIGHT_DIGITS = 20
Answer = TypeVar("Answer")


class OtherNetwork(Exception):
    """A node is of another network than the gateway's."""


class Unsure(Exception):
    """Too few nodes say the same."""


def compute_fingerprint(document: dict[str, Any]) -> str:
    """What stands in gateway.toml of a genesis document as JSON; the order of keys does not matter."""
    return hashlib.sha256(msgspec.json.encode(document, order="sorted")).hexdigest()


class Caller(Protocol):
    """Sends requests to one node; `rpc.client.Client` with one address is one."""

    @property
    def address(self) -> str:
        """Where the node is."""
        ...

    async def call(self, request: Request[Answer]) -> Answer:
        """Raises `Unreachable`, `BadAnswer` or `CallRefused`."""
        ...


def connect(addresses: Sequence[str], chain_id: str, fingerprint: str) -> "Nodes":
    """Nodes over HTTP."""
    return Nodes([Client([address]) for address in addresses], chain_id, fingerprint)


class Node:
    """One node."""

    def __init__(self, client: Caller, chain_id: str, fingerprint: str) -> None:
        self.address = client.address
        self._client = client
        self._chain_id = chain_id
        self._fingerprint = fingerprint
        self._is_checked = False
        self._height = 0
        self._described: dict[str, tuple[float, Contract]] = {}

    async def call(self, request: Request[Answer]) -> Answer:
        """Raises `Unreachable`, `BadAnswer`, `OtherNetwork` or `CallRefused`."""
        if not self._is_checked:
            await self._check()
        try:
            return await self._client.call(request)
        except Unreachable:
            self._is_checked = False
            self._height = 0  # another network, or an older state, may have taken its place
            raise

    async def get_height(self) -> int:
        """The last block that it has; raises as `call`."""
        return _read_height((await self.call(requests.status())).sync_info.latest_block_height)

    async def get_head(self) -> tuple[int, str]:
        """The last block that it has, and its time; raises as `call`."""
        sync = (await self.call(requests.status())).sync_info
        parse_time(sync.latest_block_time)
        return _read_height(sync.latest_block_height), sync.latest_block_time

    async def describe(self, contract: str) -> Contract:
        """A contract as this node has it; raises as `call`."""
        now = anyio.current_time()
        known = self._described.get(contract)
        if known is None or now - known[0] > DESCRIBED_S:
            known = self._described[contract] = (now, Contract(await self.call(requests.abi(contract))))
        return known[1]

    async def view(self, contract: str, method: str, given: dict[str, Given], height_min: int) -> Named:
        """A view's value at this height or later; raises as `call`, and `Unreachable` for a node that is behind."""
        await self._wait_for(height_min)
        described = await self.describe(contract)
        arguments = described.encode_arguments(method, given)
        answer = await self.call(requests.query(contract, method, arguments))
        return described.decode_view(method, answer.value)

    async def _wait_for(self, height_min: int) -> None:
        """Nodes have a block one after the other: a node that is a moment late is waited for."""
        end = anyio.current_time() + CATCH_UP_S
        while self._height < height_min:
            self._height = await self.get_height()
            if self._height < height_min:
                if anyio.current_time() > end:
                    raise Unreachable(f"it is at block {self._height}, behind {height_min}")
                await anyio.sleep(_STEP_S)

    async def _check(self) -> None:
        network = (await self._client.call(requests.status())).node_info.network
        if network != self._chain_id:
            raise OtherNetwork(f"expected a node of {self._chain_id!r}, got one of {network!r}")
        if compute_fingerprint(await self._client.call(requests.genesis())) != self._fingerprint:
            raise OtherNetwork(f"{network!r} here has another genesis document than gateway.toml names")
        self._is_checked = True


AWAY = (Unreachable, BadAnswer, OtherNetwork, Malformed)
"""Why the next node is asked; `Malformed` is of what does not fit the node's own description of the contract."""

FAILED = (*AWAY, CallRefused, Unsure)
"""Why what needs the ledger is tried again later."""


class Nodes:
    """All nodes that the operator names."""

    def __init__(self, clients: Sequence[Caller], chain_id: str, fingerprint: str) -> None:
        assert clients, "a gateway needs at least one node"
        self._nodes = [Node(client, chain_id, fingerprint) for client in clients]
        self._away: dict[str, str] = {}

    async def find_faults(self, now_ms: int) -> dict[str, str]:
        """What is wrong with each node now, by its address; empty: nothing. One that serves is asked first from now on."""
        faults: dict[str, str] = {}
        heads: dict[str, tuple[int, str]] = {}
        for node in tuple(self._nodes):
            try:
                heads[node.address] = await node.get_head()
            except AWAY as error:
                faults[node.address] = str(error)
        best = sorted((height for height, _ in heads.values()), reverse=True)[: self.quorum][-1:]
        faults |= {address: _find_lag(*head, best[0], now_ms) for address, head in heads.items()}
        self._nodes.sort(key=lambda node: faults.get(node.address, "") != "")
        return faults

    @property
    def quorum(self) -> int:
        """How many must say the same before money moves: two, or the only one."""
        return min(2, len(self._nodes))

    def turn_away(self) -> None:
        """Another node is asked first from now on."""
        self._nodes.append(self._nodes.pop(0))

    async def get_height(self, height_min: int) -> int:
        """The last block that a quorum of nodes has, at least this one; those that have it are asked first from now on.

        By one node's word alone the gateway could be led to where no other follows. Raises `Unreachable`.
        """
        heights: dict[str, int] = {}
        reached: list[int] = []
        for node in tuple(self._nodes):
            try:
                height = await node.get_height()
            except AWAY as error:
                self._on_away(node, error)
                continue
            if height < height_min:
                self._on_away(node, Unreachable(f"it is at block {height}, behind {height_min}"))
                continue
            self._away.pop(node.address, None)
            heights[node.address] = height
            reached = sorted([*reached, height], reverse=True)[: self.quorum]
            if len(reached) == self.quorum and reached[-1] > height_min:
                break  # there is something to read: the others need not be asked
        if len(reached) < self.quorum:
            raise self._unreachable()
        self._nodes.sort(key=lambda node: heights.get(node.address, -1) < reached[-1])
        return reached[-1]

    async def call(self, request: Request[Answer]) -> Answer:
        """What the first node says that answers; the next one for what that one has let go. Raises `Unreachable` or
        `CallRefused`.
        """
        pruned: PrunedThere | None = None
        for node in tuple(self._nodes):
            try:
                answer = await node.call(request)
            except PrunedThere as error:
                pruned = error
                continue
            except AWAY as error:
                self._on_away(node, error)
                continue
            self._away.pop(node.address, None)
            return answer
        raise pruned or self._unreachable()

    async def describe(self, contract: str) -> Contract:
        """A contract as the first node has it that answers. Raises `Unreachable` or `CallRefused`."""
        for node in tuple(self._nodes):
            try:
                return await node.describe(contract)
            except AWAY as error:
                self._on_away(node, error)
        raise self._unreachable()

    async def view(self, contract: str, method: str, /, *, height_min: int, **given: Given) -> Named:
        """A view's value from the first node that is far enough. Raises `Unreachable` or `CallRefused`."""
        for node in tuple(self._nodes):
            try:
                value = await node.view(contract, method, given, height_min)
            except AWAY as error:
                self._on_away(node, error)
                continue
            self._away.pop(node.address, None)
            return value
        raise self._unreachable()

    async def agreed_view(self, contract: str, method: str, /, *, height_min: int, **given: Given) -> Named:
        """A view's value that a quorum of nodes gives. Raises `Unsure`, or `CallRefused` where a quorum refuses."""
        values: list[Named] = []
        reasons: list[str] = []
        refusals = 0
        for node in tuple(self._nodes):
            try:
                value = await node.view(contract, method, given, height_min)
            except CallRefused as refused:
                refusals += 1
                if refusals == self.quorum:
                    raise
                reasons.append(f"{node.address}: {refused}")
                continue
            except AWAY as error:
                self._on_away(node, error)
                reasons.append(f"{node.address}: {error}")
                continue
            values.append(value)
            if values.count(value) == self.quorum:
                return value
        raise self._unsure(f"{contract}.{method}", len(values), reasons)

    async def agreed_contract(self, contract: str) -> Contract:
        """A contract as a quorum of nodes describes it: for what is signed. Raises `Unsure`."""
        found: list[Contract] = []
        reasons: list[str] = []
        for node in tuple(self._nodes):
            try:
                described = await node.describe(contract)
            except CallRefused as refused:
                reasons.append(f"{node.address}: {refused}")
                continue
            except AWAY as error:
                self._on_away(node, error)
                reasons.append(f"{node.address}: {error}")
                continue
            found.append(described)
            if found.count(described) == self.quorum:
                return described
        raise self._unsure(contract, len(found), reasons)

    def _on_away(self, node: Node, error: Exception) -> None:
        self._away[node.address] = str(error)
        if self._nodes[0] is node:
            self.turn_away()

    def _unreachable(self) -> Unreachable:
        return Unreachable("; ".join(f"{address}: {why}" for address, why in sorted(self._away.items())))

    def _unsure(self, what: str, count: int, reasons: list[str]) -> Unsure:
        told = f" ({'; '.join(reasons)})" if reasons else ""
        return Unsure(f"expected {self.quorum} nodes to say the same of {what}, got {count} answers{told}")


def _read_height(text: str) -> int:
    """A height as a node tells it. Raises `Malformed`."""
    if not (text.isascii() and text.isdigit() and len(text) <= _HEIGHT_DIGITS and int(text) <= HEIGHT_MAX):
        raise Malformed(f"status: expected a height, got {text[:_HEIGHT_DIGITS]!r}")
    return int(text)


def _find_lag(height: int, time: str, best: int, now_ms: int) -> str:
    """`best` is what a quorum has reached, so that no single node makes the others look late."""
    if height < best - BEHIND_BLOCKS:
        return f"it is at block {height}, and others at {best}"
    if height > 0 and parse_time(time) < now_ms - STALE_MS:
        return f"its last block, {height}, is of {time}"
    return ""
