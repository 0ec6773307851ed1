"""What a node keeps of a divergence, whatever its disk does meanwhile, and when it starts again."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from chain.block import CertifiedBlock, block_from
from chain.certificate import certificate_from
from chain.codec import as_array, decode, encode
from chain.limits import STORE_RECORD_BYTES_MAX
from machine.faults import Damaged, Unusable
from machine.files import replace_file
from node.certified import Position, check_follows, known_sets, verify_signed
from node.divergence import keeping
from node.divergence.keeping import Keeper, StillDiverged, check_diverged, list_kept
from node.store.records import decode_results
from node.validity import Diverged
from tests.node.disk import Fate, FaultyDisk, PowerCut, When
from tests.node.divergence.twins import Twins, find_key
from tests.node.life import TickingClock
from tests.node.test_follower import allow_none

PLACE = Path("data/diverged")


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[Twins]:
    """The second one computed something else in the last block, and the first has gone on."""
    made = Twins.found(tmp_path)
    made.grow(1)
    made.falsify(find_key(made.one.ledger, "registry", "suppliers_count"), encode(40))
    made.grow(1)
    made.one.grow()
    yield made
    made.close()


def diverge(twins: Twins) -> Diverged:
    """What the follower raises."""
    block, certificate = twins.one.ledger.block(3), twins.one.ledger.certificate(3)
    assert block is not None and certificate is not None
    head = twins.other.ledger.head
    certified = CertifiedBlock(block=block, certificate=certificate)
    after = Position(head.height, head.block_id)
    (signed,) = verify_signed([certified], after, known_sets(head), head.chain_id)
    with pytest.raises(Diverged, match="expected results_root") as raised:
        check_follows(signed, head, allow_none)
    return raised.value


def make_keeper(twins: Twins, disk: FaultyDisk) -> Keeper:
    return Keeper(directory=PLACE, ledger=twins.other.ledger, files=disk, clock=TickingClock())


def test_all_that_is_known_is_kept_and_can_be_read(twins: Twins) -> None:
    disk = FaultyDisk()
    diverged, keeper = diverge(twins), make_keeper(twins, disk)
    with pytest.raises(BaseExceptionGroup), keeper:
        raise BaseExceptionGroup("tasks", [BaseExceptionGroup("inner", [diverged]), ValueError("cancelled")])
    left = FaultyDisk(disk.survivors(Fate.LOST))
    place = PLACE / "3"
    block, certificate = as_array(
        decode(left.read(place / "certified.cbor") or b"", bytes_max=STORE_RECORD_BYTES_MAX), "certified", 2
    )
    assert block_from(block) == twins.one.ledger.block(3)
    assert certificate_from(certificate) == diverged.certified.certificate
    assert decode_results(left.read(place / "results.cbor") or b"") == twins.other.ledger.encoded_results(2)
    report = json.loads(left.read(place / "report.json") or b"")
    assert report["here"]["state_root"] == twins.other.ledger.head.state_root.hex()
    assert report["certified"]["state_root"] == twins.one.ledger.head.state_root.hex()
    assert (report["height"], report["here"]["height"]) == (3, 2)
    assert "expected results_root" in report["reason"]


def test_the_ledger_that_diverged_is_refused_and_every_other_starts(twins: Twins) -> None:
    disk = FaultyDisk()
    check_diverged(PLACE, twins.other.ledger, disk)
    make_keeper(twins, disk).keep(diverge(twins))
    with pytest.raises(StillDiverged, match=r"block 3: block 3: expected results_root .*terang diverge"):
        check_diverged(PLACE, twins.other.ledger, disk)
    check_diverged(PLACE, twins.one.ledger, disk)


def test_a_later_divergence_stands_beside_the_first_and_overwrites_nothing(twins: Twins) -> None:
    disk = FaultyDisk()
    keeper, diverged = make_keeper(twins, disk), diverge(twins)
    place = keeper.keep(diverged)
    before = disk.read(place / "report.json")
    keeper.keep(diverged)
    assert disk.read(place / "report.json") == before


def test_who_differs_at_the_same_height_with_another_root_is_kept_and_refused_too(twins: Twins) -> None:
    """A release that was to mend the first divergence, and computes a third thing."""
    disk = FaultyDisk()
    keeper, diverged = make_keeper(twins, disk), diverge(twins)
    report = keeper.keep(diverged) / "report.json"
    first = (disk.read(report) or b"").replace(twins.other.ledger.head.state_root.hex().encode(), b"00" * 32)
    replace_file(disk, report, first)
    check_diverged(PLACE, twins.other.ledger, disk)
    for _ in range(2):
        assert keeper.keep(diverged) == PLACE / "3.2"
        with pytest.raises(StillDiverged, match="certified in block 3: "):
            check_diverged(PLACE, twins.other.ledger, disk)
    assert disk.read(report) == first


def test_of_very_many_the_newest_are_asked(twins: Twins, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "DIVERGED_KEPT_MAX", 2)
    disk = FaultyDisk({PLACE / name / "report.json": b"{}" for name in ("1", "2.10", "2", "2.9", "x", "3.x")})
    assert [place.name for place in list_kept(PLACE, disk)] == ["2.9", "2.10"]


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{", b'{"reason": 1}', b'{"reason": "x", "here": {"height": 2}}', b"\xff\xfe"]
)
def test_a_report_that_is_none_is_named(twins: Twins, data: bytes) -> None:
    disk = FaultyDisk({PLACE / "3" / "report.json": data})
    with pytest.raises(Damaged, match="the report of a divergence cannot be read"):
        check_diverged(PLACE, twins.other.ledger, disk)


def test_a_power_cut_leaves_nothing_that_counts_or_all_of_it(twins: Twins) -> None:
    diverged = diverge(twins)
    disk = FaultyDisk()
    make_keeper(twins, disk).keep(diverged)
    for cut_at in range(disk.operations):
        for when in When:
            broken = FaultyDisk({}, cut_at, when)
            with pytest.raises((PowerCut, Unusable)):
                make_keeper(twins, broken).keep(diverged)
            for fate in Fate:
                left = FaultyDisk(broken.survivors(fate))
                report = left.read(PLACE / "3" / "report.json")
                if report is None:
                    check_diverged(PLACE, twins.other.ledger, left)
                make_keeper(twins, left).keep(diverged)
                for name in ("certified.cbor", "head.cbor", "results.cbor"):
                    assert left.read(PLACE / "3" / name), (cut_at, when, fate, name)
                with pytest.raises(StillDiverged):
                    check_diverged(PLACE, twins.other.ledger, left)
