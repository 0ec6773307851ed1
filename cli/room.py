"""What a node keeps and the room it takes, as `terang status` shows it."""

from collections.abc import Iterator

from rpc.answers import StorageAnswer

_UNITS = ("B", "kB", "MB", "GB", "TB")
_STEP = 1_000
_DAY_S = 86_400


def list_rows(found: StorageAnswer) -> Iterator[tuple[str, str]]:
    """Names and values, one a line."""
    yield "keeps", f"{found.role}: blocks since {found.blocks_since}, states since {found.states_since}"
    yield "disk", f"{format_bytes(found.total_bytes)} taken, {format_bytes(found.free_bytes)} free"
    for one in found.classes:
        yield "", f"{format_bytes(one.bytes):>10}  {one.name}"
    yield "growth", _format_growth(found)


def _format_growth(found: StorageAnswer) -> str:
    if found.growth_bytes_per_day is None:
        return "not known yet: it takes a minute"
    span = _format_span(int(found.growth_over_seconds))
    growth = f"{format_bytes(found.growth_bytes_per_day)} a day, by the last {span}"
    if found.days_to_full is None:
        return f"{growth}: the disk does not fill"
    return f"{growth}: the disk is full in {found.days_to_full} days"


def _format_span(seconds: int) -> str:
    for length, name in ((_DAY_S, "days"), (3_600, "hours")):
        if seconds >= 2 * length:
            return f"{seconds // length} {name}"
    return f"{seconds // 60} minutes"


def format_bytes(digits: str) -> str:
    """A number of bytes for people, in thousands."""
    size, unit = float(digits), 0
    while abs(size) >= _STEP and unit < len(_UNITS) - 1:
        size, unit = size / _STEP, unit + 1
    return f"{size:.0f} B" if unit == 0 else f"{size:.1f} {_UNITS[unit]}"
