"""A tender of two envelopes in a real browser: asked, sealed, opened by the key alone, awarded, objected to."""

from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser, Page
from playwright.sync_api import Route as PlaywrightRoute
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chain.keys import PublicKey, address_of
from chain.payment import BankAccount, compute_account_commitment
from payments.accounts import parse_account
from portals.supplier.portal import SUPPLIER, VIEWS, make_views
from portals.treasuries import Treasuries
from tests.contracts.tendering import TECHNICAL, Tendering
from tests.portals.browser import PHONE, open_page, serving
from tests.portals.making import Site
from tests.portals.walking import PHRASE, fetch_document, fill_registration, make_a_key, sign


def send_form(page: Page, name: str, **fields: str) -> None:
    """Fills a form of a page, sends it, and signs what it becomes."""
    form = f'form[data-form="{name}"]'
    if not page.is_visible(f"{form} button"):
        page.click(f"details:has({form}) summary")
    for field, value in fields.items():
        page.fill(f"{form} [name={field}]", value)
    page.click(f"{form} button")
    sign(page)


def seal_bid(page: Page, tender: str, price: str, proposal: Path) -> None:
    """Seals a bid of two envelopes and signs it."""
    page.goto(f"{tender}/bid")
    page.fill("#bid-price", price)
    page.set_input_files("#bid-technical", proposal)
    posted: list[bytes] = []
    page.on("request", lambda request: posted.append(request.post_data_buffer or b""))
    page.click('form[data-form="tender.submit"] button')
    page.wait_for_selector("#sign:not([disabled])")
    shown = page.inner_text("[data-price]").replace(",", ".")
    assert shown.endswith(f" {price}"), "opened again from the bytes to be signed"
    sign(page)
    plain = price.replace(".", "")
    told = (price, plain, f"{int(plain):032x}", proposal.name, proposal.read_text()[:40])
    assert posted and not any(text.encode() in body for body in posted for text in told), (
        "neither the price nor anything of the proposal is in a post"
    )


def test_what_was_written_before_the_script_came_is_taken(browser: Browser, tmp_path: Path) -> None:
    """A slow line: the person is through with the form when the page's scripts arrive."""
    site = Site(SUPPLIER, VIEWS, nodes=1)
    with serving(site.app) as address, open_page(browser, PHONE) as page:
        make_a_key(page, f"{address}/id", tmp_path)
        held: list[PlaywrightRoute] = []
        page.route("**/static/page-register.js", lambda route: held.append(route))
        page.goto(f"{address}/id/register", wait_until="commit")
        for field, text in (("name", "CV Mitra"), ("nib", "1234567890123"), ("npwp", "012345678901000")):
            page.fill("#field-name" if field == "name" else f"#{field}", text)
        while not held:
            page.wait_for_timeout(20)
        held[0].continue_()
        with page.expect_download():
            page.click("#numbers-file")
        page.click("form[data-form] button[type=submit]")
        sign(page)


