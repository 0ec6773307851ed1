"""The real files: what the operating system refuses has a typed error, and replacing is all or nothing."""

import errno
from pathlib import Path

import pytest

from machine.faults import DiskFault, DiskFull, Unusable, compute_fault
from machine.files import DiskFiles, is_temporary, replace_file
from tests.node.disk import Fate, FaultyDisk, PowerCut, every_fault

FILES = DiskFiles()


def test_append_goes_on_where_the_file_ends(tmp_path: Path) -> None:
    path = tmp_path / "log"
    for part in (b"one", b"two"):
        file = FILES.open_append(path)
        file.append(part)
        file.sync()
        file.close()
    assert FILES.read(path) == b"onetwo"
    FILES.truncate(path, 4)
    FILES.sync_directory(tmp_path)
    assert FILES.read(path) == b"onet"


def test_what_is_not_there_is_nothing_and_not_an_error(tmp_path: Path) -> None:
    assert FILES.read(tmp_path / "none") is None
    assert FILES.list_names(tmp_path / "none") == []
    FILES.remove(tmp_path / "none")


def test_replacing_leaves_one_file(tmp_path: Path) -> None:
    path = tmp_path / "record"
    for data in (b"old", b"new"):
        replace_file(FILES, path, data)
    assert FILES.read(path) == b"new"
    assert FILES.list_names(tmp_path) == ["record"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_crash_leaves_half_a_replacement() -> None:
    path, other = Path("dir/record"), Path("dir/other")
    before = {path: b"old" * 400, other: b"other"}
    whole = FaultyDisk(before)
    replace_file(whole, path, b"new" * 500)
    for cut_at, when, fate in every_fault(whole.operations):
        disk = FaultyDisk(before, cut_at, when)
        with pytest.raises((PowerCut, DiskFault)):
            replace_file(disk, path, b"new" * 500)
        after = disk.survivors(fate)
        assert after[path] in (b"old" * 400, b"new" * 500), f"cut at {cut_at} {when.name} {fate.name}"
        assert after[other] == b"other"
        assert all(is_temporary(name.name) for name in set(after) - set(before))


def test_finished_replacement_survives_everything() -> None:
    disk = FaultyDisk({Path("dir/record"): b"old"})
    replace_file(disk, Path("dir/record"), b"new")
    assert all(disk.survivors(fate) == {Path("dir/record"): b"new"} for fate in Fate)


def test_full_disk_has_its_own_error() -> None:
    file = FILES.open_append(Path("/dev/full"))
    with pytest.raises(DiskFull, match=r"/dev/full: the disk is full. Free some space"):
        file.append(b"x")
    file.close()


def test_a_limit_on_file_sizes_is_no_full_disk() -> None:
    fault = compute_fault(OSError(errno.EFBIG, "File too large"), Path("record"))
    assert isinstance(fault, DiskFull)
    assert str(fault).startswith("record: the file may not grow further. Raise the limit")


def test_refusals_name_the_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unusable, match="directory"):
        FILES.read(tmp_path)
    with pytest.raises(Unusable, match="file"):
        FILES.make_directory(tmp_path / "file" / "under")
    with pytest.raises(Unusable, match="file"):
        FILES.make_directory(tmp_path / "file")
    with pytest.raises(Unusable, match="file/under"):
        FILES.open_append(tmp_path / "file" / "under")
    with pytest.raises(Unusable):
        FILES.rename(tmp_path / "none", tmp_path / "other")
    with pytest.raises(Unusable):
        FILES.sync_directory(tmp_path / "none")


def test_directories_are_the_owners_alone(tmp_path: Path) -> None:
    FILES.make_directory(tmp_path / "one" / "two")
    FILES.make_directory(tmp_path / "one" / "two")
    for directory in (tmp_path / "one", tmp_path / "one" / "two"):
        assert directory.stat().st_mode & 0o777 == 0o700
