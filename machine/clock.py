"""The node's two clocks: the wall clock that blocks are stamped with, and trio's for waiting."""

import ctypes
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


_TIMEX_BYTES = 512  # Linux's struct timex has 208; all zeros asks and sets nothing
_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised


def is_synchronised() -> bool | None:
    """Whether something (NTP, PTP) keeps this machine's clock right; None where the system does not tell.

    All of chrony, ntpd and systemd-timesyncd tell Linux, which is asked by adjtimex(2).
    """
    adjtimex = getattr(ctypes.CDLL(None), "adjtimex", None)
    state = -1 if adjtimex is None else int(adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES)))
    return None if state < 0 else state != _TIME_ERROR