def test_a_bid_from_question_to_objection(browser: Browser, tmp_path: Path) -> None:
    ledger = Tendering()
    id_ = ledger.publish(title="Jembatan", envelopes=2, closes_at=ledger.now_ms + 50_000)
    ledger.bid(id_, "beta", 470_000_000, envelopes=2)
    site = Site(SUPPLIER, VIEWS, nodes=2, contracts=ledger)
    with serving(site.app) as address, open_page(browser, PHONE) as page:
        home, tender = f"{address}/id", f"{address}/en/tenders/{id_.hex()}"
        key_file = make_a_key(page, home, tmp_path)
        own = address_of(PublicKey(bytes.fromhex(page.inner_text("#held-public"))))
        fill_registration(page, home, "CV Mitra")
        sign(page)
        page.goto(tender)
        send_form(page, "tender.ask", text="Is there an advance?")
        seal_bid(page, tender, "475.000.000", key_file)
        first = ledger.view("tender", "bid_of", id_, own)
        seal_bid(page, tender, "465.000.000", key_file)
        assert ledger.view("tender", "bid_of", id_, own) != first, "the later bid took its place"

        ledger.close(id_)
        page.goto(f"{home}/key")
        page.click("#forget")
        page.click("#forget-yes")
        page.wait_for_selector("#none:not([hidden])")
        page.set_input_files("#bring-file", key_file)
        page.fill("#bring-passphrase", PHRASE)
        page.click("#bring button")
        page.wait_for_selector("#held:not([hidden])")

        for number in (1, 2):
            page.goto(f"{tender}/open")
            page.click("form[data-form] button")
            sign(page)
            if number == 1:
                page.goto(f"{address}/en/proposals/{id_.hex()}/{own.hex()}")
                assert fetch_document(page, tmp_path / "proposal").read_bytes() == key_file.read_bytes()
                ledger.reveal(id_, "beta", TECHNICAL)
                ledger.act("open_prices", id_)
        ledger.reveal(id_, "beta")
        ledger.act("evaluate", id_)
        ledger.act("award", id_)
        page.goto(tender)
        assert "IDR 465,000,000" in page.inner_text("main") and "winner" in page.inner_text("main")
        send_form(page, "tender.object", reason="The winner is I, and I only try this form.")
        page.goto(tender)
        assert "I only try this form" in page.inner_text("main")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def make_gateway(ledger: Tendering, kept: list[BankAccount]) -> Starlette:
    """A treasury's gateway, which keeps what fits the ledger."""

    async def take(request: Request) -> Response:
        supplier, account = parse_account(await request.body())
        stated = ledger.view("registry", "account_commitment", supplier)
        if stated != compute_account_commitment(account):
            return JSONResponse({"error": "it does not fit"}, status_code=409)
        kept.append(account)
        return JSONResponse({"commitment": stated.hex()})

    return Starlette(routes=[Route("/accounts", take, methods=["POST"])])


def state_account(page: Page, home: str, number: str) -> Path:
    """Fills in an account, saves its file and signs its commitment; the file."""
    page.goto(f"{home}/account")
    for part, text in (("holder", "CV Mitra"), ("bank", "brinidja"), ("number", number)):
        page.fill(f"#{part}", text)
    page.click("form[data-form] button[type=submit]")
    assert page.is_visible("#account-problem"), "the file comes first"
    with page.expect_download() as download:
        page.click("#account-file")
    page.click("form[data-form] button[type=submit]")
    sign(page)
    return download.value.path()


def test_a_stated_account_is_handed_to_the_treasury_which_finds_it_on_the_record(
    browser: Browser, tmp_path: Path
) -> None:
    ledger, kept = Tendering(), list[BankAccount]()
    with ExitStack() as stack:
        gateway = stack.enter_context(serving(make_gateway(ledger, kept)))
        site = Site(SUPPLIER, make_views(Treasuries([gateway])), contracts=ledger)
        home = f"{stack.enter_context(serving(site.app))}/en"
        page = stack.enter_context(open_page(browser, PHONE))
        make_a_key(page, home, tmp_path)
        own = address_of(PublicKey(bytes.fromhex(page.inner_text("#held-public"))))
        fill_registration(page, home, "CV Mitra")
        sign(page)
        first = state_account(page, home, "0012-345")
        page.click("text=Go on")
        page.wait_for_selector("#hand-ready:not([hidden])")
        assert "CV Mitra, BRINIDJA, 0012-345" in page.inner_text("#hand-ready"), "this tab remembers it"
        page.click("#hand-send")
        page.wait_for_selector("main > .notice.good")
        assert "It has your account" in page.inner_text("main") and kept[0].number == "0012-345"
        assert ledger.view("registry", "account_commitment", own) == compute_account_commitment(kept[0])

        second = state_account(page, home, "0099")
        page.goto(f"{home}/account")
        page.set_input_files("#hand-file", first)
        page.wait_for_selector("#hand-problem:not([hidden])")
        assert page.is_disabled("#hand-send"), "the account that was stated before"
        page.set_input_files("#hand-file", second)
        page.wait_for_selector("#hand-send:not([disabled])")
        page.click("#hand-send")
        page.wait_for_selector("main > .notice.good")
        assert kept[1].number == "0099"
