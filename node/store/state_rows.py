"""The state in the store: values as contracts read them, the tree over them, and what older heights need of both.

    S state key     -> value                     the state now, in the order in which contracts walk it
    K hash of a key -> state key                 the tree knows keys by their hashes; a proof tells the key
    Z height, way   -> page of the tree          never changed: a height writes its own beside the older ones
    D height        -> hashes of the keys that it changed, in order, so that one is found without reading all
    A height        -> those keys, with the value of each before
    X height        -> pages that it replaced

The value of an older height is what the first height after it put aside, or else the one of now. A height's own D, A and X
serve the heights before it alone: so the oldest are forgotten one after the other, by what their X names. Rows by height
are written where no older row is; LevelDB moves them along instead of sorting them in.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.codec import Value, as_array, as_bytes, decode, encode
from chain.hashing import DIGEST_BYTES, sha256
from chain.limits import PROOF_KEY_BYTES_MAX, PROOF_VALUE_BYTES_MAX, STORE_RECORD_BYTES_MAX
from node.store.keys import (
    STATE_BEFORE,
    STATE_CHANGED,
    STATE_REPLACED,
    STATE_SINCE_KEY,
    encode_height,
    height_key,
    page_key,
    state_key,
    state_name_key,
)
from node.store.store import Batch
from vm.state import Change, StateUpdate
from vm.tree.nodes import encode_page


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """What stood under a state key before a height changed it; None where nothing did."""

    key: bytes
    value: bytes | None


def put_state(batch: Batch, state: StateUpdate, height: int) -> None:
    """Everything that a block's changes are in the store; height 0 has none before it to keep anything for."""
    if state.tree is None:
        return
    for change, key_hash in zip(state.changes, state.key_hashes, strict=True):
        _put_value(batch, change, key_hash)
    for key, page in state.tree.written:
        batch.put(page_key(key), encode_page(page))
    if height > 0:
        before = [(change.key, change.before) for change in state.changes]
        batch.put(height_key(STATE_CHANGED, height), b"".join(state.key_hashes))
        batch.put(height_key(STATE_BEFORE, height), encode(before))
        batch.put(height_key(STATE_REPLACED, height), encode([page_key(key) for key in state.tree.stale]))


def _put_value(batch: Batch, change: Change, key_hash: bytes) -> None:
    if change.after is None:
        batch.delete(state_key(change.key))
        batch.delete(state_name_key(key_hash))
        return
    batch.put(state_key(change.key), change.after)
    if change.before is None:
        batch.put(state_name_key(key_hash), change.key)


def put_back(batch: Batch, asides: Sequence[Aside]) -> None:
    """Brings back what a height put aside."""
    for aside in asides:
        key_hash = sha256(aside.key)
        if aside.value is None:
            batch.delete(state_key(aside.key))
            batch.delete(state_name_key(key_hash))
        else:
            batch.put(state_key(aside.key), aside.value)
            batch.put(state_name_key(key_hash), aside.key)


def forget_states(batch: Batch, oldest: Sequence[tuple[int, Sequence[bytes]]]) -> None:
    """Lets go of what only the heights before these needed; with each the pages that it replaced."""
    for height, pages in oldest:
        for page in pages:
            batch.delete(page)
        for table in (STATE_CHANGED, STATE_BEFORE, STATE_REPLACED):
            batch.delete(height_key(table, height))
        batch.put(STATE_SINCE_KEY, encode_height(height))


def find_changed(joined: bytes, key_hash: bytes) -> int | None:
    """The place of a key's hash among those in a D row, or None."""
    low, high = 0, len(joined) // DIGEST_BYTES
    while low < high:
        middle = (low + high) // 2
        if joined[middle * DIGEST_BYTES : (middle + 1) * DIGEST_BYTES] < key_hash:
            low = middle + 1
        else:
            high = middle
    return low if joined[low * DIGEST_BYTES : (low + 1) * DIGEST_BYTES] == key_hash else None


def decode_before(data: bytes) -> tuple[Aside, ...]:
    """The entries of an A row; raises `Malformed`."""
    return tuple(
        _aside_from(item) for item in as_array(decode(data, bytes_max=STORE_RECORD_BYTES_MAX), "before")
    )


def _aside_from(value: Value) -> Aside:
    key, before = as_array(value, "put aside", 2)
    return Aside(
        key=as_bytes(key, "state key", length_max=PROOF_KEY_BYTES_MAX),
        value=None if before is None else as_bytes(before, "value", length_max=PROOF_VALUE_BYTES_MAX),
    )


def decode_replaced(data: bytes) -> tuple[bytes, ...]:
    """The page keys of an X row; raises `Malformed`."""
    pages = as_array(decode(data, bytes_max=STORE_RECORD_BYTES_MAX), "replaced")
    return tuple(as_bytes(page, "page key") for page in pages)
