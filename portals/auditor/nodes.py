"""Several nodes side by side: what each says of itself, and whether they show the same block.

One node's word is one node's word. Each configured node is asked the same, and what differs is shown, never averaged.
"""

from dataclasses import dataclass

from chain.block import compute_block_id
from chain.errors import Malformed
from chain.time import parse_time
from portals.ledger import Ledger, Told, is_stale
from rpc import requests
from rpc.answers import HeaderAnswer, StatusAnswer, TxSearchAnswer
from rpc.exact import header_of, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRow:
    """One node. `problem` says why it has no answer; then the rest is empty."""

    address: str
    moniker: str = ""
    version: str = ""
    height: int = 0
    time_ms: int = 0
    state_root: str = ""
    is_behind: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SameBlock:
    """A block as each node shows it: its id, empty where it shows none. `agree`: whether all that show one show the same."""

    height: int
    shown: tuple[tuple[str, str, str], ...]

    @property
    def ids(self) -> frozenset[str]:
        """The different ids that were shown."""
        return frozenset(id_ for _, id_, _ in self.shown if id_)

    @property
    def agree(self) -> bool:
        """Whether no two nodes contradict each other."""
        return len(self.ids) <= 1

    @property
    def count(self) -> int:
        """How many show it."""
        return sum(bool(id_) for _, id_, _ in self.shown)


async def read_nodes(ledger: Ledger) -> tuple[NodeRow, ...]:
    """What each configured node says of itself."""
    return tuple(_row(told, ledger.now_ms()) for told in await ledger.ask_all(requests.status()))


def _row(told: Told[StatusAnswer], now_ms: int) -> NodeRow:
    status = told.answer
    if status is None:
        return NodeRow(address=told.address, problem=told.problem)
    sync = status.sync_info
    try:
        height, time_ms = whole(sync.latest_block_height, "height"), parse_time(sync.latest_block_time)
    except Malformed as error:
        return NodeRow(address=told.address, problem=str(error))
    return NodeRow(
        address=told.address,
        moniker=status.node_info.moniker,
        version=status.node_info.version,
        height=height,
        time_ms=time_ms,
        state_root=status.state_root,
        is_behind=sync.catching_up or is_stale(time_ms, now_ms),
    )


async def compare_block(ledger: Ledger, height: int) -> SameBlock:
    """One block as every configured node shows it. The id is computed here, of the header that was shown."""
    told = await ledger.ask_all(requests.header(height))
    return SameBlock(height=height, shown=tuple((one.address, *_id_of(one)) for one in told))


def _id_of(told: Told[HeaderAnswer]) -> tuple[str, str]:
    if told.answer is None or told.answer.header is None:
        return "", told.problem or "-"
    try:
        return compute_block_id(header_of(told.answer.header)).hex().upper(), ""
    except Malformed as error:
        return "", str(error)


@dataclass(frozen=True, slots=True, kw_only=True)
class SameCount:
    """How many transactions of a query each node finds: an address, a count (None where there is none), and why."""

    found: tuple[tuple[str, int | None, str], ...]

    @property
    def counts(self) -> frozenset[int]:
        """The different counts."""
        return frozenset(count for _, count, _ in self.found if count is not None)

    @property
    def answered(self) -> int:
        """How many nodes have counted."""
        return sum(count is not None for _, count, _ in self.found)


async def compare_count(ledger: Ledger, query: str) -> SameCount:
    """A search as every configured node counts it: who leaves something out stands against the others."""
    told = await ledger.ask_all(requests.tx_search(query, rows=1))
    return SameCount(found=tuple((one.address, *_count_of(one)) for one in told))


def _count_of(told: Told[TxSearchAnswer]) -> tuple[int | None, str]:
    if told.answer is None:
        return None, told.problem
    try:
        return whole(told.answer.total_count or "", "total count"), ""
    except Malformed as error:
        return None, str(error)


def find_diverging(rows: tuple[NodeRow, ...]) -> list[NodeRow]:
    """Nodes at one height whose state differs from that of the first of them."""
    first: dict[int, str] = {}
    diverging = []
    for row in rows:
        if not row.problem and first.setdefault(row.height, row.state_root) != row.state_root:
            diverging.append(row)
    return diverging
