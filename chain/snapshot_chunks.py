"""Chunks of a snapshot: at most a mebibyte each, filled in order, so that the same content gives the same bytes.

    hand-overs   ["hand-overs", [block, ...]]              blocks at which validators hand over, as in an audit bundle
    window       ["window", [[header, ids, parameters], ...]]
    state        ["state", [[key, value], ...]]            entries in the order of their keys

The window is a row of headers up to H, for an hour back and so for the longest validity of a transaction. `ids` are those
of the block's transactions, joined, and null where all of them have expired; `parameters` are those in force, and null
where the header before it has the same.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from chain.block import Header, decode_header, encode_header
from chain.bundle import BundleBlock, bundle_block_from, bundle_block_value
from chain.codec import Encodable, Value, as_array, as_bytes, as_hashes, decode, encode
from chain.errors import Malformed
from chain.hashing import DIGEST_BYTES
from chain.limits import (
    BLOCK_TRANSACTIONS_MAX,
    CERTIFICATE_BYTES_MAX,
    HEADER_BYTES_MAX,
    PARAMETERS_BYTES_MAX,
    PROOF_KEY_BYTES_MAX,
    PROOF_VALUE_BYTES_MAX,
    SNAPSHOT_CHUNK_BYTES_MAX,
)
from chain.parameters import Parameters, decode_parameters, encode_parameters
from chain.transaction import TxId

Row = tuple[bytes, bytes]
"""Key and value of an entry of the state."""

_HAND_OVERS, _WINDOW, _STATE = "hand-overs", "window", "state"
_AROUND_BYTES = 32  # heads of the array and its name; of one item, heads of its parts
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowEntry:
    """A header of the window; see the module for what may be None."""

    header: Header
    ids: tuple[TxId, ...] | None
    parameters: Parameters | None


def pack_hand_overs(blocks: Iterable[BundleBlock]) -> Iterator[bytes]:
    """Chunks of the blocks at which validators hand over."""
    return _pack(_HAND_OVERS, (bundle_block_value(block) for block in blocks), _measure)


def pack_window(entries: Iterable[WindowEntry]) -> Iterator[bytes]:
    """Chunks of the window."""
    return _pack(_WINDOW, (_entry_value(entry) for entry in entries), _measure)


def pack_state(rows: Iterable[Row]) -> Iterator[bytes]:
    """Chunks of the state's entries, which come in the order of their keys."""
    return _pack(_STATE, rows, _measure_row)


def _pack(name: str, items: Iterable[Encodable], measure: Callable[[Encodable], int]) -> Iterator[bytes]:
    inside: list[Encodable] = []
    size = _AROUND_BYTES
    for item in items:
        more = measure(item)
        if inside and size + more > SNAPSHOT_CHUNK_BYTES_MAX:
            yield encode([name, inside])
            inside, size = [], _AROUND_BYTES
        inside.append(item)
        size += more
    if inside:
        yield encode([name, inside])


def _measure(item: Encodable) -> int:
    return len(encode(item))


def _measure_row(row: Encodable) -> int:
    assert isinstance(row, tuple)
    key, value = row
    assert isinstance(key, bytes) and isinstance(value, bytes)
    return len(key) + len(value) + 11  # the most that heads take


def unpack_hand_overs(data: bytes) -> tuple[BundleBlock, ...]:
    """Inverse of `pack_hand_overs` for one chunk; raises `Malformed`."""
    return tuple(bundle_block_from(item) for item in _unpack(data, _HAND_OVERS))


def unpack_window(data: bytes) -> tuple[WindowEntry, ...]:
    """Inverse of `pack_window` for one chunk; raises `Malformed`."""
    return tuple(_entry_from(item) for item in _unpack(data, _WINDOW))


def unpack_state(data: bytes) -> list[Row]:
    """Inverse of `pack_state` for one chunk; their order is whole. Raises `Malformed`."""
    rows: list[Row] = []
    before: bytes | None = None
    for item in _unpack(data, _STATE):
        key, value = as_array(item, "row", 2)
        key = as_bytes(key, "state key", length_max=PROOF_KEY_BYTES_MAX)
        if before is not None and key <= before:
            raise Malformed(f"state: expected a key after {before.hex()}, got {key.hex()}")
        rows.append((key, as_bytes(value, "state value", length_max=PROOF_VALUE_BYTES_MAX)))
        before = key
    return rows


def _unpack(data: bytes, name: str) -> tuple[Value, ...]:
    found, items = as_array(decode(data, bytes_max=SNAPSHOT_CHUNK_BYTES_MAX), "chunk", 2)
    if found != name:
        raise Malformed(f"chunk: expected one of {name}, got {found!r}")
    inside = as_array(items, name)
    if not inside:
        raise Malformed(f"chunk of {name}: expected something in it, got nothing")
    return inside


def _entry_value(entry: WindowEntry) -> Encodable:
    return [
        encode_header(entry.header),
        None if entry.ids is None else b"".join(entry.ids),
        None if entry.parameters is None else encode_parameters(entry.parameters),
    ]


def _entry_from(value: Value) -> WindowEntry:
    header, ids, parameters = as_array(value, "window entry", 3)
    return WindowEntry(
        header=decode_header(as_bytes(header, "header")),
        ids=None if ids is None else _ids_from(ids),
        parameters=None
        if parameters is None
        else decode_parameters(as_bytes(parameters, "parameters", length_max=PARAMETERS_BYTES_MAX)),
    )


def _ids_from(value: Value) -> tuple[TxId, ...]:
    ids = as_hashes(value, "transaction ids", length_max=BLOCK_TRANSACTIONS_MAX)
    return tuple(TxId(id_) for id_ in ids)


_IDS_BYTES_MAX = BLOCK_TRANSACTIONS_MAX * DIGEST_BYTES
assert _IDS_BYTES_MAX + HEADER_BYTES_MAX + CERTIFICATE_BYTES_MAX < SNAPSHOT_CHUNK_BYTES_MAX // 2
assert PROOF_KEY_BYTES_MAX + PROOF_VALUE_BYTES_MAX + 2 * _AROUND_BYTES < SNAPSHOT_CHUNK_BYTES_MAX
