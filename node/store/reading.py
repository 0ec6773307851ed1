"""Reading the ledger: blocks, what decided them, what they did, and the state of the contracts.

What was let go is told apart from what never was: below `blocks_since` a block, its results and its list of ids raise
`Pruned`, below `headers_since` all else of a height does.

The same reader works over the open store and over a snapshot of it, for threads that must see one height whole. What
fails to decode was written by this node, so it is damage and not somebody's mistake.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from chain.block import Block, CertifiedBlock, Header, compute_block_id, decode_block, decode_header
from chain.certificate import Certificate, decode_certificate
from chain.errors import Malformed
from chain.evidence import DuplicateVote, Offence, decode_evidence
from chain.hashing import Digest
from chain.limits import EVIDENCE_PENDING_MAX, HEIGHT_MAX, LINEAGE_CHANGES_MAX
from chain.parameters import Parameters, decode_parameters
from chain.pruned import Pruned
from chain.result import TransactionResult, decode_result
from chain.transaction import TxId
from chain.validators import ValidatorSet, decode_validators
from chain.vote import BlockId, Height
from machine.faults import Damaged
from node.head import Head
from node.store.keys import (
    BLOCK_IDS,
    BLOCKS,
    BLOCKS_SINCE_KEY,
    CERTIFICATES,
    EVIDENCE,
    EVIDENCE_SINCE_KEY,
    EVIDENCE_WAITING,
    HAND_OVERS,
    HEADERS,
    HEADERS_SINCE_KEY,
    PARAMETERS,
    RESULTS,
    STATE_END,
    VALIDATORS,
    Table,
    block_id_key,
    decode_height,
    hash_key,
    height_key,
    location_key,
    offence_key,
    state_key,
)
from node.store.records import TxLocation, decode_location, decode_results, split_ids
from node.store.state_history import StateHistory
from node.store.store import MEND_ADVICE, StoreReader

T = TypeVar("T")


class StateView:
    """State of the contracts, as the contract machine reads it: keys without the store's prefix."""

    def __init__(self, reader: StoreReader) -> None:
        self._reader = reader

    def get(self, key: bytes) -> bytes | None:
        """The value of a state key."""
        return self._reader.get(state_key(key))

    def iterate(self, start: bytes, end: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        """At most `limit` rows with start <= key < end in order of keys; an empty `end` is the end of all state."""
        last = state_key(end) if end else STATE_END
        return [(key[1:], value) for key, value in self._reader.iterate(state_key(start), last, limit=limit)]


class Records:
    """Rows as the types they hold; damage is named by what could not be read."""

    def __init__(self, reader: StoreReader, path: Path) -> None:
        self._reader = reader
        self._path = path

    def read(self, key: bytes, decoder: Callable[[bytes], T], what: str) -> T | None:
        """The row of `key` decoded, or None."""
        data = self._reader.get(key)
        return None if data is None else self.decode(data, decoder, what)

    def decode(self, data: bytes, decoder: Callable[[bytes], T], what: str) -> T:
        """`data` decoded; raises `Damaged` where the decoder refuses."""
        try:
            return decoder(data)
        except Malformed as error:
            raise Damaged(self._path, f"{what} cannot be read: {error}", MEND_ADVICE) from error

    def validators(self, digest: Digest) -> ValidatorSet:
        """A set that some header or the head names."""
        return self._need(VALIDATORS, digest, decode_validators)

    def parameters(self, digest: Digest) -> Parameters:
        """Parameters that some header or the head names."""
        return self._need(PARAMETERS, digest, decode_parameters)

    def _need(self, table: Table, digest: Digest, decoder: Callable[[bytes], T]) -> T:
        found = self.read(hash_key(table, digest), decoder, f"{table.value} {digest.hex()}")
        if found is None:
            raise Damaged(self._path, f"{table.value} {digest.hex()} is named but not there", MEND_ADVICE)
        return found


class LedgerReader:
    """Everything that can be asked of the ledger at one head. Safe from any thread."""

    def __init__(self, reader: StoreReader, head: Head, path: Path) -> None:
        self._reader = reader
        self._records = Records(reader, path)
        self.path = path
        self.head = head
        self.state = StateView(reader)
        self.history = StateHistory(reader, path)

    @property
    def blocks_since(self) -> Height:
        """The oldest height whose block, results and places of transactions are kept; 1 where nothing was let go."""
        return self._since(BLOCKS_SINCE_KEY)

    @property
    def headers_since(self) -> Height:
        """The oldest height whose header is kept: 1, but for a ledger that began with a snapshot."""
        return self._since(HEADERS_SINCE_KEY)

    def _since(self, key: bytes) -> Height:
        data = self._reader.get(key)
        return Height(1 if data is None else decode_height(data))

    def _of_block(self, table: Table, height: int, decoder: Callable[[bytes], T], what: str) -> T | None:
        """A row that goes with its block. Raises `Pruned`."""
        found = self._records.read(height_key(table, height), decoder, f"{what} {height}")
        if found is None and 1 <= height < (since := self.blocks_since):
            raise Pruned(height, since, "blocks")
        return found

    def row(self, key: bytes) -> bytes | None:
        """A row as it is stored."""
        return self._reader.get(key)

    def rows(self, start: bytes, end: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        """The first rows with start <= key < end, as they are stored."""
        return self._reader.iterate(start, end, limit=limit)

    def encoded_block(self, height: int) -> bytes | None:
        """A block as it is stored and sent, or None above the head. Raises `Pruned`."""
        return self._of_block(BLOCKS, height, lambda data: data, "block")

    def block(self, height: int) -> Block | None:
        """A whole block, or None above the head. Raises `Pruned`."""
        return self._of_block(BLOCKS, height, decode_block, "block")

    def header(self, height: int) -> Header | None:
        """A block's header, or None above the head. Raises `Pruned` below `headers_since`."""
        found = self._records.read(height_key(HEADERS, height), decode_header, f"header {height}")
        if found is None and 1 <= height < (since := self.headers_since):
            raise Pruned(height, since, "headers")
        return found

    def block_id(self, height: int) -> BlockId | None:
        """The id of a committed block, or None above the head."""
        header = self.header(height)
        return None if header is None else compute_block_id(header)

    def certificate(self, height: int) -> Certificate | None:
        """What decided a block here, or None above the head. Raises `Pruned` where a snapshot did not bring it."""
        return self._of_block(CERTIFICATES, height, decode_certificate, "certificate")

    def certificate_of_hand_over(self, height: int) -> Certificate | None:
        """The certificate that the next block holds, where validators hand over: the same at every node, while each has its
        own of what it saw decided. That one is given where the next block is not there, or came by a repair.
        """
        what = f"hand-over {height}"
        kept = self._records.read(height_key(HAND_OVERS, height), lambda data: data, what)
        return self._records.decode(kept, decode_certificate, what) if kept else self.certificate(height)

    def certified_block(self, height: int) -> CertifiedBlock | None:
        """A block with what decided it, or None above the head. Raises `Pruned`."""
        block, certificate = self.block(height), self.certificate(height)
        if block is None or certificate is None:
            return None
        return CertifiedBlock(block=block, certificate=certificate)

    def encoded_results(self, height: int) -> tuple[bytes, ...] | None:
        """Results of a block as they are hashed, in the order of its transactions. Raises `Pruned`."""
        return self._of_block(RESULTS, height, decode_results, "results")

    def results(self, height: int) -> tuple[TransactionResult, ...] | None:
        """Results of a block in the order of its transactions, or None above the head. Raises `Pruned`."""
        encoded = self.encoded_results(height)
        if encoded is None:
            return None
        return tuple(self._records.decode(item, decode_result, f"results {height}") for item in encoded)

    def result(self, location: TxLocation) -> TransactionResult | None:
        """The result of one transaction. Raises `Pruned`."""
        encoded = self.encoded_results(location.height)
        if encoded is None:
            return None
        return self._records.decode(encoded[location.index], decode_result, f"results {location.height}")

    def height_of(self, block_id: BlockId) -> Height | None:
        """The height of a committed block."""
        data = self._reader.get(block_id_key(block_id))
        return None if data is None else Height(decode_height(data))

    def transaction_ids(self, height: int) -> tuple[TxId, ...] | None:
        """Ids of a block's transactions in order, without reading the bodies. Raises `Pruned`."""
        return self._of_block(BLOCK_IDS, height, split_ids, "transaction ids")

    def replay_ids(self, height: int) -> tuple[TxId, ...]:
        """Ids of a block whose transactions may not have expired; also where its body is not here."""
        ids = self._records.read(height_key(BLOCK_IDS, height), split_ids, f"transaction ids {height}")
        if ids is None:
            raise self._missing(height)
        return ids

    def _missing(self, height: int) -> Damaged:
        return Damaged(self.path, f"block {height} of {self.head.height} is not there", MEND_ADVICE)

    def tx_location(self, transaction_id: TxId) -> TxLocation | None:
        """Where a transaction was committed, if it stands in a block that is kept."""
        return self._records.read(location_key(transaction_id), decode_location, "transaction location")

    def transaction(self, location: TxLocation) -> bytes | None:
        """The bytes of one committed transaction; reads its whole block. Raises `Pruned`."""
        block = self.block(location.height)
        return None if block is None else block.transactions[location.index]

    def validators(self, height: int) -> ValidatorSet | None:
        """The set that decides a height: known up to two above the head. Raises `Pruned` as `header`."""
        if height == self.head.next_height:
            return self.head.validators
        if height == self.head.next_height + 1:
            return self.head.next_validators
        header = self.header(height)
        return None if header is None else self._records.validators(header.validators_hash)

    def read_validators(self, digest: Digest) -> ValidatorSet:
        """A set that a header names."""
        return self._records.validators(digest)

    @property
    def hand_overs(self) -> tuple[Height, ...]:
        """Heights whose validators hand over to others, from the first block on; one more than there may be at most."""
        start, end = height_key(HAND_OVERS, 1), height_key(HAND_OVERS, HEIGHT_MAX)
        rows = self._reader.iterate(start, end, limit=LINEAGE_CHANGES_MAX + 1)
        return tuple(Height(decode_height(key[len(HAND_OVERS.prefix) :])) for key, _ in rows)

    def parameters(self, height: int) -> Parameters | None:
        """Parameters in force at a height: known up to one above the head. Raises `Pruned` as `header`."""
        if height == self.head.next_height:
            return self.head.parameters
        header = self.header(height)
        return None if header is None else self._records.parameters(header.parameters_hash)

    @property
    def evidence_since(self) -> Height:
        """The height from which on this ledger knows what evidence stands in blocks; later than genesis after a snapshot."""
        return max(self._since(EVIDENCE_SINCE_KEY), self.headers_since)

    def evidence_height(self, offence: Offence) -> Height | None:
        """The block that has evidence of an offence; None if none has, or the offence has expired."""
        data = self._reader.get(offence_key(EVIDENCE, offence))
        return None if data is None else Height(decode_height(data))

    def waiting_evidence(self) -> tuple[DuplicateVote, ...]:
        """Evidence that was kept for a block, the oldest offence first."""
        start, end = EVIDENCE_WAITING.prefix, bytes([EVIDENCE_WAITING.prefix[0] + 1])
        rows = self._reader.iterate(start, end, limit=2 * EVIDENCE_PENDING_MAX)
        return tuple(self._records.decode(data, decode_evidence, "waiting evidence") for _, data in rows)
