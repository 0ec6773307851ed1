"""Blocks are written whole, found again by every key, and survive their process; what is wrong is named."""

from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest

from chain.block import encode_block
from chain.hashing import sha256
from chain.keys import SigningKey
from chain.parameters import Parameters
from chain.transaction import TxId, compute_transaction_id
from chain.vote import BlockId, Height
from machine.faults import Damaged, WrongLedger
from node.store.keys import BLOCK_IDS, BLOCKS, FORMAT_KEY, HEAD_KEY, TABLES, VALIDATORS, height_key
from node.store.ledger import Ledger
from node.store.leveldb import LevelStore
from node.store.memory import MemoryStore
from node.store.records import TxLocation
from tests.chain.making import make_transaction, make_validators
from tests.node.making import GENESIS_HASH, make_genesis, make_next
from tests.node.store.chains import PATH, Chain, change_row


@pytest.fixture
def chain() -> Chain:
    """A ledger at height 0."""
    return Chain(MemoryStore())


def test_prefixes_are_told_apart() -> None:
    assert len({table.prefix for table in TABLES}) == len(TABLES)


def test_empty_store_holds_no_ledger() -> None:
    assert Ledger.open(MemoryStore(), PATH, GENESIS_HASH) is None


def test_genesis_is_read_again(chain: Chain) -> None:
    ledger = chain.reopen()
    assert ledger.head == chain.head
    assert ledger.head.height == 0
    assert ledger.state.get(b"a") == b"0"
    assert ledger.block(1) is None and ledger.block(0) is None


def test_block_is_found_by_every_key(chain: Chain) -> None:
    raws = [make_transaction(number) for number in range(3)]
    certified, executed, head = make_next(chain.head, chain.keys, raws)
    chain.append(certified, executed, head)
    ledger = chain.reopen()
    assert ledger.head == head
    assert ledger.certified_block(1) == certified
    assert ledger.encoded_block(1) == encode_block(certified.block)
    assert ledger.header(1) == certified.block.header
    assert ledger.results(1) == executed.results
    assert ledger.height_of(head.block_id) == 1
    assert ledger.transaction_ids(1) == tuple(compute_transaction_id(raw) for raw in raws)


def test_transaction_is_found_with_its_result(chain: Chain) -> None:
    raws = [make_transaction(number) for number in range(3)]
    chain.grow(raws)
    location = chain.ledger.tx_location(compute_transaction_id(raws[2]))
    assert location == TxLocation(height=Height(1), index=2, time_ms=chain.head.time_ms)
    assert chain.ledger.transaction(location) == raws[2]
    result = chain.ledger.result(location)
    assert result is not None and result.gas_used == 12


def test_absent_things_are_none(chain: Chain) -> None:
    chain.grow()
    assert chain.ledger.certified_block(2) is None
    assert chain.ledger.results(2) is None
    assert chain.ledger.height_of(BlockId(sha256(b"another"))) is None
    assert chain.ledger.tx_location(TxId(sha256(b"another"))) is None
    assert chain.ledger.validators(4) is None
    assert chain.ledger.parameters(3) is None


def test_state_is_read_without_prefix_and_in_order(chain: Chain) -> None:
    chain.grow(writes=((b"a", None), (b"b", b"1"), (b"b\x00", b"2"), (b"\xff\xff", b"3")))
    state = chain.ledger.state
    assert state.get(b"a") is None
    assert state.iterate(b"", b"", 10) == [(b"b", b"1"), (b"b\x00", b"2"), (b"\xff\xff", b"3")]
    assert state.iterate(b"b", b"c", 1) == [(b"b", b"1")]


def test_snapshot_keeps_its_height(chain: Chain) -> None:
    with chain.ledger.snapshot() as before:
        chain.grow(writes=((b"a", b"1"),))
        assert before.head.height == 0 and before.state.get(b"a") == b"0"
        assert before.block(1) is None
    assert chain.ledger.state.get(b"a") == b"1"


