"""The supplier's portal as a table: its name, its navigation, its pages and its forms."""

from portals.app import View
from portals.languages import say
from portals.page import Link, PortalInfo
from portals.supplier import account, bids, contracts, front, tenders
from portals.supplier.account import AccountPages
from portals.supplier.forms import FORMS
from portals.treasuries import Treasuries

SUPPLIER = PortalInfo(
    name="supplier",
    title=say("Terang for suppliers"),
    links=(
        Link(path="/", text=say("Overview")),
        Link(path="/tenders", text=say("Tenders")),
        Link(path="/bids", text=say("Bids")),
        Link(path="/contracts", text=say("Contracts")),
        Link(path="/money", text=say("Payments")),
    ),
    forms=FORMS,
)


def make_views(treasuries: Treasuries) -> tuple[View, ...]:
    """The pages, of a portal that hands accounts to these treasuries."""
    accounts = AccountPages(treasuries)
    return (
        View(path="/", handler=front.show),
        View(path="/register", handler=account.register),
        View(path="/account", handler=accounts.show),
        View(path="/account", handler=accounts.hand_over, methods=("POST",)),
        View(path="/tenders", handler=tenders.find),
        View(path="/tenders/{tender}", handler=tenders.show),
        View(path="/tenders/{tender}/bid", handler=tenders.bid),
        View(path="/tenders/{tender}/open", handler=tenders.open_envelope),
        View(path="/bids", handler=bids.list_bids),
        View(path="/contracts", handler=contracts.list_contracts),
        View(path="/contracts/{agreement}", handler=contracts.show),
        View(path="/money", handler=contracts.follow_money),
    )


VIEWS = make_views(Treasuries(()))
"""Of a portal that knows no treasury."""
