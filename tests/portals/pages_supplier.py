"""Cases of the supplier's portal."""

import json
from collections.abc import Callable

from playwright.sync_api import FilePayload, Page

from tests.portals.cases import Case
from tests.portals.showing import ACCOUNT, ACCOUNT_SALT, BARRED, NEWCOMER, REPLACED


def open_form(page: Page, name: str) -> str:
    """Unfolds a form that a page hides behind its summary; its selector."""
    form = f'form[data-form="{name}"]'
    if not page.is_visible(f"{form} button"):
        page.click(f"details:has({form}) > summary")
    return form


def send(name: str, **fields: str) -> Callable[[Page], None]:
    """Fills a form and sends it as it is, whatever the browser thinks of it."""

    def act(page: Page) -> None:
        form = open_form(page, name)
        for field, value in fields.items():
            page.fill(f"{form} [name='{field}']", value)
        page.eval_on_selector(form, "form => { form.noValidate = true; }")
        page.click(f"{form} button[type=submit]:not([data-add])")
        page.wait_for_load_state()

    return act


def unfold(page: Page) -> None:
    """Opens everything that is folded away."""
    page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true; })")


def sign_with_the_command_line(page: Page) -> None:
    """The signing page with its other way unfolded."""
    send("tender.ask", text="Apakah ada uang muka?")(page)
    page.wait_for_selector("#sign:not([disabled])")
    unfold(page)


def ask(page: Page) -> None:
    """The signing page."""
    send("tender.ask", text="Apakah ada uang muka?\nBerapa besarnya?")(page)
    page.wait_for_selector("#sign:not([disabled])")


def ask_without_the_key(page: Page) -> None:
    """The signing page of somebody whose key is elsewhere."""
    send("tender.ask", text="Apakah ada uang muka?")(page)
    page.wait_for_selector("#sign-problem:not([hidden])")


def bid_nonsense(page: Page) -> None:
    """A price that is none."""
    page.fill("#bid-price", "dua juta")
    page.click("form[data-form] button[type=submit]")
    page.wait_for_selector("#bid-problem:not([hidden])")


def fill_a_bid(page: Page) -> None:
    """A price, which the page says back."""
    page.fill("#bid-price", "1102350000")
    page.wait_for_selector("#bid-price-shown:not(:empty)")


def fill_numbers(page: Page) -> None:
    """A registration without its file."""
    page.fill("#field-name", "CV Mitra Lestari")
    page.fill("#nib", "1234567890123")
    page.fill("#npwp", "01.234.567.8-901.000")
    page.wait_for_selector("#numbers-file:not([hidden])")
    page.click("form[data-form] button[type=submit]")
    page.wait_for_selector("#numbers-problem:not([hidden])")


def fill_account(page: Page) -> None:
    """A bank account without its file."""
    for part, text in (("holder", "PT alfa"), ("bank", "BRINIDJA"), ("number", "0012-345-678")):
        page.fill(f"#{part}", text)
    page.wait_for_selector("#account-file:not([hidden])")
    page.click("form[data-form] button[type=submit]")
    page.wait_for_selector("#account-problem:not([hidden])")


_STAGES = (
    "draft",
    "planned",
    "submission",
    "bidden",
    "opening",
    "prices",
    "evaluation",
    "standstill",
    "lost",
    "awarded",
    "won-1",
    "failed",
    "resubmission",
    "cancelled",
)


def hand_over(salt: bytes, *, sends: bool = False) -> Callable[[Page], None]:
    """Chooses the file of an account, which fits the record by its salt, and hands it over."""
    file = {"terang": "account", "version": 1} | ACCOUNT | {"salt": salt.hex()}

    def act(page: Page) -> None:
        page.set_input_files(
            "#hand-file",
            FilePayload(name="a.json", mimeType="application/json", buffer=json.dumps(file).encode()),
        )
        if not sends:
            page.wait_for_selector("#hand-problem:not([hidden])")
            return
        page.wait_for_selector("#hand-ready:not([hidden])")
        page.click("#hand-send")
        page.wait_for_selector("main > .notice.bad")

    return act


