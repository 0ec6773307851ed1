"""Carrying out blocks again, and holding what comes of it against the ledger: what differs first is named.

It works on a scratch store beside the ledger, which is only read: from the genesis document on, or from a height whose
state is kept. For the latter the scratch store begins as the ledger itself, its tables linked and not copied where
they are on one disk, and is taken back. What a replay leaves when it is killed goes with the next one.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from chain.result import TransactionResult, decode_result, find_refusal
from chain.transaction import TxId, check_transaction
from chain.vote import Height
from genesis.ceremony import check_genesis
from machine.faults import Unusable
from node.commit import Committer
from node.config import read_config
from node.head import Head, genesis_head
from node.home import Home
from node.stopped import Stopped, hold_store, no_ledger, open_stopped
from node.store.ledger import Ledger
from node.store.leveldb import LevelStore, copy_store
from node.store.reading import LedgerReader
from node.store.records import TxLocation
from node.store.rollback import find_lowest, head_at, take_back
from node.store.store import Batch
from vm.deployment import ModuleCache

_CACHE_BYTES = 32 * 1024 * 1024


class Differs(Exception):
    """What carrying out a block again gives is not what the ledger has; the message says what, first of all."""


class _ScratchStore(LevelStore):
    """A store that need not outlive its process."""

    def write(self, batch: Batch, *, sync: bool) -> None:
        """See `Store`; never synced."""
        super().write(batch, sync=False)


def scratch_of(home: Home) -> Path:
    """Where a replay works."""
    return home.path / "data" / "replay"


def find_first(reader: LedgerReader, first: int | None) -> Height:
    """The first block that is carried out: the one asked for, or the earliest that can be. Raises `Unusable`."""
    can_begin = reader.blocks_since == 1
    earliest = Height(1) if can_begin else Height(find_lowest(reader) + 1)
    wanted = Height(earliest if first is None else first)
    if 1 <= wanted <= reader.head.height and (wanted > find_lowest(reader) or (wanted == 1 and can_begin)):
        return wanted
    raise Unusable(
        reader.path,
        f"block {wanted} cannot be carried out again: the states before blocks {find_lowest(reader) + 1} to "
        f"{reader.head.height} are kept",
        "Begin there, or with block 1" if can_begin else "Begin there",
    )


def find_transaction(reader: LedgerReader, id_: TxId) -> TxLocation:
    """Where a transaction stands. Raises `Unusable` where no block that is kept has it."""
    location = reader.tx_location(id_)
    if location is None:
        raise Unusable(
            reader.path, f"transaction {id_.hex()} is in no block that is kept", "Ask a node that keeps more"
        )
    return location


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The ledger of a stopped node, and a scratch ledger that ends before the first block to be carried out."""

    stopped: Stopped
    scratch: Ledger


@contextmanager
def open_replay(home: Home, choose_first: Callable[[LedgerReader], int]) -> Iterator[Replay]:
    """Opens both for a first block; the scratch is removed when the context ends.

    Raises:
        InUse: the node runs.
        Unusable: there is no ledger, or the block cannot be carried out again.
        DiskFault, ConfigError, GenesisRefused: as at a start.
    """
    place = scratch_of(home)
    try:
        _link(home.store(read_config(home.config).store.directory), place)
        with open_stopped(home) as stopped:
            first = choose_first(stopped.ledger)
            if first == 1:
                shutil.rmtree(place)
            with closing(_ScratchStore(place, cache_bytes=_CACHE_BYTES)) as store:
                begun = (
                    _begin(store, place, stopped) if first == 1 else _go_back(store, place, stopped, first)
                )
                yield Replay(stopped=stopped, scratch=begun)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _link(store: Path, place: Path) -> None:
    """A store of the same content. Nobody has it open."""
    if not store.is_dir():
        raise no_ledger(store)
    shutil.rmtree(place, ignore_errors=True)
    with hold_store(store):
        copy_store(store, place)


def _go_back(store: LevelStore, place: Path, stopped: Stopped, first: int) -> Ledger:
    take_back(store, place, stopped.ledger.head, first - 1, lambda _count: None)
    ledger = Ledger.open(store, place, stopped.genesis.hash, stopped.config.retention.state_versions)
    assert ledger is not None, "it was the ledger a moment ago"
    return ledger


def _begin(store: LevelStore, place: Path, stopped: Stopped) -> Ledger:
    state = check_genesis(stopped.genesis).state
    head = genesis_head(
        chain_id=stopped.genesis.chain_id,
        time_ms=stopped.genesis.time_ms,
        state_root=state.update.root,
        validators=state.governance.validators,
        parameters=state.governance.parameters,
    )
    return Ledger.create(store, place, stopped.genesis.hash, head, state.update)


def carry_out(replay: Replay, last: int, tell: Callable[[int], None]) -> None:
    """Carries out the blocks up to `last` and holds each against the ledger; `tell` hears the height.

    Raises:
        Differs: the first difference.
    """
    ledger, scratch = replay.stopped.ledger, replay.scratch
    committer = Committer(scratch, ModuleCache(), None)
    while scratch.head.height < last:
        certified = ledger.certified_block(scratch.head.next_height)
        assert certified is not None, "up to the head"
        chain_id = scratch.head.chain_id
        transactions = [check_transaction(raw, chain_id) for raw in certified.block.transactions]
        committer.commit(scratch.head, certified, transactions)
        _compare(ledger, scratch)
        tell(scratch.head.height)


def _compare(ledger: LedgerReader, scratch: LedgerReader) -> None:
    head = scratch.head
    expected = head_at(ledger, head.height)
    stored, made = ledger.encoded_results(head.height) or (), scratch.encoded_results(head.height) or ()
    for index, (ours, again) in enumerate(zip(stored, made, strict=True)):
        if ours != again:
            raise Differs(
                f"block {head.height}, transaction {index} ({_id_at(ledger, head.height, index)}): the ledger has "
                f"{describe(decode_result(ours))}, carried out again it is {describe(decode_result(again))}"
            )
    wrong = [one.name for one in fields(Head) if getattr(head, one.name) != getattr(expected, one.name)]
    if wrong:
        key = _find_key(ledger, scratch) if "state_root" in wrong else ""
        raise Differs(f"block {head.height}: another {', '.join(wrong).replace('_', ' ')}{key}")


def _find_key(ledger: LedgerReader, scratch: LedgerReader) -> str:
    """The first key, of those that the block changed, with another value."""
    height = scratch.head.height
    if height <= ledger.history.since:
        return ""
    changed = {aside.key for reader in (ledger, scratch) for aside in reader.history.before(height)}
    for key in sorted(changed):
        ours, again = ledger.history.value(key, height), scratch.history.value(key, height)
        if ours != again:
            return f"; first at key {key.hex()}: the ledger has {_show(ours)}, carried out again it is {_show(again)}"
    return ""


def _show(value: bytes | None) -> str:
    return "nothing" if value is None else value.hex()


def _id_at(ledger: LedgerReader, height: int, index: int) -> str:
    ids = ledger.transaction_ids(height)
    return "" if ids is None else ids[index].hex()


def describe(result: TransactionResult) -> str:
    """A result in a line: what became of it, its gas, and what it announced."""
    outcome = (
        result.code.name.lower() if result.is_ok else f"{result.code.name.lower()} ({find_refusal(result)})"
    )
    announced = ", ".join(f"{event.contract}.{event.name}" for event in result.events)
    return f"{outcome}, gas {result.gas_used} of {result.gas_wanted}{', announces ' if announced else ''}{announced}"
