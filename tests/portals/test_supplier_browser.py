"""A tender of two envelopes in a real browser: asked, sealed, opened by the key alone, awarded, objected to."""

import json
from pathlib import Path

from playwright.sync_api import Browser, Page, Response

from chain.keys import PublicKey, address_of
from chain.payment import BankAccount, compute_account_commitment
from portals.supplier.portal import SUPPLIER, VIEWS
from tests.contracts.tendering import TECHNICAL, Tendering
from tests.portals.browser import PHONE, open_page, serving
from tests.portals.making import Site
from tests.portals.walking import PHRASE, fetch_document, fill_registration, make_a_key, sign

PAGE_BYTES = 150_000


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
    sign(page)
    plain = price.replace(".", "")
    told = (price, plain, f"{int(plain):032x}", proposal.name, proposal.read_text()[:40])
    assert posted and not any(text.encode() in body for body in posted for text in told), (
        "neither the price nor anything of the proposal is in a post"
    )


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


def test_a_stated_account_is_the_one_in_the_file(browser: Browser, tmp_path: Path) -> None:
    ledger = Tendering()
    with serving(Site(SUPPLIER, VIEWS, contracts=ledger).app) as address, open_page(browser, PHONE) as page:
        home = f"{address}/id"
        make_a_key(page, home, tmp_path)
        own = address_of(PublicKey(bytes.fromhex(page.inner_text("#held-public"))))
        fill_registration(page, home, "CV Mitra")
        sign(page)
        page.goto(f"{home}/account")
        for part, text in (("holder", "CV Mitra"), ("bank", "BRINIDJA"), ("number", "0012-345")):
            page.fill(f"#{part}", text)
        page.click("form[data-form] button[type=submit]")
        assert page.is_visible("#account-problem"), "the file comes first"
        with page.expect_download() as download:
            page.click("#account-file")
        saved = json.loads(download.value.path().read_text())
        page.click("form[data-form] button[type=submit]")
        sign(page)
        account = BankAccount(
            holder=saved["holder"],
            bank=saved["bank"],
            number=saved["number"],
            salt=bytes.fromhex(saved["salt"]),
        )
        assert (account.holder, account.number) == ("CV Mitra", "0012-345")
        stated = ledger.view("registry", "account_commitment", own)
        assert stated == compute_account_commitment(account)
        page.goto(f"{home}/account")
        assert page.is_visible(".notice.good")


def collect_answers(page: Page) -> list[Response]:
    """Everything that the page is sent from now on."""
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    return answers


def test_a_page_is_light(browser: Browser) -> None:
    ledger = Tendering()
    id_ = ledger.publish().hex()
    site = Site(SUPPLIER, VIEWS, contracts=ledger)
    with serving(site.app) as address:
        for path in ("/", "/key", "/tenders", f"/tenders/{id_}", f"/tenders/{id_}/bid", "/register"):
            with open_page(browser) as page:
                answers = collect_answers(page)
                page.goto(f"{address}/id{path}", wait_until="networkidle")
                assert 0 < sum(len(answer.body()) for answer in answers) < PAGE_BYTES, path
                assert all(answer.url.startswith(address) for answer in answers), (
                    "nothing comes from elsewhere"
                )
