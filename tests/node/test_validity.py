"""Which block may follow the head: each rule broken once."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.block import CompactBlock, Header
from chain.certificate import Certificate
from chain.errors import Invalid
from chain.hashing import Digest
from chain.keys import Signature
from chain.parameters import Parameters
from chain.transaction import CheckedTransaction, TxId, check_transaction
from chain.vote import BlockId, Height
from node.head import Head, genesis_head
from node.proposer import build_block, compute_block_time_ms, compute_proposer_wait_ms
from node.store.memory import MemoryStore
from node.validity import check_content, check_header, check_last_certificate
from tests.chain.making import (
    CHAIN,
    make_block,
    make_certificate,
    make_key,
    make_transaction,
    make_validators,
)
from tests.node.making import make_next
from tests.node.store.chains import Chain

VALIDATORS, KEYS = make_validators()
GENESIS = genesis_head(
    chain_id=CHAIN,
    time_ms=1_000,
    state_root=Digest(bytes(32)),
    validators=VALIDATORS,
    parameters=Parameters(window_ms=10_000),
)
OTHER = Digest(b"\x01" * 32)


def _checked(*numbers: int, valid_until_ms: int = 5_000) -> list[CheckedTransaction]:
    return [check_transaction(make_transaction(n, valid_until_ms=valid_until_ms), CHAIN) for n in numbers]


def _block(transactions: list[CheckedTransaction], time_ms: int = 2_000) -> CompactBlock:
    return build_block(GENESIS, time_ms=time_ms, proposer=KEYS[0].address, transactions=transactions)


def _head_with_certificate() -> tuple[Head, Certificate]:
    block = make_block(VALIDATORS)
    certificate = make_certificate(block, VALIDATORS, KEYS[:3])
    head = replace(GENESIS, height=Height(1), block_id=certificate.block_id, certificate=certificate)
    return head, certificate


def test_a_proposed_block_may_follow() -> None:
    transactions = _checked(1, 2)
    block = _block(transactions)
    check_header(block.header, GENESIS)
    check_last_certificate(block.last_certificate, GENESIS)
    check_content(block, transactions, GENESIS.parameters, lambda _: False)


HEADER_FAULTS: dict[str, tuple[Callable[[Header], Header], str]] = {
    "chain": (lambda h: replace(h, chain_id="other"), "expected chain_id terang-test, got other"),
    "height": (lambda h: replace(h, height=Height(2)), "expected height 1, got 2"),
    "previous": (lambda h: replace(h, previous_block_id=BlockId(OTHER)), "expected previous_block_id 00"),
    "results": (lambda h: replace(h, results_root=OTHER), "expected results_root"),
    "state": (lambda h: replace(h, state_root=OTHER), "expected state_root"),
    "validators": (lambda h: replace(h, validators_hash=OTHER), "expected validators_hash"),
    "next validators": (lambda h: replace(h, next_validators_hash=OTHER), "expected next_validators_hash"),
    "parameters": (lambda h: replace(h, parameters_hash=OTHER), "expected parameters_hash"),
    "time stands still": (lambda h: replace(h, time_ms=1_000), "expected a time after 1000, got 1000"),
    "stranger": (lambda h: replace(h, proposer=make_key(99).address), "is not a validator"),
}


@pytest.mark.parametrize(("alter", "message"), HEADER_FAULTS.values(), ids=HEADER_FAULTS.keys())
def test_header_faults(alter: Callable[[Header], Header], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        check_header(alter(_block([]).header), GENESIS)


def test_last_certificate() -> None:
    head, certificate = _head_with_certificate()
    check_last_certificate(certificate, head)
    another_quorum = make_certificate(make_block(VALIDATORS), VALIDATORS, KEYS[1:])
    check_last_certificate(another_quorum, head)
    forged = replace(another_quorum, signatures=(Signature(bytes(64)), *another_quorum.signatures[1:]))
    for wrong in (None, replace(certificate, block_id=BlockId(OTHER)), forged):
        with pytest.raises(Invalid):
            check_last_certificate(wrong, head)
    with pytest.raises(Invalid, match="expected no certificate before the first block"):
        check_last_certificate(certificate, GENESIS)


@pytest.mark.parametrize(
    ("valid_until_ms", "is_valid"),
    [(2_000, False), (2_001, True), (12_000, True), (12_001, False)],
    ids=["expires at block time", "one before", "far edge", "beyond the window"],
)
def test_both_edges_of_the_window_are_block_validity(valid_until_ms: int, is_valid: bool) -> None:
    transactions = _checked(1, valid_until_ms=valid_until_ms)
    block = _block(transactions)
    if is_valid:
        check_content(block, transactions, GENESIS.parameters, lambda _: False)
    else:
        with pytest.raises(Invalid, match="outside its validity window"):
            check_content(block, transactions, GENESIS.parameters, lambda _: False)


@settings(deadline=None, max_examples=60)
@given(
    valid_for_ms=st.integers(1, 10_000),
    age_ms=st.integers(1, 12_000) | st.sampled_from([9_999, 10_000, 10_001]),
    more_ms=st.integers(1, 12_000) | st.just(1),
    next_window_ms=st.sampled_from([10_000, 30_000]),
    restarts=st.booleans(),
)
def test_no_block_ever_holds_it_again(
    valid_for_ms: int, age_ms: int, more_ms: int, next_window_ms: int, restarts: bool
) -> None:
    """A dishonest proposer's block is invalid, whenever it comes, however the window was changed, after a restart too."""
    chain = Chain(MemoryStore(), Parameters(window_ms=10_000))
    (replayed,) = _checked(1, valid_until_ms=50_000 + valid_for_ms)
    certified, executed, head = make_next(chain.head, chain.keys, [replayed.raw], time_ms=50_000)
    chain.append(certified, executed, replace(head, parameters=Parameters(window_ms=next_window_ms)))
    chain.grow(time_ms=50_000 + age_ms)
    ledger = chain.reopen() if restarts else chain.ledger
    block = build_block(
        ledger.head,
        time_ms=ledger.head.time_ms + more_ms,
        proposer=chain.keys[0].address,
        transactions=[replayed],
    )
    check_header(block.header, ledger.head)
    with pytest.raises(Invalid, match=r"stands in an earlier block|outside its validity window"):
        check_content(block, [replayed], ledger.head.parameters, ledger.has_transaction)


