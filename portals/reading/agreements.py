"""Agreements for pages: one with its versions, milestones, deliveries and payment orders, and lists of them."""

from collections.abc import Callable

from portals.page import Page
from portals.reading.lists import read_newest
from portals.reading.people import names_of, zone_of
from portals.reading.tenders import titles_of
from portals.reading.views import find_record, read_id
from rpc.contracts import Record, record_of, records_of

PARTIES = ("AGENCY", "SUPPLIER")


def agreement_in(page: Page) -> bytes:
    """The id of the agreement that the path names. Raises `Malformed`."""
    return read_id(page.request.path_params["agreement"], "agreement")


async def read_agreement(page: Page, agreement: bytes) -> dict[str, object]:
    """One agreement for its page. `version`, `milestones` and `signed` are of the newest version; `before` are the
    milestones in force where the newest is not signed by both.

    agreement (hex) record plan zone versions version signed milestones before deliveries orders names
    """
    view = page.ledger.view
    record = record_of(await view("agreement", "agreement_record", agreement=agreement))
    newest, in_force = record.number("newest"), record.number("version")
    versions = [
        record_of(await view("agreement", "version_record", agreement=agreement, version=number))
        for number in range(1, newest + 1)
    ]
    deliveries = await view("agreement", "delivery_list", agreement=agreement)
    return {
        "agreement": agreement.hex(),
        "record": record,
        "plan": record_of(await view("tender", "plan_record", tender=record.data("tender"))),
        "zone": await zone_of(page, record.text("agency")),
        "versions": versions,
        "version": versions[-1],
        "signed": await _read_signatures(page, agreement, newest),
        "milestones": await _read_milestones(page, agreement, newest),
        "before": await _read_milestones(page, agreement, in_force) if 0 < in_force < newest else (),
        "deliveries": records_of(deliveries),
        "orders": records_of(await view("payment", "orders_of", agreement=agreement)),
        "names": await names_of(page, [record.data("supplier")]),
    }


async def _read_signatures(page: Page, agreement: bytes, version: int) -> dict[str, Record | None]:
    return {
        party: await find_record(
            page, "agreement", "signature_record", agreement=agreement, version=version, party=party
        )
        for party in PARTIES
    }


async def _read_milestones(page: Page, agreement: bytes, version: int) -> tuple[Record, ...]:
    found = await page.ledger.view("agreement", "milestone_list", agreement=agreement, version=version)
    return records_of(found)


async def list_agreements(page: Page, fits: Callable[[Record], bool]) -> dict[str, object]:
    """A page of those that fit, the newest first.

    listed names titles (of tenders, by id)
    """
    place = page.request.query_params.get("before", "")
    listed = await read_newest(page, "agreement", "agreement", fits, place=place)
    return {
        "listed": listed,
        "names": await names_of(page, [row.data("supplier") for row in listed.rows]),
        "titles": await titles_of(page, [row.data("tender") for row in listed.rows]),
    }
