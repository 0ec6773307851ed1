"""Who somebody is and where: suppliers by the name they registered, agencies by their clock."""

from collections.abc import Iterable

from chain.keys import Address, format_address
from chain.limits import PORTAL_NAMES_MAX
from portals.ledger import ViewRefused, ask_each
from portals.page import Page
from rpc.contracts import record_of


async def names_of(page: Page, suppliers: Iterable[bytes]) -> dict[bytes, str]:
    """The registered name of each supplier by its id; of who is none, the address."""

    async def find_name(supplier: bytes) -> str:
        return await _find_name(page, supplier)

    return await ask_each(suppliers, find_name)


async def _find_name(page: Page, supplier: bytes) -> str:
    names = page.ledger.names
    if supplier not in names:
        try:
            found = await page.ledger.view("registry", "supplier_record", supplier=supplier)
        except ViewRefused:
            return format_address(Address(supplier))
        if len(names) >= PORTAL_NAMES_MAX:
            names.clear()
        names[supplier] = record_of(found).text("name")
    return names[supplier]


async def zone_of(page: Page, agency: str) -> int:
    """By how many minutes an agency's clock is before UTC."""
    found = await page.ledger.view("governance", "utc_offset_of", agency=agency)
    assert isinstance(found, int), found
    return found


async def zones_of(page: Page, agencies: Iterable[str]) -> dict[str, int]:
    """The same of several."""

    async def find_zone(agency: str) -> int:
        return await zone_of(page, agency)

    return await ask_each(agencies, find_zone)
