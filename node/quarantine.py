"""What was found damaged, kept for whoever asks why: a note for each finding, and the stores that were replaced.

A note is a small JSON file, so that an operator reads it with any tool. Replaced stores are kept until newer ones come:
they are as large as the ledger. Nothing here is ever read by the node again.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from chain.limits import QUARANTINED_NOTES_KEPT, QUARANTINED_STORES_KEPT
from chain.time import format_time
from machine.files import Files, replace_file

_NOTE, _STORE = "note-", "store-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One finding: what is damaged, how that showed, and what was done about it."""

    what: str
    reason: str
    done: str
    fetched: tuple[str, ...] = ()


class Quarantine:
    """The directory of what was damaged."""

    def __init__(self, directory: Path, files: Files) -> None:
        self._directory = directory
        self._files = files

    def write_note(self, note: Note, now_ms: int) -> Path:
        """Keeps a finding; on disk when it returns. The oldest go where there are many."""
        content = {
            "found": format_time(now_ms),
            "what": note.what,
            "reason": note.reason,
            "done": note.done,
            "fetched": list(note.fetched),
        }
        self._files.make_directory(self._directory)
        path = self._directory / f"{_NOTE}{now_ms:015d}.json"
        replace_file(self._files, path, json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n")
        for name in self._names(self._directory, _NOTE)[:-QUARANTINED_NOTES_KEPT]:
            self._files.remove(self._directory / name)
        return path

    def take_in(self, path: Path, now_ms: int) -> Path:
        """Moves a store here, or beside itself where that is another disk; its name is on disk when this returns. Gives its
        new place.
        """
        self._files.make_directory(self._directory)
        directory = self._directory
        if not is_one_disk(path, directory):
            directory = path.with_name(f"{path.name}.quarantine")
            self._files.make_directory(directory)
        target = directory / f"{_STORE}{now_ms:015d}-{path.name}"
        self._files.rename(path, target)
        self._files.sync_directory(directory)
        self._files.sync_directory(path.parent)
        for name in self._names(directory, _STORE)[:-QUARANTINED_STORES_KEPT]:
            shutil.rmtree(directory / name)
        return target

    def _names(self, directory: Path, prefix: str) -> list[str]:
        return [name for name in self._files.list_names(directory) if name.startswith(prefix)]


def is_one_disk(one: Path, other: Path) -> bool:
    """Whether a rename leads from one place to the other."""
    return one.stat().st_dev == other.stat().st_dev
