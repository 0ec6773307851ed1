"""Which transactions announced what: an index of events for whoever searches, apart from the ledger and made from it.

It follows the ledger after the commit, in slices on a thread of its own, so consensus never waits for it; a search that
comes first does what is left, for some seconds, and else says how far it is. What is written here can be lost: a file
that is damaged, of another network or ahead of the ledger is made anew, or mended where that is less.

Nothing false is answered, and nothing is left out: see `node.index.rows`. A search is bounded in time; what takes longer is
refused, and can be asked for page by page. Called from threads, one at a time.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import structlog

from chain.hashing import Digest
from chain.limits import INDEX_SLICE_MS, RPC_SEARCH_INDEX_MS, RPC_SEARCH_MS
from chain.pruned import Pruned
from machine.clock import Clock
from node.index.feed import Results, add_slice, compute_sums, fit
from node.index.file import IndexDamaged, IndexFile, OutOfTime, look_into_file, open_file, remove_file
from node.index.find import Finder
from node.index.rows import Name, Stretch
from rpc.backend import Found, Place, Refused, Search
from rpc.values import ASK_AGAIN

T = TypeVar("T")

log = structlog.get_logger("node")


class SearchIndex:
    """The index in one file. Nothing touches the disk before it is fed or searched."""

    def __init__(
        self, path: Path, genesis: Digest, results: Results, clock: Clock, *, is_kept: bool = True
    ) -> None:
        """`is_kept`: whether this node keeps an index at all."""
        self.is_kept = is_kept
        self._path = path
        self._genesis = genesis
        self._results = results
        self._clock = clock
        self._lock = threading.Lock()

    def advance(self) -> bool:
        """Indexes for a moment; whether there is nothing more to do. Raises `Refused` where the disk refuses."""
        with self._alone(INDEX_SLICE_MS) as is_free:
            return is_free and self._mending(lambda: self._advance(INDEX_SLICE_MS))

    def search(self, search: Search, place: Place | None = None) -> Found:
        """A page of what is looked for; `place` is where the transaction of its id stands.

        Raises `Refused`: there is more to index, it takes too long, or the disk refuses.
        """
        if not self.is_kept:
            raise Refused("this node keeps no index of events: ask another node")
        with self._alone(RPC_SEARCH_MS) as is_free:
            if not is_free:
                raise Refused(f"other searches are under way: {ASK_AGAIN}")
            return self._mending(lambda: self._search(search, place))

    def _search(self, search: Search, place: Place | None) -> Found:
        if not self._advance(RPC_SEARCH_INDEX_MS):
            last = self._results.head.height
            raise Refused(f"events are indexed up to block {self.height()} of {last}: {ASK_AGAIN}")
        end_ms = self._clock.now_ms() + RPC_SEARCH_MS
        with open_file(self._path, lambda: self._clock.now_ms() >= end_ms) as file, file.reading():
            finder = Finder(
                file, self._results, search, lambda: self._clock.now_ms() >= end_ms - RPC_SEARCH_MS // 2
            )
            return finder.find(place)

    def _advance(self, milliseconds: int) -> bool:
        """Indexes for so long; whether it has come up to the ledger's head."""
        end_ms = self._clock.now_ms() + milliseconds
        with open_file(self._path, _never) as file:
            origin = fit(file, self._genesis, self._results.blocks_since, self._results.head.height)
            while origin.height < self._results.head.height:
                if self._clock.now_ms() >= end_ms:
                    return False
                origin = add_slice(file, origin, self._results)
        return True

    def _mending(self, do: Callable[[], T]) -> T:
        """Does it, and once more without the file where that is damaged."""
        try:
            try:
                return do()
            except IndexDamaged as damage:
                log.error("the index of events is damaged and made anew", reason=str(damage))
                remove_file(self._path)
                return do()
        except Pruned as pruned:
            raise Refused(f"{pruned}. It was there a moment ago: {ASK_AGAIN}") from pruned
        except OutOfTime:
            raise Refused(
                f"the search takes longer than {RPC_SEARCH_MS} ms: ask for less with = or tx.height, or page by page with "
                "a cursor"
            ) from None
        except (IndexDamaged, sqlite3.Error, OSError) as error:
            raise Refused(f"the index of events cannot be written: {error}") from error

    def rebuild(self, tell: Callable[[int], None]) -> int:
        """Makes the index anew, whatever there is; `tell` hears the height. The last height. Raises `Refused`, `OSError`."""
        remove_file(self._path)
        while not self.advance():
            tell(self.height())
        return self.height()

    def take_back(self, height: int) -> None:
        """Forgets what is above a height, before the ledger does: blocks that come there again may have other results, and come
        before anybody looks here. Raises `Refused`.
        """

        def forget() -> None:
            with open_file(self._path, _never) as file:
                fit(file, self._genesis, self._results.blocks_since, height)

        if self._path.exists():
            with self._alone(INDEX_SLICE_MS):
                self._mending(forget)

    def check(self, tell: Callable[[int], None]) -> int:
        """Holds everything in the file against the ledger, stretch by stretch; `tell` hears the height. The last height.

        Raises:
            IndexDamaged: what is not as the ledger says; the index is to be made anew.
        """
        with self._alone(RPC_SEARCH_MS), look_into_file(self._path) as file, file.reading():
            origin = file.origin()
            if origin is None or origin.genesis != self._genesis:
                raise IndexDamaged("it is of another ledger")
            names = file.names(origin)
            for number, stretch in file.stretches(origin):
                if stretch.last > self._results.head.height:
                    raise IndexDamaged(f"it has block {stretch.last}, and the ledger ends before it")
                if stretch.first >= self._results.blocks_since:
                    self._check_stretch(file, number, stretch, names)
                tell(stretch.last)
            return origin.height

    def _check_stretch(self, file: IndexFile, number: int, stretch: Stretch, names: Sequence[Name]) -> None:
        expected = compute_sums(self._results, stretch)
        found = {names[one]: file.sums(number, one) for one in stretch.names}
        for one in stretch.names:
            file.of_name(number, one)
        if found != expected:
            raise IndexDamaged(
                f"what it has of blocks {stretch.first} to {stretch.last} is not what the ledger has"
            )

    def height(self) -> int:
        """The last block that is indexed; 0 where there is no index."""
        if not self._path.exists():
            return 0
        with open_file(self._path, _never) as file:
            origin = file.origin()
            return 0 if origin is None else origin.height

    @contextmanager
    def _alone(self, patience_ms: int) -> Iterator[bool]:
        """Searches wait for each other, so that no more than one core works for them; whether the turn came."""
        is_free = self._lock.acquire(timeout=patience_ms / 1000)
        try:
            yield is_free
        finally:
            if is_free:
                self._lock.release()


def _never() -> bool:
    return False
