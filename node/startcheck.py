"""Ledger, log and signer's record against each other at the start: from which height may this validator vote?

Each is whole by itself when this is asked. But a disk may have lost the end of one of them though it said that it was
synced, or somebody may have put back an old copy of one. That shows because another is ahead of it. What is lost is
fetched again from peers, but a validator that no longer remembers what it did at a height must not vote there: it
waits until the others have decided it.

    the log is ahead of the ledger          blocks were lost: no vote before the height of the log is decided
    the signer is ahead of the ledger       the same, up to the height that was signed last
    the signer saw more of the log          what the log remembered of this height was lost: no vote at it
"""

from dataclasses import dataclass

from chain.vote import Height
from node.signer_record import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class StartFinding:
    """The first height at which this validator may vote, and what was found missing, in words for the operator."""

    vote_from: Height
    losses: tuple[str, ...]


def check_start(
    head_height: int, journal_newest: int | None, journal_mark: int, last_signed: Entry | None
) -> StartFinding:
    """Compares the three; `journal_mark` is that of the height after the head."""
    present = head_height + 1
    vote_from, losses = present, []
    if journal_newest is not None and journal_newest > present:
        vote_from = max(vote_from, journal_newest + 1)
        losses.append(f"the log is at height {journal_newest}, but the ledger ends at {head_height}")
    if last_signed is not None and last_signed.height > present:
        vote_from = max(vote_from, last_signed.height + 1)
        losses.append(
            f"this validator signed at height {last_signed.height}, but the ledger ends at {head_height}"
        )
    if last_signed is not None and last_signed.height == present and last_signed.journal_mark > journal_mark:
        vote_from = max(vote_from, present + 1)
        losses.append(
            f"the log of height {present} ends after {journal_mark} entries, but {last_signed.journal_mark} were synced "
            "when this validator last signed"
        )
    return StartFinding(vote_from=Height(vote_from), losses=tuple(losses))
