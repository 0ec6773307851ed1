"""Whose key this is: for which agency it acts, and in which roles."""

from dataclasses import dataclass

from portals.local_forms import WIB_MINUTES
from portals.page import Page
from portals.reading.people import zone_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """A key that acts for an agency, as an officer, as its operator, or as both."""

    agency: str
    roles: tuple[str, ...]
    is_operator: bool
    zone: int


async def find_officer(page: Page) -> Officer | None:
    """This person as an officer; None for who acts for no agency."""
    if page.who is None:
        return None
    operated = str(await page.ledger.view("governance", "agency_of_operator", who=page.who))
    agency = str(await page.ledger.view("registry", "agency_of", who=page.who)) or operated
    if not agency:
        return None
    roles = await page.ledger.view("registry", "roles_of", who=page.who)
    assert isinstance(roles, tuple), roles
    return Officer(
        agency=agency,
        roles=tuple(str(role) for role in roles),
        is_operator=bool(operated),
        zone=await zone_of(page, agency),
    )


async def find_clock(page: Page) -> int:
    """By how many minutes this person's clock is before UTC: that of the agency it acts for, or the western one."""
    officer = await find_officer(page)
    return WIB_MINUTES if officer is None else officer.zone
