"""What is in a store, table by table, and single rows decoded: for whoever looks, changing nothing.

A table's name here is its constant's in `keys.py`, in small letters. Keys are written as a height, or as hexadecimal digits
without the table's byte.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum

from chain.block import decode_block, decode_header
from chain.certificate import decode_certificate
from chain.codec import decode
from chain.errors import Malformed
from chain.evidence import decode_evidence
from chain.hashing import DIGEST_BYTES
from chain.limits import STORE_RECORD_BYTES_MAX
from chain.parameters import decode_parameters
from chain.result import decode_result
from chain.validators import decode_validators
from node.store import keys
from node.store.keys import Table, decode_height, encode_height
from node.store.records import decode_location, decode_results, split_ids
from node.store.state_rows import decode_before, decode_replaced
from node.store.store import StoreReader
from vm.tree.nodes import decode_page

Shown = None | bool | int | str | list["Shown"] | dict[str, "Shown"]
TABLES: Mapping[str, Table] = {
    name.lower(): table for name, table in vars(keys).items() if isinstance(table, Table)
}
_ROWS_AT_ONCE = 1_000
_HEIGHT = "height"


def count_rows(reader: StoreReader, name: str, tell: Callable[[int], None]) -> tuple[int, int]:
    """Rows and bytes of a table; `tell` hears how many rows so far. Every checksum is verified: raises `Damaged`."""
    rows = size = 0
    for key, value in walk(reader, TABLES[name]):
        rows, size = rows + 1, size + len(key) + len(value)
        if rows % _ROWS_AT_ONCE == 0:
            tell(rows)
    return rows, size


def walk(reader: StoreReader, table: Table) -> Iterator[tuple[bytes, bytes]]:
    """Rows of a table in the order of keys."""
    start, end = table.prefix, bytes([table.prefix[0] + 1])
    while found := reader.iterate(start, end, limit=_ROWS_AT_ONCE):
        yield from found
        start = found[-1][0] + b"\x00"


def parse_key(table: Table, text: str) -> bytes:
    """The key of a row as a person writes it. Raises `Malformed`."""
    if table.key.startswith(_HEIGHT) and text.isascii() and text.isdigit() and len(text) < 20:
        return table.prefix + encode_height(int(text))
    try:
        return table.prefix + bytes.fromhex(text)
    except ValueError:
        expected = (
            f"{table.key}: {'a number, or ' if table.key.startswith(_HEIGHT) else ''}hexadecimal digits"
        )
        raise Malformed(f"expected a key that is the {expected}, got {text[:80]!r}") from None


def show_row(name: str, value: bytes) -> Shown:
    """A row's value as JSON; hexadecimal digits where it is no more than bytes. Raises `Malformed`."""
    decoder = _DECODERS.get(name)
    return value.hex() if decoder is None else show(decoder(value))


def show(value: object) -> Shown:
    """Any of the ledger's values as JSON shows it: bytes in hexadecimal, records by their fields."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Enum):
        return value.name.lower()
    if value is None or isinstance(value, bool | int | str):
        return value
    if is_dataclass(value):
        return {one.name: show(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): show(item) for key, item in value.items()}
    assert isinstance(value, Sequence), f"a value of the ledger, got {type(value)}"
    return [show(item) for item in value]


def _decode_joined(data: bytes) -> list[bytes]:
    return [data[place : place + DIGEST_BYTES] for place in range(0, len(data), DIGEST_BYTES)]


def _decode_any(data: bytes) -> object:
    """What the codec reads, or the bytes as they are."""
    try:
        return decode(data, bytes_max=STORE_RECORD_BYTES_MAX)
    except Malformed:
        return data


_DECODERS: dict[str, Callable[[bytes], object]] = {
    "headers": decode_header,
    "blocks": decode_block,
    "heights": decode_height,
    "certificates": decode_certificate,
    "results": lambda data: [decode_result(one) for one in decode_results(data)],
    "block_ids": split_ids,
    "locations": decode_location,
    "validators": decode_validators,
    "parameters": decode_parameters,
    "state": _decode_any,
    "state_pages": decode_page,
    "state_changed": _decode_joined,
    "state_before": decode_before,
    "state_replaced": decode_replaced,
    "evidence": decode_height,
    "evidence_waiting": decode_evidence,
    "meta": _decode_any,
}
