"""What the store's own records hold beyond the ledger's types: the head, results of a block, where a transaction is.

The head names its validator sets and parameters by hash; each is stored once, however many heights it serves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from struct import Struct

from chain.certificate import certificate_from, certificate_value
from chain.codec import Value, as_array, as_bool, as_bytes, as_hashes, as_text, as_uint, decode, encode
from chain.hashing import DIGEST_BYTES, Digest
from chain.limits import (
    BLOCK_TRANSACTIONS_MAX,
    CERTIFICATE_BYTES_MAX,
    CHAIN_ID_BYTES_MAX,
    HEIGHT_MAX,
    RESULT_BYTES_MAX,
    STORE_RECORD_BYTES_MAX,
)
from chain.parameters import Parameters, parameters_hash
from chain.time import TIME_MS_MAX
from chain.transaction import TxId
from chain.validators import ValidatorSet
from chain.vote import Height, block_id_from
from node.head import Head

_HEAD_BYTES_MAX = CERTIFICATE_BYTES_MAX + 1024
_LOCATION = Struct(">QIQ")


@dataclass(frozen=True, slots=True, kw_only=True)
class TxLocation:
    """Where a committed transaction stands, and the time of its block."""

    height: Height
    index: int
    time_ms: int


def encode_head(head: Head) -> bytes:
    """The head record, sets and parameters by hash."""
    return encode(
        (
            head.chain_id,
            head.height,
            head.block_id,
            head.time_ms,
            None if head.certificate is None else certificate_value(head.certificate),
            head.results_root,
            head.state_root,
            head.last_validators.hash,
            head.validators.hash,
            head.next_validators.hash,
            parameters_hash(head.parameters),
            head.has_transactions,
        )
    )


def decode_head(
    data: bytes,
    find_validators: Callable[[Digest], ValidatorSet],
    find_parameters: Callable[[Digest], Parameters],
) -> Head:
    """Inverse of `encode_head`; the two functions find what stands apart. Raises `Malformed`."""
    items = as_array(decode(data, bytes_max=_HEAD_BYTES_MAX), "head", 12)
    last_validators, validators, next_validators = (
        find_validators(_digest_from(item, "validators hash")) for item in items[7:10]
    )
    return Head(
        chain_id=as_text(items[0], "chain id", length_max=CHAIN_ID_BYTES_MAX),
        height=Height(as_uint(items[1], "height", HEIGHT_MAX)),
        block_id=block_id_from(items[2], "block id"),
        time_ms=as_uint(items[3], "block time", TIME_MS_MAX),
        certificate=None if items[4] is None else certificate_from(items[4]),
        results_root=_digest_from(items[5], "results root"),
        state_root=_digest_from(items[6], "state root"),
        last_validators=last_validators,
        validators=validators,
        next_validators=next_validators,
        parameters=find_parameters(_digest_from(items[10], "parameters hash")),
        has_transactions=as_bool(items[11], "has transactions"),
    )


def _digest_from(value: Value, what: str) -> Digest:
    return Digest(as_bytes(value, what, DIGEST_BYTES))


def encode_location(height: int, index: int, time_ms: int) -> bytes:
    """20 bytes: one row for each transaction ever, so neither structure nor objects around them."""
    return _LOCATION.pack(height, index, time_ms)


def decode_location(data: bytes) -> TxLocation:
    """Inverse of `encode_location`; raises `Malformed`."""
    as_bytes(data, "transaction location", _LOCATION.size)
    height, index, time_ms = _LOCATION.unpack(data)
    return TxLocation(height=Height(height), index=index, time_ms=time_ms)


def encode_results(results: Sequence[bytes]) -> bytes:
    """Record of a block's encoded results: each can be proved or decoded without the others."""
    return encode(tuple(results))


def decode_results(data: bytes) -> tuple[bytes, ...]:
    """Inverse of `encode_results`; raises `Malformed`."""
    items = as_array(
        decode(data, bytes_max=STORE_RECORD_BYTES_MAX), "results", length_max=BLOCK_TRANSACTIONS_MAX
    )
    return tuple(as_bytes(item, "result", length_max=RESULT_BYTES_MAX) for item in items)


def split_ids(data: bytes) -> tuple[TxId, ...]:
    """The transaction ids of a block, which are stored joined. Raises `Malformed`."""
    return tuple(TxId(id_) for id_ in as_hashes(data, "transaction ids"))
