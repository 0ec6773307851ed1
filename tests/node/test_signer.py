"""The signer never contradicts itself: by its rules, over crashes at every operation, and with a damaged record."""

from pathlib import Path

import pytest

from chain.hashing import sha256
from chain.keys import SigningKey, is_signed
from chain.limits import SIGNER_ENTRIES_KEPT, SIGNER_ENTRIES_MAX
from chain.proposal import Proposal, proposal_sign_bytes
from chain.vote import BlockId, Height, Round, SignedVote, Vote, VoteKind, sign_vote
from machine.faults import Damaged, DiskFault, Unusable, WrongLedger
from machine.files import DiskFiles
from node.signer import OldBackup, Signer, SigningRefused
from node.signer_record import ENTRY_BYTES, SignerRecord, Step
from tests.chain.making import CHAIN, make_block, make_key, make_validators
from tests.node.disk import Fate, FaultyDisk, PowerCut, When, every_fault

PATH = Path("data/signer/record")
KEY = make_key(1)
ONE, OTHER = BlockId(sha256(b"one")), BlockId(sha256(b"other"))


def vote(
    height: int, round_: int, kind: VoteKind, block_id: BlockId | None = ONE, key: SigningKey = KEY
) -> Vote:
    return Vote(
        kind=kind, height=Height(height), round=Round(round_), block_id=block_id, validator=key.address
    )


def prevote(height: int, round_: int = 0, block_id: BlockId | None = ONE) -> Vote:
    return vote(height, round_, VoteKind.PREVOTE, block_id)


def precommit(height: int, round_: int = 0, block_id: BlockId | None = ONE) -> Vote:
    return vote(height, round_, VoteKind.PRECOMMIT, block_id)


def open_signer(disk: FaultyDisk, *, may_vote: bool = True) -> Signer:
    record = SignerRecord(PATH, KEY.address, CHAIN, disk)
    return Signer(KEY, record, may_vote=lambda: may_vote, get_journal_mark=lambda: 7)


def make_disk(floor: int = 0) -> FaultyDisk:
    disk = FaultyDisk()
    SignerRecord.create(PATH, KEY.address, CHAIN, floor, disk)
    return FaultyDisk(disk.survivors(Fate.LOST))


def test_signature_is_the_keys_own() -> None:
    assert open_signer(make_disk()).sign_vote(prevote(1)) == sign_vote(KEY, prevote(1), CHAIN)


def test_proposal_is_signed_before_the_votes_of_its_round() -> None:
    validators, _ = make_validators()
    block = make_block(validators).compact()
    signer = open_signer(make_disk())
    proposal = Proposal(height=Height(1), round=Round(0), valid_round=None, block_id=ONE)
    signed = signer.sign_proposal(proposal, block)
    assert is_signed(KEY.public, proposal_sign_bytes(CHAIN, proposal), signed.signature)
    signer.sign_vote(prevote(1))
    other = Proposal(height=Height(1), round=Round(0), valid_round=None, block_id=OTHER)
    with pytest.raises(SigningRefused, match="another value"):
        signer.sign_proposal(other, block)


@pytest.mark.parametrize(
    "backwards",
    [prevote(5, 3, OTHER), prevote(5, 3, None), prevote(5, 2), precommit(5, 2), precommit(4, 9), prevote(1)],
)
@pytest.mark.parametrize("restart", [False, True])
def test_nothing_is_signed_backwards(backwards: Vote, restart: bool) -> None:
    disk = make_disk()
    signer = open_signer(disk)
    signer.sign_vote(prevote(5, 3))
    if restart:
        signer = open_signer(FaultyDisk(disk.survivors(Fate.LOST)))
    with pytest.raises(SigningRefused):
        signer.sign_vote(backwards)
    signer.sign_vote(precommit(5, 3))


def test_identical_bytes_are_given_again() -> None:
    disk = make_disk()
    first = [open_signer(disk).sign_vote(prevote(1)), open_signer(disk).sign_vote(precommit(1))]
    operations = disk.operations
    again = open_signer(disk, may_vote=False)
    assert [again.sign_vote(prevote(1)), again.sign_vote(precommit(1))] == first
    assert disk.operations == operations + 2, "only the opening touched the disk"


def test_floor_is_refused_and_what_is_above_is_not() -> None:
    signer = open_signer(make_disk(floor=10))
    with pytest.raises(SigningRefused, match="begins above height 10"):
        signer.sign_vote(precommit(10, 5))
    signer.sign_vote(prevote(11))


def test_closed_gate_is_refused_without_a_trace() -> None:
    disk = make_disk()
    with pytest.raises(SigningRefused, match="behind"):
        open_signer(disk, may_vote=False).sign_vote(prevote(1))
    assert open_signer(disk).last is None


