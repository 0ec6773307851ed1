"""The shipped sample: made by its script, readable, and with every kind of ending in it."""

from statistics import median

from pilot.ocds import Release, read_releases
from pilot.sample import make_sample, sample_path


def _releases() -> list[Release]:
    return [found for found in read_releases(sample_path()) if isinstance(found, Release)]


def test_the_shipped_file_is_what_the_script_makes() -> None:
    assert sample_path().read_text().splitlines() == list(make_sample())


def test_every_line_is_a_tender_of_rupiah() -> None:
    found = list(read_releases(sample_path()))
    assert len(found) == 12
    assert {release.currency for release in _releases()} == {"IDR"}
    assert len(_releases()) == 12


def test_it_looks_like_real_tenders() -> None:
    releases = _releases()
    assert sum(release.envelopes == 2 for release in releases) == 11
    assert median(len(release.bids) for release in releases) == 3
    assert any(bid.price is None for release in releases for bid in release.bids)
    assert any(release.winners == 3 for release in releases)
    assert any(release.estimate is None for release in releases)
    assert any(len(release.awarded) > release.winners for release in releases)
    assert any(not release.awarded for release in releases)
