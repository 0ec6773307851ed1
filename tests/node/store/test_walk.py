"""A walk through the whole ledger: it passes over what is whole, and names what is not, in whatever row."""

from collections.abc import Callable

import pytest

from chain.hashing import sha256
from chain.transaction import compute_transaction_id
from machine.faults import Damaged
from node.store.keys import (
    BLOCKS,
    HEADERS,
    RESULTS,
    height_key,
    location_key,
    page_key,
    state_key,
    state_name_key,
)
from node.store.memory import MemoryStore
from node.store.walk import walk_ledger
from tests.chain.making import make_transaction
from tests.node.store.chains import Chain, change_row
from vm.tree.nodes import PageKey

RAW = make_transaction(2)


@pytest.fixture
def chain() -> Chain:
    """Thirty blocks, the third with transactions, and more state than a page or a step holds."""
    chain = Chain(MemoryStore())
    for height in range(1, 31):
        writes = tuple((b"key %d of %d" % (number, height), b"%d" % height) for number in range(40))
        chain.grow([make_transaction(1), RAW] if height == 3 else [], writes)
    chain.grow([], ((b"key 1 of 1", None), (b"key 2 of 1", b"another")))
    return chain


def walk(chain: Chain) -> dict[str, int]:
    told: dict[str, int] = {}
    for _ in walk_ledger(chain.reopen().snapshot, told.__setitem__):
        pass
    return told


def test_what_is_whole_is_walked_to_its_end(chain: Chain) -> None:
    told = walk(chain)
    rows = len(chain.store.iterate(b"", b"\xff" * 8, limit=10**6))
    assert told == {"rows": rows, "blocks": 31, "leaves": 1_200, "entries": 1_200}


def test_an_empty_ledger_is_whole() -> None:
    assert walk(Chain(MemoryStore()))["leaves"] == 1


ENTRY = b"key 7 of 20"
DAMAGE: dict[str, tuple[bytes, Callable[[bytes], bytes | None], str]] = {
    "an old block": (height_key(BLOCKS, 3), lambda _: None, "block 3: it is not there"),
    "an old header": (height_key(HEADERS, 3), lambda _: None, "block 3"),
    "old results": (height_key(RESULTS, 3), lambda _: None, "block 3: expected 2 results, got none"),
    "a place": (location_key(compute_transaction_id(RAW)), lambda _: None, "is not found where it stands"),
    "an entry": (state_key(ENTRY), lambda _: None, "is not there, or is another one"),
    "an old entry": (state_key(ENTRY), lambda data: data + b"!", "is not there, or is another one"),
    "a name": (state_name_key(sha256(ENTRY)), lambda _: None, "its name is not there"),
    "too much": (state_key(b"key 1 of 1"), lambda _: b"back again", "is not that of the state tree"),
    "a page": (page_key(PageKey(b"", 31)), lambda data: data[:-1] + bytes([data[-1] ^ 1]), "state root|another hash"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_named_wherever_it_is(chain: Chain, name: str) -> None:
    key, change, message = DAMAGE[name]
    assert chain.store.get(key) is not None or name == "too much"
    snapshot = chain.reopen().snapshot
    change_row(chain.store, key, change)
    with pytest.raises(Damaged, match=message):
        for _ in walk_ledger(snapshot, lambda _what, _count: None):
            pass


def test_it_goes_on_while_blocks_are_committed(chain: Chain) -> None:
    steps = walk_ledger(chain.ledger.snapshot, lambda _what, _count: None)
    for number, _ in enumerate(steps):
        if number % 3 == 0 and number < 60:
            chain.grow(
                [], ((b"key %d of 9" % (number % 40), b"new"), (b"key %d of 12" % (number % 40), None))
            )
    assert chain.head.height == 51
