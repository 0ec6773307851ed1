"""The oldest blocks go in whole slices, what was let go says so, and what the node needs itself is never let go."""

from collections.abc import Callable

import pytest

from chain.limits import (
    BLOCK_TRANSACTIONS_MAX,
    PRUNED_BLOCKS_AT_ONCE,
    STORE_CHECKED_BLOCKS,
    WINDOW_MS_MAX,
)
from chain.pruned import Pruned
from chain.transaction import compute_transaction_id
from node.store import pruning
from node.store.keys import BLOCK_IDS, BLOCKS, LOCATIONS, RESULTS, Table, height_key
from node.store.ledger import Ledger
from node.store.memory import MemoryStore
from node.store.reading import LedgerReader
from node.store.selfcheck import check_ledger
from node.store.store import Batch
from tests.chain.making import make_transaction
from tests.node.store.chains import PATH, Chain

OLD, NEW = 10, STORE_CHECKED_BLOCKS + 4


@pytest.fixture
def chain() -> Chain:
    """Ten blocks of a transaction each, and longer than any window later as many as are checked, and four more."""
    chain = Chain(MemoryStore())
    for number in range(OLD):
        chain.grow([make_transaction(number)])
    chain.grow(time_ms=chain.head.time_ms + WINDOW_MS_MAX)
    for _ in range(NEW - 1):
        chain.grow()
    return chain


def count(chain: Chain, table: Table) -> int:
    return len(chain.store.iterate(table.prefix, bytes([table.prefix[0] + 1]), limit=1_000))


def test_a_whole_ledger_keeps_everything_since_the_first_block(chain: Chain) -> None:
    assert (chain.ledger.blocks_since, chain.ledger.headers_since) == (1, 1)
    assert chain.ledger.prune(1) is None


def test_a_slice_goes_whole_and_the_rest_stays(chain: Chain) -> None:
    let_go = chain.ledger.prune(6)
    assert let_go is not None and (let_go.first, let_go.since) == (1, 6)
    assert chain.reopen().blocks_since == 6
    assert count(chain, BLOCKS) == count(chain, RESULTS) == count(chain, BLOCK_IDS) == OLD + NEW - 5
    assert count(chain, LOCATIONS) == OLD - 5
    assert chain.ledger.tx_location(compute_transaction_id(make_transaction(4))) is None
    assert chain.ledger.tx_location(compute_transaction_id(make_transaction(5))) is not None
    assert chain.ledger.prune(6) is None


READS: list[Callable[[LedgerReader], object]] = [
    lambda ledger: ledger.block(5),
    lambda ledger: ledger.encoded_block(5),
    lambda ledger: ledger.certified_block(5),
    lambda ledger: ledger.results(5),
    lambda ledger: ledger.encoded_results(5),
    lambda ledger: ledger.transaction_ids(5),
]


@pytest.mark.parametrize("read", READS)
def test_what_was_let_go_says_so_and_since_when(chain: Chain, read: Callable[[LedgerReader], object]) -> None:
    read(chain.ledger)
    chain.ledger.prune(6)
    with pytest.raises(
        Pruned, match="height 5 is not available, lowest height is 6: earlier blocks are pruned"
    ):
        read(chain.ledger)
    assert chain.ledger.block(6) is not None
    assert chain.ledger.block(0) is None and chain.ledger.block(chain.head.next_height) is None


def test_headers_certificates_validators_and_parameters_stay(chain: Chain) -> None:
    chain.ledger.prune(6)
    ledger = chain.reopen()
    for height in range(1, OLD + NEW + 1):
        header, certificate = ledger.header(height), ledger.certificate(height)
        assert header is not None and certificate is not None and certificate.height == height
        assert ledger.height_of(certificate.block_id) == height
        assert ledger.validators(height) == chain.head.validators
        assert ledger.parameters(height) == chain.head.parameters


