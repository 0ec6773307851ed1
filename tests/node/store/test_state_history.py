"""The state of older heights is read and proved as long as it is kept, and is gone row by row afterwards."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.hashing import Digest
from chain.ics23 import ExistenceProof, NonExistenceProof, verify_absence, verify_existence
from chain.ics23_codec import decode_proof
from chain.limits import STATE_VERSIONS_PRUNED
from chain.vote import Height
from machine.faults import Damaged
from node.state_entry import read_entry
from node.store.keys import (
    STATE_BEFORE,
    STATE_CHANGED,
    STATE_KEYS,
    STATE_PAGES,
    STATE_REPLACED,
    Table,
    height_key,
    state_key,
)
from node.store.leveldb import LevelStore
from node.store.memory import MemoryStore
from node.store.store import Store
from rpc.backend import Refused
from tests.node.store.chains import Chain, change_row
from tests.vm.tree.growing import hash_by_definition
from vm.state import begin_state

KEYS = st.integers(0, 20).map(lambda number: b"s%d" % number)
WRITES = st.dictionaries(KEYS, st.none() | st.binary(min_size=1, max_size=3), max_size=12)


def grow(chain: Chain, writes: dict[bytes, bytes | None]) -> dict[bytes, bytes]:
    """A block with these writes; the whole state after it."""
    held = dict(chain.ledger.state.iterate(b"", b"", 1_000))
    changes = {key: value for key, value in writes.items() if held.get(key) != value}
    chain.grow(writes=tuple(changes.items()))
    return dict(chain.ledger.state.iterate(b"", b"", 1_000))


def root_after(chain: Chain, height: int) -> Digest:
    """What the header after a height would say."""
    header = chain.ledger.header(height + 1)
    return chain.head.state_root if header is None else header.state_root


def count(store: Store, table: Table) -> int:
    return len(store.iterate(table.prefix, bytes([table.prefix[0] + 1]), limit=100_000))


@settings(max_examples=60, deadline=None)
@given(blocks=st.lists(WRITES, min_size=1, max_size=10), kept=st.integers(1, 4))
def test_kept_heights_answer_as_they_were(blocks: list[dict[bytes, bytes | None]], kept: int) -> None:
    chain = Chain(MemoryStore(), versions_kept=kept)
    states = [{b"a": b"0"}, *(grow(chain, writes) for writes in blocks)]
    head = len(blocks)
    for ledger in (chain.ledger, chain.reopen()):
        history = ledger.history
        assert history.since <= max(0, head - kept)
        for height in range(max(0, head - kept), head + 1):
            root = root_after(chain, height)
            assert root == history.root(height) == hash_by_definition(states[height])
            for key in (b"a", *(b"s%d" % number for number in range(21))):
                value, proof = history.value(key, height), history.prove(key, height, root)
                assert value == states[height].get(key)
                if value is not None:
                    assert isinstance(proof, ExistenceProof)
                    verify_existence(proof, root, key, value)
                else:
                    assert isinstance(proof, NonExistenceProof)
                    verify_absence(proof, root, key)


def test_what_no_kept_height_needs_is_gone() -> None:
    """After as many blocks as are kept, the store has the rows of those and no more."""
    chain = Chain(MemoryStore(), versions_kept=3)
    for number in range(40):
        grow(
            chain,
            {b"s%d" % (number % 7): b"%d" % number, b"s%d" % (10 + number): b"x" if number < 20 else None},
        )
    assert chain.ledger.history.since == 37
    assert [count(chain.store, table) for table in (STATE_REPLACED, STATE_CHANGED, STATE_BEFORE)] == [3] * 3
    of_the_head, replaced_by_each = 1 + 16, 1 + 2
    assert count(chain.store, STATE_PAGES) <= of_the_head + 3 * replaced_by_each
    assert count(chain.store, STATE_KEYS) == len(chain.ledger.state.iterate(b"", b"", 1_000))


def test_a_shorter_retention_lets_go_a_few_heights_a_block() -> None:
    chain = Chain(MemoryStore(), versions_kept=100)
    for number in range(20):
        grow(chain, {b"s": b"%d" % number})
    store, head = chain.store, chain.head
    chain.ledger = type(chain.ledger)(store, Path("store"), head, versions_kept=1)
    grow(chain, {b"s": b"x"})
    assert chain.ledger.history.since == STATE_VERSIONS_PRUNED
    for _ in range(20):
        chain.grow()
    assert chain.ledger.history.since == 21
    assert count(store, STATE_REPLACED) == 0


def test_blocks_that_write_nothing_have_the_tree_before() -> None:
    chain = Chain(MemoryStore(), versions_kept=2)
    root = chain.head.state_root
    for _ in range(6):
        chain.grow()
    assert chain.ledger.history.root(4) == chain.head.state_root == root
    assert count(chain.store, STATE_PAGES) == 1


def test_the_tree_survives_its_process(tmp_path: Path) -> None:
    chain = Chain(LevelStore(tmp_path / "store", cache_bytes=1024 * 1024))
    for number in range(30):
        grow(chain, {b"s%d" % key: b"%d" % number for key in range(number, 60, 7)})
    root = chain.head.state_root
    chain.ledger.close()
    chain.store = LevelStore(tmp_path / "store", cache_bytes=1024 * 1024)
    chain.ledger = chain.reopen()
    assert chain.ledger.history.root(30) == root
    state = grow(chain, {b"s1": b"y"})
    assert chain.head.state_root == hash_by_definition(state)
    chain.ledger.close()


class TestAsked:
    """What the RPC's question of one entry gets."""

    @pytest.fixture
    def chain(self) -> Chain:
        chain = Chain(MemoryStore(), versions_kept=3)
        for number in range(8):
            grow(chain, {b"s": b"%d" % number, b"t": None if number % 2 else b"t"})
        return chain

    def test_without_a_height_the_last_state_and_the_last_provable_one(self, chain: Chain) -> None:
        assert read_entry(chain.ledger, b"s", None, prove=False).value == b"7"
        answer = read_entry(chain.ledger, b"s", None, prove=True)
        header = chain.ledger.header(8)
        assert (answer.height, answer.value) == (7, b"6") and answer.proof is not None and header is not None
        proof = decode_proof(answer.proof)
        assert isinstance(proof, ExistenceProof)
        verify_existence(proof, header.state_root, b"s", b"6")

    def test_the_absence_of_an_entry_at_an_older_height(self, chain: Chain) -> None:
        answer = read_entry(chain.ledger, b"t", Height(6), prove=True)
        assert answer.value is None and answer.proof is not None
        proof = decode_proof(answer.proof)
        assert isinstance(proof, NonExistenceProof)
        verify_absence(proof, root_after(chain, 6), b"t")

    @pytest.mark.parametrize("height", [0, 4, 9, -1])
    def test_of_no_height_that_is_not_kept(self, chain: Chain, height: int) -> None:
        with pytest.raises(Refused, match=f"the state of heights 5 to 8 is kept here, got {height}"):
            read_entry(chain.ledger, b"s", Height(height), prove=True)

    def test_an_empty_state_has_no_proof(self, chain: Chain) -> None:
        chain.ledger.head = replace(chain.head, state_root=begin_state(()).root)
        empty = Chain(MemoryStore())
        grow(empty, {b"a": None})
        with pytest.raises(Refused, match="is empty"):
            read_entry(empty.ledger, b"a", Height(1), prove=True)
        assert read_entry(empty.ledger, b"a", Height(1), prove=False).value is None


