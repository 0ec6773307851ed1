"""What a run found, for programs and, as plain lines, for people."""

from collections import Counter
from dataclasses import dataclass

from pilot.acts import Order, OrderState
from pilot.compare import Comparison, Verdict
from pilot.ocds import BadLine

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
    orders: tuple[Order, ...]
    first_height: int
    last_height: int
    elapsed_ms: int

    @property
    def counts(self) -> Counter[Verdict]:
        """Tenders by verdict."""
        return Counter(found.verdict for found in self.comparisons)

    @property
    def order_counts(self) -> Counter[OrderState]:
        """Payment orders by where they stand."""
        return Counter(order.state for order in self.orders)

    @property
    def settled_sums(self) -> dict[str, int]:
        """What the ledger says was paid, in minor units of each currency."""
        sums: Counter[str] = Counter()
        for order in self.orders:
            if order.state is OrderState.SETTLED:
                sums[order.currency] += order.net
        return dict(sorted(sums.items()))

    @property
    def unexplained(self) -> tuple[Comparison, ...]:
        """Tenders that the ledger decided against its rule, or not at all."""
        return tuple(found for found in self.comparisons if found.verdict is Verdict.UNEXPLAINED)

    @property
    def is_success(self) -> bool:
        """Whether there was something to decide and all of it is explained."""
        return bool(self.comparisons) and not self.unexplained


def report_lines(report: PilotReport) -> list[str]:
    """The run as lines for a terminal: totals, a line per verdict, and every unexplained tender by name."""
    counts = report.counts
    lines = [
        f"tenders       {len(report.comparisons):>6}",
        f"bids          {report.bids:>6}",
        f"suppliers     {report.suppliers:>6}",
        f"transactions  {report.transactions:>6}   in blocks {report.first_height} to {report.last_height}",
        f"time          {report.elapsed_ms / 1000:>6.1f} s",
        "",
        "awards",
    ]
    lines += [f"{counts[verdict]:>6}  {verdict.value}" for verdict in Verdict if _is_shown(verdict, counts)]
    lines += _some("not explained", [f"{found.ocid}: {found.detail}" for found in report.unexplained])
    lines += _some("lines not read", [f"line {bad.number}: {bad.reason}" for bad in report.bad_lines])
    if report.repeated:
        lines += [
            "",
            f"{report.repeated} rounds were published again: their name was taken, or a bid came late",
        ]
    return lines


def _is_shown(verdict: Verdict, counts: Counter[Verdict]) -> bool:
    return verdict in (Verdict.EQUAL, Verdict.UNEXPLAINED) or counts[verdict] > 0


def _some(title: str, rows: list[str]) -> list[str]:
    if not rows:
        return []
    more = [f"  and {len(rows) - SHOWN_MAX} more"] if len(rows) > SHOWN_MAX else []
    return ["", title, *(f"  {row}" for row in rows[:SHOWN_MAX]), *more]
