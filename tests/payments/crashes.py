"""The crash table of the gateway: `python -m tests.payments.crashes [WORDS]` runs every case, or those named with WORDS.

Real processes: a network of three nodes, a bank, a gateway. In each case one order is released. The gateway is killed
with -9 before or after one of its steps and started again; or the bank misbehaves; or both; or something else is gone. Then
the order must come to its end by itself. Of every case the table says how often the bank was asked to pay, how often it
booked and how much came back, and where the ledger ends. Exit code 1 when anything was paid twice or forgotten.
"""

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx2

from chain.payment import compute_end_to_end_id
from tests.network.running import CHAIN, wait_until
from tests.payments.town import Town, running_town

PATIENCE_S = 60.0
PAID, UNPAID, BACK = (1, 0), (0, 0), (1, 1)
"""Bookings and returns that a case must end with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way to break something. `begin` comes before the release, `during` after it and after the kill; `is_bare`: the
    gateway that is killed has no journal.
    """

    name: str
    step: str = ""
    is_bare: bool = False
    switches: tuple[dict[str, object], ...] = ()
    begin: Callable[[Town], None] | None = None
    during: Callable[[Town, int], None] | None = None
    state: str = "SETTLED"
    movements: tuple[int, int] = PAID


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What came of a case."""

    name: str
    asked: int
    booked: int
    back: int
    state: str
    seconds: float
    verdict: str


# --- Cases ----------------------------------------------------------------------------------------------------------


def _switch(kind: str, **fields: object) -> dict[str, object]:
    return {"kind": kind, **fields}


def _lose_journal(town: Town) -> None:
    town.gateway.kill()
    shutil.rmtree(town.gateway.home.journal)
    town.gateway.start()


def _lose_all(town: Town) -> None:
    shutil.rmtree(town.gateway.home.accounts)
    _lose_journal(town)


def _lose_journal_when_sent(town: Town, order: int) -> None:
    wait_until(lambda: town.gateway.count_sent(_id_of(order)) > 0, "it is sent")
    _lose_journal(town)


def _lose_all_when_sent(town: Town, order: int) -> None:
    wait_until(lambda: town.gateway.count_sent(_id_of(order)) > 0, "it is sent")
    _lose_all(town)
    town.gateway.wait_until_up()
    wait_until(lambda: town.ordering.state(order) == "SETTLED", "the bank's entry is enough")
    town.hand_over()


def _post_until_killed(town: Town) -> None:
    """The supplier hands its account over, and gets no answer."""
    town.gateway.wait_until_up()
    for file in town.gateway.home.accounts.iterdir():
        file.unlink()
    try:
        town.hand_over()
    except httpx2.TransportError:
        return
    raise AssertionError("the gateway should have been killed at the step")


def _post_again(town: Town, _: int) -> None:
    """Without an answer it is handed over again."""
    town.gateway.wait_until_up()
    town.hand_over()


def _kill_the_bank(town: Town, _: int) -> None:
    town.bank.kill()
    time.sleep(2.0)
    town.bank.start()


def _freeze_the_bank(town: Town, order: int) -> None:
    """It takes connections and never answers, for longer than the gateway waits."""
    town.bank.send_signal(signal.SIGSTOP)
    try:
        wait_until(lambda: "bank" in town.gateway.troubles(), "the gateway says that the bank is away")
        assert town.ordering.state(order) in ("APPROVED", "SENT")
    finally:
        town.bank.send_signal(signal.SIGCONT)


def _kill_nodes(town: Town, _: int) -> None:
    """All but the validator; then they come back."""
    for process in town.network.processes[1:]:
        process.kill()
    time.sleep(2.0)
    for process in town.network.processes[1:]:
        process.start()


def _kill_all_nodes(town: Town, _: int) -> None:
    for process in town.network.processes:
        process.kill()
    time.sleep(1.0)
    for process in town.network.processes:
        process.start()
    for process in town.network.processes:
        process.wait_until_up()


def _release_again(town: Town, order: int) -> None:
    wait_until(lambda: town.ordering.state(order) == "RETURNED", "it went back to the payment officer")
    town.ordering.approve(order)


def _run_a_second_gateway(town: Town) -> None:
    """The same key and accounts, a journal of its own: as when somebody restored a copy and forgot to stop the first."""
    second = town.second
    shutil.copy(town.gateway.home.key, second.home.key)
    shutil.rmtree(second.home.accounts, ignore_errors=True)
    shutil.copytree(town.gateway.home.accounts, second.home.accounts)
    second.start()
    second.wait_until_up()


def _end_the_second_gateway(town: Town, order: int) -> None:
    wait_until(lambda: town.ordering.state(order) == "SETTLED", "it is settled")
    town.second.kill()


_WRITES = ("Released", "AccountFound", "Accepted", "Booked", "Shown", "Followed", "Fetched")
_STEPS = (*(f"write {fact}" for fact in _WRITES), "find", "ask", "confirm", "send", "sign", "submit", "fetch")
_MISBEHAVIOURS: tuple[tuple[str, dict[str, object], str, tuple[int, int]], ...] = (
    ("rejects", _switch("reject", code="AC04"), "RETURNED", UNPAID),
    ("books 3 s later", _switch("delay", seconds=3), "SETTLED", PAID),
    ("returns it 2 s later", _switch("return", seconds=2), "RETURNED", BACK),
    ("tells of it twice", _switch("twice"), "SETTLED", PAID),
    ("tells a wrong amount", _switch("wrong_amount"), "SETTLED", PAID),
    ("answers about another, three times", _switch("wrong_id", times=3), "SETTLED", PAID),
    ("answers half a message, three times", _switch("malformed", times=3), "SETTLED", PAID),
    ("closes before it reads", _switch("close_before"), "SETTLED", PAID),
    ("takes it and closes", _switch("close_after"), "SETTLED", PAID),
    ("is away, four times", _switch("away", times=4), "SETTLED", PAID),
)
_KILLED_TOO: dict[str, tuple[str, ...]] = {
    "reject": ("after:send",),
    "delay": ("after:send", "after:write Accepted"),
    "return": ("after:send", "after:write Booked"),
    "twice": ("after:send", "before:write Fetched"),
    "wrong_amount": ("after:send", "before:write Fetched"),
    "close_before": ("before:send",),
    "close_after": ("before:write Booked",),
    "away": ("before:ask",),
}
"""The steps at which the gateway is killed while the bank misbehaves so."""
CASES: tuple[Case, ...] = (
    *(
        Case(name=f"killed {when} {step}", step=f"{when}:{step}")
        for step in _STEPS
        for when in ("before", "after")
    ),
    *(
        Case(
            name=f"killed {when} write {fact}",
            step=f"{when}:write {fact}",
            switches=(switch,),
            state="RETURNED",
            movements=movements,
        )
        for fact, switch, movements in (
            ("Rejected", _switch("reject", code="AC04"), UNPAID),
            ("CameBack", _switch("return", seconds=1), BACK),
        )
        for when in ("before", "after")
    ),
    *(
        Case(name=f"bank {what}", switches=(switch,), state=state, movements=movements)
        for what, switch, state, movements in _MISBEHAVIOURS
    ),
    *(
        Case(
            name=f"bank {what}; killed {step.replace(':', ' ')}",
            switches=(switch,),
            step=step,
            state=state,
            movements=movements,
        )
        for what, switch, state, movements in _MISBEHAVIOURS
        for step in _KILLED_TOO.get(str(switch["kind"]), ())
    ),
    *(
        Case(
            name=f"account handed over; killed {when} keep",
            step=f"{when}:keep",
            begin=_post_until_killed,
            during=_post_again,
        )
        for when in ("before", "after")
    ),
    *(
        Case(name=f"journal lost; killed {step.replace(':', ' ')}", step=step, is_bare=True)
        for step in (
            "before:write Reconciled",
            "after:write Reconciled",
            "before:statement",
            "after:statement",
        )
    ),
    Case(name="bank killed and started again", during=_kill_the_bank),
    Case(
        name="bank never answers, for 12 s", during=_freeze_the_bank, switches=(_switch("delay", seconds=1),)
    ),
    Case(name="two of three nodes gone for 2 s", during=_kill_nodes),
    Case(name="all nodes killed and started again", during=_kill_all_nodes),
    Case(
        name="bank rejects; released again",
        switches=(_switch("reject", code="AC04"),),
        during=_release_again,
    ),
    Case(
        name="bank returns it; released again",
        switches=(_switch("return", seconds=1),),
        during=_release_again,
        movements=(2, 1),
    ),
    Case(name="journal lost before", begin=_lose_journal),
    Case(
        name="journal lost when sent", during=_lose_journal_when_sent, switches=(_switch("delay", seconds=4),)
    ),
    Case(
        name="journal and accounts lost when sent",
        during=_lose_all_when_sent,
        switches=(_switch("delay", seconds=4),),
    ),
    Case(
        name="journal lost when sent; then it comes back",
        during=_lose_journal_when_sent,
        switches=(_switch("return", seconds=5),),
        state="RETURNED",
        movements=BACK,
    ),
    Case(name="two gateways at once", begin=_run_a_second_gateway, during=_end_the_second_gateway),
)


# --- A run ----------------------------------------------------------------------------------------------------------


def run_case(town: Town, case: Case) -> Row:
    """Releases one order and waits for its end."""
    start = time.monotonic()
    order = town.take_order()
    for switch in case.switches:
        town.bank.client.switch(**{**switch, "end_to_end_id": _id_of(order)})  # type: ignore[arg-type]  # the table's own fields
    if case.step:
        town.gateway.kill()
        if case.is_bare:
            shutil.rmtree(town.gateway.home.journal)
        town.gateway.start(case.step, _id_of(order))
    if case.begin is not None:
        case.begin(town)
    town.ordering.approve(order)
    is_killed = not case.step or town.gateway.wait_until_killed(PATIENCE_S)
    if not town.gateway.is_running:
        town.gateway.start()
    if case.during is not None:
        case.during(town, order)
    is_over = _wait_for_end(town, order, case)
    return _judge(town, order, case, is_killed=is_killed, is_over=is_over, seconds=time.monotonic() - start)


def _wait_for_end(town: Town, order: int, case: Case) -> bool:
    """Whether ledger, bank and gateway all come to the end that they must."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if _is_at_end(town, order, case):
            return True
        time.sleep(0.1)
    return False


