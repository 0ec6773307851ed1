"""Where things stand in the state: keys whose byte order is the order of what they name.

    "m" contract                        -> code hash of the contract's module
    "k" code hash                       -> the module
    "s" contract 00 storage-number parts -> a Var's value (no parts) or a Map's entry

Parts keep their order and never run into each other: a uint is its length and its big-endian bytes, an int is shifted to
32 bytes, bytes and texts have 00 written as 00 FF and end with 00 00, the rest has fixed length. So the rows under a prefix
of parts are one range of keys, in key order.
"""

from collections.abc import Sequence
from typing import assert_never

from chain.hashing import Digest
from chain.limits import STATE_KEY_BYTES_MAX
from vm.traps import trapped
from vm.types import ADDR_BYTES, EnumType, ListType, RecordType, RuntimeValue, Scalar, Type

_INT_SHIFT = 2**255
_INT_BYTES = 32


def contract_key(contract: str) -> bytes:
    """Key of a contract's code hash."""
    return b"m" + contract.encode()


def module_key(code_hash: Digest) -> bytes:
    """Key of a module."""
    return b"k" + code_hash


def storage_prefix(contract: str, number: int) -> bytes:
    """What all keys of one Var or Map begin with."""
    return b"s" + contract.encode() + b"\x00" + number.to_bytes(2, "big")


def encode_key_part(kind: Type, value: RuntimeValue) -> bytes:
    """One part of a Map's key, order-preserving."""
    match kind:
        case Scalar.UINT | EnumType():
            assert isinstance(value, int), value
            size = (value.bit_length() + 7) // 8
            return bytes([size]) + value.to_bytes(size, "big")
        case Scalar.INT:
            assert isinstance(value, int), value
            return (value + _INT_SHIFT).to_bytes(_INT_BYTES, "big")
        case Scalar.BOOL:
            return b"\x01" if value else b"\x00"
        case Scalar.ADDR:
            assert isinstance(value, bytes), value
            return value
        case Scalar.BYTES:
            assert isinstance(value, bytes), value
            return value.replace(b"\x00", b"\x00\xff") + b"\x00\x00"
        case Scalar.STR:
            assert isinstance(value, str), value
            return value.encode().replace(b"\x00", b"\x00\xff") + b"\x00\x00"
        case Scalar.WIDE_UINT | Scalar.WIDE_INT | RecordType() | ListType():
            raise AssertionError(f"the verifier lets no {kind} be a key")
        case _:
            assert_never(kind)


def encode_parts(kinds: Sequence[Type], values: Sequence[RuntimeValue]) -> bytes:
    """A key's parts, or a prefix of them; traps when the key gets too long."""
    longest = max((len(value) for value in values if isinstance(value, bytes | str)), default=0)
    if longest > STATE_KEY_BYTES_MAX:  # not even encoded: that would be work without a price
        raise trapped("a key has at most {} bytes, got {}", STATE_KEY_BYTES_MAX, longest)
    encoded = b"".join(encode_key_part(kind, value) for kind, value in zip(kinds, values, strict=False))
    if len(encoded) > STATE_KEY_BYTES_MAX:
        raise trapped("a key has at most {} bytes, got {}", STATE_KEY_BYTES_MAX, len(encoded))
    return encoded


def decode_parts(kinds: Sequence[Type], data: bytes) -> list[RuntimeValue]:
    """The parts of a key that `encode_parts` made."""
    values: list[RuntimeValue] = []
    offset = 0
    for kind in kinds:
        value, offset = _decode_part(kind, data, offset)
        values.append(value)
    assert offset == len(data), "a key ends with its last part"
    return values


def _decode_part(kind: Type, data: bytes, offset: int) -> tuple[RuntimeValue, int]:
    match kind:
        case Scalar.UINT | EnumType():
            end = offset + 1 + data[offset]
            return int.from_bytes(data[offset + 1 : end], "big"), end
        case Scalar.INT:
            end = offset + _INT_BYTES
            return int.from_bytes(data[offset:end], "big") - _INT_SHIFT, end
        case Scalar.BOOL:
            return data[offset] == 1, offset + 1
        case Scalar.ADDR:
            return data[offset : offset + ADDR_BYTES], offset + ADDR_BYTES
        case _:
            raw, end = _decode_terminated(data, offset)
            return (raw if kind is Scalar.BYTES else raw.decode()), end


def _decode_terminated(data: bytes, offset: int) -> tuple[bytes, int]:
    end = data.index(b"\x00", offset)
    while data[end + 1] != 0:
        end = data.index(b"\x00", end + 2)
    return data[offset:end].replace(b"\x00\xff", b"\x00"), end + 2


def end_of_prefix(prefix: bytes) -> bytes:
    """The first key after all keys that begin with `prefix`."""
    stripped = prefix.rstrip(b"\xff")
    assert stripped, "a storage prefix is never all FF"
    return stripped[:-1] + bytes([stripped[-1] + 1])
