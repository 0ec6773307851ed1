"""Proofs as JSON, by protobuf's own rules for it: names in lowerCamelCase, bytes in base64, operations by their names.

Values only; whoever has a file or an answer makes text of them. Fields with zero or nothing are left out when written, and
may stand when read, as other libraries write them.
"""

from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping
from typing import TypeVar

from chain.errors import Malformed
from chain.ics23 import (
    CommitmentProof,
    ExistenceProof,
    HashOp,
    InnerOp,
    LeafOp,
    LengthOp,
    NonExistenceProof,
)
from chain.limits import PROOF_DEPTH_MAX, PROOF_VALUE_BYTES_MAX

Operation = TypeVar("Operation", HashOp, LengthOp)
_TEXT_MAX = PROOF_VALUE_BYTES_MAX * 4 // 3 + 4


def render_proof(proof: CommitmentProof) -> dict[str, object]:
    """A proof as an object of JSON."""
    if isinstance(proof, ExistenceProof):
        return {"exist": _render_existence(proof)}
    neighbours = {
        name: _render_existence(neighbour)
        for name, neighbour in (("left", proof.left), ("right", proof.right))
        if neighbour is not None
    }
    return {"nonexist": {"key": _text(proof.key), **neighbours}}


def _render_existence(proof: ExistenceProof) -> dict[str, object]:
    leaf = proof.leaf
    return {
        "key": _text(proof.key),
        "value": _text(proof.value),
        "leaf": _without_zeros(
            hash=leaf.hash,
            prehashKey=leaf.prehash_key,
            prehashValue=leaf.prehash_value,
            length=leaf.length,
            prefix=leaf.prefix,
        ),
        "path": [
            _without_zeros(hash=step.hash, prefix=step.prefix, suffix=step.suffix) for step in proof.path
        ],
    }


def _without_zeros(**fields: HashOp | LengthOp | bytes) -> dict[str, str]:
    return {
        name: _text(value) if isinstance(value, bytes) else value.name
        for name, value in fields.items()
        if value
    }


def _text(data: bytes) -> str:
    return b64encode(data).decode()


def parse_proof(value: object) -> CommitmentProof:
    """Inverse of `render_proof`; raises `Malformed`. It says nothing of whether the proof holds."""
    fields = _object(value, "proof", ("exist", "nonexist"))
    if len(fields) != 1:
        raise Malformed('proof: expected one of "exist" and "nonexist"')
    if "exist" in fields:
        return _parse_existence(fields["exist"])
    absent = _object(fields["nonexist"], "nonexist", ("key", "left", "right"))
    left, right = absent.get("left"), absent.get("right")
    return NonExistenceProof(
        key=_bytes(absent, "key"),
        left=None if left is None else _parse_existence(left),
        right=None if right is None else _parse_existence(right),
    )


def _parse_existence(value: object) -> ExistenceProof:
    fields = _object(value, "exist", ("key", "value", "leaf", "path"))
    leaf = _object(fields.get("leaf"), "leaf", ("hash", "prehashKey", "prehashValue", "length", "prefix"))
    path = fields.get("path", [])
    if not isinstance(path, list) or len(path) > PROOF_DEPTH_MAX:
        raise Malformed(f"path: expected a list of at most {PROOF_DEPTH_MAX} steps")
    return ExistenceProof(
        key=_bytes(fields, "key"),
        value=_bytes(fields, "value"),
        leaf=LeafOp(
            hash=_operation(leaf, "hash", HashOp),
            prehash_key=_operation(leaf, "prehashKey", HashOp),
            prehash_value=_operation(leaf, "prehashValue", HashOp),
            length=_operation(leaf, "length", LengthOp),
            prefix=_bytes(leaf, "prefix"),
        ),
        path=tuple(_parse_inner(step) for step in path),
    )


def _parse_inner(value: object) -> InnerOp:
    fields = _object(value, "step", ("hash", "prefix", "suffix"))
    return InnerOp(
        hash=_operation(fields, "hash", HashOp),
        prefix=_bytes(fields, "prefix"),
        suffix=_bytes(fields, "suffix"),
    )


def _object(value: object, what: str, names: tuple[str, ...]) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise Malformed(f"{what}: expected an object, got {type(value).__name__}")
    for name in value:
        if name not in names:
            raise Malformed(f"{what}: expected {', '.join(names)}, got {name!r}")
    return value


def _bytes(fields: Mapping[str, object], name: str) -> bytes:
    value = fields.get(name, "")
    if not isinstance(value, str) or len(value) > _TEXT_MAX:
        raise Malformed(f"{name}: expected base64 of at most {PROOF_VALUE_BYTES_MAX} bytes")
    try:
        return b64decode(value, validate=True)
    except (Error, ValueError) as error:
        raise Malformed(f"{name}: expected base64: {error}") from error


def _operation(fields: Mapping[str, object], name: str, kind: type[Operation]) -> Operation:
    value = fields.get(name, kind(0).name)
    if not isinstance(value, str) or value not in kind.__members__:
        raise Malformed(f"{name}: expected one of {', '.join(kind.__members__)}, got {value!r}")
    return kind[value]
