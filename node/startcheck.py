"""Ledger, logs and signer's record against each other at the start: what is lost, and from which height may be voted?

Each is whole by itself when this is asked. But a disk may have lost the end of one of them though it said that it was
synced, or somebody may have put back an old copy of one. That shows because another is ahead of it. What is lost is
fetched again from peers, but a validator that no longer remembers what it did at a height must not vote there: it
waits until the others have decided it, over any number of starts: meanwhile its log of that height does not grow.

    the log is ahead of the ledger          blocks were lost: no vote before the height of the log is decided
    the signer is ahead of the ledger       the same, up to the height that was signed last
    the signer saw more of the log          what the log remembered of this height was lost: no vote at it
    the log of commits is ahead             the same, for a full node too

Whatever a node once had, it answers nothing before it has it again: `known`.
"""

from dataclasses import dataclass

from chain.vote import Height
from node.signer_record import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class StartFinding:
    """The first height at which this node may vote, if it is a validator, the highest that it is known to have committed,
    and what was found missing, in words for the operator.
    """

    vote_from: Height
    known: Height
    losses: tuple[str, ...]


def check_start(
    head_height: int,
    journal_newest: int | None,
    journal_mark: int,
    last_signed: Entry | None,
    last_committed: int,
) -> StartFinding:
    """Compares them; `journal_mark` is that of the height after the head, `last_committed` what the log of commits says."""
    present = head_height + 1
    vote_from, losses = present, []
    if last_committed > head_height:
        vote_from = last_committed + 1
        losses.append(f"height {last_committed} was committed here, but the ledger ends at {head_height}")
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
    known = max(
        head_height,
        last_committed,
        0 if journal_newest is None else journal_newest - 1,
        0 if last_signed is None else last_signed.height - 1,
    )
    return StartFinding(vote_from=Height(vote_from), known=Height(known), losses=tuple(losses))
