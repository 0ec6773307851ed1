"""A chain of headers by hand, with two changes of validators and one of parameters, and a snapshot that is packed from it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from chain.block import Header, compute_block_id
from chain.bundle import BundleBlock
from chain.checkpoint import Checkpoint
from chain.hashing import Digest, sha256
from chain.keys import SigningKey
from chain.limits import WINDOW_MS_MAX
from chain.parameters import Parameters, parameters_hash
from chain.record import Decided
from chain.snapshot import Manifest
from chain.snapshot_check import SnapshotReader, Trust
from chain.snapshot_chunks import Row, WindowEntry, pack_hand_overs, pack_state, pack_window
from chain.transaction import TxId
from chain.validators import Validator, ValidatorSet
from chain.vote import BlockId, Height
from tests.chain.making import CHAIN, make_block, make_certificate, make_key, make_transaction

GENESIS = sha256(b"a genesis document")
STORY = "aaabbbbccccc"
"""Who decides each height."""
HEIGHT = 10
EVERY_MS = 20 * 60_000
START_MS = 10 * WINDOW_MS_MAX
SHORT, LONG = Parameters(window_ms=30 * 60_000), Parameters(window_ms=WINDOW_MS_MAX)
LONG_UNTIL = 7
"""From the next height on the short window is in force: block 7 expires with block 10, block 8 before it."""
ROWS: tuple[Row, ...] = tuple((f"key {number:03}".encode(), b"v" * number) for number in range(1, 40))


def make_set(first: int) -> tuple[ValidatorSet, list[SigningKey]]:
    """Four validators with keys of their own, in the order of the set."""
    keys = sorted((make_key(first + number) for number in range(4)), key=lambda key: key.address)
    return ValidatorSet.of(Validator(public=key.public, power=10, name=f"v{first}") for key in keys), keys


SETS = {name: make_set(first) for name, first in (("a", 1), ("b", 11), ("c", 21), ("x", 31))}
TRUST = Trust(chain_id=CHAIN, genesis_hash=GENESIS, founders=SETS["a"][0])


@cache
def headers() -> tuple[Decided, ...]:
    """The chain, from height 1 on."""
    chain: list[Decided] = []
    for height in range(1, len(STORY)):
        (own, keys), following = SETS[STORY[height - 1]], SETS[STORY[height]][0]
        block = make_block(own, [make_transaction(height)], height)
        header = replace(
            block.header,
            time_ms=START_MS + EVERY_MS * height,
            next_validators_hash=following.hash,
            parameters_hash=parameters_hash(parameters_of(height)),
        )
        if chain:
            header = replace(header, previous_block_id=compute_block_id(chain[-1].header))
        block = replace(block, header=header)
        certificate = make_certificate(block, own, keys[:3])
        chain.append(Decided(header=header, certificate=certificate, validators=own))
    return tuple(chain)


def parameters_of(height: int) -> Parameters:
    """Those in force."""
    return LONG if height <= LONG_UNTIL else SHORT


def ids_of(height: int) -> tuple[TxId, ...]:
    """The only transaction of a block."""
    block = make_block(SETS["a"][0], [make_transaction(height)], height)
    return block.compact().transaction_ids


def sign_again(header: Header, keys: Sequence[SigningKey], validators: ValidatorSet) -> Decided:
    """Another header in the place of one, signed by these, and said to be decided by those who decide its height."""
    block = replace(make_block(validators, (), header.height), header=header)
    certificate = make_certificate(block, validators, keys)
    return Decided(header=header, certificate=certificate, validators=SETS[STORY[header.height - 1]][0])


def make_hand_overs(heights: Iterable[int] = (3, 7)) -> tuple[BundleBlock, ...]:
    """Blocks at which validators hand over."""
    return tuple(
        BundleBlock(
            header=headers()[height - 1].header,
            certificate=headers()[height - 1].certificate,
            next_validators=SETS[STORY[height]][0],
        )
        for height in heights
    )


def make_window() -> tuple[WindowEntry, ...]:
    """An hour of 20 minutes each, and the block before it."""
    entries = []
    for height in range(7, HEIGHT + 1):
        header, parameters = headers()[height - 1].header, parameters_of(height)
        is_alive = header.time_ms + parameters.window_ms > headers()[HEIGHT - 1].header.time_ms
        is_new = height == 7 or parameters != parameters_of(height - 1)
        entries.append(
            WindowEntry(
                header=header,
                ids=ids_of(height) if is_alive else None,
                parameters=parameters if is_new else None,
            )
        )
    return tuple(entries)


def make_snapshot(
    hand_overs: Sequence[BundleBlock] | None = None,
    window: Sequence[WindowEntry] | None = None,
    inside: Sequence[Row] = ROWS,
    **changes: Any,
) -> tuple[Manifest, list[bytes]]:
    """A manifest and its chunks, as an honest node packs these parts; `changes` are of the manifest."""
    packed = [
        list(pack_hand_overs(make_hand_overs() if hand_overs is None else hand_overs)),
        list(pack_window(make_window() if window is None else window)),
        list(pack_state(inside)),
    ]
    chunks = [chunk for part in packed for chunk in part]
    hashes: list[tuple[Digest, ...]] = [tuple(sha256(chunk) for chunk in part) for part in packed]
    manifest = Manifest(
        genesis_hash=GENESIS,
        last=headers()[HEIGHT - 1],
        following=headers()[HEIGHT],
        next_validators=SETS[STORY[HEIGHT + 1]][0],
        parameters=parameters_of(HEIGHT + 1),
        rows=len(inside),
        bytes=sum(len(chunk) for chunk in chunks),
        hand_overs=hashes[0],
        window=hashes[1],
        state=hashes[2],
    )
    return replace(manifest, **changes), chunks


def read(manifest: Manifest, chunks: Iterable[bytes], trust: Trust = TRUST) -> list[Row]:
    """The entries of a snapshot, checked to its end."""
    reader = SnapshotReader(manifest, trust)
    rows: list[Row] = []
    for chunk in chunks:
        rows += reader.take(chunk).rows or []
    reader.finish()
    return rows


def checkpoint(name: str, height: int, block_id: BlockId | None = None) -> Trust:
    """The founders, and a checkpoint that says who decides the next height."""
    found = Checkpoint(
        chain_id=CHAIN,
        genesis_hash=GENESIS,
        height=Height(height),
        block_id=block_id or compute_block_id(headers()[min(height, len(headers())) - 1].header),
        validators=SETS[name][0],
    )
    return replace(TRUST, checkpoint=found)
