"""The one encoding of everything signed, hashed, stored or sent: RFC 8949 section 4.2.1, without maps.

A value is null, a boolean, an integer of 64 bits, a byte string, a text or an array of values, and a record is an
array of its fields in order. So there are no keys to sort or repeat, no floats and no tags; what remains of
determinism is that integers and lengths are shortest. Decoding proves it in the simplest way: what does not
re-encode to the same bytes is refused. `cbor2` does the work; it has no strict mode of its own, so tags are routed
to a refusal, indefinite lengths are forbidden, and depth is bounded before anything is built.

The `as_…` functions read one field each and name it when it does not fit: decoders are lists of them.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import cbor2

from chain.errors import Malformed
from chain.hashing import DIGEST_BYTES
from chain.limits import CODEC_DEPTH_MAX, INT64_MIN, UINT64_MAX

Value: TypeAlias = "bool | int | bytes | str | tuple[Value, ...] | None"
Encodable: TypeAlias = "bool | int | bytes | str | Sequence[Encodable] | None"

_TAGS_CBOR2_KNOWS = (
    *range(6), 25, 28, 29, 30, 35, 36, 37, 43000, 52, 54, 55799, 100, 1004, 256, 258, 260, 261,
)  # fmt: skip


def _refuse_tag(*_: object) -> object:
    raise Malformed("expected plain CBOR items, got a tagged item")


_NO_TAGS: dict[int, Callable[..., object]] = dict.fromkeys(_TAGS_CBOR2_KNOWS, _refuse_tag)


def encode(value: Encodable) -> bytes:
    """Bytes of a value. The caller guarantees its types; integers must fit 64 bits."""
    return cbor2.dumps(value)


def decode(data: bytes, *, bytes_max: int) -> Value:
    """The value of `data`, at most `bytes_max` long.

    Raises:
        Malformed: too long, not CBOR, or not the one encoding of a value of ours.
    """
    if len(data) > bytes_max:
        raise Malformed(f"expected at most {bytes_max} bytes, got {len(data)}")
    try:
        value = cbor2.loads(
            data,
            tag_hook=_refuse_tag,
            semantic_decoders=_NO_TAGS,
            max_depth=CODEC_DEPTH_MAX,
            allow_indefinite=False,
            immutable=True,
        )
    except (cbor2.CBORDecodeError, ValueError) as error:
        raise Malformed(f"expected one CBOR item: {error}") from error
    _check_types(value)
    if cbor2.dumps(value) != data:
        raise Malformed("expected the shortest encoding with nothing after it, got another one")
    return value  # type: ignore[no-any-return]  # _check_types has just shown it


def _check_types(value: object) -> None:
    kind = type(value)
    if kind is tuple:
        for item in value:  # type: ignore[attr-defined]  # a tuple, as tested above
            _check_types(item)
    elif kind is int:
        if not INT64_MIN <= value <= UINT64_MAX:  # type: ignore[operator]  # an int, as tested above
            raise Malformed("expected an integer of 64 bits, got a larger one")
    elif not (kind is bytes or kind is str or kind is bool or value is None):
        raise Malformed(f"expected null, boolean, integer, bytes, text or array, got {kind.__name__}")


def as_array(
    value: Value, what: str, length: int | None = None, *, length_max: int | None = None
) -> tuple[Value, ...]:
    """`value` as an array of `length` items, or of at most `length_max`."""
    if type(value) is not tuple:
        raise Malformed(f"{what}: expected an array, got {_kind(value)}")
    if length is not None and len(value) != length:
        raise Malformed(f"{what}: expected {length} items, got {len(value)}")
    if length_max is not None and len(value) > length_max:
        raise Malformed(f"{what}: expected at most {length_max} items, got {len(value)}")
    return value


def as_uint(value: Value, what: str, maximum: int = UINT64_MAX) -> int:
    """`value` as an integer from 0 to `maximum`."""
    if type(value) is not int:
        raise Malformed(f"{what}: expected an integer, got {_kind(value)}")
    if not 0 <= value <= maximum:
        raise Malformed(f"{what}: expected 0 to {maximum}, got {value}")
    return value


def as_int(value: Value, what: str) -> int:
    """`value` as an integer of 64 bits, of either sign."""
    if type(value) is not int:
        raise Malformed(f"{what}: expected an integer, got {_kind(value)}")
    return value


def as_bytes(value: Value, what: str, length: int | None = None, *, length_max: int | None = None) -> bytes:
    """`value` as a byte string of `length` bytes, or of at most `length_max`."""
    if type(value) is not bytes:
        raise Malformed(f"{what}: expected bytes, got {_kind(value)}")
    if length is not None and len(value) != length:
        raise Malformed(f"{what}: expected {length} bytes, got {len(value)}")
    if length_max is not None and len(value) > length_max:
        raise Malformed(f"{what}: expected at most {length_max} bytes, got {len(value)}")
    return value


def as_hashes(value: Value, what: str, *, length_max: int | None = None) -> tuple[bytes, ...]:
    """`value` as hashes, at most `length_max`, which stand joined in one byte string."""
    bytes_max = None if length_max is None else length_max * DIGEST_BYTES
    joined = as_bytes(value, what, length_max=bytes_max)
    if len(joined) % DIGEST_BYTES:
        raise Malformed(f"{what}: expected hashes of {DIGEST_BYTES} bytes, got {len(joined)} bytes")
    return tuple([joined[at : at + DIGEST_BYTES] for at in range(0, len(joined), DIGEST_BYTES)])


def as_text(value: Value, what: str, *, length_max: int) -> str:
    """`value` as a text of at most `length_max` bytes of UTF-8."""
    if type(value) is not str:
        raise Malformed(f"{what}: expected text, got {_kind(value)}")
    if len(value.encode()) > length_max:
        raise Malformed(f"{what}: expected at most {length_max} bytes of text, got {len(value.encode())}")
    return value


def as_bool(value: Value, what: str) -> bool:
    """`value` as a boolean."""
    if type(value) is not bool:
        raise Malformed(f"{what}: expected true or false, got {_kind(value)}")
    return value


def _kind(value: Value) -> str:
    names = {tuple: "an array", int: "an integer", bytes: "bytes", str: "text", bool: "a boolean"}
    return names.get(type(value), "null")
