"""Which transactions stand in recent blocks: the memory behind the rule that none is carried out twice.

Held in memory, because admission and block checks ask it for every transaction: at 2,000 a second and ten minutes it
is 1.2 million ids, about 130 MB, and a few megabytes at usual loads. It forgets a block when the window that was in
force at that block has passed: by then every transaction in it has expired, and so it is safe to make the window longer
or shorter by vote.
"""

from collections import deque
from collections.abc import Sequence

from chain.transaction import TxId


class ReplayWindow:
    """Ids of transactions in blocks that may not have expired yet."""

    def __init__(self) -> None:
        self._blocks: deque[tuple[int, Sequence[TxId]]] = deque()
        self._ids: set[TxId] = set()

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, transaction_id: TxId) -> bool:
        """Whether such a block holds the transaction."""
        return transaction_id in self._ids

    def add(self, expires_ms: int, ids: Sequence[TxId]) -> None:
        """Remembers a block; blocks come in their order. `expires_ms` is its time and the window it was made under."""
        if ids:
            self._blocks.append((expires_ms, ids))
            self._ids.update(ids)

    def forget(self, now_ms: int) -> None:
        """Drops the blocks that have expired at block time `now_ms`, up to the first that has not."""
        while self._blocks and self._blocks[0][0] <= now_ms:
            _, ids = self._blocks.popleft()
            self._ids.difference_update(ids)
