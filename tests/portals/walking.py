"""What people do in a portal's pages, a step each."""

from pathlib import Path

from playwright.sync_api import Page

PHRASE = "empat kata acak sekali"


def make_a_key(page: Page, address: str, folder: Path) -> Path:
    """Makes a key in the page and saves its file."""
    page.goto(f"{address}/key")
    page.fill("#make-passphrase", PHRASE)
    page.fill("#make-again", PHRASE)
    page.click("#make button")
    with page.expect_download() as download:
        page.click("#key-file")
    path = folder / "key.json"
    download.value.save_as(path)
    page.click("#use-made")
    page.wait_for_selector("#held:not([hidden])")
    return path


def fill_registration(page: Page, address: str, name: str) -> None:
    """Fills the form of a registration, saves the file of numbers, and goes on to signing."""
    page.goto(f"{address}/register")
    page.fill("#field-name", name)
    page.fill("#nib", "1234567890123")
    page.fill("#npwp", "01.234.567.8-901.000")
    with page.expect_download():
        page.click("#numbers-file")
    page.click("form[data-form] button[type=submit]")
    page.wait_for_selector("#sign:not([disabled])")


def sign(page: Page) -> None:
    """Signs what is shown, and waits until it is on the record."""
    page.wait_for_selector("#sign:not([disabled])")
    page.click("#sign")
    page.wait_for_selector(".notice.good")
