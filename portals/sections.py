"""A long list that stands on a page among others, shown a part at a time: which part the address asks for. Pure.

The most bids that a tender of the record had are 234; all of them with their prices would make a page of its own weight.
"""

from collections.abc import Sequence
from dataclasses import dataclass

ROWS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Some rows of a list. `number`: which part it is, from 1, of `count`; `first`: place of its first row, from 1."""

    rows: Sequence[object]
    number: int
    count: int
    first: int
    total: int

    @property
    def last(self) -> int:
        """Place of its last row."""
        return self.first + len(self.rows) - 1


def pick_section(rows: Sequence[object], asked: str) -> Section:
    """The part that is asked for by its number; the first for what is no number, the last for one too large."""
    count = max(1, -(-len(rows) // ROWS))
    is_number = asked.isascii() and asked.isdigit() and len(asked) < 10
    number = min(max(1, int(asked)), count) if is_number else 1
    start = (number - 1) * ROWS
    return Section(
        rows=rows[start : start + ROWS], number=number, count=count, first=start + 1, total=len(rows)
    )
