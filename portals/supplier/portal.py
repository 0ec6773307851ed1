"""The supplier's portal as a table: its name, its navigation, its pages and its forms."""

from portals.app import View
from portals.languages import say
from portals.page import Link, PortalInfo
from portals.supplier import account
from portals.supplier.forms import FORMS

SUPPLIER = PortalInfo(
    name="supplier",
    title=say("Terang for suppliers"),
    links=(Link(path="/", text=say("Overview")),),
    forms=FORMS,
)

VIEWS: tuple[View, ...] = (
    View(path="/", handler=account.front),
    View(path="/register", handler=account.register),
)
