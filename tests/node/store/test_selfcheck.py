"""Every row of the newest blocks that is changed, swapped or missing is named at the start."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chain.block import decode_block, encode_block, encode_header
from chain.certificate import decode_certificate, encode_certificate
from chain.limits import STORE_CHECKED_BLOCKS, WINDOW_MS_MAX
from chain.result import ResultCode, TransactionResult, encode_result
from chain.transaction import compute_transaction_id
from machine.faults import Damaged
from node.store.keys import (
    BLOCK_IDS,
    BLOCKS,
    CERTIFICATES,
    HEAD_KEY,
    HEADERS,
    RESULTS,
    Table,
    block_id_key,
    height_key,
    location_key,
    page_key,
    state_key,
)
from node.store.memory import MemoryStore
from node.store.records import encode_head, encode_results
from node.store.selfcheck import check_ledger
from tests.chain.making import make_transaction
from tests.node.store.chains import PATH, Chain, change_row
from vm.keys import contract_key, module_key
from vm.module_codec import code_hash
from vm.tree.hashing import EMPTY_STATE_ROOT
from vm.tree.nodes import PageKey

RAW = make_transaction(2)


@pytest.fixture
def chain() -> Chain:
    """Five blocks; the third holds transactions."""
    chain = Chain(MemoryStore())
    for height in range(1, 6):
        chain.grow([make_transaction(1), RAW] if height == 3 else [])
    return chain


def check(chain: Chain, depth: int = STORE_CHECKED_BLOCKS) -> None:
    ledger = chain.reopen()
    check_ledger(chain.store, ledger, PATH, depth)


def test_whole_ledger_passes(chain: Chain) -> None:
    check(chain)


def test_empty_ledger_passes() -> None:
    check(Chain(MemoryStore()))


def row(table: Table, height: int = 3) -> Callable[[Chain], bytes]:
    return lambda _: height_key(table, height)


def swap_with(table: Table, height: int) -> Callable[[Chain, bytes], bytes]:
    return lambda chain, _: chain.store.get(height_key(table, height)) or b""


def other_round(_: Chain, data: bytes) -> bytes:
    return encode_certificate(replace(decode_certificate(data), round=7))  # type: ignore[arg-type]  # a plain number will do


def without_quorum(_: Chain, data: bytes) -> bytes:
    certificate = decode_certificate(data)
    return encode_certificate(replace(certificate, signatures=(None, None, *certificate.signatures[2:])))


def other_body(_: Chain, data: bytes) -> bytes:
    block = decode_block(data)
    return encode_block(replace(block, transactions=(make_transaction(9), *block.transactions[1:])))


def other_time(_: Chain, data: bytes) -> bytes:
    block = decode_block(data)
    return encode_block(replace(block, header=replace(block.header, time_ms=block.header.time_ms + 1)))


def better_result(_: Chain, data: bytes) -> bytes:
    result = encode_result(TransactionResult(code=ResultCode.OK, gas_wanted=1, gas_used=1))
    return encode_results([result, result])


DAMAGE: dict[str, tuple[Callable[[Chain], bytes], Callable[[Chain, bytes], bytes | None], str]] = {
    "no block": (row(BLOCKS), lambda *_: None, "not there"),
    "no certificate": (row(CERTIFICATES), lambda *_: None, "not there"),
    "no results": (row(RESULTS), lambda *_: None, "expected 2 results, got none"),
    "another block": (row(BLOCKS), swap_with(BLOCKS, 2), "says that it is block 2"),
    "another header": (row(HEADERS), swap_with(HEADERS, 2), "header row"),
    "another certificate": (row(CERTIFICATES), swap_with(CERTIFICATES, 2), "for another block"),
    "another round": (row(CERTIFICATES), other_round, "bad signature"),
    "no quorum": (row(CERTIFICATES), without_quorum, "power"),
    "another body": (row(BLOCKS), other_body, "transactions root"),
    "another time": (row(BLOCKS), other_time, "header row"),
    "another result": (row(RESULTS), better_result, "do not fit their root"),
    "too few results": (row(RESULTS), swap_with(RESULTS, 2), "expected 2 results, got 0"),
    "another list of ids": (row(BLOCK_IDS), lambda _, data: data[32:], "list of transaction ids"),
    "lost in the index": (
        lambda _: location_key(compute_transaction_id(RAW)),
        lambda *_: None,
        "not found where it stands",
    ),
    "lost by id": (
        lambda chain: block_id_key(chain.ids[3]),
        lambda *_: None,
        "not found by its id",
    ),
    "block above the head": (row(BLOCKS, 6), swap_with(BLOCKS, 5), "above the head"),
    "head of another time": (
        lambda _: HEAD_KEY,
        lambda chain, _: encode_head(replace(chain.head, time_ms=chain.head.time_ms + 1)),
        "head 5: its time",
    ),
    "head of another root": (
        lambda _: HEAD_KEY,
        lambda chain, _: encode_head(replace(chain.head, results_root=chain.head.state_root)),
        "block 5: its results",
    ),
    "another state tree": (
        lambda _: page_key(PageKey(b"", 0)),
        lambda _, data: data[:-1] + bytes([data[-1] ^ 1]),
        "head 5: its state root is .*, and the state tree's is",
    ),
    "no state tree": (
        lambda _: page_key(PageKey(b"", 0)),
        lambda *_: None,
        f"head 5: its state root is .*, and the state tree's is {EMPTY_STATE_ROOT.hex()}",
    ),
    "a state tree that cannot be read": (
        lambda _: page_key(PageKey(b"", 0)),
        lambda _, data: data[:-1],
        "page at the root of height 0 of the state tree cannot be read",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_named(chain: Chain, name: str) -> None:
    find_key, change, message = DAMAGE[name]
    key = find_key(chain)
    change_row(chain.store, key, lambda data: change(chain, data))
    with pytest.raises(Damaged, match=message):
        check(chain)


def test_missing_link_between_blocks(chain: Chain) -> None:
    other = Chain(MemoryStore())
    other.grow([make_transaction(5)])
    for table in (BLOCKS, HEADERS, CERTIFICATES, RESULTS, BLOCK_IDS):
        data = other.store.get(height_key(table, 1)) or b""
        change_row(chain.store, height_key(table, 1), lambda _, data=data: data)  # type: ignore[misc]  # bound now
    with pytest.raises(Damaged, match="block 2: it does not follow"):
        check(chain, depth=4)


def test_depth_bounds_the_work(chain: Chain) -> None:
    change_row(chain.store, height_key(RESULTS, 1), lambda _: None)
    check(chain, depth=4)
    with pytest.raises(Damaged, match="block 1"):
        check(chain, depth=5)


def test_header_bytes_are_those_that_were_hashed(chain: Chain) -> None:
    block = chain.ledger.block(3)
    assert block is not None
    assert chain.store.get(height_key(HEADERS, 3)) == encode_header(block.header)


@pytest.mark.parametrize("damage", [lambda _: b"another module", lambda _: None])
def test_a_module_that_is_not_the_one_its_contract_names(
    chain: Chain, damage: Callable[[bytes], bytes | None]
) -> None:
    module = b"whatever was deployed"
    chain.grow([], ((contract_key("tender"), code_hash(module)), (module_key(code_hash(module)), module)))
    check(chain)
    change_row(chain.store, state_key(module_key(code_hash(module))), damage)
    with pytest.raises(Damaged, match="the module of contract 'tender' is not the one it names"):
        check(chain)


def test_a_height_that_is_missing_is_named_however_old(chain: Chain) -> None:
    chain.grow(time_ms=2 * WINDOW_MS_MAX)  # so that opening itself does not read as far back
    change_row(chain.store, height_key(HEADERS, 2), lambda _: None)
    with pytest.raises(Damaged, match="block 2: its header is not there"):
        check(chain, depth=1)