def _is_at_end(town: Town, order: int, case: Case) -> bool:
    try:
        state, attempt = town.ordering.state(order), town.ordering.attempt(order)
        is_over = town.gateway.is_over(compute_end_to_end_id(CHAIN, order, attempt))
    except httpx2.TransportError:
        return False
    return (state, _count_movements(town, order)) == (case.state, case.movements) and is_over


def _count_movements(town: Town, order: int) -> tuple[int, int]:
    """How often the bank booked the order, and how often it brought it back, over all its attempts."""
    ids = {
        compute_end_to_end_id(CHAIN, order, attempt) for attempt in range(1, town.ordering.attempt(order) + 1)
    }
    lines = [line for line in town.bank.read_lines() if line.end_to_end_id in ids]
    return sum(not line.is_credit for line in lines), sum(line.is_credit for line in lines)


def _judge(town: Town, order: int, case: Case, *, is_killed: bool, is_over: bool, seconds: float) -> Row:
    booked, back = _count_movements(town, order)
    asked = sum(
        gateway.count_sent(compute_end_to_end_id(CHAIN, order, attempt))
        for gateway in (town.gateway, town.second)
        for attempt in range(1, town.ordering.attempt(order) + 1)
    )
    verdict = "once" if case.movements != UNPAID else "not paid"
    if booked - back > 1 or booked > case.movements[0]:
        verdict = "PAID TWICE"
    elif not is_killed:
        verdict = "THE STEP NEVER CAME"
    elif not is_over:
        verdict = "FORGOTTEN"
    return Row(
        name=case.name,
        asked=asked,
        booked=booked,
        back=back,
        state=town.ordering.state(order).lower(),
        seconds=seconds,
        verdict=verdict,
    )


