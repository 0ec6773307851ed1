"""Letting go of the oldest blocks: a slice of them in one batch, in which the height since which they are kept moves as well.

A crash before the batch has let go of nothing, one after it of the whole slice; nothing is in between. What goes is the
block, its results, the list of its transactions' ids and where each of them stands. Header, certificate, validators and
parameters stay: audits and light clients need them, and they are small.

Whatever the policy says, three things are never let go of here: blocks whose transactions a node may still be asked to
carry out again, blocks that the check at the start reads, and the head.
"""

from dataclasses import dataclass

from chain.limits import (
    BLOCK_TRANSACTIONS_MAX,
    PRUNED_BLOCKS_AT_ONCE,
    STORE_CHECKED_BLOCKS,
    WINDOW_MS_MAX,
)
from chain.vote import Height
from node.store.keys import (
    BLOCK_IDS,
    BLOCKS,
    BLOCKS_SINCE_KEY,
    RESULTS,
    encode_height,
    height_key,
    location_key,
)
from node.store.reading import LedgerReader
from node.store.store import Batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """What one batch lets go of: the blocks from `first` up to, and without, `since`."""

    first: Height
    since: Height
    batch: Batch


def pick_slice(reader: LedgerReader, below: int) -> Slice | None:
    """The oldest blocks below a height, as many as one batch takes; None where there is none that may go."""
    first = since = reader.blocks_since
    batch, transactions = Batch(), 0
    end = min(below, first + PRUNED_BLOCKS_AT_ONCE)
    while since < end and _may_go(reader, since):
        ids = reader.transaction_ids(since) or ()
        transactions += len(ids)
        if since > first and transactions > BLOCK_TRANSACTIONS_MAX:
            break
        for transaction_id in ids:
            batch.delete(location_key(transaction_id))
        for table in (BLOCKS, RESULTS, BLOCK_IDS):
            batch.delete(height_key(table, since))
        since = Height(since + 1)
    if since == first:
        return None
    batch.put(BLOCKS_SINCE_KEY, encode_height(since))
    return Slice(first=first, since=since, batch=batch)


def _may_go(reader: LedgerReader, height: int) -> bool:
    """Whether no rule of the ledger needs the block any more."""
    head, header = reader.head, reader.header(height)
    return (
        header is not None
        and height <= head.height - STORE_CHECKED_BLOCKS
        and header.time_ms <= head.time_ms - WINDOW_MS_MAX
    )
