"""One state entry for whoever asks by RPC: which height it is of, and whether that height's state is still kept."""

from chain.hashing import DIGEST_BYTES, Digest
from chain.ics23 import CommitmentProof
from chain.ics23_codec import encode_proof
from chain.vote import Height
from node.store.reading import LedgerReader
from node.store.state_history import StateHistory
from rpc.backend import Refused, StateAnswer
from vm.tree.nodes import Branch, encode_page


def read_entry(reader: LedgerReader, key: bytes, height: Height | None, *, prove: bool) -> StateAnswer:
    """See `rpc.backend.Backend.state_entry`."""
    head = reader.head.height
    of = Height(max(0, head - 1) if prove else head) if height is None else height
    _check_kept(reader, of)
    return StateAnswer(
        value=reader.history.value(key, of),
        height=of,
        proof=encode_proof(_prove(reader, key, of)) if prove else None,
    )


def read_page(reader: LedgerReader, height: Height, path: bytes) -> bytes | None:
    """See `rpc.backend.Backend.state_page`."""
    _check_kept(reader, height)
    page = reader.history.page_at(height, path)
    return None if page is None else encode_page(page)


def read_leaf(reader: LedgerReader, height: Height, key_hash: Digest) -> tuple[bytes, bytes] | None:
    """See `rpc.backend.Backend.state_leaf`."""
    _check_kept(reader, height)
    return find_leaf(reader.history, height, key_hash)


def find_leaf(history: StateHistory, height: Height, key_hash: Digest) -> tuple[bytes, bytes] | None:
    """Key and value of a leaf of a height's tree, if the tree has it."""
    return None if find_leaf_hash(history, height, key_hash) is None else history.entry(key_hash, height)


def find_leaf_hash(history: StateHistory, height: Height, key_hash: Digest) -> Digest | None:
    """The hash of a leaf of a height's tree, as its page has it; None if the tree has none of that key."""
    path = b"".join(bytes([byte >> 4, byte & 15]) for byte in key_hash)
    for length in range(len(path) + 1):
        page = history.page_at(height, path[:length])
        if page is None:
            return None
        if not isinstance(page, Branch):
            found = (leaf for leaf in page.leaves if leaf.startswith(key_hash))
            return next((Digest(leaf[DIGEST_BYTES:]) for leaf in found), None)
    return None


def _check_kept(reader: LedgerReader, height: Height) -> None:
    since, head = reader.history.since, reader.head.height
    if not since <= height <= head:
        earlier = ": earlier states are not kept" if height < since else ""
        raise Refused(f"height: the state of heights {since} to {head} is kept here, got {height}{earlier}")


def _prove(reader: LedgerReader, key: bytes, height: Height) -> CommitmentProof:
    proof = reader.history.prove(key, height, _find_root(reader, height))
    if proof is None:
        raise Refused(f"the state of height {height} is empty, of which there is no proof")
    return proof


def _find_root(reader: LedgerReader, height: Height) -> Digest:
    """The root after a height: what the next header says."""
    if height == reader.head.height:
        return reader.head.state_root
    after = reader.header(height + 1)
    assert after is not None, "there is a header at each height up to the head"
    return after.state_root
