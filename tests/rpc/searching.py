"""Searching by reading everything: what any index has to find."""

from collections.abc import Sequence

from chain.result import Event, TransactionResult, render_value
from chain.vote import Height
from rpc.backend import Found, Place, Search, Sought
from rpc.queries import make_test


def search_plainly(
    outcomes: Sequence[Sequence[TransactionResult]],
    search: Search,
    place: Place | None = None,
    since: int = 1,
) -> Found:
    """What a search finds in these results of blocks from height 1 on; `place` is where the transaction of its id stands."""
    places = [
        Place(height=Height(height), index=index)
        for height, results in enumerate(outcomes, start=1)
        for index in _indexes(search, height, results, place)
        if max(search.height_min, since) <= height <= search.height_max
    ]
    ordered = places[::-1] if search.is_newest_first else places
    if search.skip is not None:
        page = tuple(ordered[search.skip :][: search.limit])
        return _found(page, len(places), None, outcomes, since)
    rest = [one for one in ordered if search.after is None or _is_after(one, search.after, search)]
    page = tuple(rest[: search.limit])
    return _found(page, None, page[-1] if len(page) == search.limit else None, outcomes, since)


def _found(
    page: tuple[Place, ...],
    total: int | None,
    following: Place | None,
    outcomes: Sequence[Sequence[TransactionResult]],
    since: int,
) -> Found:
    return Found(places=page, total=total, next=following, height=Height(len(outcomes)), since=Height(since))


def _is_after(place: Place, after: Place, search: Search) -> bool:
    here, there = (place.height, place.index), (after.height, after.index)
    return here < there if search.is_newest_first else here > there


def _indexes(
    search: Search, height: int, results: Sequence[TransactionResult], place: Place | None
) -> list[int]:
    found = [
        index
        for index, result in enumerate(results)
        if search.id is None or (place is not None and (height, index) == (place.height, place.index))
        if not search.sought or any(_has_all(event, search.sought) for event in result.events)
    ]
    if not search.of_blocks:
        return found
    return [0] if found or (search.id is None and not search.sought) else []


def _has_all(event: Event, sought: Sequence[Sought]) -> bool:
    return all(
        event.contract == one.contract
        and one.event in (None, event.name)
        and any(
            key == one.field and make_test(one.condition)(render_value(value)) for key, value in event.fields
        )
        for one in sought
    )
