"""Proofs of ours for verifiers that are not: of entries in the state, of transactions, and of results with their events.

Each case says whether it holds. Those that do not are proofs of something else: another value, another place, another
root, another list, a step more or less; so a verifier that says yes to all fails.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from chain.block import compute_transactions_root
from chain.errors import Invalid
from chain.hashing import Digest, sha256
from chain.ics23 import ExistenceProof, InnerOp, verify_existence
from chain.ics23_codec import decode_proof, encode_proof
from chain.merkle import InclusionProof, compute_inclusion_proof, hash_leaf, is_included
from chain.result import Event, ResultCode, TransactionResult, compute_results_root, encode_result
from chain.transaction import compute_transaction_id
from tests.vm.tree.growing import Tree
from tests.vm.tree.test_update import numbered

_STATES = (1, 2, 40, 3_000)
_LISTS = (*range(1, 18), 100, 6_000)
_AT_MOST = 40  # proofs out of one state or list


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCase:
    """That an entry stands in the state, by the protobuf bytes of an ICS-23 proof."""

    what: str
    holds: bool
    proof: bytes
    root: bytes
    key: bytes
    value: bytes

    def is_valid(self) -> bool:
        """What our own verifier says."""
        proof = decode_proof(self.proof)
        assert isinstance(proof, ExistenceProof)
        try:
            verify_existence(proof, Digest(self.root), self.key, self.value)
        except Invalid:
            return False
        return True

    def document(self) -> dict[str, object]:
        """For the script."""
        given = {"proof": self.proof, "root": self.root, "key": self.key, "value": self.value}
        return {"kind": "state", **{name: data.hex() for name, data in given.items()}}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCase:
    """That an item stands at its place in a list, by an RFC 6962 audit path."""

    what: str
    holds: bool
    leaf: bytes
    proof: InclusionProof
    root: Digest

    def is_valid(self) -> bool:
        """What our own verifier says."""
        return is_included(self.root, replace(self.proof, leaf_hash=hash_leaf(self.leaf)), self.leaf)

    def document(self) -> dict[str, object]:
        """For the script."""
        return {
            "kind": "list",
            "leaf": self.leaf.hex(),
            "index": self.proof.index,
            "total": self.proof.total,
            "aunts": [aunt.hex() for aunt in self.proof.aunts],
            "root": self.root.hex(),
        }


Case = StateCase | ListCase


def make_cases() -> Iterator[Case]:
    """All of them."""
    for count in _STATES:
        yield from _of_state(count)
    for count in _LISTS:
        transactions = [b"transaction %d" % number for number in range(count)]
        ids = [compute_transaction_id(raw) for raw in transactions]
        results = [encode_result(_make_result(number)) for number in range(count)]
        yield from _of_list("transaction", ids, compute_transactions_root(ids))
        yield from _of_list("result with its events", results, compute_results_root(results))


def _make_result(number: int) -> TransactionResult:
    event = Event(contract="tender", name="bid", fields=(("tender", number), ("bidder", b"\x01" * 20)))
    return TransactionResult(code=ResultCode.OK, gas_wanted=500_000, gas_used=9_000 + number, events=(event,))


def _of_state(count: int) -> Iterator[StateCase]:
    tree = Tree()
    root = tree.grow(numbered(count))
    for number in range(0, count, 1 + count // _AT_MOST):
        key = b"%d" % number
        proof = tree.prove(key, 1)
        assert isinstance(proof, ExistenceProof)
        case = StateCase(
            what="entry in the state", holds=True, proof=encode_proof(proof), root=root, key=key, value=b"v"
        )
        yield case
        for altered in (
            replace(case, value=b"w"),
            replace(case, key=b"another"),
            replace(case, root=sha256(b"another")),
            replace(case, proof=encode_proof(replace(proof, value=b"w"))),
            *(replace(case, proof=encode_proof(replace(proof, path=path))) for path in _other_paths(proof)),
        ):
            yield replace(altered, holds=False)


def _other_paths(proof: ExistenceProof) -> Iterator[tuple[InnerOp, ...]]:
    if proof.path:
        yield proof.path[1:]
        yield (*proof.path, proof.path[0])


def _of_list(what: str, leaves: Sequence[bytes], root: Digest) -> Iterator[ListCase]:
    for index in range(0, len(leaves), 1 + len(leaves) // _AT_MOST):
        proof = compute_inclusion_proof(leaves, index)
        case = ListCase(what=what, holds=True, leaf=leaves[index], proof=proof, root=root)
        yield case
        for altered in (
            replace(case, leaf=b"another"),
            replace(case, root=sha256(b"another")),
            replace(case, proof=replace(proof, aunts=(*proof.aunts, root))),
            replace(case, proof=replace(proof, index=len(leaves))),
        ):
            yield replace(altered, holds=False)
        if index ^ 1 < len(leaves):  # else the proof's first step turns as it does here
            yield replace(case, proof=replace(proof, index=index ^ 1), holds=False)
        if proof.aunts:
            yield replace(case, proof=replace(proof, aunts=proof.aunts[1:]), holds=False)