def is_good(row: Row) -> bool:
    """Whether nothing was paid twice and nothing forgotten."""
    return row.verdict in ("once", "not paid")


def _id_of(order: int) -> str:
    return compute_end_to_end_id(CHAIN, order, 1)


def format_rows(rows: Sequence[Row]) -> str:
    """The table."""
    head = ("case", "asked to pay", "booked", "came back", "ledger", "s", "paid")
    cells = [
        (
            row.name,
            str(row.asked),
            str(row.booked),
            str(row.back),
            row.state,
            f"{row.seconds:.1f}",
            row.verdict,
        )
        for row in rows
    ]
    widths = [max(len(line[place]) for line in (head, *cells)) for place in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in (head, tuple("-" * width for width in widths), *cells)
    ]
    return "\n".join(lines)


def main(words: Sequence[str]) -> int:
    """Runs the cases whose name has one of the words, or all; the exit code."""
    cases = [case for case in CASES if not words or any(word in case.name for word in words)]
    rows: list[Row] = []
    with (
        tempfile.TemporaryDirectory(prefix="terang-crashes-") as path,
        running_town(Path(path), orders=len(cases)) as town,
    ):
        town.hand_over()
        for case in cases:
            rows.append(run_case(town, case))
            print(format_rows(rows[-1:]).splitlines()[-1], file=sys.stderr, flush=True)
        total = town.bank.client.paid()
        expected = town.ordering.net * sum(row.booked - row.back for row in rows)
    print(format_rows(rows))
    bad = [row for row in rows if not is_good(row)]
    print(f"\n{len(rows)} cases, {len(bad)} bad; the bank paid {total}, which the orders make {expected}")
    return 1 if bad or total != expected else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
