"""Scrubbing: a node reads all that it has again and again, slowly and while idle, so that decay is found before somebody asks.

One pass is the walk of an examination (`node.store.walk`), and then what lies beside the ledger: this node's own log of
commits against the ledger, the signer's record, documents by their hashes. Work is done in slices on a thread, a second's
worth of bytes at a time; while a height is under way it waits, yet not for ever. Where a pass is, is not kept: a start
begins another one.

Damage of the ledger ends the run, and the store is mended (`node.repair`). A damaged record of signatures ends the signing
at once. A damaged document is told: it is given to nobody, and whoever puts it again mends it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import structlog
import trio

from chain.limits import SCRUB_BUSY_SECONDS, SCRUB_REST_SECONDS
from machine.clock import Clock
from machine.faults import Damaged, DiskFault
from machine.files import DiskFiles, WatchedFiles
from node.commit_log import CommitLog, find_contradiction
from node.opening import Opened
from node.quarantine import Note, Quarantine
from node.signer import Signer
from node.signer_record import SignerRecord
from node.store.store import MEND_ADVICE
from node.store.walk import walk_ledger

log = structlog.get_logger("scrub")
_WATCHED = WatchedFiles()


@dataclass(slots=True, kw_only=True)
class Scrubbed:
    """What scrubbing has done since the start, for people who look."""

    passes: int = 0
    bytes_read: int = 0
    damaged: int = 0


class Scrub:
    """The task. `signer` is None for a node that signs nothing."""

    def __init__(
        self, opened: Opened, signer: Signer | None, clock: Clock, is_idle: Callable[[], bool]
    ) -> None:
        self._opened = opened
        self._signer = signer
        self._clock = clock
        self._is_idle = is_idle
        self._bytes_per_second = opened.config.scrub.bytes_per_second
        self._quarantine = Quarantine(opened.home.quarantine, DiskFiles())
        self._steps = self._walk()
        self.done = Scrubbed()

    async def run(self) -> None:
        """For ever, if it is wanted at all. Raises `Damaged` for the ledger's store."""
        if self._bytes_per_second == 0:
            return
        while True:
            await self._wait_for_idle()
            is_over = await trio.to_thread.run_sync(self.take_slice)
            await trio.sleep(SCRUB_REST_SECONDS if is_over else 1.0)

    async def _wait_for_idle(self) -> None:
        for _ in range(SCRUB_BUSY_SECONDS):
            if self._is_idle():
                return
            await trio.sleep(1.0)

    def take_slice(self) -> bool:
        """A second's worth of bytes; whether that ended a pass.

        Raises:
            Damaged: the ledger's store, which is noted in quarantine before.
        """
        room = self._bytes_per_second
        try:
            for size in self._steps:
                self.done.bytes_read += size
                room -= size
                if room <= 0:
                    return False
        except Damaged as fault:
            self._note(fault, "the store is repaired from peers")
            raise
        self._steps = self._walk()
        self.done.passes += 1
        log.info("everything was read again", passes=self.done.passes, damaged=self.done.damaged)
        return True

    def _walk(self) -> Iterator[int]:
        yield from walk_ledger(self._opened.ledger.snapshot, lambda _what, _count: None)
        yield self._check_commits()
        yield self._check_record()
        yield from self._check_documents()

    def _check_commits(self) -> int:
        commits = CommitLog(self._opened.home.commit_log, self._opened.genesis.hash, _WATCHED)
        with self._opened.ledger.snapshot() as reader:
            reason = find_contradiction(reader, commits.commits)
            if reason is not None:
                raise Damaged(reader.path, reason, MEND_ADVICE)
        if commits.damage is not None:
            fault = Damaged(commits.path, commits.damage, "The next start makes it anew")
            self._note(fault, "it is made anew at the next start")
        return commits.size

    def _check_record(self) -> int:
        """The record on disk must have what this node has signed; else nothing is signed any more."""
        validator = self._opened.validator
        if validator is None or self._signer is None:
            return 0
        last = self._signer.last
        try:
            record = SignerRecord(
                validator.record.path, validator.key.address, validator.record.chain_id, _WATCHED
            )
        except DiskFault as fault:
            self._stop_signing(fault.problem, fault)
            return 0
        if last is not None and record.find(*last.place) != last:
            problem = f"it lacks what was signed at height {last.height}"
            self._stop_signing(problem, Damaged(record.path, problem, "Stop this node"))
        return 0

    def _stop_signing(self, problem: str, fault: DiskFault) -> None:
        if self._signer is not None and self._signer.stop(f"the signer's record is damaged: {problem}"):
            self._note(fault, "this validator has stopped signing")

    def _check_documents(self) -> Iterator[int]:
        documents = self._opened.documents
        for held in documents.list_held():
            if not documents.is_whole(held.hash) and documents.measure(held.hash) is not None:
                fault = Damaged(documents.place(held.hash), "it is not as it was put", "Put it again")
                self._note(fault, "it is given to nobody before it is put again")
            yield held.measured.size

    def _note(self, fault: DiskFault, done: str) -> None:
        self.done.damaged += 1
        log.error("damage found", file=str(fault.path), reason=fault.problem, then=done)
        note = Note(what=str(fault.path), reason=fault.problem, done=done)
        self._quarantine.write_note(note, self._clock.now_ms())
