"""Working days against Python's own calendar, with holidays and in each time zone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contracts.ledger import Ledger, Refusal, operator

DAY_MS = 86_400_000
FRIDAY = datetime(2026, 12, 18, 16, 30, tzinfo=UTC)


def to_ms(time: datetime) -> int:
    """Milliseconds since 1970 UTC."""
    return int(time.timestamp() * 1000)


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    """Christmas 2026, a Friday, is a holiday; timur is two hours ahead of barat."""
    made = Ledger()
    day = to_ms(datetime(2026, 12, 25, tzinfo=UTC)) // DAY_MS
    proposal = made.do(operator("barat"), "governance", "propose_holiday", day, "Natal")
    for agency in ("timur", "utara"):
        made.do(operator(agency), "governance", "vote", proposal, True)
    made.do(operator("timur"), "governance", "set_time_zone", 540)
    return made


def compute_end(from_ms: int, days: int, offset_minutes: int) -> int:
    """The rule once more, by dates."""
    offset = timedelta(minutes=offset_minutes)
    date = (datetime.fromtimestamp(from_ms / 1000, UTC) + offset).date()
    while days:
        date += timedelta(days=1)
        if date.weekday() < 5 and (date.month, date.day, date.year) != (12, 25, 2026):
            days -= 1
    midnight = datetime(date.year, date.month, date.day, tzinfo=UTC) + timedelta(days=1) - offset
    return to_ms(midnight)


@settings(max_examples=30, deadline=None)
@given(
    after_s=st.integers(0, 20 * 86_400),
    days=st.integers(1, 60),
    agency=st.sampled_from([("barat", 420), ("timur", 540)]),
)
def test_terms_end_where_the_calendar_says(
    ledger: Ledger, after_s: int, days: int, agency: tuple[str, int]
) -> None:
    from_ms = to_ms(FRIDAY) + after_s * 1000
    found = ledger.view("calendar", "end_of_working_days", from_ms, days, agency[0])
    assert found == compute_end(from_ms, days, agency[1])


def test_the_same_moment_is_friday_here_and_saturday_there(ledger: Ledger) -> None:
    friday = to_ms(datetime(2026, 12, 18, tzinfo=UTC)) // DAY_MS
    at = to_ms(FRIDAY)
    assert ledger.view("calendar", "day_of", at, "barat") == friday
    assert ledger.view("calendar", "day_of", at, "timur") == friday + 1
    assert ledger.view("calendar", "is_working_day", friday) is True
    assert ledger.view("calendar", "is_working_day", friday + 1) is False
    assert ledger.view("calendar", "is_working_day", friday + 7) is False


def test_no_days_are_over_at_once(ledger: Ledger) -> None:
    assert ledger.view("calendar", "end_of_working_days", 5, 0, "barat") == 5


def _waiting_too_long(ledger: Ledger) -> Refusal:
    return ledger.refused_view("calendar", "end_of_working_days", 5, 500, "barat")


REFUSALS = {"clause 1.3: 500 working days are not over within 550 days": _waiting_too_long}