def test_a_reader_of_before_sees_the_whole_and_one_of_after_none_of_it(chain: Chain) -> None:
    with chain.ledger.snapshot() as before:
        chain.ledger.prune(6)
        assert before.blocks_since == 1 and before.block(5) is not None
    with chain.ledger.snapshot() as after, pytest.raises(Pruned):
        after.block(5)


def test_the_replay_window_and_the_newest_blocks_stay_whatever_is_asked(chain: Chain) -> None:
    """The head is a window and a bit after the tenth block, so that it alone may go, and none of those after it."""
    while chain.ledger.prune(chain.head.height):
        pass
    assert chain.ledger.blocks_since == OLD + 1
    for number in range(1, OLD + NEW - STORE_CHECKED_BLOCKS):
        chain.grow(time_ms=chain.head.time_ms + 2 * WINDOW_MS_MAX)
        while chain.ledger.prune(chain.head.height):
            pass
        newest = OLD + NEW + number
        assert chain.ledger.blocks_since == newest - STORE_CHECKED_BLOCKS + 1
    ledger = chain.reopen()
    check_ledger(chain.store, ledger, PATH, STORE_CHECKED_BLOCKS)
    check_ledger(chain.store, ledger, PATH, ledger.head.height)


def test_a_window_is_whole_after_pruning() -> None:
    chain = Chain(MemoryStore())
    for number in range(STORE_CHECKED_BLOCKS + 10):
        chain.grow([make_transaction(number)], time_ms=chain.head.time_ms + WINDOW_MS_MAX // 30)
    while chain.ledger.prune(chain.head.height):
        pass
    held = [chain.ledger.has_transaction(compute_transaction_id(make_transaction(n))) for n in range(26)]
    reopened = chain.reopen()
    assert [reopened.has_transaction(compute_transaction_id(make_transaction(n))) for n in range(26)] == held
    assert any(held) and not all(held)


def test_a_slice_is_bounded_in_blocks(chain: Chain) -> None:
    longer = Chain(MemoryStore())
    for _ in range(PRUNED_BLOCKS_AT_ONCE + 5):
        longer.grow()
    for _ in range(STORE_CHECKED_BLOCKS):
        longer.grow(time_ms=longer.head.time_ms + WINDOW_MS_MAX)
    slices = [longer.ledger.prune(longer.head.height) for _ in range(3)]
    assert [None if one is None else one.since for one in slices] == [
        PRUNED_BLOCKS_AT_ONCE + 1,
        PRUNED_BLOCKS_AT_ONCE + 6,
        None,
    ]


def test_a_slice_is_bounded_in_transactions(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    assert BLOCK_TRANSACTIONS_MAX > OLD
    monkeypatch.setattr(pruning, "BLOCK_TRANSACTIONS_MAX", 3)
    found = chain.ledger.prune(8)
    assert found is not None and found.since == 4


class LosingStore(MemoryStore):
    """Loses every batch that is not synced, as a power cut may."""

    def write(self, batch: Batch, *, sync: bool) -> None:
        if sync:
            super().write(batch, sync=sync)


def test_a_lost_slice_is_let_go_again() -> None:
    chain = Chain(LosingStore())
    for _ in range(OLD):
        chain.grow()
    for _ in range(STORE_CHECKED_BLOCKS):
        chain.grow(time_ms=chain.head.time_ms + WINDOW_MS_MAX)
    first = chain.ledger.prune(6)
    assert chain.reopen().blocks_since == 1 and chain.reopen().block(1) is not None
    again = chain.ledger.prune(6)
    assert (
        first is not None and again is not None and (first.first, first.since) == (again.first, again.since)
    )


def test_blocks_that_are_not_there_are_damage_and_not_pruned(chain: Chain) -> None:
    chain.ledger.prune(6)
    batch = Batch()
    batch.delete(height_key(BLOCKS, 8))
    chain.store.write(batch, sync=True)
    assert isinstance(chain.ledger, Ledger) and chain.ledger.block(8) is None