class TestOwnVoteOnTheNetwork:
    """Votes by our key that come from others."""

    def test_known_votes_are_fine(self) -> None:
        signer = open_signer(make_disk())
        signed = [signer.sign_vote(prevote(1)), signer.sign_vote(precommit(1)), signer.sign_vote(prevote(2))]
        for one in signed:
            signer.on_own_vote(one)
        signer.sign_vote(precommit(2))

    @pytest.mark.parametrize("seen", [precommit(1), prevote(2), prevote(1, 0, OTHER), prevote(1, 0, None)])
    def test_unknown_vote_stops_for_good(self, seen: Vote) -> None:
        signer = open_signer(make_disk())
        known = prevote(1)
        signer.sign_vote(known)
        with pytest.raises(OldBackup, match="another copy of the key"):
            signer.on_own_vote(sign_vote(KEY, seen, CHAIN))
        signer.on_own_vote(sign_vote(KEY, seen, CHAIN))  # it says so once
        for later in (known, prevote(9)):
            with pytest.raises(OldBackup):
                signer.sign_vote(later)

    def test_vote_below_the_floor_says_nothing(self) -> None:
        signer = open_signer(make_disk(floor=5))
        signer.on_own_vote(sign_vote(KEY, prevote(5), CHAIN))
        signer.sign_vote(prevote(6))


def test_entry_keeps_place_and_mark() -> None:
    signer = open_signer(make_disk())
    signer.sign_vote(precommit(3, 2))
    assert signer.last is not None
    assert signer.last.place == (3, 2, Step.PRECOMMIT)
    assert signer.last.journal_mark == 7


def test_record_begins_anew_when_long() -> None:
    disk = make_disk()
    signer = open_signer(disk)
    for height in range(1, SIGNER_ENTRIES_MAX + 3):
        signer.sign_vote(prevote(height))
    size = len(disk.read(PATH) or b"")
    assert size == ENTRY_BYTES * (1 + SIGNER_ENTRIES_KEPT + 2)
    again = open_signer(disk)
    last = SIGNER_ENTRIES_MAX + 2
    again.sign_vote(prevote(last))
    for refused in (prevote(last, 0, OTHER), prevote(1)):
        with pytest.raises(SigningRefused):
            again.sign_vote(refused)
    again.on_own_vote(sign_vote(KEY, prevote(1), CHAIN))
    with pytest.raises(OldBackup):
        again.on_own_vote(sign_vote(KEY, precommit(last - SIGNER_ENTRIES_KEPT), CHAIN))


class TestOpening:
    """What a record is refused for."""

    def test_no_record(self) -> None:
        with pytest.raises(Unusable, match=r"not there.*--floor"):
            open_signer(FaultyDisk())

    def test_record_is_made_once(self) -> None:
        with pytest.raises(Unusable, match="exists already"):
            SignerRecord.create(PATH, KEY.address, CHAIN, 0, make_disk())

    def test_other_key(self) -> None:
        with pytest.raises(WrongLedger, match="expected the record of"):
            SignerRecord(PATH, make_key(2).address, CHAIN, make_disk())

    def test_other_chain(self) -> None:
        with pytest.raises(WrongLedger, match="on another"):
            SignerRecord(PATH, KEY.address, "another", make_disk())

    @pytest.mark.parametrize("offset", range(5, 4 * ENTRY_BYTES, 61))
    def test_every_flipped_byte_is_refused(self, offset: int) -> None:
        disk = make_disk()
        signer = open_signer(disk)
        for height in (1, 2, 3):
            signer.sign_vote(prevote(height))
        data = bytearray(disk.read(PATH) or b"")
        data[offset] ^= 0x40
        with pytest.raises(Damaged, match=r"does not check.*--floor"):
            open_signer(FaultyDisk({PATH: bytes(data)}))

    @pytest.mark.parametrize("length", [0, 1, ENTRY_BYTES - 1])
    def test_cut_head_is_refused(self, length: int) -> None:
        data = make_disk().read(PATH) or b""
        with pytest.raises(Damaged, match="head"):
            open_signer(FaultyDisk({PATH: data[:length]}))

    def test_missing_middle_entry_is_refused(self) -> None:
        disk = make_disk()
        signer = open_signer(disk)
        for height in (1, 2, 3):
            signer.sign_vote(prevote(height))
        data = disk.read(PATH) or b""
        with pytest.raises(Damaged, match="entry 2"):
            open_signer(FaultyDisk({PATH: data[: 2 * ENTRY_BYTES] + data[3 * ENTRY_BYTES :]}))

    def test_unwritten_middle_entry_is_refused(self) -> None:
        disk = make_disk()
        signer = open_signer(disk)
        for height in (1, 2, 3):
            signer.sign_vote(prevote(height))
        data = disk.read(PATH) or b""
        hole = data[: 2 * ENTRY_BYTES] + bytes(ENTRY_BYTES) + data[3 * ENTRY_BYTES :]
        with pytest.raises(Damaged, match="entry 2"):
            open_signer(FaultyDisk({PATH: hole}))

    @pytest.mark.parametrize("length", [1, 100, ENTRY_BYTES - 1])
    @pytest.mark.parametrize("tail", [b"", bytes(ENTRY_BYTES)])
    def test_torn_last_entry_is_dropped(self, length: int, tail: bytes) -> None:
        disk = make_disk()
        signer = open_signer(disk)
        signer.sign_vote(prevote(1))
        safe = disk.read(PATH) or b""
        signer.sign_vote(prevote(2))
        torn = (disk.read(PATH) or b"")[len(safe) :][:length]
        if tail:
            torn = bytes(ENTRY_BYTES)
        after = FaultyDisk({PATH: safe + torn})
        again = open_signer(after)
        assert after.read(PATH) == safe
        again.sign_vote(prevote(2, 0, OTHER))


