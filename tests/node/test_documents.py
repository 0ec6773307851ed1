"""The store of documents: what is held, what there is room for, what a crash, a flipped byte or a removal leaves."""

from pathlib import Path

import pytest

from chain.hashing import sha256
from documents.container import parse_container
from machine.faults import Unusable
from machine.files import DiskFiles, Files
from node.documents import DocumentLimits, DocumentStore, Lack
from tests.documents.making import AGENCY, OWNER, STRANGER, make_container
from tests.node.disk import Fate, FaultyDisk, PowerCut, When, every_fault

FOLDER = Path("documents")
DAY_MS = 86_400_000
NOW_MS = 20_000 * DAY_MS + 1_000
ROOMY = DocumentLimits(bytes_max=1_000_000, owner_day_bytes_max=1_000_000)
RAW = make_container()


def open_store(
    files: Files, limits: DocumentLimits = ROOMY, directory: Path = FOLDER, now_ms: int = NOW_MS
) -> DocumentStore:
    """A store as a node opens it at its start."""
    store = DocumentStore(directory, limits, files)
    store.open(now_ms)
    return store


def keep(store: DocumentStore, raw: bytes, now_ms: int = NOW_MS) -> Lack | None:
    """Puts a container."""
    return store.keep(parse_container(raw), raw, now_ms)


def test_what_is_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    store = open_store(DiskFiles(), directory=tmp_path / "documents")
    assert keep(store, RAW) is None
    again = open_store(DiskFiles(), directory=tmp_path / "documents")
    (held,) = again.list_held()
    assert held.hash == sha256(RAW) and again.read(held.hash) == RAW and again.is_whole(held.hash)
    assert held.header is not None and (held.header.owner, held.header.agency) == (OWNER.address, AGENCY)
    assert (tmp_path / "documents" / sha256(RAW).hex()).stat().st_mode & 0o777 == 0o600


def test_kept_again_it_is_written_once() -> None:
    disk = FaultyDisk()
    store = open_store(disk)
    keep(store, RAW)
    before = disk.operations
    assert keep(store, RAW) is None and disk.operations == before


def test_a_flipped_byte_shows_and_is_mended_by_putting_again() -> None:
    disk = FaultyDisk()
    store = open_store(disk, DocumentLimits(bytes_max=len(RAW), owner_day_bytes_max=3 * len(RAW)))
    keep(store, RAW)
    inode = disk.inode(FOLDER / sha256(RAW).hex())
    for place in (0, 10, len(RAW) - 1):
        inode.seen = RAW[:place] + bytes([RAW[place] ^ 1]) + RAW[place + 1 :]
        assert not store.is_whole(sha256(RAW))
    inode.seen = RAW[:40]
    assert store.header(sha256(RAW)) is None and store.list_held()[0].header is None
    assert keep(open_store(disk), RAW) is None and store.is_whole(sha256(RAW))


def test_there_is_room_for_so_much_and_removing_makes_room() -> None:
    other = make_container(number=1)
    disk = FaultyDisk()
    store = open_store(disk, DocumentLimits(bytes_max=len(RAW) + len(other) - 1, owner_day_bytes_max=10**6))
    assert keep(store, RAW) is None
    assert keep(store, other) is Lack.ROOM and store.measure(sha256(other)) is None
    assert store.find_lack(STRANGER.address, len(other), NOW_MS) is Lack.ROOM
    elsewhere = DocumentStore(FOLDER, ROOMY, disk)  # a command beside the node that runs
    assert elsewhere.remove(sha256(RAW)) and not elsewhere.remove(sha256(RAW))
    assert store.read(sha256(RAW)) is None and store.header(sha256(RAW)) is None
    assert keep(store, other) is None


def test_an_owner_has_a_share_of_each_day_also_after_a_restart() -> None:
    other, foreign = make_container(number=1), make_container(number=2, owner=STRANGER.address)
    limits = DocumentLimits(bytes_max=10**6, owner_day_bytes_max=len(RAW) + len(other) - 1)
    disk = FaultyDisk(now_ms=NOW_MS)
    store = open_store(disk, limits)
    assert keep(store, RAW) is None and keep(store, other) is Lack.DAY
    assert keep(store, foreign) is None
    again = open_store(disk, limits)
    assert keep(again, other) is Lack.DAY
    assert keep(again, other, NOW_MS + DAY_MS) is None
    assert keep(open_store(disk, limits, now_ms=NOW_MS + 2 * DAY_MS), make_container(number=3)) is None


def test_nothing_is_kept_where_there_is_no_room() -> None:
    assert (
        keep(open_store(FaultyDisk(), DocumentLimits(bytes_max=0, owner_day_bytes_max=10**6)), RAW)
        is Lack.ROOM
    )


def test_files_of_others_are_left_alone() -> None:
    strange = {FOLDER / "README": b"x", FOLDER / ("A" * 64): b"x", FOLDER / ("0" * 64 + ".new"): b"half"}
    disk = FaultyDisk(strange)
    assert open_store(disk).list_held() == []
    assert disk.list_names(FOLDER) == ["A" * 64, "README"]


OPERATIONS = 6
"""Of keeping one document: remove, open, append, sync, rename, sync of the directory."""


@pytest.mark.parametrize(("cut_at", "when", "fate"), list(every_fault(OPERATIONS)))
def test_a_crash_leaves_a_document_whole_or_not_there(cut_at: int, when: When, fate: Fate) -> None:
    first = make_container(number=1)
    disk = FaultyDisk({FOLDER / sha256(first).hex(): first})
    store = open_store(disk)
    start = disk.operations
    disk.cut_at, disk.when = start + cut_at, when
    with pytest.raises((PowerCut, Unusable)):
        keep(store, RAW)
    after = open_store(FaultyDisk(disk.survivors(fate)))
    assert after.read(sha256(first)) == first
    assert {held.hash for held in after.list_held()} <= {sha256(first), sha256(RAW)}
    if after.measure(sha256(RAW)) is not None:
        assert after.is_whole(sha256(RAW))


def test_so_many_operations_keep_one() -> None:
    disk = FaultyDisk()
    store = open_store(disk)
    before = disk.operations
    keep(store, RAW)
    assert disk.operations - before == OPERATIONS
