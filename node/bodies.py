"""Transaction bodies that the height under decision may need.

A proposal carries ids. Whoever votes for it holds every body, checked, and keeps it pinned until the height is
committed, whatever happens to the mempool meanwhile; so a decided block can always be had from those who decided it.
"""

from collections.abc import Callable, Iterable

from chain.block import CompactBlock
from chain.transaction import CheckedTransaction, TxId


class Bodies:
    """Pinned bodies by id, with the mempool behind them. Bounded by the blocks of one height's rounds."""

    def __init__(self, find_waiting: Callable[[TxId], CheckedTransaction | None]) -> None:
        self._find_waiting = find_waiting
        self._pinned: dict[TxId, CheckedTransaction] = {}

    def get(self, transaction_id: TxId) -> CheckedTransaction | None:
        """The body with this id, pinned or waiting."""
        return self._pinned.get(transaction_id) or self._find_waiting(transaction_id)

    def find_missing(self, ids: Iterable[TxId]) -> list[TxId]:
        """Those of `ids` that are not held here."""
        return [transaction_id for transaction_id in ids if self.get(transaction_id) is None]

    def pin(self, transactions: Iterable[CheckedTransaction]) -> None:
        """Keeps bodies until the height is over."""
        self._pinned.update((checked.id, checked) for checked in transactions)

    def of_block(self, block: CompactBlock) -> tuple[CheckedTransaction, ...] | None:
        """All bodies of a block in its order, or None if one is missing."""
        found = [self.get(transaction_id) for transaction_id in block.transaction_ids]
        held = tuple(checked for checked in found if checked is not None)
        return held if len(held) == len(found) else None

    def clear(self) -> None:
        """The height is over."""
        self._pinned.clear()
