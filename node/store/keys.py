"""Which rows the store has: a table first, then one function for each kind of key.

One byte says the kind. Heights are 8 bytes big-endian, so that the order of keys is the order of heights; hashes stand
as they are. Blocks are kept whole, one row each, as they are served to those who were away: one write for a block of
6,000 transactions instead of 6,000, and 10^5 blocks are 10^5 rows. A single transaction is found through its location
and costs the reading of its block (3 ms for the largest, tens of microseconds for a usual one). Pages of the state tree,
most of what is written, stand after all other rows: files of new ones then overlap with nothing in LevelDB's lower
levels, and are moved there as they are instead of being merged.
"""

from typing import NamedTuple

from chain.evidence import Offence
from chain.hashing import Digest
from chain.transaction import TxId
from chain.vote import BlockId
from vm.tree.nodes import PageKey


class Table(NamedTuple):
    """One kind of row: its first key byte, the rest of the key, and the value."""

    prefix: bytes
    key: str
    value: str


HEADERS = Table(b"H", "height", "header")
BLOCKS = Table(b"B", "height", "block with bodies, evidence and the certificate before it")
HEIGHTS = Table(b"I", "block id", "height")
CERTIFICATES = Table(b"C", "height", "certificate that decided the block")
RESULTS = Table(b"R", "height", "array of encoded results, in the order of transactions")
BLOCK_IDS = Table(b"W", "height", "ids of the block's transactions, joined")
LOCATIONS = Table(b"T", "transaction id", "height, index (4 bytes), block time in ms")
HAND_OVERS = Table(
    b"G", "height", "certificate in the next block, once it is there: validators hand over to others"
)
VALIDATORS = Table(b"V", "hash of a validator set", "validator set")
PARAMETERS = Table(b"P", "hash of parameters", "parameters")
STATE = Table(b"S", "state key of the contract machine", "state value")
STATE_KEYS = Table(b"K", "hash of a state key", "the state key, while there is a value under it")
STATE_PAGES = Table(b"Z", "height, way from the root", "page of the state tree that this height wrote")
STATE_CHANGED = Table(b"D", "height", "hashes of the state keys that this height changed, in order, joined")
STATE_BEFORE = Table(b"A", "height", "those state keys, and the value of each before, in the same order")
STATE_REPLACED = Table(b"X", "height", "keys of the pages that this height replaced")
EVIDENCE = Table(
    b"E", "height, validator, round and kind of an offence", "height of the block that has its evidence"
)
EVIDENCE_WAITING = Table(b"Q", "the same", "evidence that no block has yet")
META = Table(
    b"M",
    "name",
    "format version, genesis hash, head record, oldest heights whose state, blocks, headers and evidence are known, sizes",
)

TABLES = (
    HEADERS, BLOCKS, HEIGHTS, CERTIFICATES, RESULTS, BLOCK_IDS, LOCATIONS, HAND_OVERS, VALIDATORS, PARAMETERS,
    STATE, STATE_KEYS, STATE_PAGES, STATE_CHANGED, STATE_BEFORE, STATE_REPLACED,
    EVIDENCE, EVIDENCE_WAITING, META,
)  # fmt: skip

HEAD_KEY = META.prefix + b"head"
GENESIS_KEY = META.prefix + b"genesis"
FORMAT_KEY = META.prefix + b"format"
STATE_SINCE_KEY = META.prefix + b"state since"
BLOCKS_SINCE_KEY = META.prefix + b"blocks since"
GROWTH_KEY = META.prefix + b"growth"
HEADERS_SINCE_KEY = META.prefix + b"headers since"
EVIDENCE_SINCE_KEY = META.prefix + b"evidence since"

STATE_END = bytes([STATE.prefix[0] + 1])
"""First key after all state."""


def encode_height(height: int) -> bytes:
    """8 bytes, big-endian."""
    return height.to_bytes(8, "big")


def decode_height(data: bytes) -> int:
    """Inverse of `encode_height`."""
    assert len(data) == 8, f"a stored height has 8 bytes, got {len(data)}"
    return int.from_bytes(data, "big")


def height_key(table: Table, height: int) -> bytes:
    """Key of a row by height."""
    return table.prefix + encode_height(height)


def block_id_key(block_id: BlockId) -> bytes:
    """Key of the height of a block."""
    return HEIGHTS.prefix + block_id


def location_key(transaction_id: TxId) -> bytes:
    """Key of a transaction's location."""
    return LOCATIONS.prefix + transaction_id


def hash_key(table: Table, digest: Digest) -> bytes:
    """Key of a row that is found by the hash of its content."""
    return table.prefix + digest


def state_key(key: bytes) -> bytes:
    """Key of a state row."""
    return STATE.prefix + key


def state_name_key(key_hash: bytes) -> bytes:
    """Key of the row that tells which state key has a hash."""
    return STATE_KEYS.prefix + key_hash


def offence_key(table: Table, offence: Offence) -> bytes:
    """Key of what is known of an offence; those of one height stand together, after everything older."""
    place = offence.round.to_bytes(4, "big") + bytes([offence.kind])
    return height_key(table, offence.height) + offence.validator + place


def page_key(page: PageKey) -> bytes:
    """Key of a page of the state tree. What a height writes stands together, after everything older."""
    return STATE_PAGES.prefix + encode_height(page.version) + page.path
