"""Which transactions stand in recent blocks: the memory behind the rule that none is carried out twice.

Held in memory, because admission and block checks ask it for every transaction: at 2,000 a second and ten minutes it
is 1.2 million ids, about 130 MB, and a few megabytes at usual loads. It forgets a block when that is as old as the
window, and this is safe even if the window is later made longer: a transaction of a forgotten block was valid until
the window's end at most, so it has expired.
"""

from collections import deque
from collections.abc import Sequence

from chain.transaction import TxId


class ReplayWindow:
    """Ids of the transactions in blocks younger than the window."""

    def __init__(self) -> None:
        self._blocks: deque[tuple[int, Sequence[TxId]]] = deque()
        self._ids: set[TxId] = set()

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, transaction_id: TxId) -> bool:
        """Whether a young block holds the transaction."""
        return transaction_id in self._ids

    def add(self, time_ms: int, ids: Sequence[TxId]) -> None:
        """Remembers a block; blocks come in order of time."""
        if ids:
            assert not self._blocks or self._blocks[-1][0] < time_ms, "block times increase"
            self._blocks.append((time_ms, ids))
            self._ids.update(ids)

    def forget(self, until_ms: int) -> None:
        """Drops the blocks of time `until_ms` and before."""
        while self._blocks and self._blocks[0][0] <= until_ms:
            _, ids = self._blocks.popleft()
            self._ids.difference_update(ids)
