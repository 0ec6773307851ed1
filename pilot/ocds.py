"""Tenders as the world publishes them: OCDS 1.1.5 compiled releases with the bids extension, one JSON
document a line.

Only what a replay needs is kept, and it is checked here once: a line that does not say enough becomes a
`BadLine` with its reason, and reading goes on. Amounts become whole minor units, dates become milliseconds;
nothing is rounded.
"""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from chain.errors import Malformed
from chain.limits import PILOT_BIDS_MAX, PILOT_LINE_BYTES_MAX
from chain.time import parse_time
from pilot.fields import Incomplete, Node

_CURRENCIES_WITHOUT_MINOR_UNITS = frozenset({"IDR", "JPY", "KRW", "VND"})
"""IDR has sen in ISO 4217, but no one has used them for decades: amounts on the ledger are whole rupiah."""

_BY_PRICE = frozenset({"priceOnly", "lowestCost"})
"""Award criteria (OCDS codelist) that need nothing but the bids; scores of quality are in no public record.
"""

_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedBid:
    """One bid as recorded. `price` is in minor units, None where the record has none; `details` is the
    record's own words.
    """

    id: str
    bidder_id: str
    bidder_name: str
    submitted_ms: int
    price: int | None
    is_disqualified: bool
    details: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One recorded tender. `winners` is how many its terms say there will be, and `awarded` the bidders that
    the record names.
    """

    ocid: str
    title: str
    entity_id: str
    entity_name: str
    currency: str
    estimate: int | None
    envelopes: int
    winners: int
    criteria: str
    published_ms: int
    closes_ms: int
    bids: tuple[RecordedBid, ...]
    awarded: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that is not a tender we can replay, with the reason."""

    number: int
    reason: str


class UnreadableInput(Exception):
    """The file as a whole cannot be read: missing, or a damaged gzip."""


def read_releases(path: Path, *, tenders: int | None = None) -> Iterator[Release | BadLine]:
    """Releases of a file of JSON lines, plain or gzip, one after another; at most `tenders` of them.

    Raises:
        UnreadableInput: the file is missing or damaged.
    """
    found = 0
    try:
        with _open(path) as stream:
            for number, line in _lines(stream):
                if tenders is not None and found >= tenders:
                    return
                read = read_line(number, line)
                found += isinstance(read, Release)
                yield read
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableInput(f"{path}: {error}") from error


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as stream:
        is_gzip = stream.read(2) == _GZIP_MAGIC
    return gzip.open(path, "rb") if is_gzip else path.open("rb")  # type: ignore[return-value]  # a GzipFile reads alike


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Numbered lines that are not blank, each cut one byte above the limit; the rest of a longer one is
    skipped.
    """
    number = 0
    while line := stream.readline(PILOT_LINE_BYTES_MAX + 1):
        number += 1
        rest = line
        while len(rest) > PILOT_LINE_BYTES_MAX and not rest.endswith(b"\n"):
            rest = stream.readline(PILOT_LINE_BYTES_MAX + 1)
        if line.strip():
            yield number, line


def read_line(number: int, line: bytes) -> Release | BadLine:
    """The tender of one line, or why it is none."""
    if len(line) > PILOT_LINE_BYTES_MAX:
        return BadLine(
            number=number, reason=f"expected at most {PILOT_LINE_BYTES_MAX} bytes in a line, got more"
        )
    try:
        document = json.loads(line, parse_float=Decimal, parse_constant=_refuse_constant)
        return _release(Node(document, "release"))
    except RecursionError:
        return BadLine(number=number, reason="expected a release, got JSON nested too deeply")
    except UnicodeDecodeError:
        return BadLine(number=number, reason="expected UTF-8, got other bytes")
    except ValueError as error:  # JSONDecodeError, or an integer too long to read
        return BadLine(number=number, reason=f"expected JSON: {error}")
    except Incomplete as error:
        return BadLine(number=number, reason=str(error))


def _refuse_constant(text: str) -> object:
    raise Incomplete(f"expected a finite number, got {text}")


def _release(node: Node) -> Release:
    tender = node.child("tender")
    entity = tender.child("procuringEntity") if tender.has("procuringEntity") else node.child("buyer")
    period = tender.child("tenderPeriod")
    bids = _bids(node.child("bids"))
    currency = _currency(tender, node)
    release = Release(
        ocid=node.text("ocid", 100),
        title=tender.text("title", 10_000),
        entity_id=entity.text("id", 200),
        entity_name=entity.text_or("name", ""),
        currency=currency,
        estimate=_estimate(tender, currency),
        envelopes=_envelopes(tender),
        winners=_winners(tender),
        criteria=tender.text_or("awardCriteria", "priceOnly"),
        published_ms=_time(period, "startDate"),
        closes_ms=_time(period, "endDate"),
        bids=tuple(_bid(bid, currency) for bid in bids),
        awarded=_awarded(node),
    )
    _check(release)
    return release


def _check(release: Release) -> None:
    if release.criteria not in _BY_PRICE:
        raise Incomplete(f"release.tender.awardCriteria: expected an award by price, got {release.criteria}")
    if release.published_ms >= release.closes_ms:
        raise Incomplete("release.tender.tenderPeriod: expected the end after the start")
    late = [
        bid.id for bid in release.bids if not release.published_ms <= bid.submitted_ms <= release.closes_ms
    ]
    if late:
        raise Incomplete(
            f"release.bids.details: expected bids within the tender period, bid {late[0]} is not"
        )
    bidders = {bid.bidder_id for bid in release.bids}
    strangers = [supplier for supplier in release.awarded if supplier not in bidders]
    if strangers:
        raise Incomplete(f"release.awards: expected bidders, got {strangers[0]}")


def _bids(node: Node) -> tuple[Node, ...]:
    details = node.children("details")
    if not 1 <= len(details) <= PILOT_BIDS_MAX:
        raise Incomplete(f"release.bids.details: expected 1 to {PILOT_BIDS_MAX} bids, got {len(details)}")
    return details


def _bid(node: Node, currency: str) -> RecordedBid:
    tenderers = node.children("tenderers")
    if len(tenderers) != 1:
        raise Incomplete(f"{node.name}.tenderers: expected one, got {len(tenderers)}")
    price = _amount(node.child("value"), currency) if node.has("value") else None
    return RecordedBid(
        id=node.text("id", 200),
        bidder_id=tenderers[0].text("id", 200),
        bidder_name=tenderers[0].text_or("name", tenderers[0].text("id", 200)),
        submitted_ms=_time(node, "date"),
        price=price or None,
        is_disqualified=node.text_or("status", "valid") in ("disqualified", "withdrawn"),
        details=node.text_or("statusDetails", ""),
    )


def _awarded(node: Node) -> tuple[str, ...]:
    """Suppliers of active awards, each once, in the record's order."""
    if not node.has("awards"):
        return ()
    active = [award for award in node.children("awards") if award.text_or("status", "active") == "active"]
    names = [supplier.text("id", 200) for award in active for supplier in award.children("suppliers")]
    return tuple(dict.fromkeys(names))


