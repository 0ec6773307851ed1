"""RFC 6962 Merkle trees: one root for a list, and a proof that an item stands at its place in it.

Leaves are SHA-256(0x00 || leaf), inner nodes SHA-256(0x01 || left || right), a list is split at the largest power of
two below its length, and the empty list has the hash of nothing. CometBFT builds the same tree over its transactions.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from chain.hashing import Digest, sha256

EMPTY_ROOT = sha256(b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class InclusionProof:
    """That a leaf stands at `index` of `total` leaves; `aunts` from the leaf's sibling up to the root's child."""

    total: int
    index: int
    leaf_hash: Digest
    aunts: tuple[Digest, ...]


def hash_leaf(leaf: bytes) -> Digest:
    """Hash of a leaf, RFC 6962 section 2.1."""
    return sha256(b"\x00" + leaf)


def compute_merkle_root(leaves: Sequence[bytes]) -> Digest:
    """Merkle Tree Hash of RFC 6962 section 2.1."""
    if not leaves:
        return EMPTY_ROOT
    hashes = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    while len(hashes) > 1:
        hashes = _join_pairs(hashes)
    return Digest(hashes[0])


def _join_pairs(hashes: list[bytes]) -> list[bytes]:
    """One level up. Pairing from the left with a lone last node carried up is the split at a power of two."""
    joined = [
        hashlib.sha256(b"\x01" + hashes[i] + hashes[i + 1]).digest() for i in range(0, len(hashes) - 1, 2)
    ]
    if len(hashes) % 2:
        joined.append(hashes[-1])
    return joined


def compute_inclusion_proof(leaves: Sequence[bytes], index: int) -> InclusionProof:
    """Audit path of RFC 6962 section 2.1.1 for the leaf at `index`."""
    assert 0 <= index < len(leaves), f"index {index} outside {len(leaves)} leaves"
    hashes = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    leaf_hash, position, aunts = hashes[index], index, []
    while len(hashes) > 1:
        sibling = position ^ 1
        if sibling < len(hashes):
            aunts.append(Digest(hashes[sibling]))
        hashes, position = _join_pairs(hashes), position // 2
    return InclusionProof(total=len(leaves), index=index, leaf_hash=Digest(leaf_hash), aunts=tuple(aunts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One step up from a leaf: the sibling there, and whether it stands on the left."""

    is_left: bool
    sibling: Digest


def find_turns(proof: InclusionProof) -> tuple[Turn, ...] | None:
    """The way up of a proof, None where its aunts do not fit its place.

    Place and total say only where to turn: several pairs of them turn alike. The turns are what a root commits to.
    """
    if not 0 <= proof.index < proof.total:
        return None
    position, width, aunts, turns = proof.index, proof.total, list(proof.aunts), []
    while width > 1:
        if position ^ 1 < width:
            if not aunts:
                return None
            turns.append(Turn(is_left=position % 2 == 1, sibling=aunts.pop(0)))
        position, width = position // 2, (width + 1) // 2
    return None if aunts else tuple(turns)


def compute_root_above(leaf: bytes, turns: Sequence[Turn]) -> Digest:
    """The root to which these turns lead from a leaf."""
    node: bytes = hash_leaf(leaf)
    for turn in turns:
        pair = turn.sibling + node if turn.is_left else node + turn.sibling
        node = hashlib.sha256(b"\x01" + pair).digest()
    return Digest(node)


def is_included(root: Digest, proof: InclusionProof, leaf: bytes) -> bool:
    """Whether `leaf` stands at `proof.index` of `proof.total` leaves under `root`."""
    turns = find_turns(proof)
    if turns is None or proof.leaf_hash != hash_leaf(leaf):
        return False
    return compute_root_above(leaf, turns) == root
