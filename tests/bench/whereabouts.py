"""Profiles of several nodes as one, for people: where the processor time of a transaction goes."""

import json
from collections import Counter
from collections.abc import Sequence

from rich.table import Table

_SHOWN = 30

STAGES = (
    ("admission", "node/admission.py:check_batch"),
    ("… of it signatures", "chain/keys.py:is_signed"),
    ("carrying out blocks", "node/commit.py:Committer.commit"),
    ("… of it contracts", "vm/executor.py:execute_block"),
    ("… … asking whether the sender may", "vm/executor.py:_check_admitted"),
    ("… of it roots", "node/commit.py:compute_next_head"),
    ("… of it writing the batch", "node/store/ledger.py:Ledger.append"),
    ("write-ahead log", "node/journal.py:Journal.sync"),
    ("verifying blocks fetched from peers", "node/certified.py:verify_signed"),
    ("the node's loop: links, mempool, consensus", "trio/_core/_run.py:run"),
    ("HTTP, its loop", "rpc/run.py:RpcThread._serve"),
    ("HTTP, its threads", "anyio/_backends/_asyncio.py:WorkerThread.run"),
)
"""What a transaction goes through, and the function that stands for it with all that it calls."""


def make_tables(profiles: Sequence[str], transactions: int) -> list[Table]:
    """By stage, by part of the system, and by function with its callees: µs per transaction over all nodes."""
    documents = [json.loads(profile) for profile in profiles]
    by_place, with_callees = (
        add_up([document[name] for document in documents]) for name in ("by_place", "with_callees")
    )
    stages = [(words, with_callees[function]) for words, function in STAGES]
    return [
        _make_table("Where the time goes, by stage", stages, transactions),
        _make_table("By part of the system", by_place.most_common(), transactions),
        _make_table("Functions with all that they call", with_callees.most_common(_SHOWN), transactions),
    ]


def add_up(counts: Sequence[dict[str, int]]) -> Counter[str]:
    """The sum of several counts."""
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return total


def _make_table(title: str, rows: Sequence[tuple[str, int]], transactions: int) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("where", overflow="fold")
    table.add_column("µs per transaction, all nodes", justify="right")
    for name, used_ns in rows:
        table.add_row(name, f"{used_ns / transactions / 1000:.1f}")
    return table
