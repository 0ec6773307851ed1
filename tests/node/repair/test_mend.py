"""A damaged store is mended from what is left and from peers, none of whom is believed, or it is left as it was."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar, cast

import pytest

from chain.block import CertifiedBlock
from chain.snapshot_check import Trust
from chain.vote import Height
from genesis.ceremony import check_genesis
from genesis.document import Succession
from machine.clock import SystemClock
from machine.faults import Damaged, DiskFull
from machine.files import DiskFiles
from node import quarantine
from node.commit_log import CommitLog
from node.head import Head
from node.home import Home
from node.repair.mend import Mending, finish_switch
from node.repair.source import LedgerSource, Lost, Source
from node.repair.task import mend_or_begin_anew
from node.snapshot.making import Making
from node.snapshot.restoring import Restoration
from node.store.keys import BLOCK_IDS, HAND_OVERS, height_key
from node.store.ledger import Ledger
from node.store.leveldb import LevelStore
from node.store.store import Batch
from node.store.walk import walk_ledger
from p2p.messages import RowKind
from tests.node.grown import STORE, Grown

T = TypeVar("T")
FAULT_REASON = "the store is damaged"
_CACHE_BYTES = 1024 * 1024


class Town:
    """A home with a chain in tables, and a whole copy of it for a peer."""

    def __init__(self, path: Path) -> None:
        grown = Grown.found(path / "network")
        for _ in range(12):
            grown.grow([grown.make_registration() for _ in range(3)])
        self.genesis, self.head = grown.genesis, grown.ledger.head
        grown.store.compact(b"", b"\xff")
        grown.close()
        self.home = Home(grown.testnet.nodes[0].home)
        self.store = self.home.store(STORE)
        shutil.copytree(self.store, path / "peer")
        store = LevelStore(path / "peer", cache_bytes=_CACHE_BYTES)
        ledger = Ledger.open(store, path / "peer", grown.genesis.hash)
        assert ledger is not None
        self.peer = ledger

    def flip(self, step: int) -> None:
        for table in self.store.glob("*.ldb"):
            content = bytearray(table.read_bytes())
            for place in range(step // 2, len(content), step):
                content[place] ^= 1
            table.write_bytes(content)

    def mending(self) -> Mending:
        return Mending(self.home, self.store, self.genesis, SystemClock(), lambda _what, _count: None)

    def mend(self, source: Source) -> tuple[str, ...]:
        return self.mending().run(self.fault, source).fetched

    def begin_with_snapshot(self) -> None:
        """In place of the chain, a ledger that began with a snapshot of its last height but one."""
        making = Making(self.peer, self.genesis.hash)
        chunks = list(making.chunks())
        founders = check_genesis(self.genesis).state.governance.validators
        trust = Trust(
            chain_id=self.genesis.chain_id, genesis_hash=self.genesis.hash, founders=founders, checkpoint=None
        )
        shutil.rmtree(self.store)
        self.home.commit_log.unlink()
        with Restoration(self.store, making.manifest, trust, DiskFiles()) as restoration:
            for chunk in chunks:
                restoration.take(chunk)
            restoration.finish(lambda _: None)

    def write(self, key: bytes, value: bytes | None) -> None:
        batch = Batch()
        if value is None:
            batch.delete(key)
        else:
            batch.put(key, value)
        with closing(LevelStore(self.store, cache_bytes=_CACHE_BYTES)) as store:
            store.write(batch, sync=True)

    @contextmanager
    def opened(self) -> Iterator[Ledger]:
        with closing(LevelStore(self.store, cache_bytes=_CACHE_BYTES)) as store:
            ledger = Ledger.open(store, self.store, self.genesis.hash)
            assert ledger is not None
            yield ledger

    @property
    def fault(self) -> Damaged:
        return Damaged(self.store, FAULT_REASON, "")

    def read(self) -> Head:
        """The head of the store, all of which is whole."""
        with closing(LevelStore(self.store, cache_bytes=_CACHE_BYTES)) as store:
            ledger = Ledger.open(store, self.store, self.genesis.hash)
            assert ledger is not None
            for _ in walk_ledger(ledger.snapshot, lambda _what, _count: None):
                pass
            return ledger.head


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    made = Town(tmp_path)
    yield made
    made.peer.close()


class Nobody:
    """A network without peers, or of peers that have nothing."""

    def __init__(self, *, has_peers: bool = False) -> None:
        self.has_peers = has_peers

    def block(self, height: Height, accept: Callable[[CertifiedBlock], T | None]) -> T | None:
        return None

    def rows(
        self, kind: RowKind, height: Height, key: bytes, accept: Callable[[Sequence[bytes]], T | None]
    ) -> T | None:
        return None


class Liar(Nobody):
    """A peer that has everything, and tells of each thing another one first."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(has_peers=True)
        self._ledger = ledger
        self._honest = LedgerSource(ledger)
        self.believed = 0

    def block(self, height: Height, accept: Callable[[CertifiedBlock], T | None]) -> T | None:
        def lie(certified: CertifiedBlock) -> T | None:
            other = self._ledger.certified_block(height % 12 + 1)
            assert other is not None
            less = replace(certified.block, transactions=certified.block.transactions[1:])
            for false in (other, replace(certified, block=less)):
                self.believed += accept(false) is not None
            return accept(certified)

        return self._honest.block(height, lie)

    def rows(
        self, kind: RowKind, height: Height, key: bytes, accept: Callable[[Sequence[bytes]], T | None]
    ) -> T | None:
        def lie(rows: Sequence[bytes]) -> T | None:
            changed = [row[:-1] + bytes([row[-1] ^ 1]) if row else b"\x00" for row in rows]
            for false in (changed, rows[::-1] if len(rows) > 1 else [b""], [b"\xff" * 40]):
                self.believed += accept(false) is not None
            return accept(rows)

        return self._honest.rows(kind, height, key, lie)


