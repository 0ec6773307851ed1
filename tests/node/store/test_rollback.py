"""Blocks that are taken back leave the store as it was before them, row by row, wherever it stops in between."""

import pytest

from chain.vote import Height
from machine.faults import Damaged
from node.exporting import Form, export_state, read_state
from node.store.keys import PARAMETERS, STATE_BEFORE, STATE_END, VALIDATORS, height_key
from node.store.ledger import Ledger
from node.store.memory import MemoryStore
from node.store.rollback import find_lowest, head_at, take_back
from node.store.store import Batch
from tests.chain.making import make_transaction
from tests.node.making import GENESIS_HASH, Writes
from tests.node.store.chains import PATH, Chain
from vm.state import Change, begin_state

WRITES: tuple[Writes, ...] = (
    ((b"a", b"1"), (b"b", b"2")),
    ((b"a", None), (b"c", b"3")),
    (),
    ((b"a", b"4"), (b"b", None), (b"d", b"5")),
    ((b"d", b"6"),),
)
_BY_HASH = (VALIDATORS.prefix, PARAMETERS.prefix)


def rows_of(store: MemoryStore) -> dict[bytes, bytes]:
    """Everything but what is found by its hash and stays."""
    return {key: value for key, value in store.iterate(b"", b"\xff", limit=10**6) if key[:1] not in _BY_HASH}


class Cut(Exception):
    """The power is gone."""


class FailingStore(MemoryStore):
    """A store whose writes end after some."""

    left = 10**6

    def write(self, batch: Batch, *, sync: bool) -> None:
        if self.left == 0:
            raise Cut
        self.left -= 1
        super().write(batch, sync=sync)


@pytest.fixture
def grown() -> tuple[Chain, FailingStore, list[dict[bytes, bytes]]]:
    """A ledger of five blocks, and the store's rows after each."""
    store = FailingStore()
    chain = Chain(store)
    rows = [rows_of(store)]
    for number, writes in enumerate(WRITES):
        chain.grow([make_transaction(2 * number), make_transaction(2 * number + 1)], writes)
        rows.append(rows_of(store))
    return chain, store, rows


Grown = tuple[Chain, FailingStore, list[dict[bytes, bytes]]]


@pytest.mark.parametrize("height", [1, 2, 3, 4, 5])
def test_the_rows_are_those_of_then(grown: Grown, height: int) -> None:
    chain, store, rows = grown
    told: list[int] = []
    head = take_back(store, PATH, chain.head, height, told.append)
    assert rows_of(store) == rows[height]
    assert told == list(range(1, 6 - height))
    ledger = chain.reopen()
    assert ledger.head == head and head.height == height


def test_wherever_it_stops_there_is_a_whole_ledger(grown: Grown) -> None:
    chain, store, rows = grown
    heights: list[int] = []
    for writes in (1, 2, 3):
        store.left = writes
        with pytest.raises(Cut):
            take_back(store, PATH, chain.head, 1, lambda _count: None)
        store.left = 10**6
        chain.ledger = chain.reopen()
        heights.append(chain.head.height)
        assert rows_of(store) == rows[chain.head.height]
    assert heights == [5, 4, 2]
    assert take_back(store, PATH, chain.head, 1, lambda _count: None).height == 1
    assert rows_of(store) == rows[1]


def test_a_ledger_grows_again_after_it(grown: Grown) -> None:
    chain, store, rows = grown
    take_back(store, PATH, chain.head, 3, lambda _count: None)
    chain.ledger = chain.reopen()
    for number, writes in list(enumerate(WRITES))[3:]:
        chain.grow([make_transaction(2 * number), make_transaction(2 * number + 1)], writes)
    assert rows_of(store) == rows[5]


def test_what_is_no_longer_kept_bounds_it(grown: Grown) -> None:
    chain, store, _ = grown
    assert find_lowest(chain.ledger) == 1
    few = Ledger.open(store, PATH, GENESIS_HASH, versions_kept=2)
    assert few is not None
    chain.ledger = few
    chain.grow([make_transaction(99)], ((b"e", b"7"),))
    assert find_lowest(chain.reopen()) == few.history.since > 1


def test_a_missing_row_stops_it(grown: Grown) -> None:
    chain, store, _ = grown
    batch = Batch()
    batch.delete(height_key(STATE_BEFORE, 4))
    store.write(batch, sync=True)
    with pytest.raises(Damaged, match="what height 4 put aside is not there"):
        take_back(store, PATH, chain.head, 1, lambda _count: None)
    assert chain.reopen().head.height == 4


def test_heads_and_states_of_before_are_told(grown: Grown) -> None:
    chain, _, rows = grown
    ledger = chain.reopen()
    for height in range(1, 6):
        head = head_at(ledger, height)
        state = dict(read_state(ledger, Height(height)))
        then = {key[1:]: value for key, value in rows[height].items() if b"S" <= key < STATE_END}
        assert state == then
        changes = [Change(key, None, value) for key, value in sorted(state.items())]
        assert begin_state(changes).root == head.state_root, "which anybody can compute"
    lines = b"".join(export_state(ledger, 2, Form(is_json=True), lambda _count: None)).splitlines()
    assert lines[1:] == [b'{"key":"62","value":"32"}', b'{"key":"63","value":"33"}']
