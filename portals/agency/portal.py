"""The agency's portal as a table: its name, its navigation, its pages and its forms."""

from portals.agency import contracts, governance, payments, people, suppliers, tenders, work
from portals.agency.forms import FORMS
from portals.app import View
from portals.languages import say
from portals.page import Link, PortalInfo

AGENCY = PortalInfo(
    name="agency",
    title=say("Terang for agencies"),
    links=(
        Link(path="/", text=say("My work")),
        Link(path="/tenders", text=say("Tenders")),
        Link(path="/contracts", text=say("Contracts")),
        Link(path="/payments", text=say("Payments")),
        Link(path="/people", text=say("People")),
        Link(path="/suppliers", text=say("Suppliers")),
        Link(path="/governance", text=say("Governance")),
    ),
    forms=FORMS,
)

VIEWS: tuple[View, ...] = (
    View(path="/", handler=work.show),
    View(path="/tenders", handler=tenders.find),
    View(path="/tenders/plan", handler=tenders.plan),
    View(path="/tenders/{tender}", handler=tenders.show),
    View(path="/tenders/{tender}/draft/{supplier}", handler=contracts.draft),
    View(path="/tenders/{tender}/do/{act}", handler=tenders.act),
    View(path="/tenders/{tender}/do/{act}/{subject}", handler=tenders.act),
    View(path="/contracts", handler=contracts.find),
    View(path="/contracts/{agreement}", handler=contracts.show),
    View(path="/contracts/{agreement}/do/{act}", handler=contracts.act),
    View(path="/contracts/{agreement}/do/{act}/{subject}", handler=contracts.act),
    View(path="/payments", handler=payments.find),
    View(path="/payments/{order}", handler=payments.show),
    View(path="/people", handler=people.show),
    View(path="/people/replacements/{number}", handler=people.show_replacement),
    View(path="/people/do/{act}", handler=people.act),
    View(path="/people/keys/{key}/replace", handler=people.replace_key),
    View(path="/people/{officer}", handler=people.show_officer),
    View(path="/people/{officer}/{role}/{act}", handler=people.act_on_role),
    View(path="/suppliers", handler=suppliers.find),
    View(path="/suppliers/{supplier}", handler=suppliers.show),
    View(path="/suppliers/{supplier}/{act}", handler=suppliers.act),
    View(path="/governance", handler=governance.show),
    View(path="/governance/proposals", handler=governance.list_proposals),
    View(path="/governance/proposals/{number}", handler=governance.show_proposal),
    View(path="/governance/propose/{act}", handler=governance.propose),
    View(path="/governance/propose/{act}/{subject:path}", handler=governance.propose),
)