def _tender(stage: str) -> Case:
    return Case(name=f"tender-{stage}", path=f"/tenders/{{{stage}}}", act=unfold)


def _contract(what: str) -> Case:
    return Case(name=f"contract-{what}", path=f"/contracts/{{{what}}}", act=unfold)


CASES: dict[str, tuple[Case, ...]] = {
    "GET /": (
        Case(name="front-stranger", path="/", who=None),
        Case(name="front-newcomer", path="/", who=NEWCOMER),
        Case(name="front", path="/"),
        Case(name="front-barred", path="/", who=BARRED),
        Case(name="front-replaced", path="/", who=REPLACED),
    ),
    "GET /register": (
        Case(name="register", path="/register", who=NEWCOMER),
        Case(name="register-insecure", path="/register", who=NEWCOMER, is_secure=False),
        Case(name="register-no-file", path="/register", who=NEWCOMER, act=fill_numbers),
    ),
    "GET /account": (
        Case(name="account", path="/account"),
        Case(name="account-insecure", path="/account", is_secure=False),
        Case(name="account-no-file", path="/account", act=fill_account),
        Case(name="account-another-file", path="/account", act=hand_over(b"\x08" * 32)),
        Case(name="account-newcomer", path="/account", who=NEWCOMER),
    ),
    "POST /account": (
        Case(
            name="account-treasury-gone", path="/account", act=hand_over(ACCOUNT_SALT, sends=True), code=503
        ),
    ),
    "GET /bids": (
        Case(name="bids", path="/bids"),
        Case(name="bids-none", path="/bids", who=NEWCOMER),
    ),
    "GET /tenders": (
        Case(name="tenders", path="/tenders"),
        Case(name="tenders-none", path="/tenders?q=kapal+selam&stage=final"),
    ),
    "GET /tenders/{tender}": (
        *(_tender(stage) for stage in _STAGES),
        Case(name="tender-stranger", path="/tenders/{submission}", who=None),
        Case(name="tender-barred", path="/tenders/{submission}", who=BARRED),
        Case(name="tender-missing", path="/tenders/" + "0" * 64, code=404),
    ),
    "GET /tenders/{tender}/bid": (
        Case(name="bid", path="/tenders/{submission}/bid", act=fill_a_bid),
        Case(name="bid-two", path="/tenders/{bidden}/bid"),
        Case(name="bid-insecure", path="/tenders/{submission}/bid", act=bid_nonsense, is_secure=False),
        Case(name="bid-nonsense", path="/tenders/{submission}/bid", act=bid_nonsense),
        Case(name="bid-late", path="/tenders/{opening}/bid"),
    ),
    "GET /tenders/{tender}/open": (
        Case(name="open-technical", path="/tenders/{opening}/open"),
        Case(name="open-price", path="/tenders/{prices}/open"),
        Case(name="open-nothing", path="/tenders/{evaluation}/open"),
        Case(name="open-insecure", path="/tenders/{opening}/open", is_secure=False),
        Case(name="open-no-key", path="/tenders/{opening}/open", holds_key=False),
    ),
    "GET /contracts": (
        Case(name="contracts", path="/contracts"),
        Case(name="contracts-none", path="/contracts", who=NEWCOMER),
    ),
    "GET /contracts/{agreement}": tuple(
        _contract(what) for what in ("drafted", "delivering", "closed", "terminated")
    ),
    "GET /money": (
        Case(name="money", path="/money"),
        Case(name="money-none", path="/money", who=NEWCOMER),
    ),
    "POST /compose/{contract}/{method}": (
        Case(name="sign", path="/tenders/{submission}", act=ask),
        Case(name="sign-command-line", path="/tenders/{submission}", act=sign_with_the_command_line),
        Case(name="sign-no-key", path="/tenders/{submission}", act=ask_without_the_key, holds_key=False),
        Case(
            name="sign-insecure",
            path="/tenders/{submission}",
            act=ask_without_the_key,
            holds_key=False,
            is_secure=False,
        ),
        Case(
            name="form-wrong",
            path="/contracts/{delivering}",
            act=send("agreement.report_delivery", amount="seratus juta", note="Tahap dua"),
            code=400,
        ),
    ),
}
