"""The few file operations that the write-ahead log and the signer's record are built from, each able to fail.

What is written is on disk only after `sync`, and a name is only after `sync_directory`; whoever writes through this
layer states that order himself. It is this thin so that tests can stand in for it: they keep what was synced apart
from what was not, stop at every operation, and start again with what a real disk might then hold.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from machine.faults import compute_fault

_TEMPORARY = ".new"
"""Ending of a file that is being made; left over only by a crash, and then worthless."""


class AppendFile(Protocol):
    """A file open for writing at its end. After an error it must not be used again: its tail is unknown."""

    def append(self, data: bytes) -> None:
        """Writes `data` at the end; not yet safe."""
        ...

    def sync(self) -> None:
        """Returns when everything appended is on disk."""
        ...

    def close(self) -> None:
        """Releases the file; what was not synced may be lost."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """How large a file is, and when its content was last written, in milliseconds since 1970 UTC."""

    size: int
    written_ms: int


class Files(Protocol):
    """Operations on files by path. All raise `DiskFault` where the operating system refuses."""

    def read(self, path: Path) -> bytes | None:
        """Whole content, or None if there is no such file."""
        ...

    def read_part(self, path: Path, offset: int, length: int) -> bytes | None:
        """At most `length` bytes from `offset` on, or None if there is no such file."""
        ...

    def measure(self, path: Path) -> Measured | None:
        """Size and time of a file, or None if there is no such file."""
        ...

    def list_names(self, directory: Path) -> list[str]:
        """Names in a directory in order; none if it does not exist."""
        ...

    def open_append(self, path: Path) -> AppendFile:
        """Opens for appending; makes the file (owner only) if it is not there. Its name is not yet safe."""
        ...

    def truncate(self, path: Path, length: int) -> None:
        """Cuts the file to `length` bytes and syncs it."""
        ...

    def rename(self, source: Path, target: Path) -> None:
        """Puts `source` in place of `target` at once; not yet safe."""
        ...

    def remove(self, path: Path) -> None:
        """Removes a file if it is there; not yet safe."""
        ...

    def make_directory(self, path: Path) -> None:
        """Makes a directory (owner only) and those above it; their names are on disk when it returns."""
        ...

    def remove_directory(self, path: Path) -> None:
        """Removes an empty directory if it is there; not yet safe."""
        ...

    def sync_directory(self, path: Path) -> None:
        """Returns when the names in the directory are on disk."""
        ...

    def get_free_bytes(self, path: Path) -> int:
        """What the disk of a place has left, which need not be there yet."""
        ...


def replace_file(files: Files, path: Path, data: bytes) -> None:
    """Puts `data` in the place of a file, so that after any crash the old or the new content is there, whole."""
    temporary = path.with_name(path.name + _TEMPORARY)
    files.remove(temporary)
    file = files.open_append(temporary)
    file.append(data)
    file.sync()
    file.close()
    files.rename(temporary, path)
    files.sync_directory(path.parent)


def clear_directory(files: Files, path: Path) -> None:
    """Removes a directory of files if it is there; its name is not yet gone for certain."""
    for name in files.list_names(path):
        files.remove(path / name)
    files.remove_directory(path)


def is_temporary(name: str) -> bool:
    """Whether a file name is one that `replace_file` left behind in a crash."""
    return name.endswith(_TEMPORARY)


class DiskFiles:
    """`Files` on the operating system."""

    def read(self, path: Path) -> bytes | None:
        """See `Files`."""
        with file_faults(path):
            try:
                return path.read_bytes()
            except FileNotFoundError:
                return None

    def read_part(self, path: Path, offset: int, length: int) -> bytes | None:
        """See `Files`."""
        with file_faults(path):
            try:
                with _descriptor(path, os.O_RDONLY) as descriptor:
                    return os.pread(descriptor, length, offset)
            except FileNotFoundError:
                return None

    def measure(self, path: Path) -> Measured | None:
        """See `Files`."""
        with file_faults(path):
            try:
                found = path.stat()
            except FileNotFoundError:
                return None
        return Measured(size=found.st_size, written_ms=found.st_mtime_ns // 1_000_000)

    def list_names(self, directory: Path) -> list[str]:
        """See `Files`."""
        with file_faults(directory):
            try:
                return sorted(os.listdir(directory))
            except FileNotFoundError:
                return []

    def open_append(self, path: Path) -> AppendFile:
        """See `Files`."""
        with file_faults(path):
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            return _DiskAppendFile(path, os.open(path, flags, 0o600))

    def truncate(self, path: Path, length: int) -> None:
        """See `Files`."""
        with file_faults(path), _descriptor(path, os.O_WRONLY) as descriptor:
            os.ftruncate(descriptor, length)
            os.fsync(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        """See `Files`."""
        with file_faults(target):
            os.replace(source, target)

    def remove(self, path: Path) -> None:
        """See `Files`."""
        with file_faults(path), suppress(FileNotFoundError):
            os.unlink(path)

    def make_directory(self, path: Path) -> None:
        """See `Files`."""
        missing = [one for one in (path, *path.parents) if not one.exists()]
        for directory in reversed(missing):
            with file_faults(directory):
                directory.mkdir(mode=0o700, exist_ok=True)
            self.sync_directory(directory.parent)
        with file_faults(path):
            path.mkdir(exist_ok=True)  # a file in its place is told by the system's own words

    def remove_directory(self, path: Path) -> None:
        """See `Files`."""
        with file_faults(path), suppress(FileNotFoundError):
            path.rmdir()

    def sync_directory(self, path: Path) -> None:
        """See `Files`."""
        with file_faults(path), _descriptor(path, os.O_RDONLY | os.O_DIRECTORY) as descriptor:
            os.fsync(descriptor)

    def get_free_bytes(self, path: Path) -> int:
        """See `Files`."""
        there = next(one for one in (path, *path.parents) if one.exists())
        with file_faults(there):
            return shutil.disk_usage(there).free


class WatchedFiles(DiskFiles):
    """The operating system's files for who only looks: what would change them is left undone.

    A log and a record that are opened through it are read as at a start, a torn tail left out, and stay as they are.
    """

    def truncate(self, path: Path, length: int) -> None:
        """Leaves the file."""

    def remove(self, path: Path) -> None:
        """Leaves the file."""

    def remove_directory(self, path: Path) -> None:
        """Leaves the directory."""

    def make_directory(self, path: Path) -> None:
        """Makes nothing."""

    def sync_directory(self, path: Path) -> None:
        """Nothing was written."""


class _DiskAppendFile:
    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    def append(self, data: bytes) -> None:
        with file_faults(self._path):
            view = memoryview(data)
            while view:
                view = view[os.write(self._descriptor, view) :]

    def sync(self) -> None:
        with file_faults(self._path):
            os.fdatasync(self._descriptor)

    def close(self) -> None:
        with file_faults(self._path):
            os.close(self._descriptor)


@contextmanager
def file_faults(path: Path) -> Iterator[None]:
    """What the operating system refuses of `path`, as `DiskFault`."""
    try:
        yield
    except OSError as error:
        raise compute_fault(error, path) from error


@contextmanager
def _descriptor(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
