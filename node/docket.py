"""The evidence that waits for a block, in memory and on disk: taken in, proposed, and struck off once a block has it.

A piece is on disk before anybody hears that it was taken in. The batch of the block that has it strikes it off, so that a
crash leaves it either waiting or committed; what still waits after a start is judged anew.
"""

from collections.abc import Sequence

import structlog
import trio

from chain.block import Block
from chain.errors import Invalid
from chain.evidence import DuplicateVote, Offence, offence_of, verify_evidence
from chain.keys import Address
from chain.limits import BLOCK_EVIDENCE_MAX
from node.evidence import Ruling, find_judges, find_ruling
from node.evidence_pool import EvidencePool
from node.head import Head
from node.store.ledger import Ledger

log = structlog.get_logger("evidence")
_OVER = (Ruling.COMMITTED, Ruling.EXPIRED)


class Docket:
    """Called from the node's loop only; the disk is read and written on threads."""

    def __init__(self, ledger: Ledger) -> None:
        """Takes up what waited when the node ended."""
        self._ledger = ledger
        self._pool = EvidencePool()
        self._admitting = trio.Lock()  # whoever comes together may not find the same last room
        self.committed = 0
        for evidence in ledger.waiting_evidence():
            self._take_up(evidence)

    def _take_up(self, evidence: DuplicateVote) -> None:
        head, offence = self._ledger.head, offence_of(evidence)
        judges = find_judges(offence.height, head, self._ledger)
        if judges is None or find_ruling(offence, head, self._ledger) in _OVER:
            self._ledger.drop_evidence((offence,))
            return
        try:
            verify_evidence(evidence, judges, head.chain_id)
        except Invalid as error:
            log.error("waiting evidence does not hold any more", reason=str(error))
            self._ledger.drop_evidence((offence,))
        else:
            self._pool.add(evidence, head.height)

    def __len__(self) -> int:
        return len(self._pool)

    def pending(self) -> tuple[DuplicateVote, ...]:
        """All that waits, the first come first."""
        return self._pool.pending()

    def wakes(self, height: int) -> bool:
        """See `EvidencePool`."""
        return self._pool.wakes(height)

    async def admit(self, evidence: DuplicateVote) -> Ruling | None:
        """Takes evidence in. FIT or EARLY if it waits now and did not before; None if it waits already or finds no room.

        Raises `Invalid` for what is no evidence.
        """
        offence = offence_of(evidence)
        async with self._admitting:
            if offence in self._pool or not self._pool.has_room(offence):
                return None
            ruling = await trio.to_thread.run_sync(self._judge_and_keep, evidence, self._ledger.head)
            if ruling in (Ruling.FIT, Ruling.EARLY):
                self._pool.add(evidence, self._ledger.head.height)
            return ruling

    def _judge_and_keep(self, evidence: DuplicateVote, head: Head) -> Ruling:
        offence = offence_of(evidence)
        ruling, judges = find_ruling(offence, head, self._ledger), None
        if ruling in (Ruling.FIT, Ruling.EARLY):
            judges = find_judges(offence.height, head, self._ledger)
        if judges is None:
            return Ruling.UNREACHABLE if ruling in (Ruling.FIT, Ruling.EARLY) else ruling
        verify_evidence(evidence, judges, head.chain_id)
        self._ledger.keep_evidence(evidence)
        return ruling

    async def pick(self, head: Head) -> tuple[DuplicateVote, ...]:
        """What the block after `head` shall say: of each validator one offence, as every validator will judge it."""
        candidates = self._pool.candidates(head.height)
        if not candidates:
            return ()
        return await trio.to_thread.run_sync(self._pick_fit, candidates, head)

    def _pick_fit(self, candidates: Sequence[DuplicateVote], head: Head) -> tuple[DuplicateVote, ...]:
        found: dict[Address, DuplicateVote] = {}
        for evidence in candidates:
            offence = offence_of(evidence)
            is_wanted = offence.validator not in found and len(found) < BLOCK_EVIDENCE_MAX
            if is_wanted and find_ruling(offence, head, self._ledger) is Ruling.FIT:
                found[offence.validator] = evidence
        return tuple(found.values())

    def on_committed(self, block: Block) -> set[Address]:
        """A block is on disk, and with it the word that its evidence waits no more; of whom it proves an offence."""
        offences = [offence_of(item) for item in block.evidence]
        self.committed += len(offences)
        self._pool.forget(offences)
        for offence in offences:
            log.warning(
                "a block holds evidence against a validator",
                height=block.header.height,
                validator=offence.validator.hex(),
                offence_height=offence.height,
                offence_round=offence.round,
            )
        return {offence.validator for offence in offences}

    async def sweep(self) -> None:
        """Lets go of what expired, or came here at the moment in which a block had it."""
        head = self._ledger.head
        over = await trio.to_thread.run_sync(self._strike_off, self._pool.offences(), head)
        self._pool.forget(over)

    def _strike_off(self, offences: Sequence[Offence], head: Head) -> list[Offence]:
        over = [offence for offence in offences if find_ruling(offence, head, self._ledger) in _OVER]
        if over:
            self._ledger.drop_evidence(over)
        return over
