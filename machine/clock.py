"""The node's two clocks: the wall clock that blocks are stamped with, and trio's for waiting."""

import time
from typing import Protocol


class Clock(Protocol):
    """Milliseconds since 1970 UTC. Simulations bring their own."""

    def now_ms(self) -> int:
        """The time now; may step when the operator's clock is set."""
        ...


class SystemClock:
    """The operating system's wall clock."""

    def now_ms(self) -> int:
        """See `Clock`."""
        return time.time_ns() // 1_000_000