def _winners(tender: Node) -> int:
    """How many winners the terms name: the most participants of a framework agreement, else one."""
    if not tender.has("techniques"):
        return 1
    techniques = tender.child("techniques")
    if not techniques.has("frameworkAgreement"):
        return 1
    return max(1, techniques.child("frameworkAgreement").whole_or("maximumParticipants", 1))


def _envelopes(tender: Node) -> int:
    words = tender.text_or("submissionMethodDetails", "one envelope").lower()
    return 2 if words.startswith(("two", "dua", "2")) else 1


def _currency(tender: Node, node: Node) -> str:
    """The one currency of a tender: of the estimate, or of its first priced bid."""
    if tender.has("value"):
        return tender.child("value").text("currency", 3)
    priced = (bid for bid in node.child("bids").children("details") if bid.has("value"))
    first = next(islice(priced, 1), None)
    return "IDR" if first is None else first.child("value").text("currency", 3)


def _estimate(tender: Node, currency: str) -> int | None:
    """The owner estimate; zero means that none was published."""
    return _amount(tender.child("value"), currency) or None if tender.has("value") else None


def _amount(node: Node, currency: str) -> int:
    found = node.text("currency", 3)
    if found != currency:
        raise Incomplete(f"{node.name}: expected {currency}, got {found}")
    units = node.number("amount").scaleb(0 if currency in _CURRENCIES_WITHOUT_MINOR_UNITS else 2)
    if units != units.to_integral_value():
        raise Incomplete(
            f"{node.name}: expected whole minor units of {currency}, got {node.number('amount')}"
        )
    return int(units)


def _time(node: Node, key: str) -> int:
    """Milliseconds since 1970 UTC of an RFC 3339 date with an offset."""
    try:
        return parse_time(node.text(key, 64))
    except Malformed as error:
        raise Incomplete(f"{node.name}.{key}: {error}") from error
