"""One tender from its plan to an approved payment in a real browser: officers and a supplier, each with a key of its own
that was made in the page, and an auditor who proves it all afterwards.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page

from chain.hashing import sha256
from machine.browserkey import write_browser_key
from portals.agency.portal import AGENCY
from portals.agency.portal import VIEWS as AGENCY_VIEWS
from portals.auditor.portal import AUDITOR, make_views
from portals.local_forms import write_time_input
from portals.supplier.portal import SUPPLIER
from portals.supplier.portal import VIEWS as SUPPLIER_VIEWS
from rpc.lineage import Anchor
from tests.chain.making import make_validators
from tests.contracts.ledger import CHAIN, Ledger, compiled, operator
from tests.portals.browser import PHONE, open_page, serving
from tests.portals.making import Site
from tests.portals.walking import (
    PHRASE,
    bring_a_key,
    fill_registration,
    make_a_key,
    send_form,
    sign,
)
from vm.module_codec import code_hash

HOUR = 3_600_000
ROLES = {
    "planner": "COMMITMENT_OFFICER",
    "group": "SELECTION_GROUP",
    "authority": "BUDGET_AUTHORITY",
    "payer": "PAYMENT_OFFICER",
}
NET = 180_000_000 - 4_500_000 - 2_000_000


class Walk:
    """The people of one procurement, each in a browser of its own, and the ledger that they share."""

    def __init__(self, browser: Browser, folder: Path, stack: ExitStack) -> None:
        self.ledger = Ledger()
        self._folder = folder
        self.agency = stack.enter_context(
            serving(Site(AGENCY, AGENCY_VIEWS, nodes=2, contracts=self.ledger).app)
        )
        self.supplier = stack.enter_context(
            serving(Site(SUPPLIER, SUPPLIER_VIEWS, nodes=2, contracts=self.ledger).app)
        )
        names = ("operator", *ROLES)
        self.pages = {name: stack.enter_context(open_page(browser)) for name in names}
        self.pages["supplier"] = stack.enter_context(open_page(browser, PHONE))

    def later(self, milliseconds: int) -> str:
        """A moment on the western clock, as a form holds it."""
        return write_time_input(self.ledger.now_ms + milliseconds)

    def wait_until(self, moment_ms: int) -> None:
        """Lets time pass on the ledger."""
        self.ledger.wait(max(0, moment_ms - self.ledger.now_ms))

    def found(self) -> None:
        """Everybody makes a key in the page; the operator brings its own, and grants the roles."""
        file = self._folder / "operator.json"
        write_browser_key(file, operator("barat"), PHRASE, rounds=1_000)
        bring_a_key(self.pages["operator"], f"{self.agency}/en", file)
        for name, role in ROLES.items():
            make_a_key(self.pages[name], f"{self.agency}/en", self._folder)
            self.pages["operator"].goto(f"{self.agency}/en/people/do/grant")
            granted = {"officer": self.pages[name].inner_text("#held-address"), "role": role}
            send_form(self.pages["operator"], "registry.grant", granted)
        page = self.pages["supplier"]
        make_a_key(page, f"{self.supplier}/id", self._folder)
        fill_registration(page, f"{self.supplier}/id", "CV Mitra Lestari")
        sign(page)

    def do(self, who: str, task: str, call: str, fields: Mapping[str, str] | None = None) -> None:
        """Somebody finds a task among what waits for its key, and does it."""
        page = self.open_task(who, task)
        send_form(page, call, fields or {})

    def open_task(self, who: str, task: str) -> Page:
        """The page of a task that waits."""
        page = self.pages[who]
        page.goto(f"{self.agency}/en/")
        page.click(f"#work a:text-is('{task}')")
        return page

    def show_tender(self, tender: bytes) -> Page:
        """The supplier's page of the tender."""
        page = self.pages["supplier"]
        page.goto(f"{self.supplier}/id/tenders/{tender.hex()}")
        return page


@contextmanager
def walking(browser: Browser, folder: Path) -> Iterator[Walk]:
    """People with their keys and roles."""
    with ExitStack() as stack:
        walk = Walk(browser, folder, stack)
        walk.found()
        yield walk


def publish(walk: Walk, folder: Path) -> bytes:
    """Plan, approval, owner estimate, publication with its document."""
    planner = walk.pages["planner"]
    planner.goto(f"{walk.agency}/en/tenders")
    planner.click("main .actions a")
    plan = {
        "reference": "BA-2026-021",
        "package.title": "Jembatan gantung",
        "package.procedure": "DUA_FILE",
        "package.ceiling": "500.000.000",
        "package.publish_from": "2023-01-01T00:00",
        "package.publish_by": walk.later(24 * HOUR),
    }
    send_form(planner, "tender.plan", plan)
    walk.do("authority", "Decide on the plan", "tender.approve_plan", {"approve": "yes", "reason": "Sesuai"})
    walk.do("planner", "Set the owner estimate", "tender.set_estimate", {"amount": "480.000.000"})
    group = walk.open_task("group", "Publish")
    document = folder / "kerangka-acuan.txt"
    document.write_text("Kerangka acuan kerja")
    group.set_input_files("form[data-form] input[type=file]", document)
    terms = {"terms.award_rule": "LOWEST_PRICE", "terms.closes_at": walk.later(2 * HOUR)}
    send_form(group, "tender.publish", terms)
    tender = walk.ledger.view("tender", "tender_id", "barat", "BA-2026-021")
    assert isinstance(tender, bytes)
    return tender


