"""The walk over two trees finds exactly the keys that differ, reads little, and believes no page that does not fit."""

from collections.abc import Mapping
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.errors import Malformed
from chain.hashing import Digest, sha256
from node.divergence.trees import Tree, iterate_differences
from vm.state import Change, begin_state
from vm.tree.nodes import Branch, Page

Rows = Mapping[bytes, bytes]
_KEYS = st.binary(min_size=1, max_size=3)
_ROWS = st.dictionaries(_KEYS, st.binary(max_size=2), max_size=120)


class Built:
    """The tree of some rows, with its pages by their ways; `read` counts."""

    def __init__(self, rows: Rows) -> None:
        update = begin_state([Change(key, None, value) for key, value in sorted(rows.items())])
        self.pages: dict[bytes, Page] = (
            {} if update.tree is None else {key.path: page for key, page in update.tree.written}
        )
        self.root = update.root
        self.reads = 0

    def read(self, path: bytes) -> Page | None:
        self.reads += 1
        return self.pages.get(path)

    def tree(self, name: str = "one") -> Tree:
        return Tree(name, self.root, self.read)


def many(count: int, **changed: bytes) -> dict[bytes, bytes]:
    """So many rows, some of them with other values."""
    rows = {f"key {number}".encode(): b"0" for number in range(count)}
    return rows | {name.replace("_", " ").encode(): value for name, value in changed.items()}


@settings(max_examples=80, deadline=None)
@given(_ROWS, _ROWS, st.booleans())
def test_it_finds_what_differs_in_order_and_nothing_else(one: Rows, other: Rows, is_near: bool) -> None:
    right = {**one, **dict(islice(other.items(), 3))} if is_near else other
    found = list(iterate_differences(Built(one).tree(), Built(right).tree("other")))
    wanted = {sha256(key) for key in {**one, **right} if one.get(key) != right.get(key)}
    assert [difference.key_hash for difference in found] == sorted(wanted)
    for difference in found:
        assert (difference.in_one is None) == (difference.key_hash not in map(sha256, one))
        assert (difference.in_other is None) == (difference.key_hash not in map(sha256, right))


def test_it_reads_only_the_way_to_what_differs() -> None:
    one, other = Built(many(5_000)), Built(many(5_000, key_77=b"1"))
    (found,) = iterate_differences(one.tree(), other.tree("other"))
    assert found.key_hash == sha256(b"key 77")
    assert one.reads == other.reads <= 5


def test_equal_trees_are_not_read() -> None:
    built = Built(many(100))
    assert list(iterate_differences(built.tree(), built.tree("other"))) == []
    assert built.reads == 0


def test_a_page_that_is_not_that_of_the_root_is_refused() -> None:
    one, other = Built(many(300)), Built(many(300, key_7=b"1"))
    other.pages[b""] = one.pages[b""]
    with pytest.raises(Malformed, match="other: expected the page at the root"):
        list(iterate_differences(one.tree(), other.tree("other")))
    whole = Built(many(300, key_7=b"1"))
    below = next(path for path in whole.pages if path and not isinstance(whole.pages[path], Branch))
    del whole.pages[below]
    with pytest.raises(Malformed, match="other: expected the page at "):
        list(iterate_differences(Built({}).tree(), whole.tree("other")))


def test_trees_without_anything_in_common_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.divergence.trees.DIVERGED_PAGES_MAX", 3)
    one, other = Built(many(2_000)), Built({b"x" + key: value for key, value in many(2_000).items()})
    with pytest.raises(Malformed, match="read 3 pages of its state tree and stopped"):
        list(iterate_differences(one.tree(), other.tree("other")))


def test_an_empty_tree_has_no_root_page() -> None:
    empty = Tree("empty", begin_state(()).root, lambda _path: None)
    assert list(iterate_differences(empty, Built({}).tree())) == []
    assert len(list(iterate_differences(empty, Built(many(3)).tree("other")))) == 3
    wrong = Tree("wrong", Digest(bytes(32)), lambda _path: None)
    with pytest.raises(Malformed):
        list(iterate_differences(wrong, Built(many(3)).tree("other")))
