"""Small releases for tests, written as the OCDS documents they come from."""

import json
from collections.abc import Mapping

from pilot.ocds import Release, read_line

Bid = tuple[str, int | None, str]
"""Who, the price or None, and the record's words on it: "valid", "disqualified" or others for a valid bid."""


def document(
    bids: list[Bid], awarded: list[str], *, estimate: int | None = 1_000, envelopes: int = 2, places: int = 1
) -> dict[str, object]:
    """A compiled release in rupiah; bid number n arrives on the n-th day of twenty."""
    tender: dict[str, object] = {
        "title": "Pengadaan Contoh",
        "procuringEntity": {"id": "ENTITY-1", "name": "Dinas Contoh"},
        "submissionMethodDetails": "two envelopes" if envelopes == 2 else "one envelope",
        "tenderPeriod": {"startDate": "2026-01-01T00:00:00+07:00", "endDate": "2026-01-21T00:00:00+07:00"},
    }
    if estimate is not None:
        tender["value"] = {"amount": estimate, "currency": "IDR"}
    if places > 1:
        tender["techniques"] = {"frameworkAgreement": {"maximumParticipants": places}}
    return {
        "ocid": "ocds-xxxxxx-uji-1",
        "tender": tender,
        "bids": {"details": [_bid(day, bid) for day, bid in enumerate(bids, start=1)]},
        "awards": [{"id": f"A-{who}", "suppliers": [{"id": who}]} for who in awarded],
    }


def _bid(day: int, bid: Bid) -> Mapping[str, object]:
    who, price, words = bid
    made: dict[str, object] = {
        "id": f"bid-{day}",
        "date": f"2026-01-{day:02d}T12:00:00+07:00",
        "status": "disqualified" if words == "disqualified" else "valid",
        "statusDetails": words,
        "tenderers": [{"id": who, "name": f"PT {who}"}],
    }
    if price is not None:
        made["value"] = {"amount": price, "currency": "IDR"}
    return made


def line(made: Mapping[str, object]) -> bytes:
    """A document as one line of a file."""
    return json.dumps(made).encode() + b"\n"


def release(
    bids: list[Bid], awarded: list[str], *, estimate: int | None = 1_000, envelopes: int = 2, places: int = 1
) -> Release:
    """The release that is read from such a document."""
    made = document(bids, awarded, estimate=estimate, envelopes=envelopes, places=places)
    found = read_line(1, line(made))
    assert isinstance(found, Release), found
    return found
