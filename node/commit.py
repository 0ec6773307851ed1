"""Carrying out a decided block: run its transactions, compute the new roots, write everything in one batch.

Executed in a worker thread, one block at a time, by the only task that owns the head. Nothing here can refuse: the
block has its certificate, and an exception is a fault of this node, which then stops at this height.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from chain.block import CertifiedBlock
from chain.checkpoint import Checkpoint
from chain.errors import Invalid
from chain.hashing import Digest
from chain.result import TransactionResult, compute_results_root
from chain.transaction import CheckedTransaction
from node.certified import SignedBlock, check_follows
from node.commit_log import Commit, CommitLog, commit_of
from node.evidence import check_evidence
from node.head import Head
from node.store.ledger import Ledger
from node.trusted import check_block
from vm.deployment import ModuleCache
from vm.executor import ExecutedBlock, Governance, execute_block
from vm.host import BlockEnvironment

log = structlog.get_logger("ledger")


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """What became of a block: for announcements, once it is on disk. `governance` is None where it did not change;
    `seconds` is how long it took, without the disk where blocks of others came together.
    """

    certified: CertifiedBlock
    transactions: tuple[CheckedTransaction, ...]
    results: tuple[TransactionResult, ...]
    governance: Governance | None
    head: Head
    seconds: float


class Committer:
    """Executes and stores blocks in their order."""

    def __init__(
        self,
        ledger: Ledger,
        modules: ModuleCache,
        commits: CommitLog | None,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        """`commits` is None for a ledger that nobody answers from: blocks that are carried out again."""
        self._ledger = ledger
        self._modules = modules
        self._commits = commits
        self._staged: list[Commit] = []
        self._checkpoint = checkpoint
        self._check_evidence = partial(check_evidence, ledger=ledger, is_certified=True)

    def commit(
        self, head: Head, certified: CertifiedBlock, transactions: Sequence[CheckedTransaction]
    ) -> Committed:
        """Executes the block after `head` and writes it with all that follows from it. Blocks the thread.

        Raises:
            ForeignChain: it is not the block that this node's invitation vouches for.
        """
        committed = self._carry_out(head, certified, transactions)
        self._flush()
        return committed

    def commit_all(self, head: Head, blocks: Sequence[SignedBlock]) -> tuple[Committed, ...]:
        """The same for blocks that others decided, each checked against the state before it, written as one batch.

        Those before one that was not decided by whom it should; of these there may be none. Raises as `commit`, and:

        Raises:
            Diverged: a block contradicts our state. Those before it are in the ledger.
        """
        done: list[Committed] = []
        try:
            for signed in blocks:
                before = done[-1].head if done else head
                if signed.certified.block.evidence:
                    self._flush()  # what it is judged by is on disk
                check_follows(signed, before, self._check_evidence)
                done.append(self._carry_out(before, signed.certified, signed.transactions))
        except Invalid as error:
            if not done:
                raise
            log.warning("blocks left out", after=done[-1].head.height, reason=str(error))
        finally:
            self._flush()
        return tuple(done)

    def _flush(self) -> None:
        """Writes what is staged, and then that it is written."""
        self._ledger.flush()
        if self._commits is not None:
            for commit in self._staged:
                self._commits.append(commit)
        self._staged.clear()

    def _carry_out(
        self, head: Head, certified: CertifiedBlock, transactions: Sequence[CheckedTransaction]
    ) -> Committed:
        started = time.monotonic()
        header = certified.block.header
        assert header.height == head.next_height, f"block {header.height} after {head.height}"
        check_block(self._checkpoint, header.height, certified.certificate.block_id)
        environment = BlockEnvironment(chain_id=head.chain_id, height=header.height, time_ms=header.time_ms)
        executed = execute_block(self._ledger.staged_state, environment, transactions, self._modules)
        state = self._ledger.update_state(executed.changes)
        new_head = compute_next_head(head, certified, executed, state.root)
        self._ledger.stage(certified, executed.encoded_results, state, new_head)
        self._staged.append(commit_of(new_head))
        return Committed(
            certified=certified,
            transactions=tuple(transactions),
            results=executed.results,
            governance=executed.governance,
            head=new_head,
            seconds=time.monotonic() - started,
        )


def compute_next_head(
    head: Head, certified: CertifiedBlock, executed: ExecutedBlock, state_root: Digest
) -> Head:
    """The head after a block: new roots, and what governance changed for two heights later."""
    header, change = certified.block.header, executed.governance
    return Head(
        chain_id=head.chain_id,
        height=header.height,
        block_id=certified.certificate.block_id,
        time_ms=header.time_ms,
        certificate=certified.certificate,
        results_root=compute_results_root(executed.encoded_results),
        state_root=state_root,
        last_validators=head.validators,
        validators=head.next_validators,
        next_validators=head.next_validators if change is None else change.validators,
        parameters=head.parameters if change is None else change.parameters,
        has_transactions=bool(executed.results),
    )
