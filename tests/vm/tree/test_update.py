"""The tree's root is that of its entries by definition, whatever way led to them; and older heights stay whole."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.errors import Malformed
from chain.limits import BUCKET_LEAVES_MAX
from tests.vm.tree.growing import Tree, change_of, hash_by_definition
from vm.tree.nodes import Branch, Bucket, Page, PageKey, decode_page, encode_page, hash_leaves
from vm.tree.update import update_tree

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text())["vectors"]

KEYS = st.integers(0, 120).map(lambda number: b"%d" % number)
CHANGES = st.dictionaries(KEYS, st.none() | st.binary(min_size=1, max_size=3), max_size=80)


def numbered(count: int, value: bytes = b"v") -> dict[bytes, bytes | None]:
    """So many entries."""
    return {b"%d" % number: value for number in range(count)}


@pytest.mark.parametrize("vector", VECTORS, ids=["empty", "one leaf", "two leaves"])
def test_the_published_roots_come_out(vector: dict[str, object]) -> None:
    data = vector["data"]
    assert isinstance(data, list)
    entries = {bytes.fromhex(one["key"]): bytes.fromhex(one["value"]) for one in data}
    assert Tree().grow(dict(entries)).hex() == hash_by_definition(entries).hex() == vector["expected_root"]


@settings(max_examples=200, deadline=None)
@given(batches=st.lists(CHANGES, max_size=8))
def test_any_batches_lead_to_the_root_by_definition(batches: list[dict[bytes, bytes | None]]) -> None:
    tree = Tree()
    for changes in batches:
        assert tree.grow(changes) == hash_by_definition(tree.entries[-1])


@settings(max_examples=100, deadline=None)
@given(batches=st.lists(CHANGES, min_size=1, max_size=6), data=st.data())
def test_undoing_a_batch_restores_the_root(
    batches: list[dict[bytes, bytes | None]], data: st.DataObject
) -> None:
    tree = Tree()
    for changes in batches:
        tree.grow(changes)
    back_to = data.draw(st.integers(0, tree.height))
    now, then = tree.entries[-1], tree.entries[back_to]
    undo = {key: then.get(key) for key in now.keys() | then.keys() if now.get(key) != then.get(key)}
    assert tree.grow(undo) == tree.roots[back_to]


@settings(max_examples=100, deadline=None)
@given(batches=st.lists(CHANGES, min_size=1, max_size=8), data=st.data())
def test_heights_that_are_kept_are_whole_and_nothing_else_is(
    batches: list[dict[bytes, bytes | None]], data: st.DataObject
) -> None:
    tree = Tree()
    for changes in batches:
        tree.grow(changes)
    since = data.draw(st.integers(0, tree.height))
    tree.forget(since)
    kept = [tree.reachable(height) for height in range(since, tree.height + 1)]
    assert set().union(*kept) == set(tree.pages)


def test_what_is_computed_and_not_written_changes_nothing() -> None:
    tree = Tree()
    tree.grow(numbered(100))
    pages, root = dict(tree.pages), tree.roots[-1]
    assert tree.compute({b"1": None}).root != root
    assert tree.pages == pages
    assert tree.grow({b"1": b"v"}) == root


def test_one_recursion_reads_and_writes_each_page_once() -> None:
    """A batch costs its pages, not its entries times their depth."""
    tree = Tree()
    tree.grow(numbered(3_000))
    asked: list[PageKey] = []

    def read(key: PageKey) -> Page:
        asked.append(key)
        return tree.read(key)

    leaves = [change_of(key, b"w") for key in numbered(3_000)]
    update = update_tree(read, tree.tops[-1], leaves, 2)
    assert len(asked) == len(set(asked)) == len(update.written) == len(update.stale)
    assert set(asked) == tree.reachable(1)


def test_an_emptied_tree_has_the_empty_root_and_grows_again() -> None:
    tree = Tree()
    empty, full = tree.roots[0], tree.grow(numbered(100))
    assert tree.grow(dict.fromkeys(numbered(100))) == empty
    tree.forget(tree.height)
    assert [decode_page(page) for page in tree.pages.values()] == [Bucket(b"")]
    assert tree.grow(numbered(100)) == full


def test_keys_that_somebody_made_to_stand_close_together_are_told_apart() -> None:
    """Their hashes share all but the last bit: every level on the way is there, and the root is right."""
    low = bytes(31) + b"\x02"
    leaves = [low + sha256(b"a").digest(), low[:31] + b"\x03" + sha256(b"b").digest()]
    found, is_leaf = hash_leaves(leaves, 0)
    expected = sha256(b"JMT::IntrnalNode" + leaves[0][32:] + leaves[1][32:]).digest()
    for bit in range(1, 256):
        sides = (expected, b"SPARSE_MERKLE_PLACEHOLDER_HASH__")
        left, right = sides[::-1] if low[31] >> bit & 1 and bit < 8 else sides
        expected = sha256(b"JMT::IntrnalNode" + left + right).digest()
    assert (found, is_leaf) == (expected, False)


def test_more_than_a_bucket_of_such_keys_makes_branches_down_to_where_they_part() -> None:
    prefix = sha256(b"near").digest()[:31]
    leaves = [
        prefix + bytes([number]) + sha256(bytes([number])).digest() for number in range(BUCKET_LEAVES_MAX + 8)
    ]
    update = update_tree(lambda key: pytest.fail(f"{key} was never written"), None, leaves, 1)
    assert update.root == hash_leaves(leaves, 0)[0]
    assert max(len(key.path) for key, _ in update.written) == 63
    assert sum(isinstance(page, Branch) for _, page in update.written) == 63


def test_a_key_twice_in_a_batch_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError, match="once"):
        update_tree(Tree().read, None, [change_of(b"a", b"1"), change_of(b"a", b"2")], 1)


def make_pages() -> list[bytes]:
    tree = Tree()
    tree.grow(numbered(60))
    return list(tree.pages.values())


@pytest.mark.parametrize("data", make_pages(), ids=lambda data: data[:1].decode())
def test_pages_are_read_as_they_were_written(data: bytes) -> None:
    assert encode_page(decode_page(data)) == data


BRANCH, BUCKET = (next(page for page in make_pages() if page[:1] == kind) for kind in (b"I", b"L"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"X" + BUCKET[1:],
        BRANCH[:3],
        BRANCH[:-1],
        BRANCH + b"\x00",
        BRANCH[:1] + bytes(16 + 128) + b"SPARSE_MERKLE_PLACEHOLDER_HASH__" * 16,
        BRANCH[:1] + b"\x03" + BRANCH[2:],
        BRANCH[:1] + b"\x00" + BRANCH[2:],
        BRANCH[:-32] + b"SPARSE_MERKLE_PLACEHOLDER_HASH__",
        BUCKET[:-1],
        BUCKET[:1] + BUCKET[65:129] + BUCKET[1:65],
        BUCKET[:1] + b"".join(bytes([number]) * 64 for number in range(BUCKET_LEAVES_MAX + 1)),
    ],
)
def test_other_pages_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        decode_page(data)
