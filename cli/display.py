"""How a run of the pilot looks while it goes on, and its table at the end."""

import time
from collections import Counter
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

import pilot.report
from cli.heads import Head, is_agreed
from payments.amounts import PLACES, format_amount
from pilot.compare import Verdict
from pilot.report import PilotReport
from pilot.settlement import Row, Settlement

_QUIET_S = 2.0
"""Between two lines where the output is no terminal."""
_ROOT_SHOWN = 16


class PilotDisplay:
    """Live progress in a terminal; elsewhere a line every few seconds. Use it as a context manager."""

    def __init__(self, console: Console, tenders: int | None) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("tenders"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
        )
        self._tenders = tenders
        self._task = self._bar.add_task("tenders", total=tenders)
        self._live = Live(self._bar, console=console, refresh_per_second=4) if console.is_terminal else None
        self._told_s = time.monotonic()

    def __enter__(self) -> "PilotDisplay":
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, progress: pilot.report.Progress) -> None:
        """Where the run stands now."""
        if self._live is not None:
            self._bar.update(self._task, completed=progress.done, total=self._tenders or progress.started)
            self._live.update(Group(self._bar, Text(format_progress(progress), style="dim")))
        elif time.monotonic() - self._told_s >= _QUIET_S:
            self._told_s = time.monotonic()
            self._console.print(
                Text(f"{progress.done} of {progress.started} tenders; {format_progress(progress)}"),
                soft_wrap=True,
            )


def format_progress(progress: pilot.report.Progress) -> str:
    """One line: height, transactions, and how many tenders are in which stage."""
    stages = "  ".join(f"{name} {count}" for name, count in progress.stages)
    parts = [
        f"height {progress.height}",
        f"{progress.committed} transactions",
        f"{progress.waiting} waiting",
        stages,
        progress.note,
    ]
    return "  ".join(part for part in parts if part)


def compute_end_table(
    report: PilotReport, heads: Sequence[Head], settlement: Settlement | None = None
) -> RenderableType:
    """The end of a run: every node's height and state root, then what was decided, how awards compare, how far tenders came
    and, where the bank's books were read, the payments beside them.
    """
    parts: list[RenderableType] = [_nodes_table(heads)] if heads else []
    parts += [_run_table(report), _awards_table(report), _endings_table(report)]
    parts.append(_orders_table(report) if settlement is None else _settlement_table(settlement))
    faults = () if settlement is None else settlement.faults
    if report.unexplained or report.bad_lines or faults:
        parts.append(_faults_table(report, faults))
    return Group(*parts)


def _nodes_table(heads: Sequence[Head]) -> Table:
    agreed = "identical on all nodes" if is_agreed(heads) else "NOT THE SAME ON ALL NODES"
    table = Table(title=f"Nodes: height and state root {agreed}", title_justify="left")
    table.add_column("node")
    table.add_column("height", justify="right")
    table.add_column("state root")
    table.add_column("address")
    for head in heads:
        root = head.state_root[:_ROOT_SHOWN] if head.state_root is not None else head.fault
        table.add_row(head.moniker, "-" if head.height is None else str(head.height), root, head.address)
    return table


def _run_table(report: PilotReport) -> Table:
    table = Table(title="Decided", title_justify="left", show_header=False)
    table.add_column("what")
    table.add_column("count", justify="right")
    table.add_row("tenders", str(len(report.comparisons)))
    table.add_row("bids", str(report.bids))
    table.add_row("suppliers", str(report.suppliers))
    table.add_row("transactions", str(report.transactions))
    table.add_row("blocks", f"{report.first_height} to {report.last_height}")
    if report.repeated:
        table.add_row("rounds published again", str(report.repeated))
    table.add_row("time", f"{report.elapsed_ms / 1000:.1f} s")
    return table


def _awards_table(report: PilotReport) -> Table:
    counts = report.counts
    table = Table(title="Awards beside the record", title_justify="left")
    table.add_column("tenders", justify="right")
    table.add_column("verdict")
    for verdict in Verdict:
        if verdict is Verdict.EQUAL or counts[verdict]:
            table.add_row(str(counts[verdict]), verdict.value)
    return table


def _endings_table(report: PilotReport) -> Table:
    table = Table(title="How far the tenders came", title_justify="left")
    table.add_column("tenders", justify="right")
    table.add_column("end")
    for ending, count in sorted(report.endings.items(), key=lambda found: -found[1]):
        table.add_row(str(count), ending.value)
    return table


def _orders_table(report: PilotReport) -> Table:
    table = Table(title="Payment orders", title_justify="left")
    table.add_column("orders", justify="right")
    table.add_column("stand")
    for state, count in sorted(
        Counter(order.state for order in report.orders).items(), key=lambda found: found[0].value
    ):
        table.add_row(str(count), state.name.lower())
    return table


def _settlement_table(settlement: Settlement) -> Table:
    table = Table(title="Payments", title_justify="left")
    table.add_column("what")
    table.add_column("ledger", justify="right")
    table.add_column("bank", justify="right")
    table.add_column("")
    table.add_row("ordered", str(settlement.ordered), "", "")
    for row in (settlement.sent, settlement.returned):
        table.add_row(row.name, str(row.ledger), str(row.bank), "")
    settled = settlement.settled
    table.add_row(settled.name, str(settled.ledger), str(settled.bank), _verdict(settled))
    for row in settlement.sums:
        table.add_row(
            "sum", format_money(row.ledger, row.name), format_money(row.bank, row.name), _verdict(row)
        )
    table.add_row("each paid exactly once", "", "", "yes" if not settlement.faults else "NO")
    return table


def _verdict(row: Row) -> str:
    return "equal" if row.is_equal else "NOT EQUAL"


def format_money(amount: int, currency: str) -> str:
    """`1234567` of IDR is `IDR 1,234,567`; of a currency whose places are not known, in minor units."""
    if currency not in PLACES:
        return f"{currency} {amount:,} minor units"
    whole, point, fraction = format_amount(amount, currency).partition(".")
    return f"{currency} {int(whole):,}{point}{fraction}"


def _faults_table(report: PilotReport, faults: Sequence[str]) -> Table:
    table = Table(title="Look at these", title_justify="left")
    table.add_column("where")
    table.add_column("what")
    shown = pilot.report.SHOWN_MAX
    for found in report.unexplained[:shown]:
        table.add_row(found.ocid, found.detail)
    for bad in report.bad_lines[:shown]:
        table.add_row(f"line {bad.number}", bad.reason)
    for fault in faults[:shown]:
        table.add_row("payments", fault)
    hidden = sum(max(0, len(found) - shown) for found in (report.unexplained, report.bad_lines, faults))
    if hidden:
        table.add_row("", f"and {hidden} more")
    return table
