"""Rows of a ledger that begins with a snapshot: what a node that carried out every block has of that height, and no blocks.

It has headers from the beginning of the replay window on, with the ids that may not come again, and below those the headers
at which validators handed over, with what decided them: so it can make snapshots itself. `blocks since` is the height after
the snapshot, `state since` the snapshot's, and so is `evidence since`: blocks up to it have evidence of earlier heights alone.
"""

from collections.abc import Sequence
from hashlib import sha256

from chain.block import Header, compute_block_id, encode_header
from chain.bundle import BundleBlock
from chain.certificate import encode_certificate
from chain.hashing import Digest
from chain.parameters import encode_parameters, parameters_hash
from chain.snapshot_chunks import Row, WindowEntry
from chain.validators import ValidatorSet, encode_validators
from node.head import Head
from node.store.keys import (
    BLOCK_IDS,
    BLOCKS_SINCE_KEY,
    CERTIFICATES,
    EVIDENCE_SINCE_KEY,
    FORMAT_KEY,
    GENESIS_KEY,
    HAND_OVERS,
    HEADERS,
    HEADERS_SINCE_KEY,
    PARAMETERS,
    STATE_SINCE_KEY,
    VALIDATORS,
    block_id_key,
    encode_height,
    hash_key,
    height_key,
    state_key,
    state_name_key,
)
from node.store.ledger import FORMAT, put_head
from node.store.store import Batch
from vm.tree.hashing import hash_leaf


def put_hand_over(batch: Batch, block: BundleBlock) -> None:
    """A block at which validators hand over, and to whom."""
    height, following = block.header.height, block.next_validators
    assert following is not None, "it was checked that somebody follows"
    _put_header(batch, block.header)
    batch.put(height_key(CERTIFICATES, height), encode_certificate(block.certificate))
    batch.put(height_key(HAND_OVERS, height), encode_certificate(block.certificate))
    _put_validators(batch, following)


def put_window(batch: Batch, entry: WindowEntry) -> None:
    """A header of the window, with what comes with it."""
    _put_header(batch, entry.header)
    if entry.ids is not None:
        batch.put(height_key(BLOCK_IDS, entry.header.height), b"".join(entry.ids))
    if entry.parameters is not None:
        key = hash_key(PARAMETERS, parameters_hash(entry.parameters))
        batch.put(key, encode_parameters(entry.parameters))


def put_rows(batch: Batch, leaves: Batch, rows: Sequence[Row]) -> None:
    """Entries of the state; their leaves go to a store of their own, which puts them in the order of their hashes."""
    for key, value in rows:
        key_hash = sha256(key).digest()
        batch.put(state_key(key), value)
        batch.put(state_name_key(key_hash), key)
        leaves.put(key_hash, hash_leaf(key_hash, value))


def put_beginning(
    batch: Batch, genesis_hash: Digest, founders: ValidatorSet, head: Head, headers_since: int
) -> None:
    """What makes a ledger of all of it."""
    assert head.certificate is not None, "a snapshot is of a block"
    batch.put(FORMAT_KEY, FORMAT)
    batch.put(GENESIS_KEY, genesis_hash)
    batch.put(height_key(CERTIFICATES, head.height), encode_certificate(head.certificate))
    batch.put(STATE_SINCE_KEY, encode_height(head.height))
    batch.put(BLOCKS_SINCE_KEY, encode_height(head.next_height))
    batch.put(HEADERS_SINCE_KEY, encode_height(headers_since))
    batch.put(EVIDENCE_SINCE_KEY, encode_height(head.height))
    _put_validators(batch, founders)
    put_head(batch, head)


def _put_header(batch: Batch, header: Header) -> None:
    batch.put(height_key(HEADERS, header.height), encode_header(header))
    batch.put(block_id_key(compute_block_id(header)), encode_height(header.height))


def _put_validators(batch: Batch, validators: ValidatorSet) -> None:
    batch.put(hash_key(VALIDATORS, validators.hash), encode_validators(validators))