def test_threads_see_one_height_whole(tmp_path: Path) -> None:
    """What RPC threads do while the commit task writes."""
    chain = Chain(LevelStore(tmp_path / "store", cache_bytes=1024 * 1024))
    wrong: list[str] = []
    seen: set[int] = set()
    is_over = Event()

    def read() -> None:
        while not is_over.is_set():
            with chain.ledger.snapshot() as snapshot:
                height = snapshot.head.height
                seen.add(height)
                state, above = snapshot.state.get(b"height"), snapshot.block(height + 1)
                if above is not None or int(state or b"0") != height:
                    wrong.append(f"at {height}: state {state!r}")

    threads = [Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    while len(seen) < 10 and chain.head.height < 2_000:
        chain.grow(writes=((b"height", str(chain.head.next_height).encode()),))
    is_over.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(seen) >= 10
    chain.ledger.close()


def test_validators_by_height_follow_a_change(chain: Chain) -> None:
    before = chain.head.validators
    after, _ = make_validators((10, 10, 10, 11))
    chain.grow(validators=after)
    chain.grow()
    ledger = chain.reopen()
    assert [ledger.validators(height) for height in (1, 2, 3, 4)] == [before, before, after, after]
    assert ledger.parameters(1) == ledger.parameters(3) == Parameters()


def test_sets_are_stored_once(chain: Chain) -> None:
    for _ in range(5):
        chain.grow()
    assert len(chain.store.iterate(VALIDATORS.prefix, b"W", limit=100)) == 1


def test_blocks_are_written_in_order(chain: Chain) -> None:
    certified, executed, head = make_next(chain.head, chain.keys)
    chain.append(certified, executed, head)
    with pytest.raises(AssertionError, match="in order"):
        chain.append(certified, executed, head)


class TestReplayWindow:
    """An id may stand in no block younger than W; W is 10 s here."""

    @pytest.fixture
    def chain(self) -> Chain:
        return Chain(MemoryStore(), Parameters(window_ms=10_000))

    @pytest.mark.parametrize(("age_ms", "held"), [(9_999, True), (10_000, False)])
    def test_edge(self, chain: Chain, age_ms: int, held: bool) -> None:
        raw = make_transaction(1)
        chain.grow([raw], time_ms=50_000)
        chain.grow(time_ms=50_000 + age_ms)
        transaction_id = compute_transaction_id(raw)
        assert chain.ledger.has_transaction(transaction_id) is held
        assert chain.reopen().has_transaction(transaction_id) is held

    @pytest.mark.parametrize(("now_ms", "held"), [(79_999, True), (80_000, False)])
    def test_a_shortened_window_forgets_nothing_that_may_still_be_valid(
        self, now_ms: int, held: bool
    ) -> None:
        """Made under 30 s, so possibly valid until 80,000; then within the new 10 s of a block at 79,999."""
        chain = Chain(MemoryStore(), Parameters(window_ms=30_000))
        raw = make_transaction(1)
        certified, executed, head = make_next(chain.head, chain.keys, [raw], time_ms=50_000)
        chain.append(certified, executed, replace(head, parameters=Parameters(window_ms=10_000)))
        chain.grow(time_ms=now_ms)
        transaction_id = compute_transaction_id(raw)
        assert chain.ledger.has_transaction(transaction_id) is held
        assert chain.reopen().has_transaction(transaction_id) is held

    def test_head_block_itself(self, chain: Chain) -> None:
        raws = [make_transaction(number) for number in range(2)]
        chain.grow([raws[0]])
        for ledger in (chain.ledger, chain.reopen()):
            assert ledger.has_transaction(compute_transaction_id(raws[0]))
            assert not ledger.has_transaction(compute_transaction_id(raws[1]))


def test_other_genesis_is_refused(chain: Chain) -> None:
    with pytest.raises(WrongLedger, match="genesis"):
        Ledger.open(chain.store, PATH, sha256(b"another document"))


@pytest.mark.parametrize("stored", [b"terang ledger 2", b"terang ledger 99"])
def test_other_format_is_refused(chain: Chain, stored: bytes) -> None:
    """The first had no tree over its state; there is no way from it to this one but the network's own."""
    change_row(chain.store, FORMAT_KEY, lambda _: stored)
    with pytest.raises(
        WrongLedger, match=f"reads stores of format b'terang ledger 3', this one is of {stored!r}"
    ):
        chain.reopen()


@pytest.mark.parametrize(
    ("key", "problem"),
    [(HEAD_KEY, "no head record"), (height_key(BLOCK_IDS, 2), "block 2 of 2 is not there")],
)
def test_missing_rows_are_named(chain: Chain, key: bytes, problem: str) -> None:
    chain.grow()
    chain.grow()
    change_row(chain.store, key, lambda _: None)
    with pytest.raises(Damaged, match=problem):
        chain.reopen()


def test_missing_validator_set_is_named(chain: Chain) -> None:
    change_row(chain.store, VALIDATORS.prefix + chain.head.validators.hash, lambda _: None)
    with pytest.raises(Damaged, match=r"validator set .* named but not there"):
        chain.reopen()


@pytest.mark.parametrize("key", [HEAD_KEY, height_key(BLOCK_IDS, 1)])
def test_unreadable_rows_are_named(chain: Chain, key: bytes) -> None:
    chain.grow([make_transaction(1)])
    change_row(chain.store, key, lambda data: data[:-1])
    with pytest.raises(Damaged, match="cannot be read"):
        chain.reopen()


def test_unreadable_block_is_named(chain: Chain) -> None:
    chain.grow([make_transaction(1)])
    change_row(chain.store, height_key(BLOCKS, 1), lambda data: data + b"\x00")
    with pytest.raises(Damaged, match="block 1 cannot be read"):
        chain.ledger.block(1)


def test_ledger_on_disk_survives_its_process(tmp_path: Path) -> None:
    chain = Chain(LevelStore(tmp_path / "store", cache_bytes=1024 * 1024))
    chain.grow([make_transaction(1)], ((b"k", b"v"),))
    head = chain.head
    chain.ledger.close()
    store = LevelStore(tmp_path / "store", cache_bytes=1024 * 1024)
    ledger = Ledger.open(store, PATH, GENESIS_HASH)
    assert ledger is not None and ledger.head == head and ledger.state.get(b"k") == b"v"
    ledger.close()


def test_keys_of_validators_are_in_their_order() -> None:
    """The tests' own chain must sign as its sets say, or nothing above means anything."""
    head, keys = make_genesis()
    assert [key.address for key in keys] == [validator.address for validator in head.validators.validators]
    assert isinstance(keys[0], SigningKey)
