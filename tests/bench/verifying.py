"""This machine's measure: how many signatures libsodium verifies in a second on one core, by the node's own way to it.

A second is one of processor time, so that others on the machine change it little; by the clock it is told beside it.
"""

import time
from dataclasses import dataclass

from chain.keys import SigningKey, is_signed

_MESSAGE_BYTES = 230  # what is signed of a supplier's registration
_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """So many verifications, with the seconds of this thread's processor time and of the clock that they took."""

    count: int
    cpu_s: float
    clock_s: float

    @property
    def per_s(self) -> float:
        """In a second of one core."""
        return self.count / self.cpu_s

    @property
    def per_clock_s(self) -> float:
        """In a second of the clock, with what others left of the core."""
        return self.count / self.clock_s


def measure_verifying(rounds: int, round_s: float) -> tuple[Verified, ...]:
    """Verifies for so many seconds, so many times."""
    key = SigningKey.from_seed(bytes(32))
    message = bytes(_MESSAGE_BYTES)
    signature = key.sign(message)
    found = []
    for _ in range(rounds):
        count, began, cpu_began = 0, time.perf_counter(), time.thread_time()
        while time.perf_counter() - began < round_s:
            for _ in range(_BATCH):
                assert is_signed(key.public, message, signature)
            count += _BATCH
        cpu_s, clock_s = time.thread_time() - cpu_began, time.perf_counter() - began
        found.append(Verified(count=count, cpu_s=cpu_s, clock_s=clock_s))
    return tuple(found)
