"""What a node gives to one that has lost it: rows of its ledger, each of which the asker holds against a hash of its own.

Nothing is given that this node cannot read whole, and nothing of the asker is believed. Read on a thread.
"""

from chain.hashing import DIGEST_BYTES, Digest
from chain.limits import ROWS_ANSWER_BYTES_MAX, ROWS_PER_REQUEST_MAX
from node.store.keys import (
    CERTIFICATES,
    HEADERS,
    PARAMETERS,
    RESULTS,
    VALIDATORS,
    hash_key,
    height_key,
)
from node.store.reading import LedgerReader
from p2p.messages import GetRows, RowKind
from vm.tree.nodes import FANOUT, Branch, PageKey, encode_page


def read_rows(reader: LedgerReader, ask: GetRows) -> tuple[bytes, ...]:
    """The rows that are asked for; none where this node has not got them. Raises `DiskFault`."""
    return _READERS[ask.kind](reader, ask)


def _read_header(reader: LedgerReader, ask: GetRows) -> tuple[bytes, ...]:
    header = reader.row(height_key(HEADERS, ask.height))
    certificate = reader.row(height_key(CERTIFICATES, ask.height))
    return () if header is None or certificate is None else (header, certificate)


def _read_results(reader: LedgerReader, ask: GetRows) -> tuple[bytes, ...]:
    found = reader.row(height_key(RESULTS, ask.height))
    return () if found is None or len(found) > ROWS_ANSWER_BYTES_MAX else (found,)


def _read_by_hash(reader: LedgerReader, ask: GetRows) -> tuple[bytes, ...]:
    table = VALIDATORS if ask.kind is RowKind.VALIDATORS else PARAMETERS
    if len(ask.key) != DIGEST_BYTES:
        return ()
    found = reader.row(hash_key(table, Digest(ask.key)))
    return () if found is None else (found,)


def _read_page(reader: LedgerReader, ask: GetRows) -> tuple[bytes, ...]:
    history = reader.history
    at = history.root_page(ask.height)
    if not history.since <= ask.height <= reader.head.height or at is None:
        return ()
    page = history.page(at)
    for place in ask.key:
        if not isinstance(page, Branch) or place >= FANOUT:
            return ()
        version = page.version(place)
        if version is None:
            return ()
        at = PageKey(at.path + bytes((place,)), version)
        page = history.page(at)
    return (encode_page(page),)


def _read_entries(reader: LedgerReader, ask: GetRows) -> tuple[bytes, ...]:
    """Of the height, where its state is kept, or else of the nearest: an entry proves itself by its leaf's hash."""
    height = max(reader.history.since, min(ask.height, reader.head.height))
    found: list[bytes] = []
    room = ROWS_ANSWER_BYTES_MAX
    for at in range(0, min(len(ask.key), ROWS_PER_REQUEST_MAX * DIGEST_BYTES), DIGEST_BYTES):
        entry = reader.history.find_entry(ask.key[at : at + DIGEST_BYTES], height)
        if entry is None:
            continue
        room -= sum(map(len, entry)) + 16
        if room < 0:
            break
        found += entry
    return tuple(found)


_READERS = {
    RowKind.HEADER: _read_header,
    RowKind.RESULTS: _read_results,
    RowKind.VALIDATORS: _read_by_hash,
    RowKind.PARAMETERS: _read_by_hash,
    RowKind.PAGE: _read_page,
    RowKind.ENTRIES: _read_entries,
}
