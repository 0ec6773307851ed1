"""The whole ledger held against itself, in steps: what scrubbing does slowly beside a running node, and an examination at once.

    rows       every row of every table is read, so that every checksum is verified
    blocks     each block that is kept, as at a start: header, content, certificate, results, places of transactions
    headers    of older heights what is kept for ever: the chain of headers, with their certificates
    leaves     each leaf of the state tree, under pages that lead to the root by their hashes, has its name and its entry
    entries    each entry of the state is a leaf of that tree

Each step takes a snapshot of its own, so that nothing old is held on to while blocks are committed, and goes on after the
height or key where the last one ended.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from chain.block import compute_block_id
from chain.certificate import verify_certificate
from chain.errors import Invalid
from chain.hashing import DIGEST_BYTES, sha256
from chain.limits import WALK_BLOCK_BYTES, WALK_ROWS
from chain.pruned import Pruned
from machine.faults import Damaged
from node.state_entry import find_leaf_hash
from node.store.keys import STATE, state_key, state_name_key
from node.store.reading import LedgerReader
from node.store.selfcheck import find_block_fault
from node.store.store import MEND_ADVICE
from vm.tree.hashing import EMPTY_STATE_ROOT, hash_leaf
from vm.tree.nodes import FANOUT, Bucket, Leaf, PageKey, hash_page

Snapshot = Callable[[], AbstractContextManager[LedgerReader]]
Tell = Callable[[str, int], None]
_ABOVE_ALL = b"\xff" * 8
"""No key begins so: the first byte of a key is its table."""


def walk_ledger(snapshot: Snapshot, tell: Tell) -> Iterator[int]:
    """One pass; yields after each step about how many bytes it has read. `tell` hears what was looked at, and how far.

    Raises:
        Damaged: names what is not as it was written, or does not belong to the rest.
    """
    yield from _walk_rows(snapshot, tell)
    yield from _walk_blocks(snapshot, tell)
    yield from _walk_headers(snapshot, tell)
    yield from _walk_leaves(snapshot, tell)
    yield from _walk_entries(snapshot, tell)


def _walk_rows(snapshot: Snapshot, tell: Tell) -> Iterator[int]:
    start, count = b"", 0
    while True:
        with snapshot() as reader:
            rows = reader.rows(start, _ABOVE_ALL, WALK_ROWS)
        count += len(rows)
        tell("rows", count)
        yield sum(len(key) + len(value) for key, value in rows)
        if not rows:
            return
        start = rows[-1][0] + b"\x00"


def _walk_blocks(snapshot: Snapshot, tell: Tell) -> Iterator[int]:
    height = 0
    while True:
        with snapshot() as reader:
            height = max(height + 1, reader.blocks_since)
            if height > reader.head.height:
                return
            reason = find_block_fault(reader, height)
            size = len(reader.encoded_block(height) or b"")
            if reason is not None:
                raise Damaged(reader.path, f"block {height}: {reason}", MEND_ADVICE)
        tell("blocks", height)
        yield size + WALK_BLOCK_BYTES


def _walk_headers(snapshot: Snapshot, tell: Tell) -> Iterator[int]:
    height = 0
    while True:
        with snapshot() as reader:
            height = max(height + 1, reader.headers_since)
            if height >= reader.blocks_since:
                return
            reason = _find_header_fault(reader, height)
            if reason is not None:
                raise Damaged(reader.path, f"header {height}: {reason}", MEND_ADVICE)
        tell("headers", height)
        yield WALK_BLOCK_BYTES


def _find_header_fault(reader: LedgerReader, height: int) -> str | None:
    header, following = reader.header(height), reader.header(height + 1)
    if header is None or (following is None and height < reader.head.height):
        return "it is not there"
    block_id = compute_block_id(header)
    if following is not None and following.previous_block_id != block_id:
        return "the header after it follows another one"
    if reader.height_of(block_id) != height:
        return "it is not found by its id"
    try:
        certificate, validators = reader.certificate(height), reader.validators(height)
    except Pruned:
        return None  # a snapshot did not bring them
    if certificate is None or validators is None:
        return "its certificate is not there"
    if (certificate.height, certificate.block_id) != (height, block_id):
        return "its certificate is for another block"
    try:
        verify_certificate(certificate, validators, reader.head.chain_id)
    except Invalid as error:
        return str(error)
    return None


def _walk_leaves(snapshot: Snapshot, tell: Tell) -> Iterator[int]:
    cursor, count = b"", 0
    while True:
        with snapshot() as reader:
            leaves = _read_leaves(reader, cursor)
            size = sum(_check_leaf(reader, leaf) for leaf in leaves)
        count += len(leaves)
        tell("leaves", count)
        yield size
        if not leaves:
            return
        cursor = leaves[-1] + b"\x00"


def _read_leaves(reader: LedgerReader, cursor: bytes) -> list[Leaf]:
    """The first leaves from the cursor on, some more than `WALK_ROWS` at most, under pages whose hashes lead to the root."""
    found: list[Leaf] = []
    history, top = reader.history, reader.history.root_page(reader.head.height)
    if top is None:
        return found

    def descend(at: PageKey, expected: bytes) -> None:
        page = history.page(at)
        if hash_page(page, 4 * len(at.path))[0] != expected:
            where = at.path.hex() or "the root"
            raise Damaged(
                reader.path,
                f"page at {where} of height {at.version} of the state tree: it has another hash than is stated",
                MEND_ADVICE,
            )
        if isinstance(page, Bucket):
            found.extend(leaf for leaf in page.leaves if leaf >= cursor)
            return
        for place in range(_first_place(cursor, at.path), FANOUT):
            version = page.version(place)
            if len(found) >= WALK_ROWS:
                return
            if version is not None:
                descend(PageKey(at.path + bytes((place,)), version), page.hash_at(FANOUT + place))

    if reader.head.state_root != EMPTY_STATE_ROOT:
        descend(top, reader.head.state_root)
    return found


def _first_place(cursor: bytes, path: bytes) -> int:
    """The first child below a way in which leaves from the cursor on may stand."""
    nibbles = [nibble for byte in cursor[:DIGEST_BYTES] for nibble in (byte >> 4, byte & 15)]
    if list(path) != nibbles[: len(path)]:
        return 0 if list(path) > nibbles[: len(path)] else FANOUT
    return nibbles[len(path)] if len(path) < len(nibbles) else 0


def _check_leaf(reader: LedgerReader, leaf: Leaf) -> int:
    key_hash = leaf[:DIGEST_BYTES]
    key = reader.row(state_name_key(key_hash))
    value = None if key is None else reader.row(state_key(key))
    if key is None or value is None or key_hash + hash_leaf(key_hash, value) != leaf:
        what = (
            "its name is not there" if key is None else f"entry {key.hex()} is not there, or is another one"
        )
        raise Damaged(reader.path, f"leaf {key_hash.hex()} of the state: {what}", MEND_ADVICE)
    return len(key) + len(value)


def _walk_entries(snapshot: Snapshot, tell: Tell) -> Iterator[int]:
    start, count = STATE.prefix, 0
    end = bytes([STATE.prefix[0] + 1])
    while True:
        with snapshot() as reader:
            rows = reader.rows(start, end, WALK_ROWS)
            for key, value in rows:
                key_hash = sha256(key[1:])
                if find_leaf_hash(reader.history, reader.head.height, key_hash) != hash_leaf(key_hash, value):
                    what = f"state entry {key[1:].hex()} is not that of the state tree"
                    raise Damaged(reader.path, what, MEND_ADVICE)
        count += len(rows)
        tell("entries", count)
        yield sum(len(key) + len(value) for key, value in rows)
        if not rows:
            return
        start = rows[-1][0] + b"\x00"
