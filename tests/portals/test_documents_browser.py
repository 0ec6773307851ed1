"""Documents in a real browser: chosen, encrypted, kept, signed for, fetched with other keys; and what goes wrong, in words."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

from chain.hashing import Digest
from chain.keys import SigningKey
from chain.limits import DOCUMENT_BYTES_MAX
from documents.readers import document_public, document_secret
from machine.browserkey import write_browser_key
from portals.agency.portal import AGENCY
from portals.agency.portal import VIEWS as AGENCY_VIEWS
from portals.local_forms import write_time_input
from portals.supplier.portal import SUPPLIER, VIEWS
from tests.contracts.agreeing import Agreeing
from tests.contracts.ledger import Ledger, key, operator
from tests.contracts.tendering import GROUP, OFFICER, Tendering
from tests.portals.browser import PHONE, open_page, serving
from tests.portals.making import FOLDER, Site
from tests.portals.walking import PHRASE, bring_a_key, choose_file, fail_to_fetch, fetch_document, sign

AGENCY_DOCUMENTS = key("dokumen barat")
DELIVERY = "agreement.report_delivery"
NAME, TEXT = "berita acara Budi.txt", "Diterima oleh Budi Santoso, NIK 3201234567890001"
ROUNDS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A portal on a made ledger, and where people's files are."""

    site: Site
    ledger: Ledger
    browser: Browser
    address: str
    folder: Path

    @property
    def agreement(self) -> bytes:
        """The contract that is in force."""
        assert isinstance(self.ledger, Agreeing) and isinstance(self.ledger.agreement, bytes)
        return self.ledger.agreement

    @property
    def contract(self) -> str:
        """Its page."""
        return f"{self.address}/en/contracts/{self.agreement.hex()}"

    def key_file(self, who: SigningKey) -> Path:
        """Somebody's key file."""
        path = self.folder / f"{who.address.hex()}.json"
        write_browser_key(path, who, PHRASE, rounds=ROUNDS)
        return path

    @contextmanager
    def person(self, who: SigningKey | None) -> Iterator[Page]:
        """Somebody's own browser."""
        with open_page(self.browser, PHONE, may_be_refused=True) as page:
            if who is not None:
                bring_a_key(page, f"{self.address}/en", self.key_file(who))
            yield page

    def write(self, name: str = NAME, text: str = TEXT) -> Path:
        """A file to choose."""
        path = self.folder / name
        path.write_text(text)
        return path

    def deliver(self, page: Page) -> Digest:
        """The supplier delivers with a document; its hash."""
        page.goto(self.contract)
        choose_file(page, DELIVERY, self.write())
        sign(page)
        deliveries = self.ledger.view("agreement", "delivery_list", self.agreement)
        assert isinstance(deliveries, tuple) and isinstance(deliveries[-1], tuple)
        (hash_,) = [one for one in deliveries[-1] if isinstance(one, bytes) and len(one) == 32]
        return Digest(hash_)


@pytest.fixture
def desk(browser: Browser, tmp_path: Path) -> Iterator[Desk]:
    ledger = Agreeing()
    ledger.agree()
    ledger.do(
        operator("barat"),
        "registry",
        "set_document_key",
        document_public(document_secret(AGENCY_DOCUMENTS.seed)),
    )
    site = Site(SUPPLIER, VIEWS, nodes=4, contracts=ledger)
    with serving(site.app) as address:
        yield Desk(site=site, ledger=ledger, browser=browser, address=address, folder=tmp_path)


def test_a_delivery_is_documented_and_read_by_the_agency(desk: Desk, tmp_path: Path) -> None:
    with desk.person(key("alfa")) as page:
        posted: list[bytes] = []
        page.on(
            "request", lambda request: posted.append((request.post_data_buffer or b"") + request.url.encode())
        )
        page.goto(desk.contract)
        choose_file(page, DELIVERY, desk.write())
        page.wait_for_selector("#sign:not([disabled])")
        shown = page.inner_text("#shown")
        assert shown.index("documents.record") < shown.index(DELIVERY)
        assert "barat" in shown and "selatan" in shown, "who gave a receipt is signed, and shown"
        sign(page)
        assert posted and not any(
            word.encode() in body for body in posted for word in ("Budi", "berita", "3201")
        )
        page.goto(desk.contract)
        page.click("a.document")
        fetched = fetch_document(page, tmp_path / "supplier")
        assert (fetched.name, fetched.read_text()) == (NAME, TEXT)
        document = page.url
    for row in desk.ledger.state.rows.items():
        assert not any(word.encode() in part for part in row for word in ("Budi", "berita", "3201"))

    with desk.person(OFFICER) as page:
        page.goto(document)
        assert "no key in this browser opens it" in fail_to_fetch(page)
        page.set_input_files("#bring-file", desk.key_file(AGENCY_DOCUMENTS))
        page.fill("#bring-passphrase", "another phrase")
        page.click("#bring-form button")
        page.wait_for_selector("#bring-problem:not([hidden])")
        page.fill("#bring-passphrase", PHRASE)
        with page.expect_download() as download:
            page.click("#bring-form button")
        assert download.value.suggested_filename == NAME
        assert Path(download.value.path()).read_text() == TEXT
        page.reload()
        assert fetch_document(page, tmp_path / "officer").read_text() == TEXT, "the key stays in the browser"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    for who, word in ((key("beta"), "closed to you"), (None, "Its readers fetch it")):
        with desk.person(who) as page:
            page.goto(document)
            assert word in fail_to_fetch(page)