def test_replay_and_doubles() -> None:
    transactions = _checked(1, 2)
    replayed = transactions[1].id

    def is_replayed(transaction_id: TxId) -> bool:
        return transaction_id == replayed

    with pytest.raises(Invalid, match="stands in an earlier block"):
        check_content(_block(transactions), transactions, GENESIS.parameters, is_replayed)
    twice = [transactions[0], transactions[0]]
    with pytest.raises(Invalid, match="expected each transaction once"):
        check_content(_block(twice), twice, GENESIS.parameters, lambda _: False)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (Parameters(window_ms=10_000, block_transactions_max=2), "expected at most 2 transactions"),
        (Parameters(window_ms=10_000, block_gas_max=299_999), "expected at most 299999 gas, got 300000"),
        (Parameters(window_ms=10_000, account_gas_max=99_999), "a sender has more than 99999 gas"),
        (Parameters(window_ms=10_000, transaction_gas_max=99_999), "expected at most 99999 gas, got 100000"),
    ],
)
def test_governed_limits(parameters: Parameters, message: str) -> None:
    transactions = _checked(1, 2, 3)
    with pytest.raises(Invalid, match=message):
        check_content(_block(transactions), transactions, parameters, lambda _: False)


def test_block_bytes() -> None:
    big = [
        check_transaction(make_transaction(n, valid_until_ms=5_000, arguments=(bytes(40_000),)), CHAIN)
        for n in (1, 2)
    ]
    with pytest.raises(Invalid, match="expected at most 65536 bytes"):
        check_content(_block(big), big, Parameters(window_ms=10_000, block_bytes_max=65_536), lambda _: False)


def test_proposer_time_is_after_the_last_block_and_waits_for_its_clock() -> None:
    assert compute_block_time_ms(GENESIS, 5_000) == 5_000
    assert compute_block_time_ms(GENESIS, 900) == 1_001
    assert compute_proposer_wait_ms(GENESIS, 900) == 101
    assert compute_proposer_wait_ms(GENESIS, 1_001) == 0
