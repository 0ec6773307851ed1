"""A damaged store replaced by a whole one: built beside it, checked, and switched in by two renames.

The damaged store stays as it is until the new one has passed its checks, which its name then says, and goes into quarantine.
Until then its lock is held, so that no command and no other node works on it. A crash before the switch begins anew at the
next start; one between the two renames is finished there. Where something can be had from nowhere, nothing is switched; and
no ledger is put aside to be fetched again unless somebody has its first block.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

from chain.block import CertifiedBlock, compute_block_id
from chain.certificate import verify_certificate
from chain.errors import Invalid
from chain.limits import DISK_FREE_BYTES_MIN
from chain.vote import Height
from genesis.ceremony import check_genesis
from genesis.document import Genesis
from machine.clock import Clock
from machine.faults import FULL_ADVICE, Damaged, DiskFull
from machine.files import DiskFiles
from node.commit_log import CommitLog
from node.home import Home
from node.quarantine import Note, Quarantine
from node.repair.rebuild import Rebuild, Rebuilt
from node.repair.source import Lost, Source
from node.stopped import hold_store
from node.store.leveldb import LevelStore, Salvage

_FILES = DiskFiles()
_ROOM_PARTS = 8
"""Beside the store itself, an eighth of it: LevelDB writes tables anew while it fills."""


class Mending:
    """The repair of one store, and where its parts lie."""

    def __init__(
        self, home: Home, store: Path, genesis: Genesis, clock: Clock, tell: Callable[[str, int], None]
    ) -> None:
        self._home = home
        self._path = store
        self._fresh, self._copy, self._whole = find_repair_places(store)
        self._genesis = genesis
        self._clock = clock
        self._tell = tell
        self._quarantine = Quarantine(home.quarantine, _FILES)

    def run(self, fault: Damaged, source: Source) -> Rebuilt:
        """Replaces the store that `fault` tells of.

        Raises:
            Lost: something can be had from nowhere; the store is as it was.
            InUse: another process works on it.
            DiskFault: the disk refuses; the store is as it was.
        """
        with hold_store(self._path):
            self._clear()
            self._check_room()
            salvage = Salvage(self._path, self._copy)
            try:
                rebuilt = self._rebuild(salvage, source)
            finally:
                salvage.close()
            self._switch(fault, rebuilt)
        return rebuilt

    def can_begin_anew(self, source: Source) -> bool:
        """Whether somebody gives the first block, signed by the founders. Else whoever puts the ledger aside has none: where
        all others have let go of it, mend their own, or where the first state is not in the genesis document.
        """
        if self._genesis.succession is not None:
            return False
        founders = check_genesis(self._genesis).state.governance.validators

        def accept(first: CertifiedBlock) -> bool | None:
            certificate, block_id = first.certificate, compute_block_id(first.block.header)
            if (certificate.height, certificate.block_id) != (_FIRST, block_id):
                return None
            try:
                verify_certificate(certificate, founders, self._genesis.chain_id)
            except Invalid:
                return None
            return True

        return source.block(_FIRST, accept) is not None

    def begin_anew(self, fault: Damaged, lost: Lost) -> None:
        """Moves the damaged store into quarantine, so that the node fetches everything again."""
        now_ms = self._clock.now_ms()
        with hold_store(self._path):
            self._clear()
            where = self._quarantine.take_in(self._path, now_ms)
        done = f"no node has {lost}; everything is fetched again, and the store is kept as {where.name}"
        self._quarantine.write_note(Note(what=str(fault.path), reason=fault.problem, done=done), now_ms)

    def _rebuild(self, salvage: Salvage, source: Source) -> Rebuilt:
        commits = CommitLog(self._home.commit_log, self._genesis.hash, _FILES).commits
        store = LevelStore(self._fresh, cache_bytes=_CACHE_BYTES)
        try:
            rebuild = Rebuild(
                genesis=self._genesis,
                salvage=salvage,
                commits=commits,
                store=store,
                source=source,
                path=self._fresh,
                tell=self._tell,
            )
            rebuilt = rebuild.run()
        finally:
            store.close()
        return rebuilt

    def _switch(self, fault: Damaged, rebuilt: Rebuilt) -> None:
        now_ms = self._clock.now_ms()
        _FILES.rename(self._fresh, self._whole)
        _FILES.sync_directory(self._path.parent)
        where = self._quarantine.take_in(self._path, now_ms)
        finish_switch(self._path)
        done = f"repaired at height {rebuilt.height}; the damaged store is kept as {where.name}"
        note = Note(what=str(fault.path), reason=fault.problem, done=done, fetched=rebuilt.fetched[:1_000])
        self._quarantine.write_note(note, now_ms)

    def _clear(self) -> None:
        for left in find_repair_places(self._path):
            shutil.rmtree(left, ignore_errors=True)

    def _check_room(self) -> None:
        size = sum(file.stat().st_size for file in self._path.iterdir())
        needed = size + size // _ROOM_PARTS + DISK_FREE_BYTES_MIN // _ROOM_PARTS
        free = shutil.disk_usage(self._path).free
        if free < needed:
            raise DiskFull(
                self._path,
                f"a repair needs {needed} bytes beside the store, and {free} are free",
                FULL_ADVICE,
            )


_CACHE_BYTES = 8 * 1024 * 1024
_FIRST = Height(1)


def find_repair_places(store: Path) -> tuple[Path, Path, Path]:
    """Beside a store: the one that is being built, the copy that is read, and the new one when it is whole."""
    return (
        store.with_name(f"{store.name}.repair"),
        store.with_name(f"{store.name}.salvage"),
        store.with_name(f"{store.name}.repaired"),
    )


def finish_switch(path: Path) -> None:
    """Puts a repaired store in the place of one that is in quarantine already, if there is one. Where the damaged one is in its
    place still, or again, what a crash left of the repair goes.
    """
    *_, whole = find_repair_places(path)
    if not whole.exists():
        return
    if path.exists():
        shutil.rmtree(whole)
        return
    _FILES.rename(whole, path)
    _FILES.sync_directory(path.parent)