@pytest.mark.parametrize("step", [60_000, 9_000, 900])
def test_what_is_missing_is_fetched_and_liars_are_not_believed(town: Town, step: int) -> None:
    town.flip(step)
    liar = Liar(town.peer)
    fetched = town.mend(liar)
    assert fetched and liar.believed == 0
    assert town.read() == town.head
    (note,) = [json.loads(path.read_text()) for path in town.home.quarantine.glob("note-*.json")]
    assert note["reason"] == FAULT_REASON and note["fetched"] == list(fetched)
    assert len(list(town.home.quarantine.glob("store-*"))) == 1


@pytest.mark.parametrize("name", ["CURRENT", "MANIFEST-*", "*.ldb"])
def test_files_that_are_gone_are_made_good(town: Town, name: str) -> None:
    for file in town.store.glob(name):
        file.unlink()
    town.mend(LedgerSource(town.peer))
    assert town.read() == town.head


def test_without_peers_nothing_is_changed(town: Town) -> None:
    town.flip(9_000)
    before = {file.name: file.read_bytes() for file in town.store.glob("*.ldb")}
    with pytest.raises(Lost):
        town.mend(Nobody())
    assert {file.name: file.read_bytes() for file in town.store.glob("*.ldb")} == before
    assert not town.home.quarantine.exists()
    town.mend(LedgerSource(town.peer))  # what is left of the first try is in nobody's way
    assert town.read() == town.head


def test_derived_rows_need_nobody(town: Town) -> None:
    """A store whose list of tables is lost, and nothing else."""
    (town.store / "CURRENT").unlink()
    assert town.mend(Nobody()) == ()
    assert town.read() == town.head


def test_a_ledger_that_began_with_a_snapshot_keeps_what_may_not_come_again(town: Town) -> None:
    town.begin_with_snapshot()
    hand_over, third = Height(2), Height(3)
    town.write(height_key(HAND_OVERS, hand_over), b"")
    with town.opened() as before:
        ids = before.replay_ids(third)
    assert len(ids) == 3
    (town.store / "CURRENT").unlink()
    assert town.mend(Nobody()) == ()
    with town.opened() as ledger:
        assert ledger.blocks_since > third
        assert all(ledger.has_transaction(one) for one in ids)
        assert ledger.hand_overs == (hand_over,)


def test_ids_that_may_not_come_again_are_fetched(town: Town) -> None:
    town.begin_with_snapshot()
    for lost in (None, bytes(32)):
        town.write(height_key(BLOCK_IDS, 3), lost)
        assert "block 3" in town.mend(LedgerSource(town.peer))
        with town.opened() as ledger:
            assert ledger.replay_ids(Height(3)) == town.peer.replay_ids(Height(3))


def test_what_the_log_of_commits_has_and_the_ledger_lacks_comes_back(town: Town) -> None:
    """The newest table is lost without a trace: the log of commits says how far the ledger once was."""
    commits = CommitLog(town.home.commit_log, town.genesis.hash, DiskFiles())
    assert commits.last is not None and commits.last.height == town.head.height
    for file in town.store.glob("*.ldb"):
        file.unlink()
    fetched = town.mend(LedgerSource(town.peer))
    assert town.read() == town.head
    assert any(what.startswith("block 12") for what in fetched)


