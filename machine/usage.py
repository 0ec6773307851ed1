"""What this process uses of the machine, for whoever watches it."""

import os
import time
from pathlib import Path

_PAGES = Path("/proc/self/statm")


def get_cpu_seconds() -> float:
    """CPU time since the process began, of all threads."""
    return time.process_time()


def get_resident_bytes() -> int | None:
    """Memory that is held now; None where the system does not tell it in Linux's way."""
    try:
        return int(_PAGES.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return None
