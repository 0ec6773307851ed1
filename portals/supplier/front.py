"""The front page: how to begin, or what waits for this supplier."""

from starlette.responses import Response

from portals.page import Page
from portals.reading.people import zone_of
from portals.supplier.account import find_barring, find_supplier
from portals.supplier.duties import find_replacement, list_duties
from portals.supplier.forms import OBJECT_REPLACEMENT
from rpc.contracts import record_of


async def show(page: Page) -> Response:
    """What is next for this person: a key, a registration, or work."""
    supplier = await find_supplier(page)
    if supplier is None:
        return await page.render("supplier/begin.html")
    record = record_of(await page.ledger.view("registry", "supplier_record", supplier=supplier))
    barring = await find_barring(page, supplier)
    return await page.render(
        "supplier/front.html",
        supplier=record,
        barring=barring,
        barring_zone=0 if barring is None else await zone_of(page, barring.text("agency")),
        duties=await list_duties(page, supplier),
        replacement=await find_replacement(page),
        object_replacement=OBJECT_REPLACEMENT,
    )
