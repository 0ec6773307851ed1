"""Chromium for tests: Debian's, without a window, and a portal that it can reach."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from starlette.applications import Starlette

from rpc.run import RpcThread

CHROMIUM = Path("/usr/bin/chromium")
DESKTOP = (1280, 900)
PHONE = (390, 844)
NARROW = (360, 740)
HOST, INSECURE_HOST = "127.0.0.1", "portal.test"
"""This machine: as a browser trusts it, and by a name over plain HTTP, where it keeps no keys."""
_REFUSED = "Failed to load resource: the server responded with a status of "
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {INSECURE_HOST} {HOST}",
)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """The browser, closed afterwards."""
    assert CHROMIUM.exists(), (
        f"{CHROMIUM} is not there. On Debian: apt-get install chromium; make test does it as root"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def open_page(
    browser: Browser, size: tuple[int, int] = DESKTOP, scheme: str = "light", *, may_be_refused: bool = False
) -> Iterator[Page]:
    """A page of a new person; whatever it throws or is refused by the policy fails the test. `may_be_refused`: the server
    may answer scripts with a refusal, which the browser tells its console, too.
    """
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
        accept_downloads=True,
    )
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    try:
        yield page
        found = [text for text in errors if not (may_be_refused and text.startswith(_REFUSED))]
        assert found == [], found
    finally:
        context.close()


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """An application on a port of this machine; where it is."""
    thread = RpcThread(app, HOST, 0)
    thread.start()
    try:
        yield f"http://{HOST}:{thread.port}"
    finally:
        thread.stop()
