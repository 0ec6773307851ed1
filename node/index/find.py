"""Looking through the index: stretch by stretch in the order that is asked for, under its sums, for a bounded time.

Conditions hold of one event, as with CometBFT: an event is (height, place, number). A text that is too long for the index
stands there as its hash; whether it contains something is read from the ledger.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, overload

from chain.limits import BLOCK_TRANSACTIONS_MAX
from chain.result import Event, TransactionResult, render_value
from chain.vote import Height
from node.index.feed import Results
from node.index.file import IndexDamaged, IndexFile
from node.index.rows import LONG, TRANSACTION, Entry, Name, Stretch, store_text
from rpc.backend import Found, Place, Search, Sought
from rpc.queries import make_test

Key = tuple[int, int]
"""A place as it is ordered: height, index."""


class Run(NamedTuple):
    """Keys that are found together, in order, and the place from which whoever has had them goes on."""

    keys: Sequence[Key]
    end: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What is sought, with its test made."""

    sought: Sought
    test: Callable[[str], bool]

    def is_of(self, name: Name) -> bool:
        """Whether it is about this field."""
        sought = self.sought
        return (name.contract, name.field) == (sought.contract, sought.field) and sought.event in (
            None,
            name.event,
        )

    def holds(self, event: Event) -> bool:
        """Whether it holds of an event of the ledger."""
        return any(
            self.test(render_value(value))
            for key, value in event.fields
            if self.is_of(Name(event.contract, event.name, key))
        )


_Numbered = tuple[_Wanted | None, list[tuple[int, Name]]]
"""A condition with the names that it is about; none for any transaction."""


