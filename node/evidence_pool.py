"""Which evidence waits for a block. Bounded in all and by validator, so that nobody crowds out what is held against
another; one piece for an offence. Pure: what is in it was verified before, and is judged again before it is proposed.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from chain.evidence import DuplicateVote, Offence, offence_of
from chain.keys import Address
from chain.limits import (
    EVIDENCE_PENDING_MAX,
    EVIDENCE_PENDING_PER_VALIDATOR_MAX,
    EVIDENCE_WAKES_BLOCKS_MAX,
    EVIDENCE_WAKES_PIECES_MAX,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    evidence: DuplicateVote
    wakes_below: int


class EvidencePool:
    """Verified evidence that no block has, by its offence."""

    def __init__(self) -> None:
        self._waiting: dict[Offence, _Waiting] = {}
        self._by_validator: Counter[Address] = Counter()
        self._woken_by: Counter[Address] = Counter()

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, offence: Offence) -> bool:
        return offence in self._waiting

    def has_room(self, offence: Offence) -> bool:
        """Whether evidence of one more offence of this validator would be taken."""
        is_room_left = len(self._waiting) < EVIDENCE_PENDING_MAX
        return is_room_left and self._by_validator[offence.validator] < EVIDENCE_PENDING_PER_VALIDATOR_MAX

    def add(self, evidence: DuplicateVote, height: int) -> bool:
        """Takes verified evidence that came while `height` was the last block; whether it is new and there was room."""
        offence = offence_of(evidence)
        if offence in self._waiting or not self.has_room(offence):
            return False
        self._woken_by[offence.validator] += 1
        may_wake = self._woken_by[offence.validator] <= EVIDENCE_WAKES_PIECES_MAX
        wakes_below = max(height, offence.height) + EVIDENCE_WAKES_BLOCKS_MAX if may_wake else 0
        self._waiting[offence] = _Waiting(evidence=evidence, wakes_below=wakes_below)
        self._by_validator[offence.validator] += 1
        return True

    def forget(self, offences: Iterable[Offence]) -> None:
        """Drops what a block has or none will have; others are let be."""
        for offence in offences:
            if self._waiting.pop(offence, None) is not None:
                self._by_validator[offence.validator] -= 1

    def offences(self) -> tuple[Offence, ...]:
        """All that wait."""
        return tuple(self._waiting)

    def pending(self) -> tuple[DuplicateVote, ...]:
        """All that waits, the first come first."""
        return tuple(waiting.evidence for waiting in self._waiting.values())

    def candidates(self, height: int) -> tuple[DuplicateVote, ...]:
        """For the block after `height`: of each validator its oldest offences first, in order of validators."""
        found = [item for item in self.pending() if offence_of(item).height <= height]
        return tuple(sorted(found, key=_by_validator_and_age))

    def wakes(self, height: int) -> bool:
        """Whether a sleeping chain whose last block is `height` should make one for what waits here."""
        return any(
            offence.height <= height < waiting.wakes_below for offence, waiting in self._waiting.items()
        )


def _by_validator_and_age(evidence: DuplicateVote) -> tuple[Address, int, int, int]:
    offence = offence_of(evidence)
    return offence.validator, offence.height, offence.round, offence.kind
