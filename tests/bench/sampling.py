"""Where a process's time goes, by looking at it: now and then, what each thread is at, weighted by what it has used since.

The system tells the processor time of each thread to the nanosecond (`schedstat`), so a thread that waits weighs nothing,
and code that calls much weighs no more than it uses, as it would under a tracing profiler. What a library in C does shows
as the Python function that called it. Threads without Python (LevelDB's own) count by their time alone.

One thing it cannot do: a thread is seen where it gives way, which is often a call into C (a read of the store, a
signature). That call is blamed for the microseconds of Python before it. So stages are right and single lines are hints.
"""

import sys
import sysconfig
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

STEP_S = 0.003
_SWITCH_S = 0.00002
"""So soon a thread gives way to the sampler. With Python's own 5 ms the sampler would mostly see threads where they give
way by themselves, which is in calls to C, and blame those for what was done before.
"""
ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = Path(sysconfig.get_paths()["purelib"])
_NATIVE = "threads without Python"
_ALIASES = {
    "nacl": "libsodium",
    "node/store/leveldb.py": "plyvel",
    "chain/codec.py": "chain: cbor2 and its checks",
}


@dataclass(slots=True)
class Profile:
    """Nanoseconds by part of the system, and by function with all that it calls."""

    by_place: Counter[str] = field(default_factory=Counter)
    with_callees: Counter[str] = field(default_factory=Counter)

    def add(self, stack: list[tuple[str, str]], used_ns: int) -> None:
        """Counts time for a stack of (file, function), the innermost first."""
        own = [(place_of(path), f"{shorten(path)}:{function}") for path, function in stack if place_of(path)]
        if not own:
            self.by_place["Python itself"] += used_ns
            return
        self.by_place[own[0][0]] += used_ns
        self.with_callees.update(dict.fromkeys((name for _, name in own), used_ns))


def place_of(path: str) -> str:
    """The part of the system that a source file belongs to; "" for Python's own."""
    name = shorten(path)
    if name in _ALIASES:
        return _ALIASES[name]
    if name == path:
        return ""
    first = name.partition("/")[0]
    return _ALIASES.get(first, first)


def shorten(path: str) -> str:
    """A source file's name below the project or the installed libraries; unchanged where it is elsewhere."""
    for root in (LIBRARIES, ROOT):
        if path.startswith(f"{root}/"):
            return path[len(str(root)) + 1 :]
    return path


class Sampler(threading.Thread):
    """Samples this process from when `begin` exists until `stop`."""

    def __init__(self, begin: Path) -> None:
        super().__init__(name="sampler", daemon=True)
        self.profile = Profile()
        self._begin = begin
        self._stopping = threading.Event()
        self._used: dict[int, int] = {}

    def stop(self) -> None:
        """Returns when nothing is counted any more."""
        self._stopping.set()
        self.join()

    def run(self) -> None:
        """See `Thread`."""
        while not self._begin.exists() and not self._stopping.is_set():
            time.sleep(STEP_S)
        sys.setswitchinterval(_SWITCH_S)
        self._take_times()
        while not self._stopping.wait(STEP_S):
            self._sample()

    def _sample(self) -> None:
        frames = sys._current_frames()
        names = {thread.native_id: thread.ident for thread in threading.enumerate()}
        for native_id, used_ns in self._take_times():
            ident = names.get(native_id)
            if ident == self.ident or used_ns <= 0:
                continue
            frame = None if ident is None else frames.get(ident)
            if frame is None:
                self.profile.by_place[_NATIVE] += used_ns
            else:
                self.profile.add(list(_walk(frame)), used_ns)

    def _take_times(self) -> list[tuple[int, int]]:
        """What each thread has used since it was last asked."""
        found: list[tuple[int, int]] = []
        for task in Path("/proc/self/task").iterdir():
            try:
                total = int((task / "schedstat").read_text().split()[0])
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended meanwhile
            native_id = int(task.name)
            found.append((native_id, total - self._used.get(native_id, 0)))
            self._used[native_id] = total
        return found


def _walk(frame: FrameType) -> Iterator[tuple[str, str]]:
    """A stack, the innermost first."""
    at: FrameType | None = frame
    while at is not None:
        yield at.f_code.co_filename, at.f_code.co_qualname
        at = at.f_back
