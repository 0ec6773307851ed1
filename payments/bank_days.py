"""Days as a bank counts them: by its own time."""

from datetime import UTC, date, datetime, timedelta


def compute_day(now_ms: int, utc_offset_minutes: int) -> str:
    """The bank's date: `2026-11-25`."""
    return (
        (datetime.fromtimestamp(now_ms // 1_000, UTC) + timedelta(minutes=utc_offset_minutes))
        .date()
        .isoformat()
    )


def next_day(day: str) -> str:
    """The day after."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def previous_day(day: str) -> str:
    """The day before."""
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()
