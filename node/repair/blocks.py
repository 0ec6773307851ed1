"""The chain of blocks made whole, from the head back: each header is held to the id that the one after it states.

Under a header stand its block by its commitments, the results by the root in the next header, validators and parameters by
their hashes, and the certificate by the block that it names. What does not hold or is not there is taken from another row
that has it too, or else fetched. The rows by which blocks and transactions are found are made anew.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from chain.block import (
    Block,
    CertifiedBlock,
    Header,
    check_commitments,
    compute_block_id,
    compute_transactions_root,
    decode_block,
    decode_header,
    encode_block,
    encode_header,
)
from chain.certificate import Certificate, decode_certificate, encode_certificate, verify_certificate
from chain.errors import Invalid, Malformed
from chain.evidence import offence_of
from chain.hashing import Digest
from chain.merkle import compute_merkle_root
from chain.parameters import Parameters, decode_parameters, encode_parameters, parameters_hash
from chain.validators import ValidatorSet, decode_validators, encode_validators
from chain.vote import BlockId, Height
from node.repair.source import Lost, Source
from node.store.keys import (
    BLOCK_IDS,
    BLOCKS,
    CERTIFICATES,
    EVIDENCE,
    HAND_OVERS,
    HEADERS,
    PARAMETERS,
    RESULTS,
    VALIDATORS,
    block_id_key,
    encode_height,
    hash_key,
    height_key,
    location_key,
    offence_key,
)
from node.store.records import decode_results, encode_location, split_ids
from node.store.store import Batch, StoreReader
from p2p.messages import RowKind

T = TypeVar("T")


class BlocksRepair:
    """Rows of blocks in the new store. Methods put what is missing into the batch they are given."""

    def __init__(self, store: StoreReader, source: Source, chain_id: str) -> None:
        self._store = store
        self._source = source
        self._chain_id = chain_id
        self.fetched: list[str] = []
        self._validators: dict[Digest, ValidatorSet] = {}
        self._parameters: dict[Digest, Parameters] = {}

    def validators(self, digest: Digest, batch: Batch) -> ValidatorSet:
        """The set of a hash. Raises `Lost`."""
        if digest in self._validators:
            return self._validators[digest]
        key = hash_key(VALIDATORS, digest)
        found = _decode(self._store.get(key), decode_validators)
        if found is None or found.hash != digest:
            found = self._fetch_row(
                RowKind.VALIDATORS, Height(0), digest, decode_validators, lambda one: one.hash == digest
            )
            batch.put(key, encode_validators(found))
        self._validators[digest] = found
        return found

    def parameters(self, digest: Digest, batch: Batch) -> Parameters:
        """The parameters of a hash. Raises `Lost`."""
        if digest in self._parameters:
            return self._parameters[digest]
        key = hash_key(PARAMETERS, digest)
        found = _decode(self._store.get(key), decode_parameters)
        if found is None or parameters_hash(found) != digest:
            found = self._fetch_row(
                RowKind.PARAMETERS,
                Height(0),
                digest,
                decode_parameters,
                lambda one: parameters_hash(one) == digest,
            )
            batch.put(key, encode_parameters(found))
        self._parameters[digest] = found
        return found

    def header(self, height: Height, block_id: BlockId, batch: Batch) -> Header:
        """The header of an id; what it names by hash is there as well. Raises `Lost`."""
        key = height_key(HEADERS, height)
        found = _decode(self._store.get(key), decode_header)
        if found is None or compute_block_id(found) != block_id:
            block = _decode(self._store.get(height_key(BLOCKS, height)), decode_block)
            is_held = block is not None and compute_block_id(block.header) == block_id
            found = block.header if is_held and block is not None else self._fetch_header(height, block_id)
            batch.put(key, encode_header(found))
        batch.put(block_id_key(block_id), encode_height(height))
        if found.next_validators_hash != found.validators_hash:
            batch.put(height_key(HAND_OVERS, height), b"")
        self.validators(found.validators_hash, batch)
        self.validators(found.next_validators_hash, batch)
        self.parameters(found.parameters_hash, batch)
        return found

    def certificate(self, header: Header, following: Certificate | None, batch: Batch) -> Certificate:
        """What decided a block; `following` is the one that the next block holds, if there is one. Raises `Lost`."""
        key, block_id = height_key(CERTIFICATES, header.height), compute_block_id(header)
        found = _decode(self._store.get(key), decode_certificate)
        if found is None or not self._is_certificate_of(found, header, block_id, batch):
            found = following or self._fetch_certificate(header, block_id, batch)
            batch.put(key, encode_certificate(found))
        if following is not None and header.next_validators_hash != header.validators_hash:
            batch.put(height_key(HAND_OVERS, header.height), encode_certificate(following))
        return found

    def block(self, header: Header, batch: Batch) -> Block:
        """The block of a header, with the rows by which it and its transactions are found. Raises `Lost`."""
        key = height_key(BLOCKS, header.height)
        found = _decode(self._store.get(key), decode_block)
        if found is None or not _is_block_of(found, header):
            found = self._fetch_block(header)
            batch.put(key, encode_block(found))
        ids = found.compact().transaction_ids
        batch.put(height_key(BLOCK_IDS, header.height), b"".join(ids))
        for index, transaction_id in enumerate(ids):
            batch.put(location_key(transaction_id), encode_location(header.height, index, header.time_ms))
        for offence in map(offence_of, found.evidence):
            batch.put(offence_key(EVIDENCE, offence), encode_height(header.height))
        return found

    def results(self, height: Height, count: int, root: Digest, batch: Batch) -> None:
        """The results of a block, under the root that follows it. Raises `Lost`."""
        key = height_key(RESULTS, height)

        def is_whole(results: tuple[bytes, ...]) -> bool:
            return len(results) == count and compute_merkle_root(results) == root

        own = _decode(self._store.get(key), decode_results)
        if own is not None and is_whole(own):
            return
        self._fetch_row(
            RowKind.RESULTS, height, b"", decode_results, is_whole, lambda row: batch.put(key, row)
        )

    def replay_ids(self, header: Header, now_ms: int, batch: Batch) -> None:
        """The ids of a block that is not kept, while they may not come again: a ledger that began with a snapshot has
        such blocks. Raises `Lost`."""
        window_ms = self.parameters(header.parameters_hash, batch).window_ms
        if header.time_ms + window_ms <= now_ms:
            return
        key = height_key(BLOCK_IDS, header.height)
        own = _decode(self._store.get(key), split_ids)
        if own is None or compute_transactions_root(own) != header.transactions_root:
            batch.put(key, b"".join(self._fetch_block(header).compact().transaction_ids))

    def _fetch_header(self, height: Height, block_id: BlockId) -> Header:
        def is_it(header: Header) -> bool:
            return compute_block_id(header) == block_id

        return self._fetch_row(RowKind.HEADER, height, b"", decode_header, is_it)

    def _fetch_certificate(self, header: Header, block_id: BlockId, batch: Batch) -> Certificate:
        def accept(rows: Sequence[bytes]) -> Certificate | None:
            found = _decode(rows[-1], decode_certificate)
            is_it = found is not None and self._is_certificate_of(found, header, block_id, batch)
            return found if is_it else None

        what = f"certificate of height {header.height}"
        return self._need(self._source.rows(RowKind.HEADER, header.height, b"", accept), what)

    def _is_certificate_of(self, found: Certificate, header: Header, block_id: BlockId, batch: Batch) -> bool:
        """By its signatures too: LevelDB's own repair of its files reads its log without checking sums."""
        if (found.height, found.block_id) != (header.height, block_id):
            return False
        try:
            verify_certificate(found, self.validators(header.validators_hash, batch), self._chain_id)
        except Invalid:
            return False
        return True

    def _fetch_block(self, header: Header) -> Block:
        def accept(certified: CertifiedBlock) -> Block | None:
            return certified.block if _is_block_of(certified.block, header) else None

        return self._need(self._source.block(header.height, accept), f"block {header.height}")

    def _fetch_row(
        self,
        kind: RowKind,
        height: Height,
        key: bytes,
        decoder: Callable[[bytes], T],
        is_it: Callable[[T], bool],
        on_row: Callable[[bytes], None] = lambda _: None,
    ) -> T:
        def accept(rows: Sequence[bytes]) -> T | None:
            found = _decode(rows[0], decoder)
            if found is None or not is_it(found):
                return None
            on_row(rows[0])
            return found

        what = f"{kind.name.lower()} of {key.hex() or f'height {height}'}"
        return self._need(self._source.rows(kind, height, key, accept), what)

    def _need(self, found: T | None, what: str) -> T:
        if found is None:
            raise Lost(what)
        self.fetched.append(what)
        return found


def _is_block_of(block: Block, header: Header) -> bool:
    if block.header != header:
        return False
    try:
        check_commitments(block.compact())
    except Invalid:
        return False
    return True


def _decode(data: bytes | None, decoder: Callable[[bytes], T]) -> T | None:
    if data is None:
        return None
    try:
        return decoder(data)
    except Malformed:
        return None