class Pruned(Nobody):
    """A peer that has let go of the first blocks, which it alone could have, or that tells of others in their place."""

    def __init__(self, ledger: Ledger, told: Height | None = None) -> None:
        super().__init__(has_peers=True)
        self._ledger = ledger
        self._told = told

    def block(self, height: Height, accept: Callable[[CertifiedBlock], T | None]) -> T | None:
        certified = None if self._told is None else self._ledger.certified_block(self._told)
        if certified is None:
            return None
        block = replace(certified.block, header=replace(certified.block.header, height=height))
        return accept(certified) or accept(replace(certified, block=block))


def test_what_nobody_has_begins_anew_where_somebody_has_the_beginning(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = LedgerSource(town.peer)
    monkeypatch.setattr(source, "rows", Nobody().rows)
    town.flip(900)
    mend_or_begin_anew(town.mending(), town.fault, source)
    assert not town.store.exists()
    (note,) = [json.loads(path.read_text()) for path in town.home.quarantine.glob("note-*.json")]
    assert "no node has" in note["done"]


def test_no_ledger_is_put_aside_that_would_not_come_back(town: Town) -> None:
    """The only archive among nodes that have let go of its blocks, or all of whose peers mend their own: what it has, stays."""
    town.flip(900)
    before = {file.name: file.read_bytes() for file in town.store.glob("*.ldb")}
    for source in (Nobody(has_peers=True), Pruned(town.peer), Pruned(town.peer, Height(2))):
        with pytest.raises(Damaged, match="no peer has it or the first block to begin anew with"):
            mend_or_begin_anew(town.mending(), town.fault, source)
        with pytest.raises(Damaged, match="no peer was reached"):
            mend_or_begin_anew(town.mending(), town.fault, Nobody())
    assert {file.name: file.read_bytes() for file in town.store.glob("*.ldb")} == before
    assert not town.home.quarantine.exists()
    assert town.mending().can_begin_anew(LedgerSource(town.peer))
    succession = cast("Succession", object())
    town.genesis = replace(town.genesis, succession=succession)  # its first state is not in the document
    assert not town.mending().can_begin_anew(LedgerSource(town.peer))


def test_nobody_works_on_a_store_that_is_mended(town: Town) -> None:
    """Not even a second repair, since both would switch."""
    town.flip(9_000)
    tried: list[subprocess.CompletedProcess[str]] = []

    def try_to_work(what: str, _count: int) -> None:
        if not tried:
            code = "import sys; from pathlib import Path; from node.stopped import hold_store\n"
            code += "with hold_store(Path(sys.argv[1])): pass"
            tried.append(
                subprocess.run([sys.executable, "-c", code, str(town.store)], capture_output=True, text=True)
            )

    mending = Mending(town.home, town.store, town.genesis, SystemClock(), try_to_work)
    mending.run(town.fault, LedgerSource(town.peer))
    assert "in use by another process" in tried[0].stderr
    assert town.read() == town.head


def test_a_store_on_another_disk_is_kept_there(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.flip(9_000)
    monkeypatch.setattr(quarantine, "is_one_disk", lambda _one, _other: False)
    town.mend(LedgerSource(town.peer))
    assert town.read() == town.head
    assert len(list(town.store.with_name("store.quarantine").glob("store-*"))) == 1
    assert len(list(town.home.quarantine.glob("note-*.json"))) == 1


def test_a_crash_between_the_two_renames_is_finished_at_the_next_start(town: Town) -> None:
    town.store.rename(town.store.with_name("store.repaired"))
    finish_switch(town.store)
    assert town.read() == town.head
    finish_switch(town.store)  # and then there is nothing to do
    assert town.read() == town.head


def test_a_store_that_is_not_whole_yet_is_never_switched_in(town: Town) -> None:
    """Killed in the middle of a repair, and then the damaged store was moved away by hand."""
    town.store.rename(town.store.with_name("store.repair"))
    finish_switch(town.store)
    assert not town.store.exists()


def test_a_crash_before_the_two_renames_leaves_the_store_that_is_there(town: Town) -> None:
    shutil.copytree(town.store, town.store.with_name("store.repaired"))
    finish_switch(town.store)
    assert town.read() == town.head and not town.store.with_name("store.repaired").exists()


def test_a_disk_without_room_leaves_the_store(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 0))
    with pytest.raises(DiskFull, match="a repair needs"):
        town.mend(LedgerSource(town.peer))
    monkeypatch.undo()
    assert town.read() == town.head
