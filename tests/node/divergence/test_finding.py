"""Two ledgers that part: the height, the key, the transaction, and whose rows were changed behind their tree's back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chain.codec import encode
from chain.hashing import Digest, sha256
from chain.transaction import compute_transaction_id
from chain.vote import Height
from machine.faults import Damaged
from node.divergence.again import can_execute, execute_again, find_unlike
from node.divergence.finding import NothingInCommon, Stands, find_first_false, find_keys, find_parting
from node.divergence.past import PastState
from node.divergence.sides import Extent, HomeSide
from node.state_entry import find_leaf
from node.store.keys import HEADERS, height_key
from node.store.store import Batch
from tests.node.divergence.twins import Twins, find_key
from vm.keys import end_of_prefix


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[Twins]:
    made = Twins.found(tmp_path)
    for registrations in (1, 0, 2):
        made.grow(registrations)
    yield made
    made.close()


def sides_of(twins: Twins) -> tuple[HomeSide, HomeSide]:
    return HomeSide("one", twins.one.ledger), HomeSide("other", twins.other.ledger)


def test_equal_ledgers_do_not_part_though_one_goes_further(twins: Twins) -> None:
    assert find_parting(*sides_of(twins)) is None
    twins.one.grow()
    assert find_parting(*sides_of(twins)) is None


def test_where_nothing_can_be_compared_nobody_is_said_to_agree(twins: Twins) -> None:
    """One began with a snapshot above the height at which the other stands still."""
    one, other = sides_of(twins)
    later = Extent(first=Height(9), last=Height(12), tree_since=Height(9))
    one.extent = later
    with pytest.raises(NothingInCommon, match="got one of 9 to 12 and other of 0 to 3"):
        find_parting(one, other)


def test_a_changed_row_is_traced_to_the_transaction_that_spread_it(twins: Twins) -> None:
    key = find_key(twins.one.ledger, "registry", "suppliers_count")
    twins.falsify(key, encode(40))
    twins.grow()
    assert find_parting(*sides_of(twins)) is None, "nobody has read the row yet"
    before = twins.one.ledger.head.height
    twins.grow(2)
    assert twins.one.ledger.head.state_root != twins.other.ledger.head.state_root
    for _ in range(3):
        twins.one.grow()
    one, other = sides_of(twins)
    parting = find_parting(one, other)
    assert parting is not None
    assert (parting.last_equal, parting.height, parting.is_other_block) == (before, before + 1, False)
    keys, are_more = find_keys(one, other, parting.height)
    assert not are_more
    found = {differing.key: differing for differing in keys}
    numbers = find_key(twins.one.ledger, "registry", "supplier_numbers")
    assert key in found and all(one_key == key or one_key.startswith(numbers) for one_key in found)
    assert (found[key].one.value, found[key].other.value) == (encode(5), encode(42))
    assert [one_key for one_key in sorted(found) if found[one_key].one.value is None] != [], (
        "4 and 5 against 41 and 42"
    )
    account, other_account = (execute_again(side.ledger, parting.height) for side in (one, other))
    block = twins.one.ledger.block(parting.height)
    assert block is not None
    ids = [compute_transaction_id(raw) for raw in block.transactions]
    assert [(by.index, by.id, by.value) for by in account.writers if by.key == key] == [
        (0, ids[0], encode(4)),
        (1, ids[1], encode(5)),
    ]
    assert (account.values[key], account.false_rows) == (encode(5), ())
    assert (other_account.values[key], other_account.false_rows) == (encode(42), (key,)), "here is the cause"
    for differing in keys:
        assert account.values.get(differing.key) == differing.one.value
        assert other_account.values.get(differing.key) == differing.other.value
    assert (account.root, other_account.root) == (one.root(parting.height), other.root(parting.height))
    assert find_unlike(one.ledger, parting.height, account) == ()


def test_every_block_executed_again_gives_the_root_that_it_gave(twins: Twins) -> None:
    ledger = twins.one.ledger
    (side, _), head = sides_of(twins), ledger.head.height
    for height in map(Height, range(1, head + 1)):
        assert can_execute(ledger, height)
        assert execute_again(ledger, height).root == side.root(height)
    assert not can_execute(ledger, Height(0)) and not can_execute(ledger, Height(head + 1))


def test_a_result_that_this_release_does_not_compute_is_named_without_the_other_tree(twins: Twins) -> None:
    """As after a mistake of a release that is corrected: the false value is in rows and tree alike."""
    key = find_key(twins.one.ledger, "registry", "suppliers_count")
    twins.grow(1)
    height = twins.other.ledger.head.height
    execution = execute_again(twins.other.ledger, height)
    twins.falsify(key, encode(9))
    (unlike,) = find_unlike(twins.other.ledger, height, execution)
    assert (unlike.key, unlike.held, unlike.computed) == (key, encode(9), encode(4))


def test_another_block_at_a_height_is_told_apart_from_another_result(twins: Twins) -> None:
    twins.one.grow([twins.one.make_registration()])
    twins.other.grow()
    parting = find_parting(*sides_of(twins))
    assert parting is not None
    assert (parting.height, parting.is_other_block) == (twins.one.ledger.head.height, True)


def test_a_row_that_differs_from_its_own_tree_is_named_where_it_shows(twins: Twins) -> None:
    key = find_key(twins.one.ledger, "registry", "suppliers_count")
    twins.falsify(key, encode(40))
    twins.grow(1)
    twins.falsify(key, encode(77))
    one, other = sides_of(twins)
    keys, _ = find_keys(one, other, twins.one.ledger.head.height)
    stands = next(differing for differing in keys if differing.key == key)
    assert stands.one.is_in_tree and not stands.other.is_in_tree


def test_a_row_that_is_gone_is_named_by_the_other_side(twins: Twins) -> None:
    key = find_key(twins.one.ledger, "registry", "suppliers_count")
    twins.falsify(key, encode(40))
    twins.grow(1)
    twins.falsify(key, None)
    height = twins.one.ledger.head.height
    for one, other in (sides_of(twins), sides_of(twins)[::-1]):
        keys, _ = find_keys(one, other, height)
        found = next(differing for differing in keys if differing.key == key)
        stands = {one.name: found.one, other.name: found.other}
        assert stands["one"] == Stands(value=encode(4), is_in_tree=True)
        assert stands["other"] == Stands(value=None, is_in_tree=False)


def test_a_header_that_is_gone_is_damage(twins: Twins) -> None:
    batch = Batch()
    batch.delete(height_key(HEADERS, 3))
    twins.other.store.write(batch, sync=True)
    twins.one.grow([twins.one.make_registration()])
    twins.other.grow()
    with pytest.raises(Damaged, match="the header of block 3 is not there"):
        find_parting(*sides_of(twins))


def test_the_state_of_every_kept_height_is_read_as_it_was(twins: Twins) -> None:
    start = b"sregistry\x00"
    end, seen = end_of_prefix(start), {}
    for registrations in (2, 0, 1, 1):
        twins.grow(registrations)
        seen[twins.one.ledger.head.height] = twins.one.ledger.state.iterate(start, end, 1_000)
    for height, rows in seen.items():
        past = PastState(twins.one.ledger, height)
        for limit in (1, 2, 3, 7, 1_000):
            assert list(past.iterate(start, end, limit)) == rows[:limit], (height, limit)
        assert all(past.get(key) == value for key, value in rows)


def test_a_leaf_is_found_by_the_hash_of_its_key(twins: Twins) -> None:
    key = find_key(twins.one.ledger, "registry", "suppliers_count")
    history = twins.one.ledger.history
    assert find_leaf(history, Height(3), sha256(key)) == (key, encode(3))
    assert find_leaf(history, Height(2), sha256(key)) == (key, encode(1))
    assert find_leaf(history, Height(3), Digest(bytes(32))) is None


@pytest.mark.parametrize("first_false", range(3, 18))
def test_halving_finds_the_first_and_asks_little(first_false: int) -> None:
    asked: list[int] = []

    def holds(number: int) -> bool:
        asked.append(number)
        return number < first_false

    assert find_first_false(holds, 3, 17) == first_false
    assert len(asked) <= 4
