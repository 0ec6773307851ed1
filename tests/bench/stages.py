"""One node's work on a transaction, one stage after the other on one thread: without links, locks or neighbours.

The network's processor time is this for every node, and what running at once costs on top. Each stage is the node's own
code on a home of its own; the least of several blocks counts, since others on the machine only ever add.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from chain.block import CertifiedBlock, compute_block_id
from chain.certificate import Certificate
from chain.transaction import CheckedTransaction
from chain.vote import Round
from cli.testnet import make_testnet
from genesis.document import DEMO_RULES
from node.admission import Rules, check_batch
from node.commit import Committer
from node.config import read_config
from node.home import Home
from node.opening import Opened, open_home
from node.proposer import build_block, compute_block_time_ms
from node.validity import check_content
from tests.bench.figures import Miscounted
from tests.bench.workload import make_transactions
from vm.deployment import ModuleCache

_CHAIN = "terang-stages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """Microseconds of processor time for a transaction; disk syncs wait and so do not count."""

    admission: float
    proposal: float
    write_ahead_log: float
    carrying_out: float


def measure_stages(directory: Path, blocks: int, transactions: int) -> Stages:
    """Carries out so many blocks of so many transactions in a new home under `directory`.

    Raises:
        Miscounted: a transaction was not carried out.
    """
    (node,) = make_testnet(
        directory, validators=1, full_nodes=0, chain_id=_CHAIN, rules=DEMO_RULES, base_port=None
    ).nodes
    home = Home(node.home)
    with open_home(home, read_config(home.config), None) as opened:
        committer = Committer(opened.ledger, ModuleCache(), opened.commits)
        _measure_block(opened, committer, transactions)  # loads the contracts
        found = [_measure_block(opened, committer, transactions) for _ in range(blocks)]
    least = [min(seconds) / transactions * 1e6 for seconds in zip(*found, strict=True)]
    return Stages(admission=least[0], proposal=least[1], write_ahead_log=least[2], carrying_out=least[3])


def _measure_block(opened: Opened, committer: Committer, count: int) -> tuple[float, ...]:
    """Seconds of each stage for one block."""
    ledger, journal, head = opened.ledger, opened.journal, opened.ledger.head
    raws, now_ms = make_transactions(count, _CHAIN), time.time_ns() // 1_000_000
    marks = [time.process_time()]
    checked = _only_checked(
        check_batch(raws, Rules(chain_id=_CHAIN, parameters=head.parameters, now_ms=now_ms))
    )
    marks.append(time.process_time())
    proposer = head.validators.validators[0].address
    time_ms = compute_block_time_ms(head, now_ms)
    block = build_block(head, time_ms=time_ms, proposer=proposer, transactions=checked)
    check_content(block, checked, head.parameters, ledger.has_transaction)
    marks.append(time.process_time())
    journal.start_height(head.next_height)
    journal.pin_bodies(checked)
    journal.sync()
    marks.append(time.process_time())
    certificate = Certificate(
        height=head.next_height, round=Round(0), block_id=compute_block_id(block.header), signatures=(None,)
    )
    certified = CertifiedBlock(block=block.with_bodies(raws), certificate=certificate)
    committed = committer.commit(head, certified, checked)
    marks.append(time.process_time())
    refused = sum(not result.is_ok for result in committed.results)
    if refused:
        raise Miscounted(f"{refused} of {count} transactions were carried out without effect")
    return tuple(after - before for before, after in pairwise(marks))


def _only_checked(verdicts: Sequence[object]) -> list[CheckedTransaction]:
    checked = [verdict for verdict in verdicts if isinstance(verdict, CheckedTransaction)]
    if len(checked) < len(verdicts):
        raise Miscounted(f"{len(verdicts) - len(checked)} of {len(verdicts)} transactions were not admitted")
    return checked