def flip(data: bytes) -> bytes:
    """One bit of it changes."""
    return data[:-1] + bytes([data[-1] ^ 1])


def test_what_became_of_a_document_is_told(desk: Desk) -> None:
    with desk.person(key("alfa")) as page:
        hash_ = desk.deliver(page)
        page.goto(f"{desk.address}/en/documents/{hash_.hex()}")
        page.route("**/container", lambda route: _tamper(route))
        assert "changed or cut on its way" in fail_to_fetch(page)
        page.unroute("**/container")
        inodes = [inode for node in desk.site.nodes if (inode := node.file_of(hash_)) is not None]
        raw = inodes[0].seen
        for inode in inodes:
            inode.seen = flip(raw)
        assert "are damaged" in fail_to_fetch(page)
        for node in desk.site.nodes:
            if node.file_of(hash_) is not None:
                node.disk.remove(FOLDER / hash_.hex())
        assert "have removed it" in fail_to_fetch(page)
        for node in desk.site.nodes:
            node.is_gone = True
        assert "Others may" in fail_to_fetch(page)


def _tamper(route: Route) -> None:
    """A portal that hands out other bytes."""
    answer = route.fetch()
    route.fulfill(response=answer, body=flip(answer.body()))


def test_what_cannot_be_put_is_told_and_nothing_is_sent(desk: Desk) -> None:
    with desk.person(key("alfa")) as page:
        posted: list[str] = []
        page.on(
            "request", lambda request: posted.append(request.method) if request.method == "POST" else None
        )
        page.goto(desk.contract)
        large = desk.folder / "besar.bin"
        with large.open("wb") as stream:
            stream.truncate(DOCUMENT_BYTES_MAX + 1)
        for file, word in ((large, "larger than 16 MB"), (desk.write("kosong.txt", ""), "is empty")):
            choose_file(page, DELIVERY, file)
            page.wait_for_selector(f'form[data-form="{DELIVERY}"] .problem:not([hidden])')
            assert word in page.inner_text(f'form[data-form="{DELIVERY}"] .problem')
        assert posted == [] and page.is_enabled(f'form[data-form="{DELIVERY}"] button')


def test_too_few_receipts_are_told_and_pressing_again_goes_on(desk: Desk) -> None:
    with desk.person(key("alfa")) as page:
        for node in desk.site.nodes[1:]:
            node.is_gone = True
        page.goto(desk.contract)
        choose_file(page, DELIVERY, desk.write())
        page.wait_for_selector(f'form[data-form="{DELIVERY}"] .problem:not([hidden])')
        assert "1 agencies keep the document now, and 2" in page.inner_text(f'form[data-form="{DELIVERY}"]')
        desk.site.nodes[2].is_gone = False
        page.click(f'form[data-form="{DELIVERY}"] button')
        sign(page)
        assert desk.ledger.view("documents", "document_count") == 1


def test_pressing_twice_puts_one_document(desk: Desk) -> None:
    with desk.person(key("alfa")) as page:
        puts: list[str] = []
        page.on("request", lambda one: puts.append(one.url) if "/en/documents/" in one.url else None)
        page.goto(desk.contract)
        page.click(f'details:has(form[data-form="{DELIVERY}"]) > summary')
        page.set_input_files(f'form[data-form="{DELIVERY}"] input[type=file]', desk.write())
        page.evaluate(
            """(name) => { const form = document.querySelector(`form[data-form="${name}"]`);
            form.requestSubmit(); form.requestSubmit(); }""",
            DELIVERY,
        )
        sign(page)
        assert len(puts) == 1


