"""A disk that forgets: `machine.files.Files` in memory, with a power cut at any operation.

Content and names that were synced survive for certain. What happened to the rest is chosen by a `Fate`, since real
disks may do any of them. `survivors` is what the next start finds.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import product
from pathlib import Path

from machine.faults import Unusable
from machine.files import Measured

SECTOR = 512


class PowerCut(Exception):
    """The machine stops here."""


class When(Enum):
    """Where in an operation the fault comes."""

    BEFORE = auto()
    AFTER = auto()
    HALF = auto()  # of an append: half of its bytes are written; otherwise as BEFORE
    ERROR = auto()  # the operating system reports an error, and nothing was done


class Fate(Enum):
    """What becomes of what was not synced."""

    LOST = auto()
    KEPT = auto()
    CUT = auto()  # the first half of the bytes, all names
    ZEROS = auto()  # the length, but nothing in it
    REORDERED = auto()  # the later sectors, zeros in place of the first


@dataclass
class Inode:
    """A file's content: what is safe, and what the running system sees."""

    seen: bytes = b""
    safe: bytes = b""

    def survive(self, fate: Fate) -> bytes:
        if not self.seen.startswith(self.safe):
            return self.seen
        rest = self.seen[len(self.safe) :]
        match fate:
            case Fate.LOST:
                return self.safe
            case Fate.KEPT:
                return self.seen
            case Fate.CUT:
                return self.safe + rest[: len(rest) // 2]
            case Fate.ZEROS:
                return self.safe + bytes(len(rest))
            case Fate.REORDERED:
                first = SECTOR - len(self.safe) % SECTOR
                return self.safe + bytes(min(first, len(rest))) + rest[first:]


@dataclass
class FaultyDisk:
    """`Files` over names and inodes. With `cut_at` the operation of that number meets the fault."""

    content: dict[Path, bytes] = field(default_factory=dict)
    cut_at: int | None = None
    when: When = When.BEFORE
    operations: int = 0
    now_ms: int = 0

    def __post_init__(self) -> None:
        self._safe_names = {path: Inode(data, data) for path, data in self.content.items()}
        self._names = dict(self._safe_names)

    def survivors(self, fate: Fate) -> dict[Path, bytes]:
        """What is on disk after the cut."""
        names = self._safe_names if fate is Fate.LOST else self._names
        return {path: inode.survive(fate) for path, inode in names.items()}

    def step(self, path: Path) -> bool:
        """Counts an operation. True if it is to be done, but only half, before the power is cut."""
        number, self.operations = self.operations, self.operations + 1
        if number != self.cut_at:
            return False
        if self.when is When.ERROR:
            raise Unusable(path, "input/output error", "Look at the device")
        if self.when is When.BEFORE:
            raise PowerCut
        return True

    def cut_after(self, path: Path, is_cut: bool) -> None:
        if is_cut:
            raise PowerCut(path)

    def inode(self, path: Path) -> Inode:
        return self._names[path]

    def read(self, path: Path) -> bytes | None:
        return self._names[path].seen if path in self._names else None

    def read_part(self, path: Path, offset: int, length: int) -> bytes | None:
        found = self.read(path)
        return None if found is None else found[offset : offset + length]

    def measure(self, path: Path) -> Measured | None:
        found = self.read(path)
        return None if found is None else Measured(size=len(found), written_ms=self.now_ms)

    def list_names(self, directory: Path) -> list[str]:
        below = [path.relative_to(directory) for path in self._names if directory in path.parents]
        return sorted({path.parts[0] for path in below})

    def open_append(self, path: Path) -> "FaultyFile":
        is_cut = self.step(path)
        self._names.setdefault(path, Inode())
        self.cut_after(path, is_cut)
        return FaultyFile(self, path, self._names[path])

    def truncate(self, path: Path, length: int) -> None:
        is_cut = self.step(path)
        inode = self._names[path]
        if not (is_cut and self.when is When.HALF):
            inode.seen = inode.safe = inode.seen[:length]
        self.cut_after(path, is_cut)

    def rename(self, source: Path, target: Path) -> None:
        is_cut = self.step(target)
        if not (is_cut and self.when is When.HALF):
            self._names[target] = self._names.pop(source)
        self.cut_after(target, is_cut)

    def remove(self, path: Path) -> None:
        is_cut = self.step(path)
        if not (is_cut and self.when is When.HALF):
            self._names.pop(path, None)
        self.cut_after(path, is_cut)

    def make_directory(self, path: Path) -> None:
        pass

    def remove_directory(self, path: Path) -> None:
        pass

    def get_free_bytes(self, path: Path) -> int:
        return 2**40

    def sync_directory(self, path: Path) -> None:
        is_cut = self.step(path)
        if not (is_cut and self.when is When.HALF):
            others = {name: inode for name, inode in self._safe_names.items() if name.parent != path}
            here = {name: inode for name, inode in self._names.items() if name.parent == path}
            self._safe_names = others | here
        self.cut_after(path, is_cut)


@dataclass
class FaultyFile:
    """An open file of a `FaultyDisk`."""

    disk: FaultyDisk
    path: Path
    inode: Inode

    def append(self, data: bytes) -> None:
        is_cut = self.disk.step(self.path)
        is_half = is_cut and self.disk.when is When.HALF
        self.inode.seen += data[: len(data) // 2] if is_half else data
        self.disk.cut_after(self.path, is_cut)

    def sync(self) -> None:
        is_cut = self.disk.step(self.path)
        if not (is_cut and self.disk.when is When.HALF):
            self.inode.safe = self.inode.seen
        self.disk.cut_after(self.path, is_cut)

    def close(self) -> None:
        pass


def every_fault(operations: int) -> Iterator[tuple[int, When, Fate]]:
    """Every operation with every fault and every fate."""
    yield from product(range(operations), When, Fate)
