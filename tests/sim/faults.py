"""What goes wrong with packets and machines. Faults only break; nothing here looks whether that broke a rule.

A plan is drawn from the seed: how slow, lossy and repetitive the links are, who is cut off from whom, when, in which
direction and for which sort of message, and who crashes. After `calm_ms` nothing goes wrong any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from random import Random

CALM_DELAY_MS = 40
SORT_LOSS_PERCENT = 70


class Sort(Enum):
    """Sorts of packets that can be cut apart from each other."""

    PROPOSAL = "proposal"
    PREVOTE = "prevote"
    PRECOMMIT = "precommit"
    STATUS = "status"
    BLOCK = "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """From `begin_ms` to `end_ms` nothing of `sorts` passes from one side to the other."""

    begin_ms: int
    end_ms: int
    senders: frozenset[int]
    receivers: frozenset[int]
    sorts: frozenset[Sort]

    def holds(self, now_ms: int, sender: int, receiver: int, sort: Sort) -> bool:
        """Whether this packet is cut off."""
        return (
            self.begin_ms <= now_ms < self.end_ms
            and sender in self.senders
            and receiver in self.receivers
            and sort in self.sorts
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """A node stops, in the middle of what it does after `begin_ms`, and starts again."""

    node: int
    begin_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """All faults of one run. Rates are in percent; packets of `lost_sorts` are lost more often than not."""

    calm_ms: int
    delay_ms: int
    slow_percent: int
    loss_percent: int
    lost_sorts: frozenset[Sort]
    repeat_percent: int
    body_delay_ms: int
    cuts: tuple[Cut, ...]
    crashes: tuple[Crash, ...]

    def delays_of(self, random: Random, now_ms: int, sender: int, receiver: int, sort: Sort) -> Sequence[int]:
        """After how long each copy of a packet arrives; none if it is lost. Different delays reorder packets."""
        if now_ms >= self.calm_ms:
            return (random.randint(1, CALM_DELAY_MS),)
        if any(cut.holds(now_ms, sender, receiver, sort) for cut in self.cuts):
            return ()
        if random.randrange(100) < (SORT_LOSS_PERCENT if sort in self.lost_sorts else self.loss_percent):
            return ()
        copies = 2 if random.randrange(100) < self.repeat_percent else 1
        return [self._delay(random) for _ in range(copies)]

    def _delay(self, random: Random) -> int:
        slow = 20 if random.randrange(100) < self.slow_percent else 1
        return random.randint(1, self.delay_ms * slow)

    def body_delay(self, random: Random, now_ms: int) -> int:
        """How long a node needs to get and check the bodies of a value."""
        return random.randint(0, CALM_DELAY_MS if now_ms >= self.calm_ms else self.body_delay_ms)


def draw_plan(random: Random, nodes: int, correct: Sequence[int]) -> FaultPlan:
    """A plan: sometimes kind, mostly not."""
    calm_ms = random.choice([0, 5_000, 15_000, 30_000])
    return FaultPlan(
        calm_ms=calm_ms,
        delay_ms=random.choice([20, 200, 900]),
        slow_percent=random.choice([0, 5, 20]),
        loss_percent=random.choice([0, 5, 30]),
        lost_sorts=frozenset(random.choice([[], [], [Sort.PRECOMMIT], [Sort.PREVOTE], [Sort.PROPOSAL]])),
        repeat_percent=random.choice([0, 10]),
        body_delay_ms=random.choice([20, 500, 6_000]),
        cuts=tuple(_draw_cut(random, nodes, calm_ms) for _ in range(random.randrange(8))),
        crashes=tuple(_draw_crash(random, correct, calm_ms) for _ in range(random.randrange(4))),
    )


def _draw_cut(random: Random, nodes: int, calm_ms: int) -> Cut:
    side = [node for node in range(nodes) if random.random() < 0.5]
    other = [node for node in range(nodes) if node not in side]
    begin_ms = random.randint(0, calm_ms)
    sorts = random.choice([list(Sort), [random.choice(list(Sort))], [Sort.PREVOTE, Sort.PRECOMMIT]])
    return Cut(
        begin_ms=begin_ms,
        end_ms=begin_ms + random.randint(100, 8_000),
        senders=frozenset(side),
        receivers=frozenset(other),
        sorts=frozenset(sorts),
    )


def _draw_crash(random: Random, correct: Sequence[int], calm_ms: int) -> Crash:
    begin_ms = random.randint(0, calm_ms)
    down_ms = random.choice([1, 500, 5_000])
    return Crash(node=random.choice(correct), begin_ms=begin_ms, end_ms=begin_ms + down_ms)
