"""Cases of documents: their page with each end that a fetch can have, and forms whose file goes to the nodes."""

from collections.abc import Callable

from playwright.sync_api import FilePayload, Page

from tests.contracts.tendering import OFFICER
from tests.portals.cases import DATA, Case
from tests.portals.showing import ALFA, NEWCOMER

DELIVERY = 'form[data-form="agreement.report_delivery"]'


def fetch_until(selector: str) -> Callable[[Page], None]:
    """Asks for the document, until the page has this to show."""

    def act(page: Page) -> None:
        page.click("#fetch")
        page.wait_for_selector(f"{selector}:not([hidden])")

    return act


def deliver(name: str, content: str, selector: str) -> Callable[[Page], None]:
    """A delivery with a document, until the page has this to show."""

    def act(page: Page) -> None:
        page.click(f"details:has({DELIVERY}) > summary")
        file = FilePayload(name=name, mimeType="text/plain", buffer=content.encode())
        page.set_input_files(f"{DELIVERY} input[type=file]", file)
        page.click(f"{DELIVERY} button[type=submit]")
        page.wait_for_selector(selector)

    return act


READING: dict[str, tuple[Case, ...]] = {
    "GET /documents/{hash}": (
        Case(name="document-unknown", path="/documents/" + "0" * 64),
        Case(name="document-nowhere", path="/documents/" + "0" * 64, act=fetch_until("#document-problem")),
        Case(
            name="document-public",
            path="/documents/{document-public}",
            who=None,
            act=fetch_until("#document-file"),
        ),
        Case(name="document-closed", path="/documents/{document-closed}"),
        Case(
            name="document-not-for-you",
            path="/documents/{document-closed}",
            who=NEWCOMER,
            act=fetch_until("#document-problem"),
        ),
        Case(
            name="document-other-key",
            path="/documents/{document-closed}",
            who=OFFICER,
            act=fetch_until("#bring"),
        ),
    ),
    "GET /documents/{hash}/container": DATA,
    "GET /proposals/{tender}/{bidder}": (
        Case(name="proposal-nothing", path=f"/proposals/{{standstill}}/{NEWCOMER.address.hex()}", code=404),
        Case(name="proposal-sealed", path=f"/proposals/{{opening}}/{ALFA.address.hex()}", code=404),
        Case(name="proposal", path=f"/proposals/{{prices}}/{ALFA.address.hex()}"),
    ),
}
"""What every portal has."""
SUPPLYING: dict[str, tuple[Case, ...]] = {
    "POST /documents/{hash}": (
        Case(
            name="delivery-empty",
            path="/contracts/{delivering}",
            act=deliver("kosong.txt", "", f"{DELIVERY} .problem:not([hidden])"),
        ),
        Case(
            name="delivery-sign",
            path="/contracts/{delivering}",
            act=deliver("berita-acara.txt", "Rangka baja terpasang.", "#sign:not([disabled])"),
        ),
    ),
}
"""What a supplier does with them."""
