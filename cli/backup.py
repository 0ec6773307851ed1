"""`terang backup` and `terang restore`: what only this node has, its keys and configuration, in one file.

The record of signatures is never in it. A record that comes back from a backup has forgotten what was signed since, and
a validator that signs otherwise the second time is recorded as faulty for ever. So a restored validator gets a new record
with a floor that the operator states: the height up to which it will sign nothing. The ledger is not in it either; every
other node has it.
"""

import io
import tarfile
import time
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from chain.limits import BACKUP_FILE_BYTES_MAX, BACKUP_FILES_MAX
from cli.errors import NotDone
from cli.keys import make_floored_record
from cli.options import HomeOption
from genesis.file import read_genesis
from machine.files import DiskFiles, replace_file
from machine.keyfile import read_key_info
from node.config import read_config
from node.home import Home

_DISK = DiskFiles()
_FOLDERS = ("config", "keys")
_OWNER_ONLY = 0o600

FloorOption = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="For a validator: it signs nothing up to this height. Well above the last it can have signed.",
    ),
]


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")], home: HomeOption
) -> None:
    """Write keys and configuration of a node into one file.

    The ledger is not in it, since every other node has it, nor the record of signatures, which must never come back from
    a backup.
    """
    place = Home(home)
    config = read_config(place.config)
    if file.exists():
        raise NotDone(f"{file}: there is a file already. Give another name")
    found = _read_home(place)
    replace_file(_DISK, file, _pack(found))
    typer.echo(
        f"{config.moniker}: {len(found)} files of {home} are in {file}, which its owner alone may read."
    )
    for name in found:
        if name.startswith("keys/") and not read_key_info(home / name).is_encrypted:
            typer.echo(f"{name} is not encrypted: whoever reads the backup has this key.")


def restore(
    file: Annotated[Path, typer.Argument(help="A file that terang backup wrote.")],
    home: HomeOption,
    floor: FloorOption = None,
) -> None:
    """Make a node's home from a backup.

    A validator gets a new record of signatures: give --floor, a height that the network has passed since its key last
    signed. Never run two nodes with one validator's key.
    """
    place = Home(home)
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise NotDone(f"{home} is not empty. Give a new directory with --home")
    found = _unpack(file)
    is_validator = _name_of(place, place.validator_key) in found
    if is_validator and floor is None:
        raise NotDone(
            "this is a validator's backup: give --floor HEIGHT, well above the last height at which it can have "
            "signed. Another node tells where the network stands: terang status"
        )
    if not is_validator and floor is not None:
        raise NotDone("--floor is for a validator, and this backup holds no validator's key")
    for name, data in found.items():
        _DISK.make_directory((home / name).parent)
        replace_file(_DISK, home / name, data)
    if floor is not None:
        make_floored_record(place, read_genesis(place.genesis).chain_id, floor)
    typer.echo(f"{home}: {len(found)} files are back. Next: terang doctor --home {home}")


def _read_home(place: Home) -> dict[str, bytes]:
    """Files of the folders that are kept, by their name in the home. Raises `NotDone` where there is too much."""
    found: dict[str, bytes] = {}
    for folder in _FOLDERS:
        for path in sorted((place.path / folder).rglob("*")):
            if not path.is_file():
                continue
            if path.stat().st_size > BACKUP_FILE_BYTES_MAX or len(found) == BACKUP_FILES_MAX:
                raise NotDone(
                    f"{path}: expected at most {BACKUP_FILES_MAX} files of {BACKUP_FILE_BYTES_MAX} bytes in "
                    f"{' and '.join(_FOLDERS)}. Move away what is not of the node"
                )
            found[_name_of(place, path)] = path.read_bytes()
    return found


def _name_of(place: Home, path: Path) -> str:
    return path.relative_to(place.path).as_posix()


def _pack(found: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, data in found.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(data), _OWNER_ONLY, int(time.time())
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def _unpack(file: Path) -> dict[str, bytes]:
    """Every file of a backup. Raises `NotDone` for what `terang backup` does not write."""
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(file, mode="r:") as archive:
            for entry in archive:
                parts = PurePosixPath(entry.name).parts
                is_ours = entry.isreg() and len(parts) > 1 and parts[0] in _FOLDERS and ".." not in parts
                if not is_ours or entry.size > BACKUP_FILE_BYTES_MAX or len(found) == BACKUP_FILES_MAX:
                    raise NotDone(f"{file}: expected a backup of a node, got one with {entry.name!r}")
                content = archive.extractfile(entry)
                assert content is not None, "a regular file has content"
                found[entry.name] = content.read()
    except tarfile.TarError as error:
        raise NotDone(f"{file}: expected a file that terang backup wrote: {error}") from None
    if "config/terang.toml" not in found:
        raise NotDone(f"{file}: expected a backup of a node, got one without config/terang.toml")
    return found
