"""Milliseconds since 1970 UTC on the ledger, RFC 3339 in documents."""

from datetime import UTC, datetime, timedelta

from chain.errors import Malformed

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIME_MS_MAX = 253_402_300_799_999  # the end of the year 9999


def format_time(time_ms: int) -> str:
    """RFC 3339 in UTC with milliseconds: `2026-11-24T04:46:40.010Z`."""
    moment = _EPOCH + timedelta(milliseconds=time_ms)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time_ms % 1000:03d}Z"


def parse_time(text: str) -> int:
    """Milliseconds since 1970 UTC of an RFC 3339 time with an offset; finer digits are cut off."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Malformed(f"time: expected RFC 3339 such as 2026-11-24T09:00:00+07:00, got {text!r}") from None
    if moment.tzinfo is None:
        raise Malformed(f"time: expected an offset such as Z or +07:00, got {text!r}")
    return (moment - _EPOCH) // timedelta(milliseconds=1)
