"""RFC 6962 trees: published roots, and proofs that hold for one leaf at one place only."""

import pytest

from chain.hashing import Digest, sha256
from chain.merkle import EMPTY_ROOT, InclusionProof, compute_inclusion_proof, compute_merkle_root, is_included

# The test vectors of RFC 6962 implementations: eight inputs and the root over the first n of them.
_INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
_ROOTS = {
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


@pytest.mark.parametrize("count", _ROOTS)
def test_published_roots(count: int) -> None:
    assert compute_merkle_root(_INPUTS[:count]).hex() == _ROOTS[count]


def test_empty_list_has_the_hash_of_nothing() -> None:
    assert compute_merkle_root([]) == EMPTY_ROOT == sha256(b"")


@pytest.mark.parametrize("total", range(1, 18))
def test_every_proof_holds_for_its_own_place_only(total: int) -> None:
    leaves = [bytes([number]) for number in range(total)]
    root = compute_merkle_root(leaves)
    for index, leaf in enumerate(leaves):
        proof = compute_inclusion_proof(leaves, index)
        assert is_included(root, proof, leaf)
        assert not is_included(root, proof, b"another")
        assert not is_included(sha256(b"another root"), proof, leaf)
        for wrong in range(total):
            moved = InclusionProof(total=total, index=wrong, leaf_hash=proof.leaf_hash, aunts=proof.aunts)
            assert is_included(root, moved, leaf) == (wrong == index)


def test_a_proof_with_too_many_or_too_few_aunts_is_refused() -> None:
    leaves = [b"a", b"b", b"c"]
    root, proof = compute_merkle_root(leaves), compute_inclusion_proof(leaves, 1)
    for aunts in (proof.aunts[:-1], (*proof.aunts, Digest(bytes(32)))):
        altered = InclusionProof(total=3, index=1, leaf_hash=proof.leaf_hash, aunts=aunts)
        assert not is_included(root, altered, b"b")