class TestDamage:
    """Rows that a disk has lost or changed are named, and no proof is made of them."""

    @pytest.fixture
    def chain(self) -> Chain:
        chain = Chain(MemoryStore())
        grow(chain, {b"s%d" % number: b"v" for number in range(60)})
        grow(chain, {b"s7": b"w"})
        return chain

    def prove(self, chain: Chain, key: bytes, height: int) -> None:
        chain.ledger.history.prove(key, height, root_after(chain, height))

    def row(self, store: Store, table: Table, part: bytes) -> bytes:
        rows = store.iterate(table.prefix, bytes([table.prefix[0] + 1]), limit=1_000)
        return next(key for key, value in rows if part in key + value)

    def last_page(self, store: Store) -> bytes:
        """The page of the newest height that is farthest to the right."""
        rows = store.iterate(STATE_PAGES.prefix, bytes([STATE_PAGES.prefix[0] + 1]), limit=1_000)
        return rows[-1][0]

    def test_another_value(self, chain: Chain) -> None:
        change_row(chain.store, state_key(b"s8"), lambda _: b"x")
        with pytest.raises(Damaged, match="the state of height 2 is not that of its root"):
            self.prove(chain, b"s8", 2)

    def test_no_value(self, chain: Chain) -> None:
        change_row(chain.store, state_key(b"s8"), lambda _: None)
        with pytest.raises(Damaged, match="the entry of leaf"):
            self.prove(chain, b"s8", 2)

    def test_no_name_of_a_leaf(self, chain: Chain) -> None:
        change_row(chain.store, self.row(chain.store, STATE_KEYS, b"s8"), lambda _: None)
        with pytest.raises(Damaged, match="the entry of leaf"):
            self.prove(chain, b"s8", 2)

    def test_another_value_put_aside(self, chain: Chain) -> None:
        row = height_key(STATE_BEFORE, 2)
        change_row(chain.store, row, lambda data: data[:-1] + b"x")
        with pytest.raises(Damaged, match="the state of height 1 is not that of its root"):
            self.prove(chain, b"s7", 1)
        change_row(chain.store, row, lambda data: data[:-1])
        with pytest.raises(Damaged, match="what height 2 put aside cannot be read"):
            self.prove(chain, b"s7", 1)
        change_row(chain.store, row, lambda _: None)
        with pytest.raises(Damaged, match="what height 2 put aside is not there"):
            self.prove(chain, b"s7", 1)

    def test_a_page_less_and_a_page_that_cannot_be_read(self, chain: Chain) -> None:
        page = self.last_page(chain.store)
        path, version = page[9:].hex(), int.from_bytes(page[1:9], "big")
        change_row(chain.store, page, lambda data: data[:-1])
        named = f"page {path} of height {version} of the state tree"
        with pytest.raises(Damaged, match=f"{named} cannot be read"):
            for number in range(60):
                self.prove(chain, b"s%d" % number, version)
        change_row(chain.store, page, lambda _: None)
        with pytest.raises(Damaged, match=f"{named} is named but not there"):
            for number in range(60):
                self.prove(chain, b"s%d" % number, version)

    def test_a_list_of_what_was_replaced_that_cannot_be_read(self) -> None:
        chain = Chain(MemoryStore(), versions_kept=1)
        grow(chain, {b"s": b"1"})
        change_row(chain.store, self.row(chain.store, STATE_REPLACED, b""), lambda data: data[:-1])
        with pytest.raises(Damaged, match="what a height replaced cannot be read"):
            grow(chain, {b"s": b"2"})
