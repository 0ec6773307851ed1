"""Carrying out a decided block: run its transactions, compute the new roots, write everything in one batch.

Executed in a worker thread, one block at a time, by the only task that owns the head. Nothing here can refuse: the
block has its certificate, and an exception is a fault of this node, which then stops at this height.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from chain.block import CertifiedBlock
from chain.checkpoint import Checkpoint
from chain.hashing import Digest
from chain.result import TransactionResult, compute_results_root
from chain.transaction import CheckedTransaction
from node.head import Head
from node.store.ledger import Ledger
from node.trusted import check_block
from vm.deployment import ModuleCache
from vm.executor import ExecutedBlock, Governance, execute_block
from vm.host import BlockEnvironment


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """What became of a block: for announcements, once it is on disk. `governance` is None where it did not change;
    `seconds` is how long it took.
    """

    certified: CertifiedBlock
    transactions: tuple[CheckedTransaction, ...]
    results: tuple[TransactionResult, ...]
    governance: Governance | None
    head: Head
    seconds: float


class Committer:
    """Executes and stores blocks in their order."""

    def __init__(self, ledger: Ledger, modules: ModuleCache, checkpoint: Checkpoint | None = None) -> None:
        self._ledger = ledger
        self._modules = modules
        self._checkpoint = checkpoint

    def commit(
        self, head: Head, certified: CertifiedBlock, transactions: Sequence[CheckedTransaction]
    ) -> Committed:
        """Executes the block after `head` and writes it with all that follows from it. Blocks the thread.

        Raises:
            ForeignChain: it is not the block that this node's invitation vouches for.
        """
        started = time.monotonic()
        header = certified.block.header
        assert header.height == head.next_height, f"block {header.height} after {head.height}"
        check_block(self._checkpoint, header.height, certified.certificate.block_id)
        environment = BlockEnvironment(chain_id=head.chain_id, height=header.height, time_ms=header.time_ms)
        executed = execute_block(self._ledger.state, environment, transactions, self._modules)
        state = self._ledger.update_state(executed.changes)
        new_head = compute_next_head(head, certified, executed, state.root)
        self._ledger.append(certified, executed.encoded_results, state, new_head)
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
