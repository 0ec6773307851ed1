"""The arithmetic of a measurement: what is counted, over which time, and whether the accounts agree. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from chain.result import ResultCode
from chain.transaction import TxId

_EDGE_SHARE = 0.1
"""So much of all transactions at the beginning, and again at the end, is no part of the steady run."""


class Miscounted(Exception):
    """The ledger does not hold what was sent to it; the message says how many of which kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredBlock:
    """A block as the measurement sees it: its proposer's clock and how much it carried."""

    height: int
    time_ms: int
    transactions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Steady:
    """Work done over a time."""

    transactions: int
    seconds: float
    blocks: int

    @property
    def per_s(self) -> float:
        """Transactions in a second."""
        return self.transactions / self.seconds


def pick_steady(blocks: Sequence[MeasuredBlock]) -> Steady:
    """The middle of a run, without its beginning and its end.

    A block is proposed when the one before is on disk, so between the times of two blocks exactly those from the first
    up to, and without, the second were decided and written.

    Raises:
        Miscounted: fewer than three blocks with transactions; there is no middle.
    """
    full = [block for block in blocks if block.transactions > 0]
    if len(full) < 3:
        raise Miscounted(f"expected at least 3 blocks with transactions, got {len(full)}: send more")
    edge = sum(block.transactions for block in full) * _EDGE_SHARE
    first, last = _skip(full, edge), len(full) - 1 - _skip(full[::-1], edge)
    if first >= last:
        first, last = 0, len(full) - 1
    inside = [block for block in blocks if full[first].height <= block.height < full[last].height]
    return Steady(
        transactions=sum(block.transactions for block in inside),
        seconds=(full[last].time_ms - full[first].time_ms) / 1000,
        blocks=len(inside),
    )


def _skip(blocks: Sequence[MeasuredBlock], transactions: float) -> int:
    """How many of the first blocks hold at most so many transactions."""
    held = 0
    for index, block in enumerate(blocks):
        held += block.transactions
        if held > transactions:
            return index
    return len(blocks)


def compute_percentile(values: Iterable[float], share: float) -> float:
    """The least value that at least `share` of all are not above (nearest rank)."""
    ordered = sorted(values)
    assert ordered and 0 < share <= 1, "a percentile of something"
    return ordered[ceil(share * len(ordered)) - 1]


def check_accounts(sent: Sequence[TxId], committed: Iterable[tuple[TxId, ResultCode]]) -> None:
    """Checks that every transaction that was sent stands in the blocks once and took effect, and nothing else does.

    Raises:
        Miscounted: not so.
    """
    found = tuple(committed)
    times = Counter(id_ for id_, _ in found)
    known = set(sent)
    faults = {
        "missing": sum(id_ not in times for id_ in known),
        "committed twice": sum(times[id_] > 1 for id_ in known),
        "not sent by us": sum(id_ not in known for id_ in times),
        "without effect": sum(code is not ResultCode.OK for id_, code in found if id_ in known),
    }
    if any(faults.values()):
        told = ", ".join(f"{count} {what}" for what, count in faults.items() if count)
        raise Miscounted(f"of {len(known)} transactions: {told}")
