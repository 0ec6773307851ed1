"""Reading recorded tenders: what is kept, exactness, and lines that are refused with their reason."""

import gzip
from pathlib import Path

import pytest

from pilot.ocds import BadLine, Release, UnreadableInput, read_line, read_releases
from tests.pilot.making import document, line, release

TWO_BIDS: list[tuple[str, int | None, str]] = [("A", 900, "valid"), ("B", None, "disqualified")]


def test_a_release_is_read_field_by_field() -> None:
    found = release(TWO_BIDS, ["A"])
    assert (found.ocid, found.currency, found.estimate, found.envelopes, found.winners) == (
        "ocds-xxxxxx-uji-1",
        "IDR",
        1_000,
        2,
        1,
    )
    assert [(bid.bidder_id, bid.price, bid.is_disqualified) for bid in found.bids] == [
        ("A", 900, False),
        ("B", None, True),
    ]
    assert found.awarded == ("A",)
    assert found.closes_ms - found.published_ms == 20 * 24 * 3_600_000


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [(4678123.67, "INR", 467_812_367), (0.1, "USD", 10), (1_500_000, "IDR", 1_500_000), (7, "INR", 700)],
)
def test_amounts_are_whole_minor_units_without_rounding(amount: float, currency: str, units: int) -> None:
    made = document(TWO_BIDS, [])
    made["tender"] |= {"value": {"amount": amount, "currency": currency}}  # type: ignore[operator]  # a dict, as made
    made["bids"] = {"details": [_without_price(made)]}
    found = read_line(1, line(made))
    assert isinstance(found, Release)
    assert found.estimate == units


def _without_price(made: dict[str, object]) -> object:
    bids = made["bids"]
    assert isinstance(bids, dict)
    return bids["details"][1]


def test_a_file_is_read_plain_and_gzipped_with_its_bad_lines_named(tmp_path: Path) -> None:
    good = line(document(TWO_BIDS, ["A"]))
    content = good + b"\n{not json\n" + b'{"ocid": "x"}\n' + good
    (tmp_path / "plain").write_bytes(content)
    (tmp_path / "packed").write_bytes(gzip.compress(content))
    plain, packed = (list(read_releases(tmp_path / name)) for name in ("plain", "packed"))
    assert plain == packed
    assert [type(found) for found in plain] == [Release, BadLine, BadLine, Release]
    assert [found.number for found in plain if isinstance(found, BadLine)] == [3, 4]


def test_reading_stops_after_the_wanted_number_of_tenders(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(line(document(TWO_BIDS, ["A"])) * 5)
    assert len(list(read_releases(tmp_path / "file", tenders=3))) == 3


def test_a_missing_file_and_a_damaged_gzip_are_refused(tmp_path: Path) -> None:
    packed = gzip.compress(line(document(TWO_BIDS, ["A"])) * 100)
    (tmp_path / "cut").write_bytes(packed[: len(packed) // 2])
    (tmp_path / "noise").write_bytes(packed[:12] + b"\xff" * 50)
    for name in ("missing", "cut", "noise"):
        with pytest.raises(UnreadableInput, match=name):
            list(read_releases(tmp_path / name))


def _changed(path: str, value: object) -> dict[str, object]:
    """A good document with one field changed, named by the way to it."""
    made = document(TWO_BIDS, ["A"])
    *parents, last = path.split(".")
    node: object = made
    for parent in parents:
        node = node[int(parent)] if isinstance(node, list) else node[parent]  # type: ignore[index]  # a dict, as made
    assert isinstance(node, dict)
    node[last] = value
    return made


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("ocid", "", "release.ocid: expected 1 to 100 characters, got 0"),
        ("ocid", 7, "release.ocid: expected text, got a number"),
        ("tender", None, "release.tender: expected an object, got nothing"),
        ("tender.title", ["x"], "release.tender.title: expected text, got an array"),
        ("tender.tenderPeriod.endDate", "yesterday", "endDate: time: expected RFC 3339"),
        ("tender.tenderPeriod.endDate", "2026-01-21T00:00:00", "expected an offset"),
        ("tender.tenderPeriod.endDate", "2025-01-21T00:00:00Z", "expected the end after the start"),
        ("tender.tenderPeriod.endDate", "2026-01-02T00:00:00Z", "expected bids within the tender period"),
        ("tender.awardCriteria", "ratedCriteria", "expected an award by price, got ratedCriteria"),
        ("tender.value.amount", -1, "expected 0 or more"),
        ("tender.value.amount", True, "expected a number, got a boolean"),
        ("tender.value.amount", 1.5, "expected whole minor units of IDR, got 1.5"),
        ("tender.value.amount", 10**30, "of at most 24 digits"),
        ("tender.value.currency", "USD", "expected USD, got IDR"),
        ("bids.details", [], "expected 1 to 500 bids, got 0"),
        ("bids.details.0.tenderers", [], "tenderers: expected one, got 0"),
        ("bids.details.0", "a bid", "details[0]: expected an object, got text"),
        ("awards", [{"suppliers": [{"id": "C"}]}], "expected bidders, got C"),
    ],
)
def test_a_line_that_does_not_say_enough_is_refused_with_its_reason(
    path: str, value: object, reason: str
) -> None:
    parent, _, last = path.rpartition(".")
    made = _changed(parent, [value]) if last.isdigit() else _changed(path, value)
    found = read_line(9, line(made))
    assert isinstance(found, BadLine)
    assert found.number == 9
    assert reason in found.reason


@pytest.mark.parametrize(
    "raw",
    [
        b"[]",
        b"7",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b'{"ocid": NaN}',
        b"[" * 100_000,
        b'{"a": ' + b"9" * 5_000 + b"}",
    ],
)
def test_lines_that_are_no_document_are_refused(raw: bytes) -> None:
    assert isinstance(read_line(1, raw), BadLine)