def bid(walk: Walk, tender: bytes, folder: Path) -> None:
    """A question, its answer, and a sealed bid of two envelopes."""
    send_form(walk.show_tender(tender), "tender.ask", {"text": "Apakah ada uang muka?"})
    page = walk.open_task("group", "Answer")
    page.click("a:text-is('Answer')")
    send_form(page, "tender.answer", {"text": "Ada, 20 persen."})
    bidder = walk.show_tender(tender)
    assert "Ada, 20 persen." in bidder.inner_text("main")
    bidder.goto(f"{bidder.url}/bid")
    proposal = folder / "usulan.txt"
    proposal.write_text("Metode kerja kami")
    bidder.fill("#bid-price", "465.000.000")
    bidder.set_input_files("#bid-technical", proposal)
    bidder.click('form[data-form="tender.submit"] > .actions button[type=submit]')
    sign(bidder)


def open_envelope(walk: Walk, tender: bytes) -> None:
    """The supplier opens the envelope that is due."""
    page = walk.show_tender(tender)
    page.goto(f"{page.url}/open")
    page.click("form[data-form] > .actions button[type=submit]")
    sign(page)


def award(walk: Walk, tender: bytes) -> None:
    """From the close to an award that stands, over an objection."""
    record = walk.ledger.view("tender", "terms_in_force", tender)
    assert isinstance(record, tuple) and isinstance(record[-1], int)
    walk.wait_until(record[-1])
    open_envelope(walk, tender)
    walk.do("group", "Let prices be opened", "tender.open_prices")
    open_envelope(walk, tender)
    walk.do("group", "Evaluate", "tender.evaluate")
    walk.do("group", "Award", "tender.award")
    send_form(walk.show_tender(tender), "tender.object", {"reason": "Hanya untuk dicatat."})
    page = walk.open_task("group", "Answer an objection")
    page.click("a:text-is('Answer an objection')")
    answer = {"outcome": "REJECTED", "text": "Penetapan tetap."}
    send_form(page, "tender.answer_objection", answer)
    walk.ledger.wait(HOUR)
    walk.do("planner", "Make final", "tender.finalise")


def agree(walk: Walk) -> None:
    """A contract of two milestones that both sign."""
    page = walk.open_task("planner", "Draft the contract (SPPBJ)")
    page.click("[data-add]")
    milestones = {
        "wanted.0.title": "Pondasi",
        "wanted.0.amount": "180.000.000",
        "wanted.0.due_at": walk.later(48 * HOUR),
        "wanted.1.title": "Bentang",
        "wanted.1.amount": "285.000.000",
        "wanted.1.due_at": walk.later(96 * HOUR),
    }
    send_form(page, "agreement.draft", milestones)
    page = walk.open_task("planner", "Sign")
    page.click("#acts a:text-is('Sign')")
    send_form(page, "agreement.sign", {})
    send_form(show_contract(walk), "agreement.sign", {})


def show_contract(walk: Walk) -> Page:
    """The supplier's page of its contract."""
    page = walk.pages["supplier"]
    page.goto(f"{walk.supplier}/id/contracts")
    page.click("main .list a")
    return page


def deliver_and_pay(walk: Walk) -> None:
    """A delivery, its acceptance, and a payment order whose net the page says before it is signed."""
    send_form(show_contract(walk), "agreement.report_delivery", {"note": "Pondasi selesai"})
    page = walk.open_task("planner", "Decide on a delivery")
    page.click("a:text-is('Decide on a delivery')")
    send_form(page, "agreement.accept", {"note": "Sesuai gambar"})
    payer = walk.open_task("payer", "Approve a payment (SPM)")
    payer.fill("[name=deductions]", "2.000.000")
    payer.fill("[name=tax]", "4.500.000")
    assert payer.inner_text("[data-net]") == "IDR 173,500,000"
    send_form(payer, "payment.approve", {})
    payer.goto(f"{walk.agency}/en/")
    assert "Nothing waits for your key." in payer.inner_text("main")


def audit(walk: Walk, browser: Browser, tender: bytes) -> None:
    """Who has no key reads the whole timeline, and the portal has proven each entry of it."""
    anchor = Anchor(
        chain_id=CHAIN,
        genesis_hash=sha256(b"genesis"),
        validators=make_validators()[0],
        contracts={name: code_hash(data) for name, data in compiled()},
    )
    site = Site(AUDITOR, make_views(anchor), contracts=walk.ledger)
    with serving(site.app) as address, open_page(browser) as page:
        page.goto(f"{address}/en/tenders/{tender.hex()}/timeline")
        told = page.inner_text("main")
        for entry in ("Plan a procurement", "Submit a sealed bid", "Award", "Approve a payment (SPM)"):
            assert entry in told, entry
        assert "entries on this page hold" in told and "FAILED" not in told


def test_one_tender_from_its_plan_to_an_approved_payment(browser: Browser, tmp_path: Path) -> None:
    with walking(browser, tmp_path) as walk:
        tender = publish(walk, tmp_path)
        bid(walk, tender, tmp_path)
        award(walk, tender)
        agree(walk)
        deliver_and_pay(walk)
        order = walk.ledger.view("payment", "order_record", 1)
        assert isinstance(order, tuple) and NET in order
        audit(walk, browser, tender)
