"""Snapshots on disk: whole or not there after any crash, chunks held to their hashes, and only so many kept."""

from pathlib import Path

import pytest

from chain.hashing import DIGEST_BYTES, sha256
from chain.limits import SNAPSHOT_MANIFEST_BYTES_MAX
from machine.faults import Damaged, Unusable
from machine.files import DiskFiles
from node.snapshot.shelf import Shelf
from tests.node.disk import Fate, FaultyDisk, PowerCut, every_fault

CHUNKS = (b"first" * 100, b"second" * 100)
PLACE = Path("/snapshots")


def put(shelf: Shelf, height: int) -> None:
    """A snapshot of these chunks."""
    for chunk in CHUNKS:
        shelf.put_chunk(height, chunk)
    shelf.finish(height, b"manifest of %d" % height)


def test_what_was_put_is_there(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "snapshots", DiskFiles())
    assert shelf.heights == [] and shelf.read_manifest(7) is None
    for height in (7, 30, 9):
        put(shelf, height)
    assert shelf.heights == [30, 9, 7]
    assert shelf.read_manifests() == (b"manifest of 30", b"manifest of 9", b"manifest of 7")
    assert shelf.read_chunk(9, sha256(CHUNKS[1])) == CHUNKS[1]
    assert shelf.read_chunk(9, sha256(b"another")) is None and shelf.read_chunk(8, sha256(CHUNKS[1])) is None
    shelf.keep_newest(2)
    assert shelf.heights == [30, 9] and not shelf.place(7).exists()


def test_what_is_half_made_is_no_snapshot_and_goes(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, DiskFiles())
    put(shelf, 7)
    shelf.put_chunk(9, CHUNKS[0])
    (tmp_path / "notes of the operator").mkdir()
    assert shelf.heights == [7] and shelf.read_manifest(9) is None
    shelf.clear_half_made()
    assert not shelf.place(9).exists() and shelf.heights == [7]
    assert (tmp_path / "notes of the operator").is_dir()


def test_a_chunk_that_decayed_is_named_and_never_given(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, DiskFiles())
    put(shelf, 7)
    digest = sha256(CHUNKS[0])
    path = shelf.place(7) / digest.hex()
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(Damaged, match=f"{digest.hex()}: the chunk is not as it was written"):
        shelf.read_chunk(7, digest)
    manifest = shelf.place(7) / "manifest"
    manifest.write_bytes(manifest.read_bytes()[:-1] + b"8")
    with pytest.raises(Damaged, match="the manifest is not as it was written"):
        shelf.read_manifest(7)
    manifest.write_bytes(bytes(DIGEST_BYTES + SNAPSHOT_MANIFEST_BYTES_MAX + 1))
    with pytest.raises(Damaged, match="larger than any manifest"):
        shelf.read_manifest(7)


def test_so_many_manifests_as_fit_an_answer(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, DiskFiles())
    for height in range(1, 6):
        shelf.put_chunk(height, CHUNKS[0])
        shelf.finish(height, bytes(SNAPSHOT_MANIFEST_BYTES_MAX * 3 // 4))
    assert len(shelf.read_manifests()) == 2


def make_on(disk: FaultyDisk) -> None:
    """Makes one in the place of an older one."""
    shelf = Shelf(PLACE, disk)
    put(shelf, 9)
    shelf.remove(7)


def older() -> dict[Path, bytes]:
    """A disk that has one."""
    disk = FaultyDisk()
    put(Shelf(PLACE, disk), 7)
    return disk.survivors(Fate.KEPT)


def test_a_crash_leaves_whole_snapshots_or_none() -> None:
    counting = FaultyDisk(older())
    make_on(counting)
    for at, when, fate in every_fault(counting.operations):
        disk = FaultyDisk(older(), cut_at=at, when=when)
        with pytest.raises((PowerCut, Unusable)):
            make_on(disk)
        shelf = Shelf(PLACE, FaultyDisk(disk.survivors(fate)))
        for height in shelf.heights:
            assert shelf.read_manifest(height) == b"manifest of %d" % height, (at, when, fate)
            for chunk in CHUNKS:
                assert shelf.read_chunk(height, sha256(chunk)) == chunk, (at, when, fate)
