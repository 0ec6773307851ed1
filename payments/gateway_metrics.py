"""The gateway's metrics in Prometheus' text format, made at the moment of asking."""

from collections import Counter
from collections.abc import Iterator

from machine.usage import get_cpu_seconds, get_resident_bytes
from payments.attempt import Stage
from payments.desk import Desk

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def render_metrics(desk: Desk) -> str:
    """All metrics."""
    return "".join(f"{line}\n" for line in _lines(desk))


def _lines(desk: Desk) -> Iterator[str]:
    attempts = desk.copy_attempts().values()
    counts = Counter(attempt.stage for attempt in attempts)
    yield from _head("attempts", "gauge", "Attempts to pay an order, by where they stand.")
    for stage in Stage:
        yield f'terang_gateway_attempts{{stage="{stage.name.lower()}"}} {counts[stage]}'
    paid: Counter[str] = Counter()
    for attempt in attempts:
        if attempt.stage is Stage.PAID:
            paid[attempt.release.currency] += attempt.release.net
    yield from _head(
        "paid_minor_units", "gauge", "Net amounts that the bank booked and that did not come back."
    )
    for currency, amount in sorted(paid.items()):
        yield f'terang_gateway_paid_minor_units{{currency="{currency}"}} {amount}'
    for name, kind, text, value in (
        ("open", "gauge", "Attempts of which something is due.", len(desk.book.open_ids)),
        ("height", "gauge", "The last block that was read.", desk.book.height),
        ("notifications", "counter", "The bank's notifications that were read.", desk.book.notification),
        ("alarms", "gauge", "Alarms that people must look at.", len(desk.alarms.list_alarms())),
        ("alarms_total", "counter", "Alarms since the start.", desk.alarms.raised),
        ("troubles", "gauge", "What does not work now and is tried again.", len(desk.alarms.list_troubles())),
    ):
        yield from _head(name, kind, text)
        yield f"terang_gateway_{name} {value}"
    yield "# HELP process_cpu_seconds_total CPU time of this process."
    yield "# TYPE process_cpu_seconds_total counter"
    yield f"process_cpu_seconds_total {get_cpu_seconds():.3f}"
    resident = get_resident_bytes()
    if resident is not None:
        yield "# HELP process_resident_memory_bytes Memory of this process."
        yield "# TYPE process_resident_memory_bytes gauge"
        yield f"process_resident_memory_bytes {resident}"


def _head(name: str, kind: str, text: str) -> Iterator[str]:
    yield f"# HELP terang_gateway_{name} {text}"
    yield f"# TYPE terang_gateway_{name} {kind}"
