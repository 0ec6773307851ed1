"""A person who opens cases of pages in Chromium, and everything that the browser says meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

from chain.hashing import sha256
from chain.keys import SigningKey
from chain.transaction import Call
from machine.files import replace_file
from tests.portals.browser import DESKTOP, HOST, INSECURE_HOST, serving
from tests.portals.cases import Case, World
from tests.portals.making import FOLDER, Site
from tests.portals.pages import Portal
from tests.portals.showing import ALFA, Showing

_REMEMBERED_MS = 1_100
_LOOK_MS, _LOOKS_MAX = 30, 1_000
_EXPECTED = (
    "the server responded with a status of",  # a page that says what is wrong has the code for it
    "The Cross-Origin-Opener-Policy header has been ignored",  # over plain HTTP, where it has nothing to protect
)
_KEEP = """async seed => {
    const { openSeed, keepKeys } = await import("/static/keyring.js");
    await keepKeys(await openSeed(new Uint8Array(seed)));
}"""
_FORGET = """async () => (await import("/static/keyring.js")).forgetKeys()"""


class Visitor:
    """See the module. `errors` and `answers` are those of the page that is open."""

    def __init__(
        self, page: Page, site: Site, showing: Showing, address: str, language: str, cookie: str
    ) -> None:
        self.page = page
        self.errors: list[str] = []
        self.answers: list[Response] = []
        self._cookie = cookie
        self._port = address.rpartition(":")[2]
        self.address = address
        self._site = site
        self._showing = showing
        self._language = language
        self._held: SigningKey | None = None
        self._may_have_changed = True
        self._pending: set[Request] = set()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._on_console)
        page.on("request", self._on_request)
        page.on("requestfinished", lambda request: self._pending.discard(request))
        page.on("requestfailed", lambda request: self._pending.discard(request))
        page.on("response", lambda answer: self.answers.append(answer))

    def visit(self, case: Case) -> None:
        """Opens a page and does what there is to do, until nothing loads any more."""
        self._hold(case)
        self.address = f"http://{HOST if case.is_secure else INSECURE_HOST}:{self._port}"
        self.errors.clear()
        with self._world(case.world):
            self.page.goto(f"{self.address}/{self._language}{self._showing.fill(case.path)}")
            self.settle()
            if case.act is not None:
                case.act(self.page)
                self.settle()

    def settle(self) -> None:
        """Waits until nothing loads."""
        self.page.wait_for_load_state()
        for _ in range(_LOOKS_MAX):
            self.page.wait_for_timeout(_LOOK_MS)
            if not self._pending:
                return
        raise AssertionError(
            f"expected a page that is loaded, it waits for {[one.url for one in self._pending]}"
        )

    def weigh(self) -> int:
        """Bytes of everything that the page loaded; a document that was asked for is not the page's."""
        return sum(
            len(answer.body())
            for answer in self.answers
            if answer.status not in range(300, 400) and not answer.url.endswith("/container")
        )

    def _hold(self, case: Case) -> None:
        """Acts with the case's key, held by the browser or not."""
        context = self.page.context
        context.clear_cookies()
        wanted = case.who if case.holds_key else None
        if wanted != self._held or self._may_have_changed:
            self.page.goto(f"http://{HOST}:{self._port}/static/terang.svg")
            self.page.evaluate(_KEEP if wanted else _FORGET, list(wanted.seed) if wanted else None)
        self._held, self._may_have_changed = wanted, case.act is not None
        if case.who is not None:
            for host in (HOST, INSECURE_HOST):
                url = f"http://{host}:{self._port}"
                context.add_cookies([{"name": self._cookie, "value": case.who.public.hex(), "url": url}])

    @contextmanager
    def _world(self, world: World) -> Iterator[None]:
        """The nodes as they are for a while; a portal remembers for a second where its node stood."""
        if world is World.WELL:
            yield
            return
        self._set_world(world)
        self.page.wait_for_timeout(_REMEMBERED_MS)
        try:
            yield
        finally:
            self._set_world(World.WELL)
            self.page.wait_for_timeout(_REMEMBERED_MS)

    def _set_world(self, world: World) -> None:
        for node in self._site.nodes:
            node.is_gone, node.is_broken = world is World.GONE, world is World.BROKEN
        self._site.backend.is_behind = world is World.BEHIND

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(text in message.text for text in _EXPECTED):
            self.errors.append(message.text)

    def _on_request(self, request: Request) -> None:
        if request.is_navigation_request():
            self.answers.clear()
            self._pending.clear()
        self._pending.add(request)


@contextmanager
def visiting(browser: Browser, portal: Portal, showing: Showing, language: str) -> Iterator[Visitor]:
    """Somebody in front of a portal; nothing is cached, so that each page is weighed whole."""
    site = Site(portal.info, portal.views, nodes=4, contracts=showing)
    _send_something(site, showing)
    for raw in showing.containers:
        replace_file(site.nodes[1].disk, FOLDER / sha256(raw).hex(), raw)
    with serving(site.app) as address:
        context = browser.new_context(
            reduced_motion="reduce", viewport={"width": DESKTOP[0], "height": DESKTOP[1]}
        )
        page = context.new_page()
        context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
        try:
            yield Visitor(page, site, showing, address, language, portal.info.key_cookie)
        finally:
            context.close()


def _send_something(site: Site, showing: Showing) -> None:
    """A transaction that was carried out and one that was refused, to be looked up."""
    tender = bytes.fromhex(showing.ids["submission"])
    for what, call in (
        ("tx-done", Call(contract="tender", method="ask", arguments=(tender, "Kapan peninjauan lapangan?"))),
        ("tx-refused", Call(contract="tender", method="withdraw", arguments=(tender,))),
    ):
        (admitted,) = site.backend.submit([showing.sign(ALFA, call).raw])
        showing.ids[what] = admitted.id.hex()
