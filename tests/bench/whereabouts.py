"""Profiles of several nodes as one, for people: where the processor time of a transaction goes."""

import json
from collections import Counter
from collections.abc import Sequence

from rich.table import Table

_SHOWN = 40


def make_tables(profiles: Sequence[str], transactions: int) -> list[Table]:
    """By part of the system, by function alone, and by function with its callees: µs per transaction over all nodes."""
    documents = [json.loads(profile) for profile in profiles]
    titles = {
        "by_place": "Where the time goes",
        "by_function": "Functions alone",
        "with_callees": "Functions with all that they call",
    }
    return [
        _make_table(title, add_up([document[name] for document in documents]), transactions)
        for name, title in titles.items()
    ]


def add_up(counts: Sequence[dict[str, int]]) -> Counter[str]:
    """The sum of several counts."""
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return total


def _make_table(title: str, nanoseconds: Counter[str], transactions: int) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("place")
    table.add_column("µs per transaction, all nodes", justify="right")
    for name, used_ns in nanoseconds.most_common(_SHOWN):
        table.add_row(name, f"{used_ns / transactions / 1000:.1f}")
    return table