class Finder:
    """One search over an open file, and the ledger that it is of."""

    def __init__(
        self, file: IndexFile, results: Results, search: Search, should_end: Callable[[], bool]
    ) -> None:
        """`should_end` says that a page by place is to end with what it has."""
        self._file = file
        self._results = results
        self._search = search
        self._should_end = should_end
        self._wanted = [_Wanted(sought=one, test=make_test(one.condition)) for one in search.sought]
        self._read: tuple[int, tuple[TransactionResult, ...]] = (0, ())

    def find(self, place: Place | None) -> Found:
        """A page. `place` is where the transaction of the search's id stands, as the ledger says.

        Raises:
            IndexDamaged: what is in the file is not all that was written, or not what the ledger says.
            Pruned: the ledger let go of a block while it was looked at.
        """
        origin = self._file.origin()
        assert origin is not None, "it was fitted a moment ago"
        names, stretches = self._file.names(origin), self._file.stretches(origin)
        since = max(origin.since, self._results.blocks_since)
        self._lowest, self._highest = (
            max(self._search.height_min, since),
            min(self._search.height_max, origin.height),
        )
        if self._search.id is not None:
            runs = self._run_of_one(place)
        elif self._search.of_blocks and not self._wanted:
            runs = self._runs_of_heights()
        else:
            runs = self._runs(names, stretches)
        found, total, following = self._page_by_place(runs) if self._search.skip is None else self._page(runs)
        places = tuple(Place(height=Height(height), index=index) for height, index in found)
        for one in places:
            self._verify(one)
        return Found(
            places=places, total=total, next=following, height=Height(origin.height), since=Height(since)
        )

    def _page(self, runs: Iterator[Run]) -> tuple[list[Key], int, None]:
        """The keys after the skipped ones, and how many there are in all."""
        skip, limit = self._search.skip or 0, self._search.limit
        page: list[Key] = []
        total = 0
        for run in runs:
            page += run.keys[max(0, skip - total) : max(0, skip + limit - total)]
            total += len(run.keys)
        return page, total, None

    def _page_by_place(self, runs: Iterator[Run]) -> tuple[list[Key], None, Place | None]:
        """The keys after a place, and where to go on."""
        limit, page = self._search.limit, list[Key]()
        for run in runs:
            page += islice(filter(self._is_after, run.keys), limit - len(page))
            if len(page) == limit:
                return page, None, Place(height=Height(page[-1][0]), index=page[-1][1])
            if run.end is not None and self._should_end():
                return page, None, run.end
        return page, None, None

    def _is_after(self, key: Key) -> bool:
        after = self._search.after
        if after is None:
            return True
        at = (after.height, after.index)
        return key < at if self._search.is_newest_first else key > at

    # --- Where keys come from, in the order of the search -----------------------------------------------------

    def _run_of_one(self, place: Place | None) -> Iterator[Run]:
        """The transaction of an id, if all holds of it: the ledger has it, so the index is not asked."""
        if place is None or not self._lowest <= place.height <= self._highest:
            return
        if self._holds_at(place):
            yield Run([(place.height, 0 if self._search.of_blocks else place.index)], None)

    def _runs_of_heights(self) -> Iterator[Run]:
        """Blocks by their heights alone."""
        lowest, highest = self._bounds()
        heights = range(lowest, highest + 1)
        yield Run(_Heights(heights[::-1] if self._search.is_newest_first else heights), None)

    def _runs(self, names: Sequence[Name], stretches: Sequence[tuple[int, Stretch]]) -> Iterator[Run]:
        """One stretch after the other."""
        lowest, highest = self._bounds()
        looked = [(number, one) for number, one in stretches if one.first <= highest and one.last >= lowest]
        if self._search.is_newest_first:
            looked.reverse()
        conditions = self._number(names)
        for number, stretch in looked:
            is_last = number == looked[-1][0]
            yield Run(self._keys(conditions, number, stretch), None if is_last else self._end_of(stretch))

    def _bounds(self) -> tuple[int, int]:
        """The heights in which there may be more after the place that was named."""
        after = self._search.after
        if after is None:
            return self._lowest, self._highest
        if self._search.is_newest_first:
            return self._lowest, min(self._highest, after.height if after.index else after.height - 1)
        is_whole = after.index >= BLOCK_TRANSACTIONS_MAX
        return max(self._lowest, after.height + 1 if is_whole else after.height), self._highest

    def _end_of(self, stretch: Stretch) -> Place:
        """The place after everything in it."""
        if self._search.is_newest_first:
            return Place(height=Height(stretch.first), index=0)
        return Place(height=Height(stretch.last), index=BLOCK_TRANSACTIONS_MAX)

    def _number(self, names: Sequence[Name]) -> list[_Numbered]:
        """What is sought by the numbers of its names, the narrowest first."""
        wanted = sorted(self._wanted, key=lambda one: not one.sought.condition.is_exact)
        if not wanted:
            return [(None, [pair for pair in enumerate(names) if pair[1] == TRANSACTION])]
        return [(one, [pair for pair in enumerate(names) if one.is_of(pair[1])]) for one in wanted]

    def _keys(self, conditions: Sequence[_Numbered], number: int, stretch: Stretch) -> list[Key]:
        """What is found in a stretch, each once, in order: the places of events of which every condition holds."""
        common: set[tuple[int, int, int]] | None = None
        for wanted, names in conditions:
            found = {
                entry[1:]
                for index, name in names
                if index in stretch.names
                for entry in self._entries(number, index, name, wanted)
            }
            common = found if common is None else common & found
            if not common:
                return []
        places = {(height, 0 if self._search.of_blocks else place) for height, place, _ in common or ()}
        return sorted(places, reverse=self._search.is_newest_first)

    def _entries(self, stretch: int, index: int, name: Name, wanted: _Wanted | None) -> list[Entry]:
        """Rows of a name in a stretch, in the heights of the search, of which the condition holds."""
        exact = wanted is not None and wanted.sought.condition.is_exact
        if wanted is not None and exact:
            rows = self._file.with_value(stretch, index, store_text(wanted.sought.condition.value))
        else:
            rows = self._file.of_name(stretch, index)
        rows = [one for one in rows if self._lowest <= one.height <= self._highest]
        return rows if wanted is None or exact else [one for one in rows if self._is_met(wanted, name, one)]

    def _is_met(self, wanted: _Wanted, name: Name, entry: Entry) -> bool:
        if not entry.value.startswith(LONG):
            return wanted.test(entry.value.decode(errors="replace"))
        event = self._event(entry)
        return event is not None and any(
            wanted.test(render_value(value)) for key, value in event.fields if key == name.field
        )

    # --- What the ledger says ---------------------------------------------------------------------------------

    def _event(self, entry: Entry) -> Event | None:
        results = self._results_of(entry.height)
        events = results[entry.place].events if entry.place < len(results) else ()
        return events[entry.number] if entry.number < len(events) else None

    def _results_of(self, height: int) -> tuple[TransactionResult, ...]:
        if self._read[0] != height:
            self._read = height, self._results.results(height) or ()
        return self._read[1]

    def _holds_at(self, place: Place) -> bool:
        """Whether the ledger has such a transaction there, or in the block."""
        results = self._results_of(place.height)
        if not self._wanted:
            return place.index < len(results) or (self._search.of_blocks and place.height <= self._highest)
        is_block = self._search.of_blocks and self._search.id is None
        looked = results if is_block else results[place.index : place.index + 1]
        return any(
            all(wanted.holds(event) for wanted in self._wanted)
            for result in looked
            for event in result.events
        )

    def _verify(self, place: Place) -> None:
        """Holds what was found against the ledger."""
        if self._search.id is None and not self._holds_at(place):
            raise IndexDamaged(
                f"what it has of transaction {place.index} of block {place.height} is not in the ledger"
            )


class _Heights(Sequence[Key]):
    """Keys of blocks by their heights, none of them made before it is asked for."""

    def __init__(self, heights: range) -> None:
        self._heights = heights

    def __len__(self) -> int:
        return len(self._heights)

    @overload
    def __getitem__(self, index: int) -> Key: ...
    @overload
    def __getitem__(self, index: slice) -> "_Heights": ...
    def __getitem__(self, index: int | slice) -> "Key | _Heights":
        found = self._heights[index]
        return _Heights(found) if isinstance(found, range) else (found, 0)
