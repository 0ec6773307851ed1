"""Proofs of others verify, ours survive their forms, and of an altered one nothing is left."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.errors import Invalid, Malformed
from chain.hashing import Digest
from chain.ics23 import (
    JMT_SPEC,
    CommitmentProof,
    ExistenceProof,
    HashOp,
    InnerOp,
    LengthOp,
    NonExistenceProof,
    ProofSpec,
    verify_absence,
    verify_existence,
)
from chain.ics23_codec import decode_proof, encode_proof
from chain.ics23_json import parse_proof, render_proof
from chain.limits import PROOF_BYTES_MAX, PROOF_DEPTH_MAX
from tests.vm.tree.growing import Tree

VECTORS = json.loads((Path(__file__).parent / "smt_vectors.json").read_text())
NAMES = [name for name in VECTORS if name != "source"]


def smt_spec(plain: bool) -> ProofSpec:
    """The published spec of that tree, whose earlier form takes keys as they are."""
    prehash = HashOp.NO_HASH if plain else HashOp.SHA256
    return replace(
        JMT_SPEC,
        leaf=replace(JMT_SPEC.leaf, prefix=b"\x00", prehash_key=prehash),
        inner_prefix_min=1,
        inner_prefix_max=1,
        empty_child=bytes(32),
        orders_by_hash=not plain,
    )


def verify(
    proof: CommitmentProof, root: Digest, key: bytes, value: bytes, spec: ProofSpec = JMT_SPEC
) -> None:
    """Whichever of the two it is."""
    if isinstance(proof, ExistenceProof):
        verify_existence(proof, root, key, value, spec)
    else:
        verify_absence(proof, root, key, spec)


def holds(proof: CommitmentProof, root: Digest, key: bytes, value: bytes) -> bool:
    try:
        verify(proof, root, key, value)
    except Invalid:
        return False
    return True


class TestProofsOfOthers:
    """A verifier that only knew its own tree's proofs might have its mistakes as well."""

    @pytest.mark.parametrize("name", NAMES)
    def test_verify(self, name: str) -> None:
        vector = VECTORS[name]
        root, value = Digest(bytes.fromhex(vector["root"])), bytes.fromhex(vector["value"])
        raw = bytes.fromhex(vector["proof"])
        proof = decode_proof(raw)
        assert encode_proof(proof) == raw
        assert parse_proof(render_proof(proof)) == proof
        key = bytes.fromhex(vector["key"])
        if isinstance(proof, NonExistenceProof):
            proof = replace(proof, key=key)  # the last names it by its hash, which nobody verifies there
        spec = smt_spec(vector["plain"])
        verify(proof, root, key, value, spec)
        assert not holds(proof, root, key, value)
        with pytest.raises(Invalid):
            verify(proof, Digest(bytes(32)), key, value, spec)


KEY, VALUE = b"s\x01tender", b"a record"


def make_tree() -> Tree:
    tree = Tree()
    entries: dict[bytes, bytes | None] = {b"%d" % number: b"value %d" % number for number in range(60)}
    tree.grow({**entries, KEY: VALUE})
    return tree


TREE = make_tree()
ROOT = Digest(TREE.roots[-1])


def make_proof(key: bytes) -> CommitmentProof:
    proof = TREE.prove(key, 1)
    assert proof is not None
    return proof


ABSENT = b"s\x01nothing"
PROOFS = {"existence": (make_proof(KEY), KEY, VALUE), "absence": (make_proof(ABSENT), ABSENT, b"")}


