"""Bounds, turns and expiry of what waits for a block."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chain.hashing import sha256
from chain.keys import PublicKey, Signature
from chain.parameters import Parameters
from chain.transaction import Call, CheckedTransaction, Transaction, TxId
from node.mempool import Added, Mempool, MempoolLimits

LIMITS = MempoolLimits(transactions_max=10, bytes_max=10_000, sender_transactions_max=6)
NOW_MS = 1_000_000


def make(
    number: int, sender: int = 0, *, size: int = 100, gas: int = 10_000, valid_until_ms: int = NOW_MS + 1_000
) -> CheckedTransaction:
    """A transaction as the mempool sees it: nothing here is signed, and its bytes are only counted."""
    transaction = Transaction(
        chain_id="test",
        sender=PublicKey(bytes([sender]) * 32),
        nonce=number.to_bytes(16, "big"),
        valid_until_ms=valid_until_ms,
        gas_limit=gas,
        calls=(Call(contract="c", method="m", arguments=()),),
        signature=Signature(bytes(64)),
    )
    raw = number.to_bytes(8, "big").ljust(size, b"\x00")
    return CheckedTransaction(raw=raw, id=TxId(sha256(raw)), transaction=transaction)


def fill(mempool: Mempool, *transactions: CheckedTransaction) -> None:
    for checked in transactions:
        assert mempool.add(checked) is Added.WAITING


def take(mempool: Mempool, **change: int) -> list[CheckedTransaction]:
    return mempool.take(replace(Parameters(), **change), NOW_MS)


def test_what_was_added_is_found() -> None:
    mempool, one = Mempool(LIMITS), make(1)
    fill(mempool, one)
    assert one.id in mempool
    assert mempool.get(one.id) is one
    assert (len(mempool), mempool.size_bytes, mempool.ids()) == (1, 100, [one.id])
    assert mempool.oldest(5) == [one]
    assert mempool.get(make(2).id) is None


def test_duplicate_is_told() -> None:
    mempool = Mempool(LIMITS)
    fill(mempool, make(1))
    assert mempool.add(make(1)) is Added.DUPLICATE
    assert len(mempool) == 1


def test_sender_has_a_bound_of_its_own() -> None:
    mempool = Mempool(LIMITS)
    fill(mempool, *(make(number) for number in range(6)))
    assert mempool.add(make(6)) is Added.SENDER_FULL
    fill(mempool, make(7, sender=1))


class TestTaking:
    """What a block gets."""

    def test_senders_take_turns_in_order_of_arrival(self) -> None:
        mempool = Mempool(LIMITS)
        first, second, third = make(1, 1), make(2, 1), make(3, 1)
        other, later = make(4, 2), make(5, 3)
        fill(mempool, first, second, third, other, later)
        assert take(mempool) == [first, other, later, second, third]
        assert len(mempool) == 5

    def test_served_senders_go_to_the_end(self) -> None:
        mempool = Mempool(LIMITS)
        crowd = [make(number, sender) for number, sender in enumerate([1, 1, 1, 2, 2, 3])]
        fill(mempool, *crowd)
        served: list[int] = []
        for _ in range(3):
            block = take(mempool, block_transactions_max=2)
            served += [checked.transaction.sender[0] for checked in block]
            mempool.on_committed([checked.id for checked in block], NOW_MS)
        assert served == [1, 2, 3, 1, 2, 1]

    @pytest.mark.parametrize(
        ("change", "count"),
        [
            ({"block_transactions_max": 3}, 3),
            ({"block_gas_max": 100_000, "account_gas_max": 100_000}, 5),
            ({"account_gas_max": 60_000}, 3),
            ({"transaction_gas_max": 19_999}, 0),
            ({"transaction_gas_max": 20_000}, 6),
        ],
    )
    def test_limits_of_a_block(self, change: dict[str, int], count: int) -> None:
        mempool = Mempool(LIMITS)
        fill(mempool, *(make(number, gas=20_000) for number in range(6)))
        assert len(take(mempool, **change)) == count

    def test_bytes_of_a_block(self) -> None:
        mempool = Mempool(LIMITS)
        mempool = Mempool(MempoolLimits(transactions_max=10, bytes_max=10**6, sender_transactions_max=10))
        fill(mempool, *(make(number, size=30_000) for number in range(5)))
        fill(mempool, make(9, size=5_000))
        taken = take(mempool, block_bytes_max=65_536)
        assert [len(checked.raw) for checked in taken] == [30_000, 30_000, 5_000]

    def test_large_one_does_not_hide_small_ones_of_its_sender(self) -> None:
        mempool = Mempool(LIMITS)
        fill(mempool, make(1, gas=10_000), make(2, gas=900_000), make(3, gas=10_000))
        assert [checked.transaction.gas_limit for checked in take(mempool, account_gas_max=100_000)] == [
            10_000,
            10_000,
        ]

    @pytest.mark.parametrize(
        ("valid_until_ms", "is_taken"),
        [(NOW_MS, False), (NOW_MS + 1, True), (NOW_MS + 600_000, True), (NOW_MS + 600_001, False)],
    )
    def test_edges_of_the_window(self, valid_until_ms: int, is_taken: bool) -> None:
        mempool = Mempool(LIMITS)
        fill(mempool, make(1, valid_until_ms=valid_until_ms))
        assert bool(take(mempool)) is is_taken


class TestFull:
    """Who gives way."""

    def test_newcomer_displaces_the_newest_of_the_heaviest(self) -> None:
        mempool = Mempool(LIMITS)
        fill(
            mempool, *(make(number, 1) for number in range(6)), *(make(number, 2) for number in range(6, 10))
        )
        fill(mempool, make(20, 3))
        assert make(5).id not in mempool
        assert len(mempool) == 10
        assert mempool.displaced == 1

    def test_the_heaviest_displaces_nobody(self) -> None:
        limits = replace(LIMITS, sender_transactions_max=10)
        mempool = Mempool(limits)
        fill(
            mempool, *(make(number, 1) for number in range(6)), *(make(number, 2) for number in range(6, 10))
        )
        assert mempool.add(make(20, 1)) is Added.FULL
        assert len(mempool) == 10

    def test_equals_displace_nobody(self) -> None:
        mempool = Mempool(LIMITS)
        fill(mempool, *(make(number, number) for number in range(10)))
        assert mempool.add(make(20, 99)) is Added.FULL
        assert mempool.displaced == 0

    def test_bytes_count_too(self) -> None:
        mempool = Mempool(LIMITS)
        fill(mempool, *(make(number, 1, size=3_000) for number in range(3)))
        fill(mempool, make(5, 2, size=2_000))
        assert mempool.size_bytes == 8_000
        assert make(2, size=3_000).id not in mempool


class TestGoing:
    """What leaves."""

    def test_committed_ones_leave(self) -> None:
        mempool = Mempool(LIMITS)
        fill(mempool, make(1), make(2))
        mempool.on_committed([make(1).id, make(99).id], NOW_MS)
        assert mempool.ids() == [make(2).id]
        assert mempool.size_bytes == 100

    def test_expired_ones_leave(self) -> None:
        mempool = Mempool(LIMITS)
        fill(mempool, make(1, valid_until_ms=NOW_MS), make(2, valid_until_ms=NOW_MS + 1))
        mempool.on_committed([], NOW_MS)
        assert mempool.ids() == [make(2).id]


class Waiting(RuleBasedStateMachine):
    """Whatever happens, the counts are right, the bounds hold, and a block takes only what waits, fairly."""

    def __init__(self) -> None:
        super().__init__()
        self.mempool = Mempool(replace(LIMITS, bytes_max=2_000))
        self.known: dict[TxId, CheckedTransaction] = {}
        self.number = 0

    @rule(
        sender=st.integers(0, 4),
        size=st.integers(8, 900),
        valid_ms=st.integers(1, 5),
    )
    def add(self, sender: int, size: int, valid_ms: int) -> None:
        self.number += 1
        checked = make(self.number, sender, size=size, valid_until_ms=NOW_MS + valid_ms)
        self.known[checked.id] = checked
        added = self.mempool.add(checked)
        assert (added is Added.WAITING) == (checked.id in self.mempool)
        if added is Added.FULL:
            weights = self.weights()
            own = weights[checked.transaction.sender] + size
            assert max(weights.values()) <= own, "somebody heavier should have given way"

    @rule(count=st.integers(1, 4), time_ms=st.integers(0, 5))
    def commit(self, count: int, time_ms: int) -> None:
        block = take(self.mempool, block_transactions_max=count)
        self.mempool.on_committed([checked.id for checked in block], NOW_MS + time_ms)
        waiting = [self.known[transaction_id] for transaction_id in self.mempool.ids()]
        assert all(checked.transaction.valid_until_ms > NOW_MS + time_ms for checked in waiting)

    def weights(self) -> Counter[PublicKey]:
        weights: Counter[PublicKey] = Counter()
        for transaction_id in self.mempool.ids():
            weights[self.known[transaction_id].transaction.sender] += len(self.known[transaction_id].raw)
        return weights

    @invariant()
    def counts_are_right(self) -> None:
        waiting = [self.known[transaction_id] for transaction_id in self.mempool.ids()]
        assert len(self.mempool) == len(waiting) <= 10
        assert self.mempool.size_bytes == sum(len(checked.raw) for checked in waiting) <= 2_000
        senders = Counter(checked.transaction.sender for checked in waiting)
        assert all(count <= 6 for count in senders.values())
        assert Counter(checked.id for checked in take(self.mempool)) == Counter(self.mempool.ids())


TestWaiting = Waiting.TestCase
TestWaiting.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
