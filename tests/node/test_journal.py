"""What was synced is replayed after any crash; a torn tail is dropped and other damage is refused."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.block import compute_block_id
from chain.errors import Malformed
from chain.hashing import sha256
from chain.proposal import Proposal, VerifiedProposal, sign_proposal
from chain.transaction import CheckedTransaction, check_transaction
from chain.vote import BlockId, Height, Round, VerifiedVote
from consensus.inputs import (
    ProposalArrived,
    Remembered,
    Step,
    Timeout,
    TimeoutElapsed,
    ValueChecked,
    VoteArrived,
    Wake,
)
from machine.faults import Damaged, DiskFault
from machine.files import DiskFiles
from machine.frames import BrokenFrame, Scanned, encode_frame, scan_frames
from node.journal import Journal, Replay
from node.remembered import remembered_from, remembered_value
from tests.chain.making import CHAIN, make_block, make_key, make_transaction, make_validators, make_vote
from tests.node.disk import Fate, FaultyDisk, PowerCut, When, every_fault

DIRECTORY = Path("data/journal")
ONE = BlockId(sha256(b"one"))


def make_proposal(transactions: list[bytes], height: int = 1) -> ProposalArrived:
    validators, keys = make_validators()
    block = make_block(validators, transactions, height).compact()
    proposal = Proposal(
        height=Height(height), round=Round(1), valid_round=Round(0), block_id=compute_block_id(block.header)
    )
    signed = sign_proposal(keys[0], proposal, block, CHAIN)
    return ProposalArrived(proposal=VerifiedProposal(signed), arrival_ms=1_234)


def make_inputs(height: int = 1) -> list[Remembered]:
    """One of each kind, and votes."""
    timeout = Timeout(height=Height(height), round=Round(3), step=Step.PRECOMMIT)
    votes = [make_vote(make_key(n), ONE if n % 2 else None, height=height) for n in range(1, 5)]
    return [
        Wake(),
        make_proposal([make_transaction(1), make_transaction(2)], height),
        ValueChecked(block_id=ONE, valid=True),
        *(VoteArrived(vote=VerifiedVote(vote)) for vote in votes),
        TimeoutElapsed(timeout=timeout),
    ]


def make_bodies(count: int = 3) -> list[CheckedTransaction]:
    return [check_transaction(make_transaction(number), CHAIN) for number in range(count)]


def open_journal(disk: FaultyDisk) -> Journal:
    return Journal(DIRECTORY, CHAIN, disk)


def restart(disk: FaultyDisk, fate: Fate = Fate.LOST) -> FaultyDisk:
    return FaultyDisk(disk.survivors(fate))


def replay(disk: FaultyDisk, height: int = 1) -> Replay:
    return open_journal(disk).start_height(height)


@pytest.mark.parametrize("remembered", make_inputs(), ids=lambda one: type(one).__name__)
def test_every_input_is_read_as_it_was_written(remembered: Remembered) -> None:
    assert remembered_from(remembered_value(remembered)) == remembered


@pytest.mark.parametrize("value", [(), (9,), (0, 1), (4, 1, 1, 0), (2, b"short", True), (3,), None])
def test_other_values_are_no_inputs(value: tuple[int, ...]) -> None:
    with pytest.raises(Malformed):
        remembered_from(value)


def test_what_was_synced_is_replayed() -> None:
    disk, inputs, bodies = FaultyDisk(), make_inputs(), make_bodies()
    journal = open_journal(disk)
    assert journal.start_height(1) == Replay(inputs=(), bodies={})
    for one in inputs[:4]:
        journal.append(one)
    journal.sync()
    journal.pin_bodies(bodies)
    for one in inputs[4:]:
        journal.append(one)
    journal.sync()
    found = replay(restart(disk))
    assert found.inputs == tuple(inputs)
    assert found.bodies == {checked.id: checked.raw for checked in bodies}


def test_what_was_not_synced_may_be_lost() -> None:
    disk = FaultyDisk()
    journal = open_journal(disk)
    journal.start_height(1)
    journal.append(Wake())
    journal.sync()
    journal.append(ValueChecked(block_id=ONE, valid=False))
    assert replay(restart(disk)).inputs == (Wake(),)


def test_idle_height_writes_nothing() -> None:
    disk = FaultyDisk()
    journal = open_journal(disk)
    for height in range(1, 5):
        journal.start_height(height)
        journal.sync()
    assert disk.operations == 0
    assert journal.newest_height is None


def test_lower_heights_are_forgotten_and_higher_ones_kept() -> None:
    disk = FaultyDisk()
    journal = open_journal(disk)
    for height in (1, 2, 5):
        journal.start_height(height)
        journal.append(ValueChecked(block_id=ONE, valid=height == 5))
        journal.sync()
    assert len(disk.list_names(DIRECTORY)) == 1
    again = open_journal(disk)
    assert again.newest_height == 5
    assert again.start_height(4).inputs == ()
    assert again.start_height(5).inputs == (ValueChecked(block_id=ONE, valid=True),)


def test_unsynced_inputs_do_not_reach_the_next_height() -> None:
    journal = open_journal(FaultyDisk())
    journal.start_height(1)
    journal.append(Wake())
    journal.start_height(2)
    journal.sync()
    assert journal.newest_height is None


def test_body_is_pinned_once() -> None:
    disk, bodies = FaultyDisk(), make_bodies()
    journal = open_journal(disk)
    journal.start_height(1)
    journal.pin_bodies(bodies)
    journal.sync()
    size = sum(len(data) for data in disk.survivors(Fate.KEPT).values())
    journal.pin_bodies(bodies)
    journal.sync()
    after = restart(disk)
    again = open_journal(after)
    again.start_height(1)
    again.pin_bodies(bodies)
    again.sync()
    assert sum(len(data) for data in after.survivors(Fate.KEPT).values()) == size


def test_mark_counts_syncs_over_a_restart() -> None:
    disk = FaultyDisk()
    journal = open_journal(disk)
    journal.start_height(1)
    marks = []
    for one in make_inputs()[:3]:
        journal.append(one)
        marks.append(journal.mark)
        journal.sync()
        marks.append(journal.mark)
    assert marks == [0, 1, 1, 2, 2, 3]
    again = open_journal(restart(disk))
    again.start_height(1)
    assert again.mark == 3
    again.append(Wake())
    again.sync()
    assert again.mark == 4
    assert again.start_height(2).inputs == ()
    assert again.mark == 0


def test_a_log_that_was_lost_does_not_grow_again_until_the_height_is_decided() -> None:
    """As long as it did, the next start would take it for the one that was lost, and vote without its lock."""
    disk = FaultyDisk()
    for _ in range(3):
        journal = open_journal(disk)
        assert journal.start_height(7) == Replay(inputs=(), bodies={})
        journal.write_from(8)
        for _ in range(5):
            journal.append(Wake())
            journal.sync()
        assert (journal.mark, journal.newest_height, journal.has_unsynced) == (0, None, False)
    journal.start_height(8)
    journal.append(Wake())
    journal.sync()
    assert (journal.mark, journal.newest_height) == (1, 8)


def test_log_of_another_chain_is_refused() -> None:
    disk = FaultyDisk()
    journal = open_journal(disk)
    journal.start_height(1)
    journal.append(Wake())
    journal.sync()
    with pytest.raises(Damaged):
        Journal(DIRECTORY, "another", disk).start_height(1)


def test_two_logs_of_one_height_are_refused() -> None:
    names = [DIRECTORY / f"{7:020d}-{salt * 8}.log" for salt in ("00", "11")]
    with pytest.raises(Damaged, match="two logs of height 7"):
        open_journal(FaultyDisk(dict.fromkeys(names, b"")))


class Script:
    """Five syncs over two heights; `promised` is what was acknowledged at `height`, which the ledger has reached."""

    def __init__(self, height: int = 1) -> None:
        self.height = height
        self.promised: list[Remembered] = []

    def run(self, disk: FaultyDisk) -> None:
        journal = open_journal(disk)
        for height in range(self.height, 3):
            self.height, self.promised = height, []
            self.promised = list(journal.start_height(height).inputs)
            rest = make_inputs(height)[len(self.promised) :]
            for group in (rest[:2], rest[2:5], rest[5:]):
                for one in group:
                    journal.append(one)
                journal.sync()
                self.promised += group


def test_no_crash_loses_what_was_acknowledged() -> None:
    whole = FaultyDisk()
    Script().run(whole)
    for cut_at, when, fate in every_fault(whole.operations):
        disk, script = FaultyDisk({}, cut_at, when), Script()
        with pytest.raises((PowerCut, DiskFault)):
            script.run(disk)
        where = f"cut at {cut_at} {when.name} {fate.name}"
        found = list(replay(restart(disk, fate), script.height).inputs)
        assert found[: len(script.promised)] == script.promised, where
        assert found == make_inputs(script.height)[: len(found)], where
        Script(script.height).run(again := restart(disk, fate))
        assert list(replay(restart(again), 2).inputs) == make_inputs(2), where


def test_what_a_killed_process_left_is_safe_once_it_was_believed() -> None:
    """The process dies, the machine goes on, the next process replays; then the power fails."""
    whole = FaultyDisk()
    Script().run(whole)
    for cut_at in range(whole.operations):
        disk, script = FaultyDisk({}, cut_at, When.AFTER), Script()
        with pytest.raises(PowerCut):
            script.run(disk)
        believed = replay(disk, script.height)
        assert replay(restart(disk, Fate.LOST), script.height) == believed, f"killed after {cut_at}"


def test_recovery_may_crash_too() -> None:
    disk = FaultyDisk()
    journal = open_journal(disk)
    journal.start_height(1)
    journal.append(Wake())
    journal.sync()
    torn = {path: data + data[:3] for path, data in disk.survivors(Fate.LOST).items()}
    opened = FaultyDisk(torn)
    replay(opened)
    for cut_at, when, fate in every_fault(opened.operations):
        crashing = FaultyDisk(torn, cut_at, when)
        with pytest.raises((PowerCut, DiskFault)):
            replay(crashing)
        assert replay(restart(crashing, fate)).inputs == (Wake(),)


def test_journal_on_a_real_disk(tmp_path: Path) -> None:
    directory = tmp_path / "data" / "journal"
    journal = Journal(directory, CHAIN, DiskFiles())
    journal.start_height(1)
    for one in make_inputs():
        journal.append(one)
    journal.sync()
    journal.close()
    again = Journal(directory, CHAIN, DiskFiles())
    assert again.start_height(1).inputs == tuple(make_inputs())
    again.start_height(2)
    assert list(directory.iterdir()) == []


SEED = b"seed"
FRAMES = [b"", b"one" * 10, b"two" * 300]
DATA = b"".join(encode_frame(SEED, number, payload) for number, payload in enumerate(FRAMES))
ENDS = [16 + 32, 16 + 32 + 30 + 16 + 32, len(DATA)]


class TestFrames:
    """Where the good part ends."""

    @given(st.lists(st.binary(max_size=40), max_size=6))
    def test_round_trip(self, payloads: list[bytes]) -> None:
        data = b"".join(encode_frame(SEED, number, payload) for number, payload in enumerate(payloads))
        assert scan_frames(SEED, data) == Scanned(tuple(payloads), len(data))

    @pytest.mark.parametrize("length", range(0, len(DATA), 7))
    def test_cut_tail_is_dropped(self, length: int) -> None:
        whole = sum(end <= length for end in ENDS)
        scanned = scan_frames(SEED, DATA[:length])
        assert scanned == Scanned(tuple(FRAMES[:whole]), ([0, *ENDS])[whole])

    @pytest.mark.parametrize("bit", range(8))
    def test_every_flipped_bit_is_refused(self, bit: int) -> None:
        for offset in range(len(DATA)):
            data = bytearray(DATA)
            data[offset] ^= 1 << bit
            assert isinstance(scan_frames(SEED, bytes(data)), BrokenFrame), f"bit {bit} of byte {offset}"

    def test_missing_frame_is_refused(self) -> None:
        broken = scan_frames(SEED, DATA[: ENDS[0]] + DATA[ENDS[1] :])
        assert isinstance(broken, BrokenFrame)
        assert broken.number == 1

    def test_unwritten_sector_is_a_torn_tail(self) -> None:
        frame = encode_frame(SEED, 3, b"x" * 3_000)
        data = bytearray(DATA + frame)
        data[1536:2048] = bytes(512)
        assert scan_frames(SEED, bytes(data)) == Scanned(tuple(FRAMES), len(DATA))

    def test_zeros_after_the_end_are_a_torn_tail(self) -> None:
        assert scan_frames(SEED, DATA + bytes(5_000)) == Scanned(tuple(FRAMES), len(DATA))

    def test_unwritten_sector_before_a_whole_frame_is_refused(self) -> None:
        first, second = encode_frame(SEED, 0, b"x" * 3_000), encode_frame(SEED, 1, b"y")
        data = bytearray(first + second)
        data[512:1024] = bytes(512)
        broken = scan_frames(SEED, bytes(data))
        assert isinstance(broken, BrokenFrame)
        assert "whole frame follows" in broken.reason

    def test_payload_cannot_pass_for_a_frame(self) -> None:
        """Bytes from outside may hold frames, but they do not know the seed."""
        forged = encode_frame(b"another seed", 1, b"forged")
        torn = encode_frame(SEED, 0, forged + b"z" * 100)[:-40]
        assert scan_frames(SEED, torn) == Scanned((), 0)
