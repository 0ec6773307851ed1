"""Cases of the pages that every portal has."""

from playwright.sync_api import FilePayload, Page

from tests.portals.cases import DATA, Case, World
from tests.portals.walking import PHRASE


def start_making_a_key(page: Page) -> None:
    """Two passphrases that differ: the page says so."""
    page.fill("#make-passphrase", PHRASE)
    page.fill("#make-again", PHRASE + " lagi")
    page.click("#make button")
    page.wait_for_selector("#make-problem:not([hidden])")


def make_a_key(page: Page) -> None:
    """A key that waits for its file to be saved."""
    page.fill("#make-passphrase", PHRASE)
    page.fill("#make-again", PHRASE)
    page.click("#make button")
    page.wait_for_selector("#made:not([hidden])")


def bring_a_wrong_file(page: Page) -> None:
    """A file that is no key file."""
    file = FilePayload(name="kunci.json", mimeType="application/json", buffer=b"{}")
    page.set_input_files("#bring-file", file)
    page.fill("#bring-passphrase", PHRASE)
    page.click("#bring button")
    page.wait_for_selector("#bring-problem:not([hidden])")


def begin_to_forget(page: Page) -> None:
    """Asks to take the key out, and is asked back."""
    page.click("#forget")
    page.wait_for_selector("#forget-sure:not([hidden])")


def choose_a_wrong_key(page: Page) -> None:
    """A public key that is none."""
    page.click("details:has(#outside) > summary")
    page.fill("#outside-key", "12345")
    page.click("#outside button")
    page.wait_for_selector("main > .notice.bad:not([hidden])")


def send_what_is_not_signed(page: Page) -> None:
    """The page of a portal that was sent something else than a transaction."""
    page.evaluate(
        """() => {
            const form = document.createElement("form");
            form.method = "post";
            form.action = `/${document.documentElement.lang}/send`;
            const field = document.createElement("textarea");
            field.name = "signed";
            field.value = "tanda tangan";
            form.append(field);
            document.body.append(form);
            form.submit();
        }"""
    )
    page.wait_for_selector("main > .notice.bad")


READING: dict[str, tuple[Case, ...]] = {
    "GET /network": (
        Case(name="network", path="/network"),
        Case(name="network-behind", path="/network", world=World.BEHIND),
        Case(name="network-gone", path="/network", world=World.GONE, code=503),
        Case(name="network-broken", path="/network", world=World.BROKEN, code=500),
        Case(name="missing", path="/nowhere", code=404),
    ),
    "GET /texts": DATA,
}
"""What every portal has."""

SIGNING: dict[str, tuple[Case, ...]] = {
    "GET /key": (
        Case(name="key", path="/key", who=None, holds_key=False),
        Case(name="key-differs", path="/key", who=None, holds_key=False, act=start_making_a_key),
        Case(name="key-made", path="/key", who=None, holds_key=False, act=make_a_key),
        Case(name="key-wrong-file", path="/key", who=None, holds_key=False, act=bring_a_wrong_file),
        Case(name="key-held", path="/key"),
        Case(name="key-forget", path="/key", act=begin_to_forget),
        Case(name="key-insecure", path="/key", who=None, holds_key=False, is_secure=False),
    ),
    "POST /key": (
        Case(name="key-wrong", path="/key", who=None, holds_key=False, act=choose_a_wrong_key, code=400),
    ),
    "GET /tx/{id}": (
        Case(name="tx-done", path="/tx/{tx-done}?taken=2&needed=2&back=/"),
        Case(name="tx-refused", path="/tx/{tx-refused}"),
        Case(name="tx-waits", path="/tx/" + "0" * 64),
        Case(name="tx-unreadable", path="/tx/12", code=400),
    ),
    "POST /send": (Case(name="send-unsigned", path="/network", act=send_what_is_not_signed, code=400),),
    "GET /tx/{id}/state": DATA,
    "GET /tx/{id}/receipt": DATA,
    "GET /describe/{contract}/{method}": DATA,
    "GET /sealing": DATA,
}
"""What a portal has besides that prepares calls."""
