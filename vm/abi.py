"""Values at the border: as arguments and results on the ledger, and as the machine holds them.

On the ledger a number is a CBOR integer where it fits 64 bits and otherwise 32 bytes big-endian (two's complement for
int), and only so; an address is 20 bytes, an enum its number, a record an array of its fields, a list an array.
"""

from collections.abc import Sequence
from typing import TypeVar, assert_never

from chain.codec import Value
from chain.errors import Malformed
from chain.limits import INT64_MIN, STATE_VALUE_BYTES_MAX, UINT64_MAX
from vm.types import (
    ADDR_BYTES,
    EnumType,
    Field,
    ListType,
    RecordType,
    RuntimeValue,
    Scalar,
    Type,
    is_in_range,
)

_NUMBER_BYTES = 32
T = TypeVar("T")


def runtime_from(kind: Type, value: Value, what: str) -> RuntimeValue:
    """`value` as the machine holds a `kind`; raises `Malformed` that names `what`."""
    match kind:
        case Scalar.UINT | Scalar.INT | EnumType():
            return _number_from(kind, value, what)
        case Scalar.BOOL:
            return _of_type(bool, value, kind, what)
        case Scalar.BYTES:
            return _bounded(_of_type(bytes, value, kind, what), what)
        case Scalar.STR:
            text = _of_type(str, value, kind, what)
            _bounded(_utf8(text, what), what)
            return text
        case Scalar.ADDR:
            address = _of_type(bytes, value, kind, what)
            if len(address) != ADDR_BYTES:
                raise Malformed(f"{what}: expected an address of {ADDR_BYTES} bytes, got {len(address)}")
            return address
        case RecordType(fields=fields):
            items = _of_type(tuple, value, kind, what)
            return runtime_fields(fields, items, what)
        case ListType(item=item, bound=bound):
            items = _of_type(tuple, value, kind, what)
            if len(items) > bound:
                raise Malformed(f"{what}: expected at most {bound} items, got {len(items)}")
            return tuple(runtime_from(item, one, f"{what}[{index}]") for index, one in enumerate(items))
        case Scalar.WIDE_UINT | Scalar.WIDE_INT:
            raise AssertionError("the verifier lets no wide number cross the border")
        case _:
            assert_never(kind)


def runtime_fields(fields: Sequence[Field], values: Sequence[Value], what: str) -> tuple[RuntimeValue, ...]:
    """Arguments or fields in their order; raises `Malformed` that names the first that does not fit."""
    if len(values) != len(fields):
        names = ", ".join(str(field) for field in fields)
        raise Malformed(f"{what}: expected {len(fields)} values ({names}), got {len(values)}")
    return tuple(
        runtime_from(field.kind, value, f"{what}.{field.name}")
        for field, value in zip(fields, values, strict=True)
    )


def _of_type(wanted: type[T], value: Value, kind: Type, what: str) -> T:
    if not isinstance(value, wanted):
        raise Malformed(f"{what}: expected {kind}, got {type(value).__name__}")
    return value


def _utf8(text: str, what: str) -> bytes:
    """The bytes of a text: one that came as JSON may have halves of characters, which have none."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Malformed(f"{what}: expected whole characters, got half of one") from None


def _bounded(data: bytes, what: str) -> bytes:
    if len(data) > STATE_VALUE_BYTES_MAX:
        raise Malformed(f"{what}: expected at most {STATE_VALUE_BYTES_MAX} bytes, got {len(data)}")
    return data


def _number_from(kind: Type, value: Value, what: str) -> int:
    if type(value) is bytes:
        if len(value) != _NUMBER_BYTES:
            raise Malformed(f"{what}: expected {kind} as an integer or 32 bytes, got {len(value)} bytes")
        number = int.from_bytes(value, "big", signed=kind is Scalar.INT)
        if INT64_MIN <= number <= UINT64_MAX:
            raise Malformed(f"{what}: expected an integer where {kind} fits 64 bits, got 32 bytes")
    elif type(value) is int:
        number = value
    else:
        raise Malformed(f"{what}: expected {kind}, got {type(value).__name__}")
    if not is_in_range(kind, number):
        raise Malformed(f"{what}: expected {kind}, got {number}, which is out of its range")
    return number


def value_from(kind: Type, runtime: RuntimeValue) -> Value:
    """A machine value as it stands on the ledger."""
    match kind:
        case Scalar.UINT | Scalar.INT | EnumType() | Scalar.WIDE_UINT | Scalar.WIDE_INT:
            assert isinstance(runtime, int), runtime
            if INT64_MIN <= runtime <= UINT64_MAX:
                return runtime
            return runtime.to_bytes(_NUMBER_BYTES, "big", signed=kind is Scalar.INT)
        case RecordType(fields=fields):
            assert isinstance(runtime, tuple), runtime
            return tuple(value_from(field.kind, item) for field, item in zip(fields, runtime, strict=True))
        case ListType(item=item):
            assert isinstance(runtime, tuple), runtime
            return tuple(value_from(item, one) for one in runtime)
        case Scalar():
            return runtime
        case _:
            assert_never(kind)
