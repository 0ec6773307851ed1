"""Cases of the auditor's portal, which has no key and no form that is posted."""

from playwright.sync_api import Page

from chain.hashing import sha256
from portals.auditor.portal import make_views
from rpc.lineage import Anchor
from tests.chain.making import make_validators
from tests.contracts.agreeing import TREASURY
from tests.contracts.ledger import CHAIN, compiled, operator
from tests.contracts.tendering import OFFICER
from tests.portals.cases import DATA, Case
from tests.portals.pages_documents import fetch_until
from tests.portals.showing import ALFA, BARRED
from vm.module_codec import code_hash

ANCHOR = Anchor(
    chain_id=CHAIN,
    genesis_hash=sha256(b"genesis"),
    validators=make_validators()[0],
    contracts={name: code_hash(data) for name, data in compiled()},
)
VIEWS = make_views(ANCHOR)


def unfold(page: Page) -> None:
    """Opens everything that is folded away."""
    page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true; })")


def _case(name: str, path: str, *, unfolded: bool = False, code: int = 200) -> Case:
    act = unfold if unfolded else None
    return Case(name=name, path=path, who=None, holds_key=False, act=act, code=code)


CASES: dict[str, tuple[Case, ...]] = {
    "GET /": (_case("front", "/"),),
    "GET /tenders": (
        _case("tenders", "/tenders"),
        _case("tenders-none", "/tenders?q=tidak+ada&stage=failed"),
    ),
    "GET /tenders/{tender}": (
        _case("tender-draft", "/tenders/{draft}"),
        _case("tender-bidden", "/tenders/{bidden}"),
        _case("tender-standstill", "/tenders/{standstill}"),
        _case("tender-won", "/tenders/{won-1}"),
        _case("tender-missing", "/tenders/" + "0" * 64, code=404),
    ),
    "GET /tenders/{tender}/timeline": (
        _case("timeline", "/tenders/{won-1}/timeline"),
        _case("timeline-unfolded", "/tenders/{standstill}/timeline", unfolded=True),
    ),
    "GET /tenders/{tender}/timeline/{kind}": DATA,
    "GET /contracts": (_case("contracts", "/contracts"),),
    "GET /contracts/{agreement}": (
        _case("contract", "/contracts/{delivering}", unfolded=True),
        _case("contract-drafted", "/contracts/{drafted}"),
    ),
    "GET /payments": (
        _case("payments", "/payments"),
        _case("payments-none", "/payments?state=NONE"),
    ),
    "GET /payments/{order}": (_case("payment", "/payments/{order}"),),
    "GET /suppliers": (
        _case("suppliers", "/suppliers"),
        _case("suppliers-none", "/suppliers?q=tidak+ada"),
    ),
    "GET /suppliers/{address}": (
        _case("supplier", f"/suppliers/{ALFA.address.hex().upper()}"),
        _case("supplier-barred", f"/suppliers/{BARRED.address.hex().upper()}"),
    ),
    "GET /officers": (_case("officers", "/officers"),),
    "GET /officers/{address}": (
        _case("officer", f"/officers/{OFFICER.address.hex().upper()}"),
        _case("operator", f"/officers/{operator('barat').address.hex().upper()}"),
        _case("treasury", f"/officers/{TREASURY.address.hex().upper()}"),
        _case("nobody", "/officers/" + "0" * 40),
    ),
    "GET /governance": (_case("governance", "/governance", unfolded=True),),
    "GET /blocks": (_case("blocks", "/blocks"),),
    "GET /blocks/{height}": (_case("block", "/blocks/9", unfolded=True),),
    "GET /tx/{id}/bundle": DATA,
    "GET /entries/{contract}/{storage}/{keys}/bundle": DATA,
    "GET /tx/{id}": (
        _case("tx", "/tx/{tx-done}", unfolded=True),
        _case("tx-refused", "/tx/{tx-refused}"),
        _case("tx-unreadable", "/tx/12", code=400),
    ),
    "GET /documents/{hash}": (
        _case("document-unknown", "/documents/" + "0" * 64),
        Case(
            name="document-public",
            path="/documents/{document-public}",
            who=None,
            holds_key=False,
            act=fetch_until("#document-file"),
        ),
        Case(
            name="document-closed",
            path="/documents/{document-closed}",
            who=None,
            holds_key=False,
            act=fetch_until("#document-problem"),
        ),
    ),
    "GET /rules": (_case("rules", "/rules"),),
    "GET /rules/{contract}": (
        _case("rules-payment", "/rules/payment"),
        _case("rules-tender", "/rules/tender"),
    ),
}
