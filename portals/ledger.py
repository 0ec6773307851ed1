"""The ledger as a portal sees it: views by name from one node, transactions to several.

Reading asks whichever node answers and is not behind; a page says at what block it stands. Sending goes to f+1 of the
configured nodes at once, so that no single one can keep a transaction back; sending again is always safe. A node that
is behind or gone is said on the page, never hidden.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import anyio

from chain.errors import Invalid
from chain.time import parse_time
from chain.transaction import TxId, compute_transaction_id
from portals.keepers import Keepers
from portals.outbox import Outbox
from rpc import requests
from rpc.client import Client, Unreachable
from rpc.contracts import Contract, Given, Named
from rpc.documents import Node
from rpc.requests import BadAnswer, CallRefused, Fate, PrunedThere, Request
from rpc.values import AdmissionCode, Admitted

Answer = TypeVar("Answer")
Key = TypeVar("Key")
Found = TypeVar("Found")

_TAKEN = (AdmissionCode.OK, AdmissionCode.COMMITTED, AdmissionCode.WAITING)
_DESCRIBED_S = 10.0  # an upgraded contract is known after so long
_STOOD_S = 1.0
_STALE_MS = 180_000  # a network that is idle makes a block each minute
_STEP_S = 0.2
_ASKED_AT_ONCE = 8


class ViewRefused(Exception):
    """A view does not answer so; the message is the contract's, with its values."""


class NotTaken(Exception):
    """No node let a transaction in; `code` is an `AdmissionCode`, the message is the node's."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the node that is read stands. `is_behind`: what it shows may be old."""

    chain_id: str
    moniker: str
    height: int
    time_ms: int
    is_behind: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A transaction that was handed over: how many nodes took it, and how many should."""

    id: TxId
    taken: int
    needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Generic[Answer]):
    """What one of the nodes says: an answer, or why there is none."""

    address: str
    answer: Answer | None
    problem: str


def is_stale(time_ms: int, now_ms: int) -> bool:
    """Whether a last block of this time is so old that its node is cut off, or the network stands still."""
    return time_ms < now_ms - _STALE_MS


def connect(addresses: Sequence[str], now_ms: Callable[[], int]) -> "Ledger":
    """A portal's ledger over HTTP."""
    return Ledger([Client([address]) for address in addresses], now_ms)


