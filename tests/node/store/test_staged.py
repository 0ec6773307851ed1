"""A store with waiting writes reads like one into which they were written; blocks that are staged come all or not at all."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.transaction import compute_transaction_id
from machine.faults import DiskFull
from node.store.ledger import Ledger
from node.store.memory import MemoryStore
from node.store.staged import StagedStore
from node.store.store import Batch
from tests.chain.making import make_transaction
from tests.node.making import GENESIS_HASH, make_next
from tests.node.store.chains import PATH, Chain
from vm.state import Change

KEYS = st.sampled_from([bytes([one]) for one in range(1, 12)])
ROWS = st.lists(st.tuples(KEYS, st.none() | st.binary(max_size=2)), max_size=12)


def batch_of(rows: list[tuple[bytes, bytes | None]]) -> Batch:
    batch = Batch()
    for key, value in rows:
        if value is None:
            batch.delete(key)
        else:
            batch.put(key, value)
    return batch


@given(ROWS, ROWS, ROWS, KEYS, KEYS, st.booleans(), st.integers(1, 12))
def test_it_reads_as_if_all_were_written(
    below: list[tuple[bytes, bytes | None]],
    first: list[tuple[bytes, bytes | None]],
    second: list[tuple[bytes, bytes | None]],
    start: bytes,
    end: bytes,
    reverse: bool,
    limit: int,
) -> None:
    store, written = MemoryStore(), MemoryStore()
    staged = StagedStore(store)
    store.write(batch_of(below), sync=True)
    for rows in (below, first, second):
        written.write(batch_of(rows), sync=True)
    for rows in (first, second):
        staged.stage(batch_of(rows))
        staged.get(start)
    for _ in range(2):
        assert staged.get(start) == written.get(start)
        found = staged.iterate(start, end, reverse=reverse, limit=limit)
        assert found == written.iterate(start, end, reverse=reverse, limit=limit)
        staged.flush()
    assert store.iterate(b"", b"\xff", limit=99) == written.iterate(b"", b"\xff", limit=99)


def stage(chain: Chain, ledger: Ledger, count: int) -> None:
    """Some blocks, each on what the one before it left."""
    before = ledger.head
    for number in range(count):
        writes = ((b"a", b"%d" % number), (b"k%d" % (number // 2), b"x" if number % 2 == 0 else None))
        certified, executed, after = make_next(before, chain.keys, [make_transaction(number)], writes)
        changes = [Change(key, ledger.staged_state.get(key), value) for key, value in writes]
        state = ledger.update_state(changes)
        before = replace(after, state_root=state.root)
        ledger.stage(certified, executed.encoded_results, state, before)


def test_staged_blocks_leave_what_blocks_one_by_one_leave() -> None:
    together, alone = Chain(MemoryStore(), versions_kept=3), Chain(MemoryStore(), versions_kept=3)
    stage(together, together.ledger, 8)
    assert together.ledger.head.height == 0 and together.ledger.block(1) is None
    assert not together.ledger.has_transaction(compute_transaction_id(make_transaction(0)))
    together.ledger.flush()
    for number in range(8):
        writes = ((b"a", b"%d" % number), (b"k%d" % (number // 2), b"x" if number % 2 == 0 else None))
        alone.grow([make_transaction(number)], writes)
    assert together.head == alone.head and together.reopen().head == alone.head
    assert together.ledger.has_transaction(compute_transaction_id(make_transaction(0)))
    rows = [chain.store.iterate(b"", b"\xff", limit=10_000) for chain in (together, alone)]
    assert rows[0] == rows[1]
    together.grow(writes=((b"z", b"1"),))
    assert together.head.height == 9


class Full(MemoryStore):
    """A disk on which nothing has room any more."""

    is_full = False

    def write(self, batch: Batch, *, sync: bool) -> None:
        """See `Store`."""
        if self.is_full:
            raise DiskFull(Path("store"), "the disk is full", "")
        super().write(batch, sync=sync)


def test_of_staged_blocks_all_come_or_none() -> None:
    store = Full()
    chain = Chain(store)
    before = store.iterate(b"", b"\xff", limit=10_000)
    stage(chain, chain.ledger, 4)
    assert store.iterate(b"", b"\xff", limit=10_000) == before
    store.is_full = True
    with pytest.raises(DiskFull):
        chain.ledger.flush()
    assert chain.head.height == 0 and store.iterate(b"", b"\xff", limit=10_000) == before
    assert Ledger.open(store, PATH, GENESIS_HASH) is not None
