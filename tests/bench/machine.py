"""What the system says of its processors: how busy they were, and for whom."""

import os
from pathlib import Path

CPUS = os.cpu_count() or 1
_TICKS_PER_S: int = os.sysconf("SC_CLK_TCK")
_IDLE_FIELDS = (3, 4)  # idle and iowait, in proc_stat(5)


def read_busy_s() -> float:
    """Seconds that all processors together have worked since the system began."""
    return compute_busy_s(Path("/proc/stat").read_text().splitlines()[0], _TICKS_PER_S)


def compute_busy_s(line: str, ticks_per_s: int) -> float:
    """The same, of the first line of /proc/stat."""
    fields = [int(field) for field in line.split()[1:9]]
    return sum(ticks for place, ticks in enumerate(fields) if place not in _IDLE_FIELDS) / ticks_per_s


def compute_others_share(busy_s: float, ours_s: float, wall_s: float, cpus: int) -> float:
    """Which part of the machine worked for others over a time: of 1."""
    return max(0.0, busy_s - ours_s) / (wall_s * cpus)
