"""What is held of the tree in memory is bounded, is the upper part, and never changes what is computed."""

from hypothesis import given, settings
from hypothesis import strategies as st

from node.store.page_cache import PageCache
from tests.vm.tree.growing import Tree, change_of
from tests.vm.tree.test_update import numbered
from vm.tree.nodes import Page, PageKey, encode_page
from vm.tree.update import update_tree


class Counting:
    """A tree's pages, and which were asked for."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.asked: list[PageKey] = []

    def read(self, key: PageKey) -> Page:
        self.asked.append(key)
        return self.tree.read(key)


def walk(pages: PageCache, tree: Tree) -> None:
    """Reads the whole newest tree."""
    for key in sorted(tree.reachable(tree.height)):
        assert encode_page(pages.read(key)) == tree.pages[key]


def test_what_was_read_is_not_read_again() -> None:
    tree = Tree()
    tree.grow(numbered(2_000))
    counting = Counting(tree)
    pages = PageCache(counting.read, 10_000_000)
    walk(pages, tree)
    assert set(counting.asked) == tree.reachable(1)
    walk(pages, tree)
    assert len(counting.asked) == len(tree.reachable(1))
    assert pages.bytes_held < 2_000_000


def test_no_more_than_so_many_bytes_and_the_upper_ones_stay() -> None:
    tree = Tree()
    tree.grow(numbered(20_000))
    counting = Counting(tree)
    bytes_max = 200_000
    pages = PageCache(counting.read, bytes_max)
    for key in sorted(tree.reachable(1), key=lambda key: -len(key.path)):  # the lowest first
        pages.read(key)
        assert pages.bytes_held <= bytes_max
    assert pages.bytes_held > bytes_max - 4_000
    counting.asked.clear()
    walk(pages, tree)
    asked = {len(key.path) for key in counting.asked}
    assert not asked & {0, 1} and 3 in asked


@settings(max_examples=50, deadline=None)
@given(
    batches=st.lists(
        st.dictionaries(
            st.integers(0, 400).map(lambda number: b"%d" % number),
            st.none() | st.binary(min_size=1, max_size=2),
            min_size=1,
            max_size=100,
        ),
        min_size=1,
        max_size=8,
    ),
    bytes_max=st.sampled_from((0, 4_000, 12_000, 10_000_000)),
)
def test_what_is_held_is_what_is_stored(batches: list[dict[bytes, bytes | None]], bytes_max: int) -> None:
    tree = Tree()
    tree.grow(numbered(400))
    pages = PageCache(tree.read, bytes_max)
    for changes in batches:
        leaves = [change_of(key, value) for key, value in changes.items()]
        update = update_tree(pages.read, tree.tops[-1], leaves, tree.height + 1)
        assert tree.grow(dict(changes)) == update.root
        pages.adopt(update)
        tree.forget(tree.height)
        assert pages.bytes_held <= bytes_max
        walk(pages, tree)
