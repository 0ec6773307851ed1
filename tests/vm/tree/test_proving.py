"""Proofs out of the tree hold for what is there and for what is not, at every height, and for nothing else."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.errors import Invalid
from chain.hashing import Digest, sha256
from chain.ics23 import (
    EMPTY_CHILD,
    ExistenceProof,
    NonExistenceProof,
    verify_absence,
    verify_existence,
)
from tests.vm.tree.growing import Tree
from tests.vm.tree.test_update import CHANGES, KEYS, numbered


def check(tree: Tree, key: bytes, height: int) -> None:
    """A proof of what a height says of a key is given, and holds under that height's root."""
    proof, root, value = tree.prove(key, height), Digest(tree.roots[height]), tree.entries[height].get(key)
    if value is not None:
        assert isinstance(proof, ExistenceProof)
        verify_existence(proof, root, key, value)
    elif tree.entries[height]:
        assert isinstance(proof, NonExistenceProof)
        verify_absence(proof, root, key)
    else:
        assert proof is None


@settings(max_examples=150, deadline=None)
@given(batches=st.lists(CHANGES, min_size=1, max_size=4), keys=st.lists(KEYS, min_size=1, max_size=8))
def test_every_key_has_a_proof_at_every_height(
    batches: list[dict[bytes, bytes | None]], keys: list[bytes]
) -> None:
    tree = Tree()
    for changes in batches:
        tree.grow(changes)
    for height in range(1, tree.height + 1):
        if tree.tops[height] is not None:
            for key in keys:
                check(tree, key, height)


@pytest.mark.parametrize("count", [1, 2, 24, 25, 500, 5_000])
def test_trees_of_any_size(count: int) -> None:
    tree = Tree()
    tree.grow(numbered(count))
    for number in (*range(0, count, 1 + count // 40), *range(count, count + 40)):
        check(tree, b"%d" % number, 1)


@pytest.fixture(scope="module")
def tree() -> Tree:
    """Three hundred entries."""
    tree = Tree()
    tree.grow(numbered(300))
    return tree


def existence(tree: Tree, key: bytes) -> ExistenceProof:
    proof = tree.prove(key, tree.height)
    assert isinstance(proof, ExistenceProof)
    return proof


def absence_between(tree: Tree, *, left: bool = True, right: bool = True) -> NonExistenceProof:
    """A proof of absence that has just these neighbours."""
    for number in range(300, 100_000):
        proof = tree.prove(b"%d" % number, tree.height)
        assert isinstance(proof, NonExistenceProof)
        if (proof.left is not None, proof.right is not None) == (left, right):
            return proof
    raise AssertionError("no such key was found")


def test_a_key_that_is_there_has_no_proof_of_absence(tree: Tree) -> None:
    """Not from its neighbours two places apart, from one neighbour alone, or from itself."""
    root = Digest(tree.roots[-1])
    ordered = sorted(tree.entries[-1], key=sha256)
    for before, key, after in zip(ordered, ordered[1:], ordered[2:], strict=False):
        left, own, right = (existence(tree, one) for one in (before, key, after))
        for sides in ((left, right), (left, None), (None, right), (own, right), (left, own), (None, None)):
            forged = NonExistenceProof(key=key, left=sides[0], right=sides[1])
            with pytest.raises(Invalid, match="absence"):
                verify_absence(forged, root, key)


def test_the_ends_of_the_tree_have_one_neighbour(tree: Tree) -> None:
    root = Digest(tree.roots[-1])
    for sides in ({"left": False}, {"right": False}):
        proof = absence_between(tree, **sides)
        verify_absence(proof, root, proof.key)


def test_a_proof_is_of_its_key_and_root_alone(tree: Tree) -> None:
    root, proof, absent = Digest(tree.roots[-1]), existence(tree, b"7"), absence_between(tree)
    with pytest.raises(Invalid, match="of key"):
        verify_existence(proof, root, b"8", b"v")
    with pytest.raises(Invalid, match="of the value"):
        verify_existence(proof, root, b"7", b"w")
    with pytest.raises(Invalid, match="expected the root"):
        verify_existence(proof, sha256(b"another"), b"7", b"v")
    with pytest.raises(Invalid, match="of key"):
        verify_absence(absent, root, b"another")
    with pytest.raises(Invalid, match="expected the root"):
        verify_absence(absent, sha256(b"another"), absent.key)


def test_an_absence_is_not_of_another_key_between_others(tree: Tree) -> None:
    """The neighbours of one absent key say nothing of one that stands elsewhere."""
    root, absent = Digest(tree.roots[-1]), absence_between(tree)
    assert absent.left is not None and absent.right is not None
    low, high = sha256(absent.left.key), sha256(absent.right.key)
    elsewhere = [b"%d" % number for number in range(300, 330) if not low < sha256(b"%d" % number) < high]
    for key in elsewhere:
        with pytest.raises(Invalid, match="does not stand"):
            verify_absence(replace(absent, key=key), root, key)


def test_empty_siblings_are_stepped_over_and_full_ones_are_not(tree: Tree) -> None:
    """An end of the tree is reached past empty subtrees; without the placeholder's rule these would be refused."""
    proofs = [tree.prove(b"%d" % number, tree.height) for number in range(300, 900)]
    sides = [
        side for proof in proofs if isinstance(proof, NonExistenceProof) for side in (proof.left, proof.right)
    ]
    steps = [step for side in sides if side is not None for step in side.path]
    assert any(step.suffix == EMPTY_CHILD for step in steps)
    assert any(step.prefix.endswith(EMPTY_CHILD) for step in steps)
