"""Lists that a contract numbers from 1, read from the newest backwards: a page of what fits, and where the next begins.

A page looks at so many rows at most, so that a search in a long list costs no more than it says; what is further back
is on the next page.
"""

from collections.abc import Callable
from dataclasses import dataclass

from portals.page import Page
from rpc.contracts import Record, records_of

ROWS = 50
_CHUNK = 100  # what a contract gives at once
_LOOKED_MAX = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A page of a list. `before`: the number up to which the next page looks, 0 at the end."""

    rows: tuple[Record, ...]
    before: int
    is_newest: bool


async def read_newest(
    page: Page,
    contract: str,
    what: str,
    fits: Callable[[Record], bool],
    *,
    place: str = "",
    rows_max: int = ROWS,
    looked_max: int = _LOOKED_MAX,
) -> Listed:
    """Rows of `<what>_list`, the newest first, from the number that `place` says or from the newest."""
    count = await page.ledger.view(contract, f"{what}_count")
    assert isinstance(count, int), count
    last = start = _read_place(place, count)
    rows: list[Record] = []
    while last > 0 and len(rows) < rows_max and start - last < looked_max:
        first = max(1, last - min(_CHUNK, rows_max) + 1)
        found = await page.ledger.view(contract, f"{what}_list", first=first, limit=last - first + 1)
        last = first - 1
        rows += [row for row in reversed(records_of(found)) if fits(row)]
    if len(rows) > rows_max:
        rows = rows[:rows_max]
        last = rows[-1].number("number") - 1
    return Listed(rows=tuple(rows), before=last, is_newest=start == count)


def _read_place(text: str, count: int) -> int:
    return min(int(text), count) if text.isascii() and text.isdigit() and len(text) < 16 else count
