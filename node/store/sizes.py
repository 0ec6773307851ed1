"""About how many bytes each class of rows takes on disk, as LevelDB tells it without reading any.

What was written lately stands in LevelDB's own log and not yet in a table, so it does not count here (16 MB at most, see
`STORE_WRITE_BUFFER_BYTES`); what was deleted lately counts until it is compacted.
"""

from node.store.keys import (
    BLOCK_IDS,
    BLOCKS,
    CERTIFICATES,
    EVIDENCE,
    EVIDENCE_WAITING,
    HAND_OVERS,
    HEADERS,
    HEIGHTS,
    LOCATIONS,
    META,
    PARAMETERS,
    RESULTS,
    STATE,
    STATE_BEFORE,
    STATE_CHANGED,
    STATE_KEYS,
    STATE_PAGES,
    STATE_REPLACED,
    VALIDATORS,
    Table,
    height_key,
)
from node.store.store import Store

CLASSES: dict[str, tuple[Table, ...]] = {
    "blocks": (BLOCKS, BLOCK_IDS),
    "results": (RESULTS,),
    "headers": (
        HEADERS,
        HEIGHTS,
        HAND_OVERS,
        CERTIFICATES,
        VALIDATORS,
        PARAMETERS,
        META,
        EVIDENCE,
        EVIDENCE_WAITING,
    ),
    "places": (LOCATIONS,),
    "state": (STATE, STATE_KEYS),
    "tree": (STATE_PAGES,),
    "earlier states": (STATE_CHANGED, STATE_BEFORE, STATE_REPLACED),
}
"""Every table in its class. `places` says where each transaction stands; the tree's pages are of all states kept."""

_WITH_BLOCKS = (BLOCKS, BLOCK_IDS, RESULTS)


def measure_classes(store: Store) -> dict[str, int]:
    """Bytes by class."""
    return {
        name: sum(store.approximate_size(table.prefix, end_of(table)) for table in tables)
        for name, tables in CLASSES.items()
    }


def measure_blocks(store: Store, first: int) -> int:
    """Bytes of the blocks from a height on, with their results and lists of ids."""
    return sum(store.approximate_size(height_key(table, first), end_of(table)) for table in _WITH_BLOCKS)


def end_of(table: Table) -> bytes:
    """The first key after all of a table."""
    return bytes([table.prefix[0] + 1])
