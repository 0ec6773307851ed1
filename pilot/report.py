"""What a run found."""

from collections import Counter
from dataclasses import dataclass

from pilot.compare import Comparison, Verdict
from pilot.ending import Ending
from pilot.ocds import BadLine
from pilot.orders import Order

SHOWN_MAX = 20  # rows of a kind that are written out; the counts are always whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a run stands: tenders by stage, and what is done."""

    started: int
    done: int
    stages: tuple[tuple[str, int], ...]
    committed: int
    waiting: int
    height: int
    equal: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotReport:
    """The end of a run. `repeated` counts rounds beyond the first of a tender, `elapsed_ms` is wall time."""

    comparisons: tuple[Comparison, ...]
    bad_lines: tuple[BadLine, ...]
    bids: int
    suppliers: int
    transactions: int
    repeated: int
    first_height: int
    last_height: int
    elapsed_ms: int

    @property
    def counts(self) -> Counter[Verdict]:
        """Tenders by verdict."""
        return Counter(found.verdict for found in self.comparisons)

    @property
    def orders(self) -> tuple[Order, ...]:
        """Payment orders of all tenders that came to their end."""
        return tuple(
            order for found in self.comparisons if found.outcome is not None for order in found.outcome.orders
        )

    @property
    def endings(self) -> Counter[Ending]:
        """Tenders by how far they came."""
        return Counter(found.ending for found in self.comparisons)

    @property
    def unexplained(self) -> tuple[Comparison, ...]:
        """Tenders that the ledger decided against its rule, or not at all, or that did not come to an end."""
        return tuple(
            found
            for found in self.comparisons
            if found.verdict is Verdict.UNEXPLAINED or found.ending is Ending.UNFINISHED
        )

    @property
    def is_success(self) -> bool:
        """Whether there was something to decide and all of it is explained."""
        return bool(self.comparisons) and not self.unexplained
