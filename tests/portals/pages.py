"""Every page of every portal as a case that can be opened: for axe, for screenshots, and for whoever comes next.

A portal's table has, for each of its `VIEWS`, one case at least, so that no page can be forgotten. A case says how a
person gets there: the path (with names of `Showing.ids`), as whom, and what is done in the page before it is looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portals.agency.portal import AGENCY
from portals.agency.portal import VIEWS as AGENCY_VIEWS
from portals.app import View, views_of
from portals.auditor.portal import AUDITOR
from portals.page import PortalInfo
from portals.supplier.portal import SUPPLIER
from portals.supplier.portal import make_views as make_supplier_views
from portals.treasuries import Treasuries
from tests.portals import pages_agency, pages_auditor, pages_common, pages_documents, pages_supplier
from tests.portals.cases import Case


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Portal:
    """A portal with its views and the cases of each view, by method and path."""

    info: PortalInfo
    views: Sequence[View]
    cases: Mapping[str, tuple[Case, ...]]

    def list_cases(self) -> list[Case]:
        """All cases."""
        return [case for cases in self.cases.values() for case in cases]


_NOBODY = "http://127.0.0.1:1"

PORTALS = (
    Portal(
        info=SUPPLIER,
        views=make_supplier_views(Treasuries([_NOBODY])),
        cases=pages_common.READING
        | pages_documents.READING
        | pages_common.SIGNING
        | pages_supplier.CASES
        | pages_documents.SUPPLYING,
    ),
    Portal(
        info=AGENCY,
        views=AGENCY_VIEWS,
        cases=pages_common.READING | pages_documents.READING | pages_common.SIGNING | pages_agency.CASES,
    ),
    Portal(
        info=AUDITOR,
        views=pages_auditor.VIEWS,
        cases=pages_common.READING | pages_documents.READING | pages_auditor.CASES,
    ),
)
"""Each portal; its own cases come after those that all have."""


def list_views(portal: Portal) -> set[str]:
    """Every view of a portal, by method and path."""
    return {
        f"{method} {view.path}" for view in views_of(portal.info, portal.views) for method in view.methods
    }
