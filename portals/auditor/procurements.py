"""Pages of procurements as they stand now: tenders with hints, contracts, payment orders step by step."""

from collections.abc import Iterator, Mapping
from typing import Any

from starlette.responses import Response

from chain.errors import Malformed
from portals.auditor.bundles import Offer, offer, offers
from portals.auditor.entries import read_entries
from portals.auditor.evidence import Proofs
from portals.auditor.flags import find_flags, read_facts
from portals.auditor.search import ask_for, search_each
from portals.page import Page
from portals.reading.agreements import agreement_in, list_agreements, read_agreement
from portals.reading.lists import read_newest
from portals.reading.people import names_of, zone_of, zones_of
from portals.reading.tenders import list_tenders, read_tender, tender_in
from portals.reading.views import find_view
from rpc.contracts import record_of, records_of

STATES = ("REQUESTED", "APPROVED", "SENT", "SETTLED", "RETURNED", "DECLINED")


async def find_tenders(page: Page, proofs: Proofs) -> Response:
    """Tenders of all agencies, narrowed by words and stage."""
    return await page.render_all("auditor/tenders.html", await list_tenders(page))


async def show_tender(page: Page, proofs: Proofs) -> Response:
    """A tender as it stands, with its contracts and with hints for who looks closer."""
    tender = tender_in(page)
    values = await read_tender(page, tender)
    agreements = records_of(await page.ledger.view("agreement", "agreements_of_tender", tender=tender))
    return await page.render_all(
        "auditor/tender.html",
        values
        | {
            "agreements": agreements,
            "flags": find_flags(await read_facts(page, tender, values)),
            "files": offers(proofs, *_files_of(tender, values)),
        },
    )


def _files_of(tender: bytes, values: Mapping[str, Any]) -> Iterator[Offer]:
    """What the tender's page shows, entry by entry."""
    yield offer("tender", "plans", tender)
    record = values["record"]
    if record is None:
        return
    yield offer("tender", "tenders", tender)
    for number in range(1, record.number("version") + 1):
        yield offer("tender", "versions", tender, number)
    book = record.data("book")
    for bid in values["bids"]:
        yield offer("tender", "bids", book, bid.data("bidder"))
    for storage in ("ranking", "winners"):
        for place in range(1, len(values[storage]) + 1):
            yield offer("tender", storage, book, place)
    for storage in ("questions", "objections"):
        for number in range(1, record.number(storage) + 1):
            yield offer("tender", storage, tender, number)


async def find_agreements(page: Page, proofs: Proofs) -> Response:
    """Contracts of all agencies, the newest first."""
    return await page.render_all("auditor/agreements.html", await list_agreements(page, lambda row: True))


async def show_agreement(page: Page, proofs: Proofs) -> Response:
    """A contract with its versions, signatures, deliveries and orders."""
    values = await read_agreement(page, agreement_in(page))
    paid = await page.ledger.view("payment", "paid_total", agreement=agreement_in(page))
    requested = await page.ledger.view("payment", "requested_total", agreement=agreement_in(page))
    files = offers(proofs, *_files_of_agreement(agreement_in(page), values))
    return await page.render_all(
        "auditor/agreement.html", values | {"paid": paid, "requested": requested, "files": files}
    )


def _files_of_agreement(agreement: bytes, values: Mapping[str, Any]) -> Iterator[Offer]:
    """What the contract's page shows, entry by entry; milestones are those of the newest version."""
    newest = values["record"].number("newest")
    yield offer("agreement", "agreements", agreement)
    for number in range(1, newest + 1):
        yield offer("agreement", "versions", agreement, number)
    for milestone in values["milestones"]:
        yield offer("agreement", "milestones", agreement, newest, milestone.number("number"))
        yield offer("agreement", "progress", agreement, milestone.number("number"))
    for delivery in values["deliveries"]:
        yield offer("agreement", "deliveries", agreement, delivery.number("number"))


async def find_orders(page: Page, proofs: Proofs) -> Response:
    """Payment orders, the newest first, of one state where it is chosen."""
    state = page.request.query_params.get("state", "")
    place = page.request.query_params.get("before", "")
    listed = await read_newest(page, "payment", "order", lambda row: state in ("", row["state"]), place=place)
    return await page.render(
        "auditor/orders.html",
        listed=listed,
        state=state,
        states=STATES,
        zones=await zones_of(page, [row.text("agency") for row in listed.rows]),
        names=await names_of(page, [row.data("supplier") for row in listed.rows]),
    )


async def show_order(page: Page, proofs: Proofs) -> Response:
    """One payment order: from the accepted delivery to the bank's reference, each step proven."""
    number = _number_in(page)
    record = record_of(await page.ledger.view("payment", "order_record", order=number))
    zone = await zone_of(page, record.text("agency"))
    found = await search_each(page.ledger, [ask_for("payment", "order", number)])
    proven = await proofs.prove_all(page.ledger, found)
    return await page.render(
        "auditor/order.html",
        record=record,
        zone=zone,
        names=await names_of(page, [record.data("supplier")]),
        treasury=await find_view(page, "registry", "treasury_of", agency=record.text("agency")),
        entries=await read_entries(page, proven, currency=record.text("currency"), zone=zone),
        files=offers(proofs, offer("payment", "orders", number)),
    )


def _number_in(page: Page) -> int:
    text = page.request.path_params["order"]
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Malformed(f"order: expected a number, got {text[:80]!r}")
    return int(text)