SCRIPT = [prevote(1), precommit(1), prevote(2, 0, None), prevote(2, 1), precommit(2, 1), prevote(3)]


def sign_script(disk: FaultyDisk, left: list[SignedVote]) -> None:
    """Signs on from wherever the record stands; what leaves is in `left` even if the power is cut."""
    signer = open_signer(disk)
    for one in SCRIPT:
        try:
            left.append(signer.sign_vote(one))
        except SigningRefused:
            continue


def contradict(one: Vote) -> Vote:
    return vote(one.height, one.round, one.kind, OTHER)


@pytest.mark.parametrize("kept", [None, 2], ids=["plain", "beginning anew"])
def test_no_crash_makes_it_contradict_itself(kept: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if kept is not None:
        monkeypatch.setattr("node.signer_record.SIGNER_ENTRIES_MAX", 2 * kept)
        monkeypatch.setattr("node.signer_record.SIGNER_ENTRIES_KEPT", kept)
    whole = make_disk()
    sign_script(whole, [])
    for cut_at, when, fate in every_fault(whole.operations):
        disk = FaultyDisk(make_disk().survivors(Fate.LOST), cut_at, when)
        left: list[SignedVote] = []
        with pytest.raises((PowerCut, DiskFault)):
            sign_script(disk, left)
        restarted = open_signer(FaultyDisk(disk.survivors(fate)))
        for signed in left:
            with pytest.raises(SigningRefused):
                restarted.sign_vote(contradict(signed.vote))
        for signed in left[-(kept or len(left)) :]:
            where = f"cut at {cut_at} {when.name} {fate.name}: {signed.vote}"
            assert restarted.sign_vote(signed.vote) == signed, where
        sign_script(FaultyDisk(disk.survivors(fate)), left)


def test_what_a_killed_process_left_is_safe_once_it_was_believed() -> None:
    """The process dies, the machine goes on, the next process gives the signature again; then the power fails."""
    whole = make_disk()
    sign_script(whole, [])
    for cut_at in range(whole.operations):
        disk = FaultyDisk(make_disk().survivors(Fate.LOST), cut_at, When.AFTER)
        with pytest.raises(PowerCut):
            sign_script(disk, [])
        last = open_signer(disk).last
        assert open_signer(FaultyDisk(disk.survivors(Fate.LOST))).last == last, f"killed after {cut_at}"


def test_crash_in_making_the_record() -> None:
    whole = FaultyDisk()
    SignerRecord.create(PATH, KEY.address, CHAIN, 3, whole)
    for cut_at, when, fate in every_fault(whole.operations):
        disk = FaultyDisk({}, cut_at, when)
        with pytest.raises((PowerCut, DiskFault)):
            SignerRecord.create(PATH, KEY.address, CHAIN, 3, disk)
        after = FaultyDisk(disk.survivors(fate))
        if after.read(PATH) is None:
            SignerRecord.create(PATH, KEY.address, CHAIN, 3, after)
        assert SignerRecord(PATH, KEY.address, CHAIN, after).floor == 3


def test_recovery_may_crash_too() -> None:
    disk = make_disk()
    signer = open_signer(disk)
    signed = signer.sign_vote(prevote(1))
    torn = {PATH: (disk.read(PATH) or b"") + b"\x01" * 99}
    opened = FaultyDisk(torn)
    open_signer(opened)
    for cut_at, when, fate in every_fault(opened.operations):
        crashing = FaultyDisk(torn, cut_at, when)
        with pytest.raises((PowerCut, DiskFault)):
            open_signer(crashing)
        assert open_signer(FaultyDisk(crashing.survivors(fate))).sign_vote(prevote(1)) == signed


def test_record_on_a_real_disk(tmp_path: Path) -> None:
    path, files = tmp_path / "data" / "record", DiskFiles()
    SignerRecord.create(path, KEY.address, CHAIN, 0, files)
    record = SignerRecord(path, KEY.address, CHAIN, files)
    signer = Signer(KEY, record, may_vote=lambda: True, get_journal_mark=lambda: 0)
    signed = signer.sign_vote(prevote(1))
    record.close()
    assert path.stat().st_mode & 0o777 == 0o600
    again = SignerRecord(path, KEY.address, CHAIN, files)
    assert again.last is not None and again.last.signature == signed.signature
