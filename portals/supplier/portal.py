"""The supplier's portal as a table: its name, its navigation, its pages and its forms."""

from portals.app import View
from portals.languages import say
from portals.page import Link, PortalInfo
from portals.supplier import account, contracts, tenders
from portals.supplier.forms import FORMS

SUPPLIER = PortalInfo(
    name="supplier",
    title=say("Terang for suppliers"),
    links=(
        Link(path="/", text=say("Overview")),
        Link(path="/tenders", text=say("Tenders")),
        Link(path="/contracts", text=say("Contracts")),
        Link(path="/money", text=say("Payments")),
    ),
    forms=FORMS,
)

VIEWS: tuple[View, ...] = (
    View(path="/", handler=account.front),
    View(path="/register", handler=account.register),
    View(path="/account", handler=account.account),
    View(path="/tenders", handler=tenders.find),
    View(path="/tenders/{tender}", handler=tenders.show),
    View(path="/tenders/{tender}/bid", handler=tenders.bid),
    View(path="/tenders/{tender}/open", handler=tenders.open_envelope),
    View(path="/contracts", handler=contracts.list_contracts),
    View(path="/contracts/{agreement}", handler=contracts.show),
    View(path="/money", handler=contracts.follow_money),
)
