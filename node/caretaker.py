"""What a node does about its own room, beside everything else: lets go of the oldest blocks, gives back their room, and
notes how the directory grows.

Work is done in slices on a thread: one batch of blocks, or the compaction of one range, each some milliseconds to a second.
Between two slices the node rests; while a height is under way it rests longer, yet not for ever, since a network that is
never idle fills its disk fastest. A crash at any moment is harmless: a batch moves the height since which blocks are kept
together with what it deletes, a compaction changes nothing that can be read, and a lost size is one sample less.
"""

from collections.abc import Callable, Iterator, Sequence

import structlog
import trio

from chain.limits import COMPACTED_BYTES_MAX
from chain.vote import Height
from machine.clock import Clock
from machine.faults import DiskFull
from node.config import RetentionConfig
from node.growth import Sample, add_sample
from node.retention import find_below, make_policy
from node.room import DataFiles, make_room
from node.store.keys import BLOCK_IDS, BLOCKS, LOCATIONS, RESULTS, Table, height_key
from node.store.ledger import Ledger
from rpc.values import Room

log = structlog.get_logger("retention")
COMPACTED_BLOCKS_MIN = (
    512  # let go before their room is given back: each time takes about as long as these few
)
LOCATION_PARTS = 64  # in which the places of transactions are compacted, one part each time
_LOOK_SECONDS = 60.0  # between two looks when there is nothing to do
_IDLE_SECONDS = 0.05  # between two slices while no height is under way
_BUSY_SECONDS = 1.0
Range = tuple[bytes, bytes]


class Caretaker:
    """See the module. `floors` say from which height on others still need blocks; None: they need none."""

    def __init__(
        self,
        ledger: Ledger,
        retention: RetentionConfig,
        files: DataFiles,
        clock: Clock,
        is_idle: Callable[[], bool],
        floors: Sequence[Callable[[], Height | None]] = (),
    ) -> None:
        self._ledger = ledger
        self._role = retention.role
        self._policy = make_policy(retention)
        self._files = files
        self._clock = clock
        self._is_idle = is_idle
        self._floors = floors
        self._compacted_until = ledger.blocks_since
        self._location_part = 0
        self._ranges: list[Range] = []
        self._room: Room | None = None

    @property
    def room(self) -> Room:
        """How much room the node took when it was last looked at."""
        return self._room or self.look()

    async def run(self) -> None:
        """For ever."""
        next_look = 0.0
        while True:
            if trio.current_time() >= next_look:
                await trio.to_thread.run_sync(self.look)
                next_look = trio.current_time() + _LOOK_SECONDS
            has_more = await trio.to_thread.run_sync(self.take_slice)
            if has_more:
                await trio.sleep(_IDLE_SECONDS if self._is_idle() else _BUSY_SECONDS)
            else:
                await trio.sleep(max(0.0, next_look - trio.current_time()))

    def take_slice(self) -> bool:
        """One slice of whatever is due; False where nothing is."""
        if self._ranges:
            self._ledger.compact(*self._ranges.pop(0))
            return True
        if self._policy.is_archive:
            return False
        slice_ = self._ledger.prune(self._find_below())
        if slice_ is not None:
            log.debug("blocks let go", first=slice_.first, kept_since=slice_.since)
        if self._ledger.blocks_since - self._compacted_until >= COMPACTED_BLOCKS_MIN:
            self._plan_compaction()
        return slice_ is not None or bool(self._ranges)

    def _find_below(self) -> int:
        found = (floor() for floor in self._floors)
        return min(
            [find_below(self._ledger, self._policy), *(height for height in found if height is not None)]
        )

    def _plan_compaction(self) -> None:
        """The ranges that were let go since the last time, and one part of the places, whose rows lie everywhere."""
        first, since = self._compacted_until, self._ledger.blocks_since
        self._ranges = [
            piece for table in (BLOCKS, RESULTS, BLOCK_IDS) for piece in self._cut(table, first, since)
        ]
        self._ranges.append(_part_of_locations(self._location_part))
        self._location_part = (self._location_part + 1) % LOCATION_PARTS
        self._compacted_until = since
        log.info("blocks let go", kept_since=since, head=self._ledger.head.height)

    def _cut(self, table: Table, first: int, since: int) -> Iterator[Range]:
        """The rows of these heights in pieces that are compacted in short time."""
        start, end = height_key(table, first), height_key(table, since)
        if since - first <= 1 or self._ledger.measure(start, end) <= COMPACTED_BYTES_MAX:
            yield start, end
            return
        middle = (first + since) // 2
        yield from self._cut(table, first, middle)
        yield from self._cut(table, middle, since)

    def look(self) -> Room:
        """Measures the directory and notes its size. On a full disk the note is left out."""
        sizes = self._files.measure(self._ledger.measure_classes())
        sample = Sample(time_ms=self._clock.now_ms(), bytes=sum(sizes.values()))
        samples = add_sample(self._ledger.growth, sample)
        try:
            self._ledger.note_growth(samples)
        except DiskFull:
            log.warning("the disk is full: the size of this directory cannot be noted")
        self._room = make_room(self._ledger, self._role, sizes, self._files.free_bytes, samples)
        return self._room


def _part_of_locations(part: int) -> Range:
    step = 256 // LOCATION_PARTS
    start, end = part * step, (part + 1) * step
    prefix = LOCATIONS.prefix
    return prefix + bytes([start]), prefix + bytes([end]) if end < 256 else bytes([prefix[0] + 1])
