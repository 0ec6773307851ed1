"""The auditor's portal as a table: its name, its navigation, its pages. It prepares no call and has no forms."""

from collections.abc import Awaitable, Callable

from starlette.responses import Response

from portals.app import Handler, View
from portals.auditor import bundles, chain, downloads, overview, procurements, registers, sources, timeline
from portals.auditor.auditing import Auditing
from portals.auditor.evidence import NoEvidence, Proofs
from portals.languages import say
from portals.page import Link, Page, PortalInfo
from rpc.lineage import Anchor, Lineage

AUDITOR = PortalInfo(
    name="auditor",
    title=say("Terang for auditors"),
    links=(
        Link(path="/", text=say("Overview")),
        Link(path="/tenders", text=say("Tenders")),
        Link(path="/contracts", text=say("Contracts")),
        Link(path="/payments", text=say("Payments")),
        Link(path="/suppliers", text=say("Suppliers")),
        Link(path="/officers", text=say("Officers")),
        Link(path="/governance", text=say("Governance")),
        Link(path="/blocks", text=say("Blocks")),
        Link(path="/network", text=say("Network")),
        Link(path="/rules", text=say("Rules")),
    ),
    forms={},
)

_Work = Callable[[Page, Proofs], Awaitable[Response]]
_PAGES: tuple[tuple[str, _Work], ...] = (
    ("/", overview.show),
    ("/tenders", procurements.find_tenders),
    ("/tenders/{tender}", procurements.show_tender),
    ("/tenders/{tender}/timeline", timeline.show),
    ("/tenders/{tender}/timeline/{kind}", downloads.give),
    ("/contracts", procurements.find_agreements),
    ("/contracts/{agreement}", procurements.show_agreement),
    ("/payments", procurements.find_orders),
    ("/payments/{order}", procurements.show_order),
    ("/suppliers", registers.list_suppliers),
    ("/suppliers/{address}", registers.show_supplier),
    ("/officers", registers.list_officers),
    ("/officers/{address}", registers.show_officer),
    ("/governance", registers.show_governance),
    ("/blocks", chain.list_blocks),
    ("/blocks/{height}", chain.show_block),
    ("/tx/{id}", chain.show_transaction),
    ("/tx/{id}/bundle", bundles.give_transaction),
    ("/entries/{contract}/{storage}/{keys}/bundle", bundles.give_entry),
    ("/network", chain.show_network),
    ("/rules", sources.show_all),
    ("/rules/{contract}", sources.show),
)


def make_views(anchor: Anchor | None, auditing: Auditing | None = None) -> tuple[View, ...]:
    """The pages of one portal, which share what it has checked. `anchor`: of the genesis document, if it was given;
    `auditing` makes bundles by it.
    """
    proofs = Proofs(Lineage(anchor), auditing)
    return tuple(View(path=path, handler=_bind(work, proofs)) for path, work in _PAGES)


def _bind(work: _Work, proofs: Proofs) -> Handler:
    async def handle(page: Page) -> Response:
        try:
            return await work(page, proofs)
        except NoEvidence as error:
            text = say(
                "What the node shows is no evidence, and nothing of it is shown here. Ask another node."
            )
            return await page.render("problem.html", code=502, text=text, detail=str(error))

    return handle
