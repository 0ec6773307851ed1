"""A snapshot as one file: the manifest and then each chunk, every one after its length; nothing after the last.

Each part has one place and one length that may be there, so no bit of the file is without a meaning that is checked.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from chain.errors import Malformed
from chain.limits import SNAPSHOT_CHUNK_BYTES_MAX, SNAPSHOT_MANIFEST_BYTES_MAX
from chain.snapshot import Manifest, decode_manifest
from chain.snapshot_check import Step, taking
from chain.vote import Height
from machine.faults import Damaged
from machine.files import Files
from node.snapshot.shelf import Shelf

_LENGTH_BYTES = 4
_TEMPORARY = ".new"


def export_snapshot(shelf: Shelf, height: Height, path: Path, files: Files) -> Iterator[int]:
    """Writes a snapshot into a file, a chunk a step; gives how many chunks are in it. The file is there when the steps are over.

    Raises `DiskFault`, also where a chunk is not as it was written.
    """
    data = shelf.read_manifest(height)
    assert data is not None, "the height is one of the shelf's"
    temporary = path.with_name(path.name + _TEMPORARY)
    files.remove(temporary)
    file = files.open_append(temporary)
    try:
        file.append(_part(data))
        for number, digest in enumerate(decode_manifest(data).chunks, 1):
            chunk = shelf.read_chunk(height, digest)
            if chunk is None:
                raise Damaged(
                    shelf.place(height) / digest.hex(), "the chunk is not there", "Remove the directory"
                )
            file.append(_part(chunk))
            yield number
        file.sync()
    finally:
        file.close()
    files.rename(temporary, path)
    files.sync_directory(path.parent)


def _part(data: bytes) -> bytes:
    return len(data).to_bytes(_LENGTH_BYTES, "big") + data


@contextmanager
def open_snapshot(path: Path) -> Iterator[tuple[Manifest, Iterator[bytes]]]:
    """The manifest of a file, and its chunks as they are read; whether they are those of the manifest is for a
    `SnapshotReader`. Raises `SnapshotRefused` for what is no such file.
    """
    with path.open("rb") as file:
        with taking(Step.FORM):
            manifest = decode_manifest(_read_part(file, SNAPSHOT_MANIFEST_BYTES_MAX, "manifest"))
        yield manifest, _iterate_chunks(file, len(manifest.chunks))


def _iterate_chunks(file: BinaryIO, number: int) -> Iterator[bytes]:
    for place in range(number):
        with taking(Step.STATE):
            chunk = _read_part(file, SNAPSHOT_CHUNK_BYTES_MAX, f"chunk {place}")
        yield chunk
    with taking(Step.STATE):
        if file.read(1):
            raise Malformed(f"expected the file to end after {number} chunks, got more")


def _read_part(file: BinaryIO, bytes_max: int, what: str) -> bytes:
    length = int.from_bytes(_read_exactly(file, _LENGTH_BYTES, what), "big")
    if length > bytes_max:
        raise Malformed(f"{what}: expected at most {bytes_max} bytes, got {length}")
    return _read_exactly(file, length, what)


def _read_exactly(file: BinaryIO, length: int, what: str) -> bytes:
    data = file.read(length)
    if len(data) < length:
        raise Malformed(f"{what}: expected {length} bytes more, the file ends after {len(data)}")
    return data
