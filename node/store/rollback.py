"""Taking back the newest blocks: the ledger as it was after an older one, whose state is still kept.

Each block is taken back in one atomic synced batch, the newest first: a crash in between leaves a whole ledger that ends
some blocks higher. What a height put aside for the heights before it comes back; its own rows and pages go. Sets and
parameters stay, as they are found by hash. The signer's record and the write-ahead log are not touched: they remember
more than the ledger then has, so a validator is silent until others have decided what it may have forgotten.
"""

from collections.abc import Callable
from pathlib import Path

from chain.block import compute_block_id
from chain.evidence import evidence_root, offence_of
from chain.limits import EVIDENCE_AGE_BLOCKS_MAX
from chain.vote import Height
from machine.faults import Damaged
from node.head import Head
from node.store.keys import (
    BLOCK_IDS,
    BLOCKS,
    CERTIFICATES,
    EVIDENCE,
    HAND_OVERS,
    HEADERS,
    RESULTS,
    STATE_BEFORE,
    STATE_CHANGED,
    STATE_PAGES,
    STATE_REPLACED,
    block_id_key,
    encode_height,
    height_key,
    location_key,
    offence_key,
)
from node.store.ledger import put_head
from node.store.reading import LedgerReader
from node.store.state_rows import put_back
from node.store.store import MEND_ADVICE, Batch, Store

_PAGES_AT_ONCE = 10_000


def find_lowest(reader: LedgerReader) -> Height:
    """The lowest height to which the ledger can be taken back."""
    return Height(max(1, reader.history.since, reader.blocks_since))


def take_back(store: Store, path: Path, head: Head, height: int, tell: Callable[[int], None]) -> Head:
    """Takes back every block above a height, which is not below `find_lowest`; `tell` hears how many are gone.

    Whoever has a `Ledger` open over this store must open it anew.

    Raises:
        Damaged: a row that is needed is not there; the ledger ends where it has come to.
    """
    _remember_evidence(store, LedgerReader(store, head, path), height)
    before = head
    while before.height > height:
        reader = LedgerReader(store, before, path)
        after = head_at(reader, before.height - 1)
        store.write(_undo(store, reader, after), sync=True)
        before = after
        tell(head.height - before.height)
    return before


def head_at(reader: LedgerReader, height: int) -> Head:
    """The head as it was after an older block, or after the newest. Raises `Damaged`."""
    if height == reader.head.height:
        return reader.head
    header, following = reader.header(height), reader.header(height + 1)
    sets = [reader.validators(height + more) for more in (0, 1, 2)]
    certificate, parameters = reader.certificate(height), reader.parameters(height + 1)
    if header is None or following is None or certificate is None or parameters is None:
        raise Damaged(reader.path, f"block {height} or the one after it is not there", MEND_ADVICE)
    last_validators, validators, next_validators = sets
    assert last_validators is not None and validators is not None and next_validators is not None, (
        "as headers"
    )
    return Head(
        chain_id=header.chain_id,
        height=header.height,
        block_id=following.previous_block_id,
        time_ms=header.time_ms,
        certificate=certificate,
        results_root=following.results_root,
        state_root=following.state_root,
        last_validators=last_validators,
        validators=validators,
        next_validators=next_validators,
        parameters=parameters,
        has_transactions=bool(reader.transaction_ids(height)),
    )


def _undo(store: Store, reader: LedgerReader, after: Head) -> Batch:
    """What takes back the newest block; `after` is the head without it."""
    height = reader.head.height
    header = reader.header(height)
    assert header is not None, "the head has its block"
    batch = Batch()
    for transaction_id in reader.transaction_ids(height) or ():
        batch.delete(location_key(transaction_id))
    batch.delete(block_id_key(compute_block_id(header)))
    block = reader.block(height)
    for evidence in () if block is None else block.evidence:
        batch.delete(offence_key(EVIDENCE, offence_of(evidence)))
    put_back(batch, reader.history.before(height))
    for key in _pages_of(store, height):
        batch.delete(key)
    for table in (
        HEADERS, BLOCKS, CERTIFICATES, HAND_OVERS, RESULTS, BLOCK_IDS, STATE_CHANGED, STATE_BEFORE, STATE_REPLACED,
    ):  # fmt: skip
        batch.delete(height_key(table, height))
    put_head(batch, after)
    return batch


def _remember_evidence(store: Store, reader: LedgerReader, height: int) -> None:
    """Puts back what the ledger has let go of because it was too old for blocks that are taken back: a block at that height
    must not have it twice. Before anything is taken back, so that no crash leaves it out.
    """
    batch, nothing = Batch(), evidence_root(())
    for lower in range(max(reader.blocks_since, height - EVIDENCE_AGE_BLOCKS_MAX), height + 1):
        header = reader.header(lower)
        block = None if header is None or header.evidence_root == nothing else reader.block(lower)
        for evidence in () if block is None else block.evidence:
            batch.put(offence_key(EVIDENCE, offence_of(evidence)), encode_height(lower))
    store.write(batch, sync=True)


def _pages_of(store: Store, height: int) -> list[bytes]:
    """Keys of the pages of the state tree that a height wrote."""
    start, end = height_key(STATE_PAGES, height), height_key(STATE_PAGES, height + 1)
    keys: list[bytes] = []
    while rows := store.iterate(start, end, limit=_PAGES_AT_ONCE):
        keys += (key for key, _ in rows)
        start = rows[-1][0] + b"\x00"
    return keys
