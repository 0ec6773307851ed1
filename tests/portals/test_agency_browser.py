"""What only a browser can show of the officers' pages: rows and sums with the keyboard alone, and forms without scripts."""

from playwright.sync_api import Browser, Page

from chain.keys import SigningKey
from portals.agency.portal import AGENCY, VIEWS
from portals.local_forms import write_time_input
from tests.contracts.agreeing import PAYMENT_OFFICER, SUPPLIER, Agreeing
from tests.contracts.tendering import OFFICER
from tests.portals.browser import PHONE, open_page, serving
from tests.portals.making import Site

HOUR = 3_600_000


def act_as(page: Page, address: str, key: SigningKey) -> None:
    """Shows pages to the holder of this key."""
    page.context.add_cookies([{"name": AGENCY.key_cookie, "value": key.public.hex(), "url": address}])


def draft_of(ledger: Agreeing) -> str:
    """The page that drafts the contract."""
    return f"/en/tenders/{ledger.tender.hex()}/draft/{SUPPLIER.address.hex()}"


def press(page: Page, *keys: str) -> None:
    """Keys, one after the other; a text is typed."""
    for key in keys:
        page.keyboard.press(key) if key in ("Tab", "Enter", "Space") else page.keyboard.type(key)


def test_milestones_are_written_with_the_keyboard_alone(browser: Browser) -> None:
    ledger = Agreeing()
    due = write_time_input(ledger.now_ms + HOUR)
    with (
        serving(Site(AGENCY, VIEWS, contracts=ledger).app) as address,
        open_page(browser, PHONE) as page,
    ):
        act_as(page, address, OFFICER)
        page.goto(address + draft_of(ledger))
        page.focus("[name='wanted.0.title']")
        press(page, "Pondasi")
        page.fill("[name='wanted.0.amount']", "400.000")
        page.fill("[name='wanted.0.due_at']", due)
        assert page.inner_text("[data-sum]") == "IDR 400,000"
        page.focus("[data-add]")
        press(page, "Enter", "Bangunan atas", "Tab", "600.000")
        assert page.inner_text("[data-sum]") == "IDR 1,000,000"
        page.fill("[name='wanted.1.due_at']", due)
        page.focus("[data-add]")
        press(page, "Space")
        assert page.locator(".row").count() == 3
        page.locator("[data-remove]").first.focus()
        press(page, "Enter")
        assert page.input_value("[name='wanted.0.title']") == "Bangunan atas", "rows are numbered anew"
        assert page.inner_text("[data-sum]") == "IDR 600,000"
        page.fill("[name='wanted.1.title']", "Pondasi")
        page.fill("[name='wanted.1.amount']", "400.000")
        page.fill("[name='wanted.1.due_at']", due)
        page.focus("[name='wanted.1.title']")
        press(page, "Enter")
        page.wait_for_selector("#shown dl")
        shown = page.inner_text("#shown")
        assert shown.index("Bangunan atas") < shown.index("Pondasi") and "IDR 600,000" in shown


def test_as_many_rows_as_a_contract_takes(browser: Browser) -> None:
    ledger = Agreeing()
    with serving(Site(AGENCY, VIEWS, contracts=ledger).app) as address, open_page(browser) as page:
        act_as(page, address, OFFICER)
        page.goto(address + draft_of(ledger))
        while page.is_visible("[data-add]"):
            page.click("[data-add]")
        assert page.locator(".row").count() == 24
        page.locator("[data-remove]").last.click()
        assert page.is_visible("[data-add]")


def test_a_row_more_comes_without_any_script(browser: Browser) -> None:
    ledger = Agreeing()
    context = browser.new_context(java_script_enabled=False)
    with serving(Site(AGENCY, VIEWS, contracts=ledger).app) as address:
        page = context.new_page()
        act_as(page, address, OFFICER)
        page.goto(address + draft_of(ledger))
        page.fill("[name='wanted.0.title']", "Pondasi")
        page.click("[data-add]")
        assert page.input_value("[name='wanted.0.title']") == "Pondasi"
        assert page.is_visible("[name='wanted.1.title']")
        context.close()


def test_the_net_of_a_payment_follows_what_is_written(browser: Browser) -> None:
    ledger = Agreeing()
    ledger.agree()
    ledger.wait(10 * 86_400_000)
    order = ledger.accept(ledger.deliver(1, 400_000))
    with serving(Site(AGENCY, VIEWS, contracts=ledger).app) as address, open_page(browser) as page:
        act_as(page, address, PAYMENT_OFFICER)
        page.goto(f"{address}/id/payments/{order}")
        assert page.inner_text("[data-net]") == "Rp 396.000", "less the penalty of ten days"
        page.fill("[name=deductions]", "6.000")
        page.fill("[name=tax]", "40.000")
        assert page.inner_text("[data-net]") == "Rp 350.000"
        page.fill("[name=tax]", "banyak")
        assert page.inner_text("[data-net]") == "–"
        page.fill("[name=tax]", "400.000")
        assert page.inner_text("[data-net]") == "tidak ada sisa untuk dibayar"
