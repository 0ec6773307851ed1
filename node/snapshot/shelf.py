"""Snapshots of one node on disk: a directory for each height, with the manifest and a file for each chunk, named by its hash.

    data/snapshots/HEIGHT/manifest                  its SHA-256, and the manifest
    data/snapshots/HEIGHT/<SHA-256 of the chunk>

The manifest is written last, so a snapshot is there when its manifest is; a directory without one is half made. Made is
each on a thread of its own and once at a time; any thread reads. Manifest and chunks are held to their hashes
whenever they are read.
"""

from pathlib import Path

from chain.hashing import DIGEST_BYTES, Digest, sha256
from chain.limits import SNAPSHOT_CHUNK_BYTES_MAX, SNAPSHOT_MANIFEST_BYTES_MAX, SNAPSHOTS_ANSWER_BYTES_MAX
from chain.vote import Height
from machine.faults import Damaged
from machine.files import Files, clear_directory, replace_file

MANIFEST = "manifest"
_ADVICE = "Remove the directory: the node makes another snapshot, and other nodes have theirs"


class Shelf:
    """The snapshots of one directory. Nothing touches the disk before a method is called."""

    def __init__(self, directory: Path, files: Files) -> None:
        self._directory = directory
        self._files = files

    def clear_half_made(self) -> None:
        """Removes what a crash left without a manifest."""
        for height in self.directories:
            if not self.is_whole(height):
                self.remove(height)

    @property
    def heights(self) -> list[Height]:
        """Of whole snapshots, the newest first."""
        return [height for height in self.directories if self.is_whole(height)]

    @property
    def directories(self) -> list[Height]:
        """Heights of which there is something, whole or not, the newest first."""
        names = self._files.list_names(self._directory)
        return sorted((Height(int(name)) for name in names if _is_height(name)), reverse=True)

    def is_whole(self, height: int) -> bool:
        """Whether this snapshot is there, and not under way."""
        return self._files.measure(self.place(height) / MANIFEST) is not None

    def place(self, height: int) -> Path:
        """The directory of a snapshot."""
        return self._directory / str(height)

    def read_manifest(self, height: int) -> bytes | None:
        """An encoded manifest, or None where there is no such snapshot. Raises `DiskFault`."""
        path = self.place(height) / MANIFEST
        sealed = self._files.read_part(path, 0, DIGEST_BYTES + SNAPSHOT_MANIFEST_BYTES_MAX + 1)
        if sealed is None:
            return None
        seal, data = sealed[:DIGEST_BYTES], sealed[DIGEST_BYTES:]
        if len(data) > SNAPSHOT_MANIFEST_BYTES_MAX:
            raise Damaged(path, "it is larger than any manifest", _ADVICE)
        if sha256(data) != seal:
            raise Damaged(path, "the manifest is not as it was written", _ADVICE)
        return data

    def read_manifests(self) -> tuple[bytes, ...]:
        """As many of the newest as fit one answer."""
        found: list[bytes] = []
        room = SNAPSHOTS_ANSWER_BYTES_MAX - 64
        for height in self.heights:
            data = self.read_manifest(height)
            if data is not None and len(data) + 16 <= room:
                found.append(data)
                room -= len(data) + 16
        return tuple(found)

    def read_chunk(self, height: int, digest: Digest) -> bytes | None:
        """The chunk of that hash, or None where it is not there. Raises `DiskFault`."""
        path = self.place(height) / digest.hex()
        data = self._files.read_part(path, 0, SNAPSHOT_CHUNK_BYTES_MAX + 1)
        if data is not None and sha256(data) != digest:
            raise Damaged(path, "the chunk is not as it was written", _ADVICE)
        return data

    def put_chunk(self, height: int, data: bytes) -> Digest:
        """Writes a chunk of a snapshot under way; safe once `finish` has returned. Its hash."""
        place, digest = self.place(height), sha256(data)
        self._files.make_directory(place)
        path = place / digest.hex()
        self._files.remove(path)
        file = self._files.open_append(path)
        file.append(data)
        file.sync()
        file.close()
        return digest

    def finish(self, height: int, manifest: bytes) -> None:
        """Makes a snapshot whole: all its chunks were put."""
        place = self.place(height)
        self._files.sync_directory(place)
        replace_file(self._files, place / MANIFEST, sha256(manifest) + manifest)

    def remove(self, height: int) -> None:
        """Removes a snapshot, its manifest first, so that what a crash leaves is no snapshot."""
        place = self.place(height)
        if MANIFEST in self._files.list_names(place):
            self._files.remove(place / MANIFEST)
            self._files.sync_directory(place)
        clear_directory(self._files, place)

    def get_free_bytes(self) -> int:
        """What the disk has left. Raises `DiskFault`."""
        return self._files.get_free_bytes(self._directory)

    def keep_newest(self, number: int) -> None:
        """Removes all but so many."""
        for height in self.heights[number:]:
            self.remove(height)


def _is_height(name: str) -> bool:
    return name.isascii() and name.isdecimal() and str(int(name)) == name
