"""The reference of payments and of the gateway's configuration is made from the code."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest

from payments.attempt import Attempt, Stage, Standing
from payments.chart import handle
from payments.effects import Alarm, Effect, Tell, Write
from payments.inputs import (
    Accepted,
    AccountFound,
    AccountReplaced,
    Booked,
    CameBack,
    Input,
    NoAnswer,
    NotKnown,
    Rejected,
    Tick,
)
from payments.settings import GatewayConfig
from tests.pages import REFERENCE, check_table, table
from tests.payments.model import NET, PAUSES, make_release

SECTIONS = [one.name for one in fields(GatewayConfig) if "rule" not in one.metadata]
INPUTS: dict[str, Input] = {
    "an account that fits is there": AccountFound(commitment=bytes(32), at_ms=5),
    "the supplier states another account": AccountReplaced(),
    "the time for an account is over": Tick(now_ms=PAUSES.account_ms + 2),
    "bank: not known": NotKnown(),
    "bank: accepted": Accepted(),
    "bank: rejected": Rejected(code="AC04", reason="closed"),
    "bank: no answer": NoAnswer(why="closed", now_ms=10),
    "entry: booked": Booked(amount=NET, currency="IDR", reference="B-1", day="2026-11-25"),
    "entry: booked, another amount": Booked(amount=1, currency="IDR", reference="B-1", day="2026-11-25"),
    "entry: came back": CameBack(amount=NET, currency="IDR", reference="R-1", code="AC01", reason=""),
}
SHOWN = {Stage.PAID: Standing.SETTLED, Stage.ACCEPTED: Standing.SENT}
BACK = (Stage.REJECTED, Stage.RETURNED, Stage.REFUSED)


def make_attempt(stage: Stage) -> Attempt:
    """One at this stage, of which the ledger shows what it must."""
    standing = Standing.RETURNED if stage in BACK else SHOWN.get(stage, Standing.APPROVED)
    reference = "B-0" if stage in (Stage.PAID, Stage.RETURNED) else ""
    return Attempt(release=make_release(), stage=stage, standing=standing, reference=reference, released_ms=1)


def say(given: Input, effects: tuple[Effect, ...]) -> Iterator[str]:
    """The effects in a few words; what is written is not said, since every change is."""
    for effect in effects:
        match effect:
            case Write():
                continue
            case Tell():
                yield f"tell {effect.report.name.lower()}"
            case Alarm():
                yield "trouble" if isinstance(given, NoAnswer) else "alarm"
            case _:
                yield {"FindAccount": "find account", "Ask": "ask", "Send": "**send**"}[type(effect).__name__]


def cell(stage: Stage, given: Input) -> str:
    """What an input does at a stage."""
    attempt, effects = handle(make_attempt(stage), given, PAUSES)
    moved = [] if attempt.stage is stage else [f"→ {attempt.stage.name}"]
    return ", ".join([*moved, *say(given, effects)])


def test_the_chart_is_what_the_reference_shows(rewrite: bool) -> None:
    rows = [(name, *(cell(stage, given) for stage in Stage)) for name, given in INPUTS.items()]
    made = table(("", *(stage.name for stage in Stage)), rows)
    assert made.count("**send**") == 1, "a payment is sent in one place"
    check_table(REFERENCE / "payments.md", "chart", made, rewrite)


@pytest.mark.parametrize("section", ["", *SECTIONS])
def test_keys_are_those_of_the_code(section: str, rewrite: bool) -> None:
    settings: Any = getattr(GatewayConfig(), section) if section else GatewayConfig()
    rows = [
        (f"`{one.name}`", f"`{_shown(getattr(settings, one.name))}`", _may_be(one), one.metadata["comment"])
        for one in fields(settings)
        if "rule" in one.metadata
    ]
    made = table(("key", "default", "may be", "is"), rows)
    check_table(REFERENCE / "configuration.md", f"gateway-{section or 'top'}", made, rewrite)


def _may_be(one: Any) -> str:
    return str(one.metadata["rule"].find_expected([None]))


def _shown(value: object) -> str:
    return (
        str(list(value))
        if isinstance(value, tuple)
        else str(value)
        if isinstance(value, int)
        else f'"{value}"'
    )