def test_a_large_document_comes_back_as_it_went(desk: Desk, tmp_path: Path) -> None:
    with desk.person(key("alfa")) as page:
        file = desk.folder / "gambar kerja.pdf"
        file.write_bytes(bytes(number * 7 % 256 for number in range(1_000)) * 16_000)
        page.goto(desk.contract)
        choose_file(page, DELIVERY, file)
        sign(page)
        page.goto(desk.contract)
        page.click("a.document")
        assert fetch_document(page, tmp_path / "fetched").read_bytes() == file.read_bytes()


def test_terms_are_published_with_a_document_that_everybody_reads(browser: Browser, tmp_path: Path) -> None:
    ledger = Tendering()
    tender = ledger.plan("BA-7", title="Jembatan")
    site = Site(AGENCY, AGENCY_VIEWS, nodes=4, contracts=ledger)
    with serving(site.app) as address:
        desk = Desk(site=site, ledger=ledger, browser=browser, address=address, folder=tmp_path)
        with desk.person(GROUP) as page:
            page.goto(f"{address}/en/tenders/{tender.hex()}/do/publish")
            closes_at = write_time_input(ledger.now_ms + 3_600_000)
            page.fill('[name="terms.closes_at"]', closes_at)
            choose_file(page, "tender.publish", desk.write("kak.txt", "Kerangka acuan kerja"))
            sign(page)
        with desk.person(None) as page:
            page.goto(f"{address}/en/tenders/{tender.hex()}")
            page.click("a.document")
            assert "Everybody can read" in page.inner_text("main")
            fetched = fetch_document(page, tmp_path / "stranger")
            assert (fetched.name, fetched.read_text()) == ("kak.txt", "Kerangka acuan kerja")


def test_an_operator_makes_the_key_of_the_documents_in_the_page(browser: Browser, tmp_path: Path) -> None:
    ledger = Tendering()
    site = Site(AGENCY, AGENCY_VIEWS, nodes=4, contracts=ledger)
    with serving(site.app) as address:
        desk = Desk(site=site, ledger=ledger, browser=browser, address=address, folder=tmp_path)
        with desk.person(operator("barat")) as page:
            page.goto(f"{address}/en/people/do/set-document-key")
            page.click("#make-document-key")
            assert "at least 12 characters" in page.inner_text("#document-key-problem")
            page.fill("#document-passphrase", PHRASE)
            page.click("#make-document-key")
            page.wait_for_selector("#document-key-file:not([hidden])")
            page.click("form[data-form] button[type=submit]")
            assert "Save the key file first" in page.inner_text("#document-key-problem")
            with page.expect_download() as download:
                page.click("#document-key-file")
            page.click("form[data-form] button[type=submit]")
            sign(page)
            file = tmp_path / "documents.json"
            download.value.save_as(file)
            bring_a_key(page, f"{address}/en", file)
            public = page.evaluate(
                """async () => {
                    const { loadKeys } = await import("/static/keyring.js");
                    const { documentKeyOf } = await import("/static/readers.js");
                    const { toHex } = await import("/static/bytes.js");
                    return toHex((await documentKeyOf(await loadKeys())).publicKey);
                }"""
            )
        assert ledger.view("registry", "document_key_of", "barat") == bytes.fromhex(public)


def test_another_key_than_that_of_the_page_puts_nothing(desk: Desk) -> None:
    with desk.person(key("alfa")) as page:
        page.goto(desk.contract)
        page.evaluate(
            """async seed => {
                const { openSeed, keepKeys } = await import("/static/keyring.js");
                await keepKeys(await openSeed(new Uint8Array(seed)));
            }""",
            list(key("beta").seed),
        )
        choose_file(page, DELIVERY, desk.write())
        page.wait_for_selector(f'form[data-form="{DELIVERY}"] .problem:not([hidden])')
        assert "Another key is in this browser" in page.inner_text(f'form[data-form="{DELIVERY}"]')


def test_another_choice_takes_the_place_of_the_first(desk: Desk) -> None:
    """The first was put, and the form did not go on; then none is chosen."""
    form = f'form[data-form="{DELIVERY}"]'
    with desk.person(key("alfa")) as page:
        page.goto(desk.contract)
        page.evaluate("HTMLFormElement.prototype.submit = () => {}")
        choose_file(page, DELIVERY, desk.write())
        page.wait_for_function(
            "form => document.querySelector(form).elements.documents.value !== ''", arg=form
        )
        assert "kept by: barat, selatan" in page.inner_text(form)
        page.set_input_files(f"{form} input[type=file]", [])
        values = page.evaluate(
            "form => ['documents', 'kept'].map(name => document.querySelector(form).elements[name].value)",
            form,
        )
        assert values == ["", ""] and "kept by" not in page.inner_text(form)
