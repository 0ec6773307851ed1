"""Damage to one file of a copy of a home: flipped bits, a changed run of bytes, a cut end.

The copy shares its files with the original by hard links, but for those that a start may write into, and the damaged one.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from node.home import Home

CLASSES: dict[str, tuple[str, ...]] = {
    "store tables": ("data/store/*.ldb",),
    "store log": ("data/store/*.log",),
    "store manifest": ("data/store/MANIFEST-*",),
    "store CURRENT": ("data/store/CURRENT",),
    "log of commits": ("data/commits/log",),
    "journal": ("data/journal/*.log",),
    "signer's record": ("data/signer/record",),
    "keys": ("keys/*.key",),
    "configuration": ("config/terang.toml",),
    "genesis": ("config/genesis.json",),
    "places of the last start": ("data/places.json",),
    "index": ("data/search.sqlite",),
    "documents": ("data/documents/*",),
    "snapshots": ("data/snapshots/*/*",),
}
"""What a home has on disk, by the paths in it."""

_WRITTEN = ("search.sqlite",)
_RUN_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Rot:
    """What was done to a file, in words that repeat it."""

    kind: str
    file: str
    how: str


def find_classes(home: Home) -> dict[str, list[Path]]:
    """The files of each class, relative to the home."""
    found = {
        kind: [path.relative_to(home.path) for one in patterns for path in sorted(home.path.glob(one))]
        for kind, patterns in CLASSES.items()
    }
    assert all(found.values()), f"a class without a file: {found}"
    return found


def copy_rotten(home: Home, target: Path, chance: Random, kind: str, files: list[Path]) -> Rot:
    """A copy of the home with one file damaged."""
    link_all(home.path, target)
    sizes = [(home.path / file).stat().st_size for file in files]
    (file,) = chance.choices(files, weights=[max(1, size) for size in sizes])
    data = bytearray((home.path / file).read_bytes())
    how = chance.choices((_flip, _change_run, _cut), weights=(8, 1, 1))[0](data, chance)
    mode = (home.path / file).stat().st_mode
    (target / file).unlink()
    (target / file).write_bytes(data)
    (target / file).chmod(mode & 0o777)
    return Rot(kind=kind, file=str(file), how=how)


def link_all(source: Path, target: Path) -> None:
    """A copy of a home that shares its files."""
    shutil.rmtree(target, ignore_errors=True)
    for directory, _, names in os.walk(source):
        place = target / Path(directory).relative_to(source)
        place.mkdir(mode=0o700)
        for name in names:
            put: Callable[[Path, Path], object] = shutil.copyfile if name.startswith(_WRITTEN) else os.link
            put(Path(directory) / name, place / name)


def _flip(data: bytearray, chance: Random) -> str:
    place, bit = chance.randrange(len(data)), chance.randrange(8)
    data[place] ^= 1 << bit
    return f"bit {bit} of byte {place} of {len(data)}"


def _change_run(data: bytearray, chance: Random) -> str:
    place = chance.randrange(len(data))
    length = min(chance.randint(2, _RUN_BYTES), len(data) - place)
    data[place : place + length] = chance.randbytes(length)
    return f"{length} bytes from {place} of {len(data)}"


def _cut(data: bytearray, chance: Random) -> str:
    length, before = chance.randrange(len(data)), len(data)
    del data[length:]
    return f"cut from {before} to {length} bytes"
