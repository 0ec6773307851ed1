"""What was appended is read again after any crash; other damage, another's journal and a second gateway are refused."""

from pathlib import Path

import pytest

from chain.errors import Malformed
from chain.keys import Address
from machine.faults import Damaged, DiskFault, InUse, WrongLedger
from machine.files import DiskFiles
from payments.attempt import Standing
from payments.entries import Entry, Fetched, Followed, OfAttempt, Reconciled, decode_entry, encode_entry
from payments.inputs import (
    Accepted,
    AccountFound,
    AccountReplaced,
    Booked,
    CameBack,
    GaveUp,
    Rejected,
    Released,
    Shown,
)
from payments.journal import Journal, locked
from tests.node.disk import FaultyDisk, PowerCut, every_fault
from tests.payments.model import CHAIN, make_release

DIRECTORY = Path("data/journal")
KEY = Address(b"\x07" * 20)
ID = make_release().end_to_end_id
FACTS = (
    Released(release=make_release(gross=2**200), standing=Standing.APPROVED, at_ms=7, earlier="attempt 1"),
    AccountFound(commitment=bytes(32), at_ms=8),
    GaveUp(code="AC03", reason="nobody"),
    Accepted(),
    Rejected(code="AC04", reason="tutup — rekening"),
    Booked(amount=900, currency="IDR", reference="B-1", day="2026-11-25"),
    CameBack(amount=900, currency="IDR", reference="R-1", code="AC01", reason=""),
    Shown(standing=Standing.SETTLED),
    AccountReplaced(),
)
ENTRIES: tuple[Entry, ...] = (
    *(OfAttempt(end_to_end_id=ID, fact=fact) for fact in FACTS),
    Followed(height=12),
    Fetched(number=3),
    Reconciled(day="2026-11-25"),
)


def write(disk: FaultyDisk, entries: tuple[Entry, ...]) -> list[Entry]:
    """Appends until the fault; what was acknowledged."""
    acknowledged: list[Entry] = []
    try:
        journal = Journal(DIRECTORY, disk, chain_id=CHAIN, key=KEY)
        journal.read()
        for entry in entries:
            journal.append(entry)
            acknowledged.append(entry)
    except (PowerCut, DiskFault):
        pass
    return acknowledged


def read(disk: FaultyDisk) -> tuple[Entry, ...]:
    return Journal(DIRECTORY, disk, chain_id=CHAIN, key=KEY).read()


@pytest.mark.parametrize("entry", ENTRIES)
def test_entries_round_trip(entry: Entry) -> None:
    assert decode_entry(encode_entry(entry)) == entry


@pytest.mark.parametrize("place", range(0, 60, 7))
def test_changed_entries_are_refused_or_other_entries(place: int) -> None:
    raw = encode_entry(ENTRIES[0])
    changed = raw[:place] + bytes([raw[place] ^ 0x40]) + raw[place + 1 :]
    try:
        assert decode_entry(changed) != ENTRIES[0]
    except Malformed as error:
        assert str(error)


def test_read_again() -> None:
    disk = FaultyDisk()
    assert write(disk, ENTRIES) == list(ENTRIES)
    assert read(disk) == ENTRIES


def test_nothing_acknowledged_is_lost_in_any_power_cut() -> None:
    entries = ENTRIES[:3]
    whole = FaultyDisk()
    write(whole, entries)
    for cut_at, when, fate in every_fault(whole.operations):
        disk = FaultyDisk(cut_at=cut_at, when=when)
        acknowledged = write(disk, entries)
        after = FaultyDisk(disk.survivors(fate))
        found = read(after)
        assert found[: len(acknowledged)] == tuple(acknowledged), (cut_at, when, fate)
        assert len(found) <= len(acknowledged) + 1
        assert write(after, entries[len(found) :]) == list(entries[len(found) :])
        assert read(after) == entries


def test_damage_is_refused(tmp_path: Path) -> None:
    journal = Journal(tmp_path, DiskFiles(), chain_id=CHAIN, key=KEY)
    journal.read()
    for entry in ENTRIES:
        journal.append(entry)
    journal.close()
    (path,) = tmp_path.glob("payments-*.log")
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(data)
    with pytest.raises(Damaged, match=r"entry \d+ at byte \d+ is damaged"):
        Journal(tmp_path, DiskFiles(), chain_id=CHAIN, key=KEY).read()


def test_another_gateways_journal_is_refused() -> None:
    disk = FaultyDisk()
    write(disk, ())
    with pytest.raises(WrongLedger, match="the journal is of key 0707"):
        Journal(DIRECTORY, disk, chain_id="terang-lain", key=KEY).read()
    with pytest.raises(WrongLedger):
        Journal(DIRECTORY, disk, chain_id=CHAIN, key=Address(bytes(20))).read()


def test_a_second_gateway_is_kept_out(tmp_path: Path) -> None:
    files = DiskFiles()
    with locked(tmp_path, files), pytest.raises(InUse, match="another gateway"), locked(tmp_path, files):
        raise AssertionError("the lock is held")
    with locked(tmp_path, files):
        pass
