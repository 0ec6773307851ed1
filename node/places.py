"""Which directories the last start used, so that a configuration with a slip in a path does not look like a new node.

A directory that is configured, not there, and not the one of the last start is refused while that one still exists: else a
node would begin an empty ledger, or say that it keeps no document, because a letter of its configuration has changed.
Whoever moves a directory moves its content, and then it is there.
"""

import json
from pathlib import Path

from machine.faults import Unusable
from machine.files import Files, replace_file
from node.config import Config
from node.home import Home


def check_places(home: Home, config: Config, files: Files) -> None:
    """Compares and remembers. Raises `Unusable`."""
    chosen = {"store.directory": config.store.directory, "documents.directory": config.documents.directory}
    before = _read_places(home, files)
    for key, directory in chosen.items():
        last = before.get(key, directory)
        if directory != last and not (home.path / directory).exists() and (home.path / last).exists():
            raise Unusable(
                home.path / directory,
                f"{key} names this directory, which is not there; the last start used {last}",
                f"Correct {key} in {home.config}, or move {last} there",
            )
    if chosen != before:
        files.make_directory(home.places.parent)
        replace_file(files, home.places, json.dumps(chosen, indent=2, sort_keys=True).encode() + b"\n")


def _read_places(home: Home, files: Files) -> dict[str, str]:
    """None where the file is new or damaged: it claims nothing, and is written anew."""
    data = files.read(home.places)
    try:
        found = {} if data is None else json.loads(data)
    except ValueError:
        return {}
    pairs = found.items() if isinstance(found, dict) else ()
    return {key: value for key, value in pairs if isinstance(value, str) and Path(value).name}
