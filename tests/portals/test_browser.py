"""One person in a real browser: makes a key, registers, reads what is signed, signs, and sees it on the record."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route

from portals.languages import NAMES
from portals.supplier.portal import SUPPLIER, VIEWS
from tests.contracts.tendering import Tendering
from tests.portals.browser import DESKTOP, PHONE, open_page, serving
from tests.portals.making import Site
from tests.portals.walking import PHRASE, fill_registration, make_a_key, sign


@pytest.mark.parametrize("language", list(NAMES))
def test_a_supplier_registers_with_a_key_that_the_page_made(
    browser: Browser, tmp_path: Path, language: str
) -> None:
    site = Site(SUPPLIER, VIEWS, nodes=4)
    size = PHONE if language == "id" else DESKTOP
    with serving(site.app) as address, open_page(browser, size) as page:
        home = f"{address}/{language}"
        make_a_key(page, home, tmp_path)
        fill_registration(page, home, "CV Mitra <b>Lestari</b>")
        shown = page.inner_text("#shown")
        assert "registry.register" in shown and "CV Mitra <b>Lestari</b>" in shown
        sign(page)
        page.goto(f"{home}/")
        assert page.inner_text("h1") == "CV Mitra <b>Lestari</b>"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_key_is_taken_out_and_comes_back_from_its_file(browser: Browser, tmp_path: Path) -> None:
    with serving(Site(SUPPLIER, VIEWS).app) as address, open_page(browser) as page:
        home = f"{address}/id"
        file = make_a_key(page, home, tmp_path)
        own = page.inner_text("#held-address")
        page.click("#forget")
        page.click("#forget-yes")
        page.wait_for_selector("#none:not([hidden])")
        page.set_input_files("#bring-file", file)
        page.fill("#bring-passphrase", "another phrase")
        page.click("#bring button")
        page.wait_for_selector("#bring-problem:not([hidden])")
        page.fill("#bring-passphrase", PHRASE)
        page.click("#bring button")
        page.wait_for_selector("#held:not([hidden])")
        assert page.inner_text("#held-address") == own


def test_no_script_can_read_a_key_in_use(browser: Browser, tmp_path: Path) -> None:
    with serving(Site(SUPPLIER, VIEWS).app) as address, open_page(browser) as page:
        make_a_key(page, f"{address}/en", tmp_path)
        readable = page.evaluate(
            """async () => {
                const { loadKeys } = await import("/static/keyring.js");
                const keys = await loadKeys();
                return [keys.signing.extractable, keys.envelopes.extractable, Object.keys(keys).sort()];
            }"""
        )
        assert readable == [False, False, ["address", "envelopes", "publicKey", "signing"]]


def test_bytes_that_were_changed_on_their_way_are_not_signed(browser: Browser, tmp_path: Path) -> None:
    site = Site(SUPPLIER, VIEWS)
    with serving(site.app) as address, open_page(browser) as page:
        home = f"{address}/en"
        make_a_key(page, home, tmp_path)
        page.route("**/compose/**", _forge)
        page.goto(f"{home}/register")
        page.fill("#field-name", "CV")
        page.fill("#nib", "1234567890123")
        page.fill("#npwp", "1234567890123")
        with page.expect_download():
            page.click("#numbers-file")
        page.click("form[data-form] button[type=submit]")
        page.wait_for_selector("#sign-problem:not([hidden])")
        assert page.is_disabled("#sign")


def test_a_key_that_changed_in_another_tab_neither_signs_nor_seals(browser: Browser, tmp_path: Path) -> None:
    ledger = Tendering()
    tender = ledger.publish(closes_at=ledger.now_ms + 86_400_000).hex()
    with serving(Site(SUPPLIER, VIEWS, contracts=ledger).app) as address, open_page(browser) as page:
        home = f"{address}/en"
        make_a_key(page, home, tmp_path)
        fill_registration(page, home, "CV Satu")
        sign(page)
        page.goto(f"{home}/tenders/{tender}/bid")
        page.fill("#bid-price", "475000000")
        signing = page.context.new_page()
        fill_registration(signing, home, "CV Dua")
        other = page.context.new_page()
        other.goto(f"{home}/key")
        other.click("#forget")
        other.click("#forget-yes")
        other.wait_for_selector("#none:not([hidden])")
        make_a_key(other, home, tmp_path)

        signing.click("#sign")
        signing.wait_for_selector("#sign-problem:not([hidden])")
        assert "Another key is in this browser" in signing.inner_text("#sign-problem")
        page.click('form[data-form="tender.submit"] button')
        page.wait_for_selector("#bid-problem:not([hidden])")
        assert "Another key is in this browser" in page.inner_text("#bid-problem")
        assert page.url.endswith("/bid"), "nothing was sent"


def _forge(route: Route) -> None:
    """A portal that hands out bytes for another network."""
    answer = route.fetch()
    text = answer.text().replace('data-chain="terang-uji"', 'data-chain="terang-lain"')
    route.fulfill(response=answer, body=text)