class Ledger:
    """See the module. One for the whole application."""

    def __init__(self, nodes: Sequence[Node], now_ms: Callable[[], int]) -> None:
        assert nodes, "a portal needs at least one node"
        self._nodes = list(nodes)
        self._configured = tuple(nodes)
        self._now_ms = now_ms
        self.keepers = Keepers(lambda: tuple(self._nodes))
        """The same nodes, as they keep documents."""
        self.outbox = Outbox()
        """What was sent from here lately."""
        self.names: dict[bytes, str] = {}
        """Of suppliers whose name was read once: it stays."""
        self._described: dict[str, tuple[float, Contract]] = {}
        self._stood: tuple[float, Standing] | None = None

    def now_ms(self) -> int:
        """The portal's own clock: for the end of validity only; what is due when is the ledger's to say."""
        return self._now_ms()

    @property
    def node_count(self) -> int:
        """How many nodes are configured."""
        return len(self._nodes)

    async def call(self, request: Request[Answer]) -> Answer:
        """What the first node says that answers; who does not answer goes to the end, and who has let go of what is asked for
        leaves it to the next. Raises `Unreachable`.
        """
        reasons: list[str] = []
        pruned: PrunedThere | None = None
        for node in tuple(self._nodes):
            try:
                return await node.call(request)
            except PrunedThere as error:
                pruned = error
            except (Unreachable, BadAnswer) as error:
                reasons.append(str(error))
                self._turn_away(node)
        raise pruned or Unreachable("; ".join(reasons))

    async def ask_all(self, request: Request[Answer]) -> tuple[Told[Answer], ...]:
        """What each configured node says to the same question, for who compares them."""

        async def ask(place: int) -> Told[Answer]:
            node = self._configured[place]
            try:
                answer = await node.call(request)
            except (Unreachable, BadAnswer, CallRefused) as error:
                return Told(address=node.address, answer=None, problem=str(error))
            return Told(address=node.address, answer=answer, problem="")

        told = await ask_each(range(len(self._configured)), ask)
        return tuple(told.values())

    def _turn_away(self, node: Node) -> None:
        self._nodes.remove(node)
        self._nodes.append(node)

    async def standing(self) -> Standing:
        """Where the node stands that is read from now on: one that is not behind, if there is one."""
        if self._stood is not None and anyio.current_time() - self._stood[0] < _STOOD_S:
            return self._stood[1]
        for _ in self._nodes:
            found = await self._ask_standing()
            if not found.is_behind:
                break
            self._turn_away(self._nodes[0])
        self._stood = (anyio.current_time(), found)
        return found

    async def get_chain_id(self) -> str:
        """The network that the node says it is of."""
        return (await self.standing()).chain_id

    async def _ask_standing(self) -> Standing:
        status = await self.call(requests.status())
        sync = status.sync_info
        height = int(sync.latest_block_height)
        time_ms = parse_time(sync.latest_block_time)
        return Standing(
            chain_id=status.node_info.network,
            moniker=status.node_info.moniker,
            height=height,
            time_ms=time_ms,
            is_behind=sync.catching_up or (height > 0 and is_stale(time_ms, self._now_ms())),
        )

    async def contract(self, name: str) -> Contract:
        """A contract by name, as it is deployed. Raises `CallRefused` where there is none."""
        now = anyio.current_time()
        known = self._described.get(name)
        if known is None or now - known[0] > _DESCRIBED_S:
            known = self._described[name] = (now, Contract(await self.call(requests.abi(name))))
        return known[1]

    async def view(self, contract: str, method: str, /, **given: Given) -> Named:
        """A view's value. Raises `ViewRefused`, and `Malformed` for arguments that do not fit."""
        found = await self.contract(contract)
        try:
            return await self.call(found.view(method, **given))
        except CallRefused as refused:
            raise ViewRefused(str(refused)) from refused

    async def send(self, raw: bytes) -> Sent:
        """Hands a transaction to nodes until f+1 took it: another is asked for each that does not. Raises `NotTaken` or
        `Unreachable`.
        """
        needed = await self._count_needed()
        left = list(self._nodes)
        found: list[Admitted] = []
        taken = 0
        while left and taken < needed:
            asked, left = left[: needed - taken], left[needed - taken :]
            async with anyio.create_task_group() as tasks:
                for node in asked:
                    tasks.start_soon(self._submit, node, raw, found)
            taken = sum(answer.code in _TAKEN for answer in found)
        if not found:
            raise Unreachable("no node takes the transaction")
        if taken == 0:
            raise NotTaken(found[0].code, found[0].message)
        return Sent(id=compute_transaction_id(raw), taken=taken, needed=needed)

    @staticmethod
    async def _submit(node: Node, raw: bytes, found: list[Admitted]) -> None:
        try:
            (admitted,) = await node.call(requests.broadcast_txs([raw]))
        except (Unreachable, BadAnswer):
            return
        found.append(admitted)

    async def _count_needed(self) -> int:
        """f+1 of the present validators: among so many nodes one at least is honest."""
        total = int((await self.call(requests.validators())).total)
        return (total - 1) // 3 + 1

    async def fate(self, id_: TxId) -> Fate:
        """Where a transaction is."""
        (fate,) = await self.call(requests.tx_status([id_]))
        return fate

    async def wait(self, id_: TxId, timeout_s: float) -> Fate:
        """Its fate, as soon as a block has it, or after so long."""
        fate = await self.fate(id_)
        for _ in range(int(timeout_s / _STEP_S)):
            if fate.result is not None:
                break
            await anyio.sleep(_STEP_S)
            fate = await self.fate(id_)
        return fate


async def ask_each(keys: Iterable[Key], ask: Callable[[Key], Awaitable[Found]]) -> dict[Key, Found]:
    """The answer for each of the keys, several asked at once. Raises what the first of them raised, by itself."""
    found: dict[Key, Found] = {}
    errors: list[Exception] = []
    limiter = anyio.CapacityLimiter(_ASKED_AT_ONCE)

    async def ask_one(key: Key) -> None:
        async with limiter:
            if errors:
                return
            try:
                found[key] = await ask(key)
            except (ViewRefused, CallRefused, Unreachable, Invalid) as error:
                errors.append(error)

    wanted = list(dict.fromkeys(keys))
    async with anyio.create_task_group() as tasks:
        for key in wanted:
            tasks.start_soon(ask_one, key)
    if errors:
        raise errors[0]
    return {key: found[key] for key in wanted}
