"""The ledger for software that is not ours: blocks or the state of a height, as lines of JSON or a sequence of CBOR items.

    blocks, JSON   block_id, block, commit and txs_results, shaped as JSON-RPC shapes them
    blocks, CBOR   [encoded block, encoded certificate, [encoded result, ...]]: the bytes that are hashed and signed
    state, JSON    first chain_id, height, block_id and state_root; then key and value in hexadecimal, in order of keys
    state, CBOR    first [chain id, height, block id, state root]; then [key, value]

CBOR items stand one after the other (RFC 8742). Whoever has the state can compute its root and compare.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import merge
from operator import itemgetter

import msgspec

from chain.block import compute_block_id, encode_block
from chain.certificate import encode_certificate
from chain.codec import encode
from chain.vote import Height
from machine.faults import Unusable
from node.store.reading import LedgerReader
from node.store.rollback import head_at
from rpc.render import render_block, render_block_id, render_commit, render_result

_ROWS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How an item is written: lines of JSON, or CBOR."""

    is_json: bool

    def join(self, shown: object, item: bytes) -> bytes:
        """The one or the other."""
        return msgspec.json.encode(shown) + b"\n" if self.is_json else item


def export_blocks(
    reader: LedgerReader, first: int, last: int, form: Form, tell: Callable[[int], None]
) -> Iterator[bytes]:
    """Blocks of some heights, which have to be kept; `tell` hears the height. Raises `Pruned`."""
    for height in range(first, last + 1):
        certified, results = reader.certified_block(height), reader.results(height)
        encoded = reader.encoded_results(height)
        assert certified is not None and results is not None and encoded is not None, "up to the head"
        before = reader.validators(height - 1) if height > max(1, reader.headers_since) else None
        shown = {
            "block_id": render_block_id(compute_block_id(certified.block.header)),
            "block": render_block(certified.block, before),
            "commit": render_commit(certified.certificate, reader.validators(height)),
            "txs_results": [render_result(result) for result in results],
        }
        item = encode((encode_block(certified.block), encode_certificate(certified.certificate), encoded))
        yield form.join(shown, item)
        tell(height)


def export_state(
    reader: LedgerReader, height: int, form: Form, tell: Callable[[int], None]
) -> Iterator[bytes]:
    """Every entry of the state after a height that is kept; `tell` hears how many. Raises `Unusable`."""
    if not reader.history.since <= height <= reader.head.height or height < 1:
        raise Unusable(
            reader.path,
            f"the state after block {height} is not kept: expected {max(1, reader.history.since)} to {reader.head.height}",
            "Take one of those, or ask an archive node",
        )
    head = head_at(reader, height)
    shown = {
        "chain_id": head.chain_id,
        "height": height,
        "block_id": head.block_id.hex(),
        "state_root": head.state_root.hex(),
    }
    yield form.join(shown, encode((head.chain_id, head.height, head.block_id, head.state_root)))
    for count, (key, value) in enumerate(read_state(reader, head.height), start=1):
        yield form.join({"key": key.hex(), "value": value.hex()}, encode((key, value)))
        if count % _ROWS_AT_ONCE == 0:
            tell(count)


def read_state(reader: LedgerReader, height: Height) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values as they were after a height that is kept, in order of keys."""
    older: dict[bytes, bytes | None] = {}
    for above in range(height + 1, reader.head.height + 1):
        for aside in reader.history.before(above):
            older.setdefault(aside.key, aside.value)
    now = ((key, older.get(key, value)) for key, value in _walk(reader))
    gone = ((key, older[key]) for key in sorted(older) if reader.state.get(key) is None)
    for key, value in merge(now, gone, key=itemgetter(0)):
        if value is not None:
            yield key, value


def _walk(reader: LedgerReader) -> Iterator[tuple[bytes, bytes]]:
    start = b""
    while rows := reader.state.iterate(start, b"", _ROWS_AT_ONCE):
        yield from rows
        start = rows[-1][0] + b"\x00"
