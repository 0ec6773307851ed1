"""Proofs that an entry stands in a tree, or that none stands under a key, in the form of ICS-23; and how they are verified.

An existence proof is a recipe: hash the leaf of key and value, then go up, step by step, with what stands before and after
it. Whoever holds the root that comes out needs nothing else. Absence is shown by the two neighbours between which the key
would stand; it needs a *spec*, which says how the tree is made, to tell that they are neighbours.

Verified is what the published rules demand (github.com/cosmos/ics23), for trees of two children, and two things more:
the leaf's prefix is the spec's and not only begins with it, and each step has its sibling either before or after it and
nothing else. `JMT_SPEC` is that of the `jmt` crate but for the depth: it allows 64 steps, which is too few for keys that
somebody has sought out to stand close together. Proofs of up to 64 steps, and so all but those, verify under either.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from chain.errors import Invalid
from chain.hashing import DIGEST_BYTES, Digest, sha256
from chain.limits import PROOF_DEPTH_MAX

LEAF_PREFIX = b"JMT::LeafNode"
INNER_PREFIX = b"JMT::IntrnalNode"
EMPTY_CHILD = b"SPARSE_MERKLE_PLACEHOLDER_HASH__"
"""What stands for a subtree without leaves; nothing hashes to it."""


class HashOp(IntEnum):
    """Hashes by their published numbers; trees of ours use the second."""

    NO_HASH = 0
    SHA256 = 1
    SHA512 = 2
    KECCAK = 3
    RIPEMD160 = 4
    BITCOIN = 5
    SHA512_256 = 6


class LengthOp(IntEnum):
    """How a length is put before key and value; in trees of ours it is not."""

    NO_PREFIX = 0
    VAR_PROTO = 1
    VAR_RLP = 2
    FIXED32_BIG = 3
    FIXED32_LITTLE = 4
    FIXED64_BIG = 5
    FIXED64_LITTLE = 6
    REQUIRE_32_BYTES = 7
    REQUIRE_64_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafOp:
    """How key and value become the hash of a leaf."""

    hash: HashOp
    prehash_key: HashOp
    prehash_value: HashOp
    length: LengthOp
    prefix: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerOp:
    """One step up: the hash of `prefix`, the hash so far, and `suffix`."""

    hash: HashOp
    prefix: bytes
    suffix: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistenceProof:
    """That `value` stands under `key`; `path` goes up from the leaf."""

    key: bytes
    value: bytes
    leaf: LeafOp
    path: tuple[InnerOp, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NonExistenceProof:
    """That nothing stands under `key`: its neighbours in the order of the tree. At an end of the tree one is None."""

    key: bytes
    left: ExistenceProof | None
    right: ExistenceProof | None


CommitmentProof = ExistenceProof | NonExistenceProof


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofSpec:
    """How a tree of two children is made. `orders_by_hash`: its leaves are in the order of their hashed keys."""

    leaf: LeafOp
    inner_hash: HashOp
    inner_prefix_min: int
    inner_prefix_max: int
    child_bytes: int
    empty_child: bytes
    depth_max: int
    orders_by_hash: bool


JMT_SPEC = ProofSpec(
    leaf=LeafOp(
        hash=HashOp.SHA256,
        prehash_key=HashOp.SHA256,
        prehash_value=HashOp.SHA256,
        length=LengthOp.NO_PREFIX,
        prefix=LEAF_PREFIX,
    ),
    inner_hash=HashOp.SHA256,
    inner_prefix_min=len(INNER_PREFIX),
    inner_prefix_max=len(INNER_PREFIX),
    child_bytes=DIGEST_BYTES,
    empty_child=EMPTY_CHILD,
    depth_max=PROOF_DEPTH_MAX,
    orders_by_hash=True,
)


def verify_existence(
    proof: ExistenceProof, root: Digest, key: bytes, value: bytes, spec: ProofSpec = JMT_SPEC
) -> None:
    """Checks that `value` stands under `key` in the tree of `root`; raises `Invalid` with what does not hold."""
    if proof.key != key:
        raise Invalid(f"proof: expected one of key {key.hex()}, got one of {proof.key.hex()}")
    if proof.value != value:
        raise Invalid("proof: expected one of the value that is told, got one of another")
    _check_form(proof, spec)
    found = compute_root(proof)
    if found != root:
        raise Invalid(f"proof: expected the root {root.hex()}, got {found.hex()}")


def verify_absence(proof: NonExistenceProof, root: Digest, key: bytes, spec: ProofSpec = JMT_SPEC) -> None:
    """Checks that nothing stands under `key` in the tree of `root`; raises `Invalid` with what does not hold."""
    if proof.key != key:
        raise Invalid(f"proof: expected one of key {key.hex()}, got one of {proof.key.hex()}")
    left, right = proof.left, proof.right
    for neighbour in (left, right):
        if neighbour is not None:
            verify_existence(neighbour, root, neighbour.key, neighbour.value, spec)
    place = _place(key, spec)
    if left is not None and _place(left.key, spec) >= place:
        raise Invalid("proof of absence: the left neighbour does not stand left of the key")
    if right is not None and _place(right.key, spec) <= place:
        raise Invalid("proof of absence: the right neighbour does not stand right of the key")
    if not _are_neighbours(left, right, spec):
        raise Invalid("proof of absence: something may stand between its neighbours, or beyond the only one")


def compute_root(proof: ExistenceProof) -> Digest:
    """The root that a proof leads to; raises `Invalid` where it does not hash as trees of ours do."""
    leaf = proof.leaf
    if not proof.key or not proof.value:
        raise Invalid("proof: expected a key and a value, got an empty one")
    if leaf.length is not LengthOp.NO_PREFIX:
        raise Invalid(f"proof: expected no lengths in the leaf, got {leaf.length.name}")
    key, value = _hash_or_keep(leaf.prehash_key, proof.key), _hash_or_keep(leaf.prehash_value, proof.value)
    digest = _hash(leaf.hash, leaf.prefix + key + value)
    for step in proof.path:
        digest = _hash(step.hash, step.prefix + digest + step.suffix)
    return digest


def _hash(operation: HashOp, data: bytes) -> Digest:
    if operation is not HashOp.SHA256:
        raise Invalid(f"proof: expected SHA256, got {operation.name}")
    return sha256(data)


def _hash_or_keep(operation: HashOp, data: bytes) -> bytes:
    return data if operation is HashOp.NO_HASH else _hash(operation, data)


def _place(key: bytes, spec: ProofSpec) -> bytes:
    return _hash_or_keep(spec.leaf.prehash_key, key) if spec.orders_by_hash else key


def _check_form(proof: ExistenceProof, spec: ProofSpec) -> None:
    if proof.leaf != spec.leaf:
        raise Invalid("proof: its leaf is not made as those of this tree")
    if len(proof.path) > spec.depth_max:
        raise Invalid(f"proof: expected at most {spec.depth_max} steps, got {len(proof.path)}")
    for number, step in enumerate(proof.path, start=1):
        if step.hash is not spec.inner_hash:
            raise Invalid(f"proof, step {number}: expected {spec.inner_hash.name}, got {step.hash.name}")
        if step.prefix.startswith(spec.leaf.prefix):
            raise Invalid(f"proof, step {number}: it begins as a leaf does")
        if not (_is_left(step, spec) or _is_right(step, spec)):
            raise Invalid(
                f"proof, step {number}: expected one sibling, got {len(step.prefix)} bytes before and {len(step.suffix)} after"
            )


def _is_left(step: InnerOp, spec: ProofSpec) -> bool:
    """Whether the hash so far is the left child: its sibling stands after it."""
    in_bounds = spec.inner_prefix_min <= len(step.prefix) <= spec.inner_prefix_max
    return in_bounds and len(step.suffix) == spec.child_bytes


def _is_right(step: InnerOp, spec: ProofSpec) -> bool:
    own = len(step.prefix) - spec.child_bytes
    return spec.inner_prefix_min <= own <= spec.inner_prefix_max and not step.suffix


def _are_neighbours(left: ExistenceProof | None, right: ExistenceProof | None, spec: ProofSpec) -> bool:
    if left is None:
        return right is not None and _is_leftmost(right.path, spec)
    if right is None:
        return _is_rightmost(left.path, spec)
    ways = list(left.path), list(right.path)
    while ways[0] and ways[1] and ways[0][-1] == ways[1][-1]:  # the steps that they share, from the root
        ways[0].pop()
        ways[1].pop()
    if not ways[0] or not ways[1]:
        return False
    parting_left, parting_right = ways[0].pop(), ways[1].pop()
    is_parting = _is_left(parting_left, spec) and _is_right(parting_right, spec)
    return is_parting and _is_rightmost(ways[0], spec) and _is_leftmost(ways[1], spec)


def _is_leftmost(path: Sequence[InnerOp], spec: ProofSpec) -> bool:
    """Whether nothing stands left of it: each step is a left child, or its left sibling is empty."""
    return all(
        _is_left(step, spec)
        or (bool(spec.empty_child) and step.prefix[-spec.child_bytes :] == spec.empty_child)
        for step in path
    )


def _is_rightmost(path: Sequence[InnerOp], spec: ProofSpec) -> bool:
    return all(
        _is_right(step, spec) or (bool(spec.empty_child) and step.suffix == spec.empty_child) for step in path
    )
