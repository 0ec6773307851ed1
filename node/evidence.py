"""Which evidence may stand in the block after a head: each validator asks this of its own ledger before it votes.

Evidence is judged by the validators of its own height, once, and only while it is young; what is decided here depends on the
head and on blocks below it, never on what else this node has seen. So all who have the blocks decide the same.
"""

from collections.abc import Sequence
from enum import Enum

from chain.errors import Invalid
from chain.evidence import DuplicateVote, Offence, check_one_each, is_expired, offence_of, verify_evidence
from chain.validators import ValidatorSet
from chain.vote import Height
from node.head import Head
from node.store.reading import LedgerReader


class Ruling(Enum):
    """What an offence is to the block after a head; the words say so to people."""

    FIT = "no block has it yet"
    COMMITTED = "an earlier block has evidence of it"
    EXPIRED = "it is too old"
    EARLY = "its height is not decided yet"
    UNREACHABLE = "this node has no blocks of its height"


def find_ruling(offence: Offence, head: Head, ledger: LedgerReader) -> Ruling:
    """Whether evidence of the offence may stand in the block after `head`, its votes apart.

    `ledger` may have moved on meanwhile: a row of a later block than `head` says nothing.
    """
    if offence.height > head.height:
        return Ruling.EARLY
    committed = ledger.evidence_height(offence)
    if committed is not None and committed <= head.height:
        return Ruling.COMMITTED
    header = None if offence.height < ledger.evidence_since else ledger.header(offence.height)
    if header is None:
        return Ruling.UNREACHABLE
    is_too_old = is_expired(
        offence_height=offence.height,
        offence_time_ms=header.time_ms,
        height=head.height,
        time_ms=head.time_ms,
    )
    return Ruling.EXPIRED if is_too_old else Ruling.FIT


def find_judges(height: Height, head: Head, ledger: LedgerReader) -> ValidatorSet | None:
    """The validators of a height, up to the two above `head`; None of one that this node cannot know."""
    if height == head.next_height:
        return head.validators
    if height == head.next_height + 1:
        return head.next_validators
    return ledger.validators(height) if ledger.evidence_since <= height <= head.height else None


def check_evidence(
    evidence: Sequence[DuplicateVote], head: Head, ledger: LedgerReader, *, is_certified: bool = False
) -> None:
    """Checks what the block after `head` says of validators; raises `Invalid`.

    Of a block that more than two thirds certified, offences that this node cannot judge are let stand: they were judged.
    """
    check_one_each(evidence)
    for item in evidence:
        offence = offence_of(item)
        ruling = find_ruling(offence, head, ledger)
        if ruling is Ruling.UNREACHABLE and is_certified:
            continue
        if ruling is not Ruling.FIT:
            raise Invalid(
                f"block {head.next_height}: evidence against {offence.validator.hex()} at height "
                f"{offence.height}: expected an offence that no block has yet, but {ruling.value}"
            )
        judges = find_judges(offence.height, head, ledger)
        assert judges is not None, "a decided height has its validators"
        verify_evidence(item, judges, head.chain_id)
