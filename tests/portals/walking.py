"""What people do in a portal's pages, a step each."""

from collections.abc import Mapping
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


def bring_a_key(page: Page, address: str, file: Path) -> None:
    """Brings in a key from its file, of the passphrase `PHRASE`, in the place of the one that is there."""
    page.goto(f"{address}/key")
    page.wait_for_selector("#held:not([hidden]), #none:not([hidden])")  # the script looks for a key first
    if page.is_visible("#forget"):
        page.click("#forget")
        page.click("#forget-yes")
    page.wait_for_selector("#none:not([hidden])")
    page.set_input_files("#bring-file", file)
    page.fill("#bring-passphrase", PHRASE)
    page.click("#bring button")
    page.wait_for_selector("#held:not([hidden])")


def choose_file(page: Page, form: str, file: Path) -> None:
    """Chooses the file of a form, whose details are opened where they are closed, and goes on."""
    selector = f'form[data-form="{form}"]'
    if not page.is_visible(f"{selector} button[type=submit]"):
        page.click(f"details:has({selector}) > summary")
    page.set_input_files(f"{selector} input[type=file]", file)
    page.click(f"{selector} button[type=submit]")


def fetch_document(page: Page, folder: Path) -> Path:
    """Fetches the document of the page, and saves it under the name that the browser gives it."""
    with page.expect_download() as download:
        page.click("#fetch")
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def fail_to_fetch(page: Page) -> str:
    """Why the document of the page is not opened."""
    page.click("#fetch")
    page.wait_for_selector("#document-problem:not([hidden])")
    return page.inner_text("#document-problem")


def fill_form(page: Page, call: str, fields: Mapping[str, str]) -> None:
    """Writes and chooses in the form of a call, which is unfolded where it is folded away."""
    form = f'form[data-form="{call}"]'
    if not page.is_visible(f"{form} .actions button"):
        page.click(f"details:has({form}) > summary")
    for name, text in fields.items():
        field = page.locator(f'{form} [name="{name}"]').first
        kind = field.evaluate("one => one.type")
        if kind == "radio":
            page.check(f'{form} [name="{name}"][value="{text}"]')
        elif kind == "select-one":
            field.select_option(text)
        else:
            field.fill(text)


def send_form(page: Page, call: str, fields: Mapping[str, str]) -> None:
    """Fills the form of a call, sends it, and signs what it becomes."""
    fill_form(page, call, fields)
    page.click(f'form[data-form="{call}"] > .actions button[type=submit]')
    sign(page)
