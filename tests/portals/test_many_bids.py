"""A tender with as many bids as any of the record had: its page stays light, and every bid can be reached."""

from collections.abc import Sequence

import pytest

from portals.agency.portal import AGENCY
from portals.agency.portal import VIEWS as AGENCY_VIEWS
from portals.app import View
from portals.page import PortalInfo
from portals.sections import ROWS, pick_section
from portals.supplier.portal import SUPPLIER
from portals.supplier.portal import VIEWS as SUPPLIER_VIEWS
from tests.contracts.ledger import key
from tests.contracts.tendering import GROUP, Tendering
from tests.portals.making import open_site

BIDS = 234
PAGE_BYTES_MAX = 60_000  # styles and scripts take another 60 kB at most
PORTALS = ((SUPPLIER, SUPPLIER_VIEWS), (AGENCY, AGENCY_VIEWS))


@pytest.fixture(scope="module")
def crowded() -> tuple[Tendering, str]:
    """A ledger with an evaluated tender of many bids, and its id."""
    ledger = Tendering()
    names = [f"peserta {number:03d}" for number in range(BIDS)]
    for name in names:
        ledger.do(key(name), "registry", "register", f"PT {name}", bytes(32), bytes(32))
    tender = ledger.publish(title="Rehabilitasi jalan")
    for place, name in enumerate(names):
        ledger.bid(tender, name, 1_000_000_000 + place)
    ledger.close(tender)
    for name in names:
        ledger.reveal(tender, name)
    ledger.act("evaluate", tender)
    return ledger, tender.hex()


@pytest.mark.trio
@pytest.mark.parametrize(("portal", "views"), PORTALS, ids=[portal.name for portal, _ in PORTALS])
async def test_the_page_of_a_crowded_tender(
    crowded: tuple[Tendering, str], portal: PortalInfo, views: Sequence[View]
) -> None:
    ledger, tender = crowded
    async with open_site(portal, views, contracts=ledger) as site:
        if portal is AGENCY:
            site.act_as(GROUP)
        first = (await site.get(f"/id/tenders/{tender}")).text
        assert len(first.encode()) < PAGE_BYTES_MAX and "1 sampai 50 dari 234" in first
        assert "?ranking=2#ranking" in first and "?bids=2#bids" in first
        seen = set()
        for number in range(1, -(-BIDS // ROWS) + 1):
            page = (await site.get(f"/id/tenders/{tender}?ranking={number}&bids={number}")).text
            assert len(page.encode()) < PAGE_BYTES_MAX
            seen |= {place for place in range(BIDS) if f"PT peserta {place:03d}" in page}
        assert seen == set(range(BIDS))
        assert "201 sampai 234 dari 234" in page and "?ranking=4#ranking" in page
        for asked in ("99", "0", "-1", "x", "9" * 40, "%00"):
            assert (await site.get(f"/id/tenders/{tender}?bids={asked}&ranking={asked}")).status_code == 200


def test_ranks_go_on_where_the_part_before_ended() -> None:
    section = pick_section(range(120), "3")
    assert (section.first, section.last, section.count, section.rows[0]) == (101, 120, 3, 100)
    assert pick_section((), "7").rows == () and pick_section((), "7").count == 1
    assert pick_section(range(120), "9").number == 3 and pick_section(range(120), "²").number == 1