@pytest.mark.parametrize("name", PROOFS)
class TestAltered:
    """Every bit of the bytes and every text of the JSON form counts."""

    def test_whole_it_holds_in_every_form(self, name: str) -> None:
        proof, key, value = PROOFS[name]
        verify(proof, ROOT, key, value)
        assert decode_proof(encode_proof(proof)) == proof
        assert parse_proof(json.loads(json.dumps(render_proof(proof)))) == proof

    def test_no_bit_may_be_another(self, name: str) -> None:
        proof, key, value = PROOFS[name]
        raw, accepted = encode_proof(proof), []
        for at in range(8 * len(raw)):
            altered = bytearray(raw)
            altered[at // 8] ^= 1 << at % 8
            try:
                other = decode_proof(bytes(altered))
            except Malformed:
                continue
            if holds(other, ROOT, key, value):
                accepted.append(at)
        assert accepted == []

    def test_no_byte_may_be_missing_or_added(self, name: str) -> None:
        proof, key, value = PROOFS[name]
        raw = encode_proof(proof)
        shorter = [raw[:at] + raw[at + 1 :] for at in range(len(raw))]
        longer = [raw[:at] + b"\x00" + raw[at:] for at in range(len(raw) + 1)]
        for altered in (*shorter, *longer, b"", raw + raw):
            try:
                other = decode_proof(altered)
            except Malformed:
                continue
            assert not holds(other, ROOT, key, value)

    def test_no_text_of_the_json_may_be_another(self, name: str) -> None:
        proof, key, value = PROOFS[name]
        whole = json.dumps(render_proof(proof))
        for old in set(_texts(json.loads(whole))):
            for new in ("", "AAAA", "SHA512", "NO_PREFIX"):
                if new == old:
                    continue
                try:
                    other = parse_proof(json.loads(whole.replace(f'"{old}"', f'"{new}"')))
                except Malformed:
                    continue
                assert not holds(other, ROOT, key, value)


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        value = list(value.values())
    return [value] if isinstance(value, str) else [text for part in value for text in _texts(part)]


def make_existence() -> ExistenceProof:
    proof = make_proof(KEY)
    assert isinstance(proof, ExistenceProof)
    return proof


EXISTENCE = make_existence()
STEP = EXISTENCE.path[0]
LEFT_STEP = InnerOp(hash=HashOp.SHA256, prefix=b"JMT::IntrnalNode", suffix=bytes(32))
RIGHT_STEP = InnerOp(hash=HashOp.SHA256, prefix=b"JMT::IntrnalNode" + bytes(32), suffix=b"")

MISSHAPEN: dict[str, tuple[ExistenceProof, str]] = {
    "another hash of the leaf": (
        replace(EXISTENCE, leaf=replace(EXISTENCE.leaf, hash=HashOp.SHA512)),
        "leaf",
    ),
    "a plain key": (replace(EXISTENCE, leaf=replace(EXISTENCE.leaf, prehash_key=HashOp.NO_HASH)), "leaf"),
    "a plain value": (replace(EXISTENCE, leaf=replace(EXISTENCE.leaf, prehash_value=HashOp.NO_HASH)), "leaf"),
    "lengths": (replace(EXISTENCE, leaf=replace(EXISTENCE.leaf, length=LengthOp.VAR_PROTO)), "leaf"),
    "more of a prefix": (
        replace(EXISTENCE, leaf=replace(EXISTENCE.leaf, prefix=b"JMT::LeafNode\x00")),
        "leaf",
    ),
    "less of a prefix": (replace(EXISTENCE, leaf=replace(EXISTENCE.leaf, prefix=b"JMT::LeafNod")), "leaf"),
    "too many steps": (replace(EXISTENCE, path=(STEP,) * (PROOF_DEPTH_MAX + 1)), "at most 256 steps"),
    "another hash of a step": (
        replace(EXISTENCE, path=(replace(STEP, hash=HashOp.KECCAK),)),
        "step 1: expected SHA256",
    ),
    "a leaf for a step": (
        replace(EXISTENCE, path=(replace(LEFT_STEP, prefix=b"JMT::LeafNode..."),)),
        "as a leaf does",
    ),
    "a prefix too short": (
        replace(EXISTENCE, path=(replace(LEFT_STEP, prefix=b"JMT::IntrnalNod"),)),
        "one sibling",
    ),
    "a prefix too long": (
        replace(EXISTENCE, path=(replace(RIGHT_STEP, prefix=RIGHT_STEP.prefix + b"x"),)),
        "one sibling",
    ),
    "half a sibling": (replace(EXISTENCE, path=(replace(LEFT_STEP, suffix=bytes(16)),)), "one sibling"),
    "two siblings after": (replace(EXISTENCE, path=(replace(LEFT_STEP, suffix=bytes(64)),)), "one sibling"),
    "siblings on both sides": (
        replace(EXISTENCE, path=(replace(RIGHT_STEP, suffix=bytes(32)),)),
        "one sibling",
    ),
    "no sibling": (replace(EXISTENCE, path=(replace(LEFT_STEP, suffix=b""),)), "one sibling"),
    "a step less": (replace(EXISTENCE, path=EXISTENCE.path[1:]), "expected the root"),
    "a step twice": (replace(EXISTENCE, path=(STEP, *EXISTENCE.path)), "expected the root"),
    "steps in another order": (replace(EXISTENCE, path=EXISTENCE.path[::-1]), "expected the root"),
}


@pytest.mark.parametrize("name", MISSHAPEN)
def test_what_is_not_made_as_the_tree_is_refused_by_its_form(name: str) -> None:
    proof, reason = MISSHAPEN[name]
    with pytest.raises(Invalid, match=reason):
        verify_existence(proof, ROOT, KEY, VALUE)


def test_an_empty_value_or_key_is_no_entry() -> None:
    for empty in (replace(EXISTENCE, value=b""), replace(EXISTENCE, key=b"")):
        with pytest.raises(Invalid, match="got an empty one"):
            verify_existence(empty, ROOT, empty.key, empty.value)


@settings(max_examples=300, deadline=None)
@given(raw=st.binary(max_size=200))
def test_any_bytes_are_a_proof_of_one_form_or_refused(raw: bytes) -> None:
    try:
        proof = decode_proof(raw)
    except Malformed:
        return
    assert encode_proof(proof) == raw


RAW = encode_proof(EXISTENCE)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "one of existence or one of absence"),
        (RAW + b"\x12\x00", "one of existence or one of absence"),
        (b"\x1a\x00", r"expected fields \(1, 2\), got 3"),
        (b"\x0d\x00\x00\x00\x00", "wire type 5"),
        (b"\x0a\x05a", "expected 5 bytes in field 1, got 1"),
        (b"\x0a", "ends within a number"),
        (b"\xff\xff\xff\xff\xff\xff", "32 bits"),
        (b"\x08\x01", "expected bytes in field 1, got a number"),
        (b"\x0a\x00", "leaf operation"),
        (b"\x0a\x04\x1a\x02\x08\x07", "one HashOp in field 1"),
        (b"\x0a\x04\x1a\x02\x20\x09", "one LengthOp in field 4"),
        (b"\x0a\x04\x1a\x02\x08\x00", "another form"),
        (b"\x0a\x06\x1a\x04\x08\x01\x08\x01", "one HashOp in field 1"),
        (bytes(PROOF_BYTES_MAX + 1), "at most"),
    ],
)
def test_other_bytes_are_refused_with_what_is_wrong(raw: bytes, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        decode_proof(raw)


OBJECT = render_proof(EXISTENCE)


def altered(change: Callable[[dict[str, Any]], object]) -> object:
    """The JSON form after a change of its existence proof."""
    copied = json.loads(json.dumps(OBJECT))
    change(copied["exist"])
    return copied


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([], "proof: expected an object, got list"),
        ({}, "expected one of"),
        ({**OBJECT, "nonexist": {}}, "expected one of"),
        ({"batch": {}}, "got 'batch'"),
        (altered(lambda exist: exist.update(key=7)), "key: expected base64"),
        (altered(lambda exist: exist.update(key="?")), "key: expected base64"),
        (altered(lambda exist: exist.update(more="")), "got 'more'"),
        (altered(lambda exist: exist.pop("leaf")), "leaf: expected an object"),
        (altered(lambda exist: exist["leaf"].update(hash=1)), "hash: expected one of NO_HASH"),
        (altered(lambda exist: exist.update(path={})), "path: expected a list"),
        (
            altered(lambda exist: exist.update(path=exist["path"] * 100)),
            "path: expected a list of at most 256",
        ),
    ],
)
def test_other_json_is_refused_with_what_is_wrong(value: object, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        parse_proof(value)


def test_json_of_other_libraries_may_write_what_is_zero() -> None:
    """Protobuf's JSON leaves fields out or writes them, and both are read."""
    written = altered(lambda exist: exist["leaf"].update(length="NO_PREFIX"))
    assert parse_proof(written) == EXISTENCE
