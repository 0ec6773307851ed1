"""Proofs as bytes: the protobuf messages `cosmos.ics23.v1.CommitmentProof` and those in it, and nothing else of protobuf.

Written as every library writes them: fields in their order, those with zero or nothing left out. Read strictly: what
does not encode to the same bytes again is refused, so a proof has one form; batches and compressed proofs are not ours.
"""

from collections.abc import Iterator, Sequence
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
from chain.limits import PROOF_BYTES_MAX, PROOF_DEPTH_MAX

_VARINT, _BYTES = 0, 2
_EXIST, _NONEXIST = 1, 2
_VARINT_SHIFTS = range(0, 35, 7)  # lengths and numbers here stay below 2^32
Operation = TypeVar("Operation", HashOp, LengthOp)


def encode_proof(proof: CommitmentProof) -> bytes:
    """Bytes of a `CommitmentProof`."""
    if isinstance(proof, ExistenceProof):
        return _field(_EXIST, _encode_existence(proof))
    parts = [_given(1, proof.key)]
    for number, neighbour in ((2, proof.left), (3, proof.right)):
        if neighbour is not None:
            parts.append(_field(number, _encode_existence(neighbour)))
    return _field(_NONEXIST, b"".join(parts))


def decode_proof(data: bytes) -> CommitmentProof:
    """Inverse of `encode_proof`; raises `Malformed`. It says nothing of whether the proof holds."""
    if len(data) > PROOF_BYTES_MAX:
        raise Malformed(f"proof: expected at most {PROOF_BYTES_MAX} bytes, got {len(data)}")
    fields = _Fields(data, "proof", numbers=(_EXIST, _NONEXIST))
    exists, absent = fields.messages(_EXIST), fields.messages(_NONEXIST)
    if len(exists) + len(absent) != 1:
        raise Malformed("proof: expected one of existence or one of absence")
    proof = _decode_existence(exists[0]) if exists else _decode_absence(absent[0])
    if encode_proof(proof) != data:
        raise Malformed("proof: expected fields in order, the shortest form and no others, got another form")
    return proof


# --- Writing --------------------------------------------------------------------------------------------------


def _encode_existence(proof: ExistenceProof) -> bytes:
    leaf, path = _encode_leaf(proof.leaf), [_field(4, _encode_inner(step)) for step in proof.path]
    return b"".join((_given(1, proof.key), _given(2, proof.value), _field(3, leaf), *path))


def _encode_leaf(leaf: LeafOp) -> bytes:
    numbers = enumerate((leaf.hash, leaf.prehash_key, leaf.prehash_value, leaf.length), start=1)
    return b"".join(_number(number, value) for number, value in numbers) + _given(5, leaf.prefix)


def _encode_inner(step: InnerOp) -> bytes:
    return _number(1, step.hash) + _given(2, step.prefix) + _given(3, step.suffix)


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content


def _given(number: int, content: bytes) -> bytes:
    return _field(number, content) if content else b""


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3 | _VARINT) + _varint(value) if value else b""


# --- Reading --------------------------------------------------------------------------------------------------


def _decode_absence(data: bytes) -> NonExistenceProof:
    fields = _Fields(data, "proof of absence", numbers=(1, 2, 3))
    left, right = fields.optional(2), fields.optional(3)
    return NonExistenceProof(
        key=fields.bytes_of(1),
        left=None if left is None else _decode_existence(left),
        right=None if right is None else _decode_existence(right),
    )


def _decode_existence(data: bytes) -> ExistenceProof:
    fields = _Fields(data, "proof of existence", numbers=(1, 2, 3, 4))
    leaf, path = fields.optional(3), fields.messages(4)
    if leaf is None:
        raise Malformed("proof of existence: expected a leaf operation, got none")
    if len(path) > PROOF_DEPTH_MAX:
        raise Malformed(f"proof of existence: expected at most {PROOF_DEPTH_MAX} steps, got {len(path)}")
    return ExistenceProof(
        key=fields.bytes_of(1),
        value=fields.bytes_of(2),
        leaf=_decode_leaf(leaf),
        path=tuple(_decode_inner(step) for step in path),
    )


def _decode_leaf(data: bytes) -> LeafOp:
    fields = _Fields(data, "leaf operation", numbers=(1, 2, 3, 4, 5))
    return LeafOp(
        hash=fields.operation(1, HashOp),
        prehash_key=fields.operation(2, HashOp),
        prehash_value=fields.operation(3, HashOp),
        length=fields.operation(4, LengthOp),
        prefix=fields.bytes_of(5),
    )


def _decode_inner(data: bytes) -> InnerOp:
    fields = _Fields(data, "inner operation", numbers=(1, 2, 3))
    return InnerOp(hash=fields.operation(1, HashOp), prefix=fields.bytes_of(2), suffix=fields.bytes_of(3))


class _Fields:
    """The fields of one message by their numbers."""

    def __init__(self, data: bytes, what: str, *, numbers: Sequence[int]) -> None:
        self._what = what
        self._found: dict[int, list[int | bytes]] = {number: [] for number in numbers}
        for number, value in _read_fields(data, what):
            if number not in self._found:
                raise Malformed(f"{what}: expected fields {numbers}, got {number}")
            self._found[number].append(value)

    def messages(self, number: int) -> list[bytes]:
        """All messages of a field that may stand several times."""
        values = self._found[number]
        found = [value for value in values if isinstance(value, bytes)]
        if len(found) < len(values):
            raise Malformed(f"{self._what}: expected bytes in field {number}, got a number")
        return found

    def optional(self, number: int) -> bytes | None:
        """Bytes of a field that may stand once, or None."""
        found = self.messages(number)
        if len(found) > 1:
            raise Malformed(f"{self._what}: expected field {number} once, got it {len(found)} times")
        return found[0] if found else None

    def bytes_of(self, number: int) -> bytes:
        """Bytes of a field; none where it does not stand."""
        return self.optional(number) or b""

    def operation(self, number: int, kind: type[Operation]) -> Operation:
        """A named number; the first of its kind where the field does not stand."""
        values = self._found[number]
        value = values[0] if values else 0
        if len(values) > 1 or not isinstance(value, int) or value >= len(kind):
            raise Malformed(f"{self._what}: expected one {kind.__name__} in field {number}, got {values}")
        return kind(value)


def _read_fields(data: bytes, what: str) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        tag, at = _read_varint(data, at, what)
        number, wire = tag >> 3, tag & 7
        value, at = _read_varint(data, at, what)
        if wire == _VARINT:
            yield number, value
        elif wire == _BYTES:
            if value > len(data) - at:
                raise Malformed(f"{what}: expected {value} bytes in field {number}, got {len(data) - at}")
            yield number, data[at : at + value]
            at += value
        else:
            raise Malformed(f"{what}: expected numbers and bytes, got wire type {wire}")


def _read_varint(data: bytes, at: int, what: str) -> tuple[int, int]:
    value = 0
    for shift in _VARINT_SHIFTS:
        if at >= len(data):
            raise Malformed(f"{what}: it ends within a number")
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return value, at
    raise Malformed(f"{what}: expected a number of 32 bits, got a longer one")
