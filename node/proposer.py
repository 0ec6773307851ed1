"""What a proposer puts into its block: as much waiting work as the governed limits allow, stamped with its clock."""

from collections.abc import Sequence

from chain.block import CompactBlock, compute_transactions_root
from chain.evidence import DuplicateVote, evidence_root
from chain.keys import Address
from chain.transaction import CheckedTransaction
from node.head import Head, next_header


def compute_block_time_ms(head: Head, now_ms: int) -> int:
    """Time of a block proposed now: the clock, but always after the block before."""
    return max(now_ms, head.time_ms + 1)


def compute_proposer_wait_ms(head: Head, now_ms: int) -> int:
    """How long a proposer waits until its own clock has passed the last block's time."""
    return max(0, head.time_ms + 1 - now_ms)


def build_block(
    head: Head,
    *,
    time_ms: int,
    proposer: Address,
    transactions: Sequence[CheckedTransaction],
    evidence: Sequence[DuplicateVote] = (),
) -> CompactBlock:
    """The block after `head` with these transactions and evidence, which the caller has taken within the limits."""
    ids = tuple(checked.id for checked in transactions)
    header = next_header(
        head,
        time_ms=time_ms,
        transactions_root=compute_transactions_root(ids),
        evidence_root=evidence_root(evidence),
        proposer=proposer,
    )
    return CompactBlock(
        header=header, transaction_ids=ids, evidence=tuple(evidence), last_certificate=head.certificate
    )
