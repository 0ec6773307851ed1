"""How far back a node keeps blocks: what its operator decided, as the height below which blocks may go.

    archive     everything, for ever
    full        `blocks_days` of blocks by their own time, and of these no more bytes than `blocks_bytes_max`

Age is by block time against the newest block: a network that stood still for a month has lost nothing by it. What a node
needs itself is kept by the ledger, whatever is said here (`node.store.pruning`), and so is what others need who begin at
a snapshot of this node: blocks above the newest one. Index rows go with their blocks; states, snapshots and logs are
bounded by their own keys.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from chain.block import Header
from chain.vote import Height
from node.config import RetentionConfig
from node.head import Head

ARCHIVE = "archive"
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What is kept of blocks. None: no bound of this kind."""

    age_ms_max: int | None
    bytes_max: int | None

    @property
    def is_archive(self) -> bool:
        """Whether nothing is ever let go."""
        return self.age_ms_max is None and self.bytes_max is None


def make_policy(config: RetentionConfig) -> Policy:
    """What the operator's keys say."""
    if config.role == ARCHIVE:
        return Policy(age_ms_max=None, bytes_max=None)
    return Policy(age_ms_max=config.blocks_days * _DAY_MS, bytes_max=config.blocks_bytes_max or None)


class Blocks(Protocol):
    """The ledger, as far as a policy looks at it."""

    @property
    def head(self) -> Head:
        """After the last block."""
        ...

    @property
    def blocks_since(self) -> Height:
        """The oldest block that is kept."""
        ...

    def header(self, height: int) -> Header | None:
        """A block's header."""
        ...

    def measure_blocks(self, first: int) -> int:
        """About how many bytes the blocks from a height on take."""
        ...


def find_below(blocks: Blocks, policy: Policy) -> Height:
    """The height below which blocks may go by the policy: the first that it keeps."""
    kept = blocks.blocks_since
    if policy.age_ms_max is not None:
        oldest_ms = blocks.head.time_ms - policy.age_ms_max
        kept = _find_first(kept, blocks.head.height, lambda height: _is_since(blocks, height, oldest_ms))
    if policy.bytes_max is not None:
        bytes_max = policy.bytes_max
        kept = _find_first(
            kept, blocks.head.height, lambda height: blocks.measure_blocks(height) <= bytes_max
        )
    return kept


def _is_since(blocks: Blocks, height: int, time_ms: int) -> bool:
    header = blocks.header(height)
    return header is None or header.time_ms >= time_ms


def _find_first(low: Height, high: int, holds: Callable[[int], bool]) -> Height:
    """The first height for which it holds, which it does for all after it; the last where it holds for none."""
    if low >= high or holds(low):
        return low
    least, most = int(low), high
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (least, middle) if holds(middle) else (middle, most)
    return Height(most)
