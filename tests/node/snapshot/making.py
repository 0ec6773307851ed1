"""A small ledger with changes of validators and of parameters, snapshots of it, and ledgers that are restored from them."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from chain.hashing import sha256
from chain.parameters import Parameters
from chain.snapshot import Manifest
from chain.snapshot_check import Trust
from chain.validators import Validator, ValidatorSet
from machine.files import DiskFiles, Files
from node.head import Head
from node.snapshot.making import Making
from node.snapshot.restoring import Restoration
from node.store.ledger import Ledger
from node.store.leveldb import LevelStore
from node.store.memory import MemoryStore
from node.store.reading import LedgerReader
from tests.chain.making import CHAIN, make_transaction
from tests.node.making import GENESIS_HASH, make_genesis, make_next
from tests.node.store.chains import Chain
from vm.keys import contract_key

MINUTE_MS = 60_000
LONG, SHORT = Parameters(window_ms=60 * MINUTE_MS), Parameters(window_ms=15 * MINUTE_MS)
TRUST = Trust(chain_id=CHAIN, genesis_hash=GENESIS_HASH, founders=make_genesis()[0].validators)
HEIGHT = 12
"""Of the snapshot; the chain is one longer. Blocks are ten minutes apart: the window begins with block 6."""
SHORT_FROM = 10
"""From here on transactions live for a quarter of an hour: those of blocks 7 to 9 and 11 to 12 may not come again."""


def make_chain(blocks: int = HEIGHT + 1) -> Chain:
    """It writes, changes and removes entries; the validators change their powers after blocks 3 and 7."""
    chain = Chain(MemoryStore(), parameters=LONG)
    for height in range(1, blocks + 1):
        grow(chain, height)
    return chain


def grow(chain: Chain, height: int) -> None:
    """The block of a height."""
    number = height.to_bytes(2, "big")
    writes = ((b"at " + number, b"v" * height), (b"a", number), (b"to " + number, b"1"))
    if height > 2:
        writes = (*writes, (b"to " + (height - 2).to_bytes(2, "big"), None))  # type: ignore[assignment]  # a removal
    certified, executed, head = make_next(
        chain.head, chain.keys, [make_transaction(height)], writes,
        time_ms=10 * MINUTE_MS * (height + 10),
        validators=change_powers(chain.head, height) if height in (2, 6) else None,
    )  # fmt: skip
    if height == SHORT_FROM - 1:
        head = replace(head, parameters=SHORT)
    chain.append(certified, executed, head)


def change_powers(head: Head, power: int) -> ValidatorSet:
    """The same validators, the first with more power."""
    first, *others = head.validators.validators
    return ValidatorSet.of([Validator(public=first.public, power=10 + power, name=first.name), *others])


def make_snapshot(reader: LedgerReader) -> tuple[Manifest, list[bytes]]:
    """Manifest and chunks of the height before the head."""
    making = Making(reader, GENESIS_HASH)
    chunks = list(making.chunks())
    return making.manifest, chunks


def restore(
    store: Path,
    manifest: Manifest,
    chunks: Iterable[bytes],
    files: Files | None = None,
    trust: Trust = TRUST,
) -> Head:
    """A ledger from a snapshot, in a new place."""
    with Restoration(store, manifest, trust, files or DiskFiles()) as restoration:
        for chunk in chunks:
            restoration.take(chunk)
        return restoration.finish(lambda _: None)


def open_store(path: Path) -> tuple[LevelStore, Ledger]:
    """A restored ledger."""
    store = LevelStore(path, cache_bytes=1024 * 1024)
    ledger = Ledger.open(store, path, GENESIS_HASH)
    assert ledger is not None
    return store, ledger


NO_CONTRACT = contract_key("")
OTHER = sha256(b"other")
