"""Documents through portals on real nodes: terms that everybody reads and a delivery that the agency reads, each put in a
real browser and fetched in another; also when a node goes between the two.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

from chain.codec import Value
from chain.hashing import sha256
from chain.keys import SigningKey
from chain.transaction import Call
from cli.calls import send_and_wait, sign_call
from cli.testnet import OPERATORS
from documents.readers import document_public, document_secret
from machine.browserkey import write_browser_key
from machine.keyfile import KeyKind, read_key
from portals.local_forms import write_time_input
from rpc import requests
from rpc.client import SyncClient
from sealed.envelope import seal
from tests.network.running import running_network, running_portal, wait_until
from tests.portals.browser import open_page
from tests.portals.walking import PHRASE, bring_a_key, choose_file, fetch_document, sign

AGENCY = "agency-1"
COMMITMENT_OFFICER, SELECTION_GROUP, BUDGET_AUTHORITY = 2, 3, 4
OFFICER, GROUP, AUTHORITY, SUPPLIER, DOCUMENTS = (SigningKey.from_seed(bytes([n]) * 32) for n in range(1, 6))
PERSON, FILE_NAME = "Budi Santoso", "berita-acara-budi.txt"
PRICE, GAS, WAIT_S = 400_000, 5_000_000, 60
TERMS, DELIVERY = "Kerangka acuan kerja", f"Berita acara atas nama {PERSON}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """People who act on a network without a portal, until there is a contract to deliver on."""

    client: SyncClient
    operator: SigningKey

    def do(self, signer: SigningKey, contract: str, method: str, *arguments: Value) -> Value:
        """A call that must take effect; its value."""
        call = Call(contract=contract, method=method, arguments=arguments)
        fate = send_and_wait(self.client, sign_call(self.client, signer, call, GAS, WAIT_S), WAIT_S)
        assert fate.result is not None and fate.result.is_ok, (method, fate.result)
        return fate.result.data[0]

    def view(self, contract: str, method: str, *arguments: Value) -> Value:
        """A view's value."""
        return self.client.call(requests.query(contract, method, arguments)).value

    def found(self) -> None:
        """Officers, a supplier, and the key of the agency's documents."""
        for officer, role in (
            (OFFICER, COMMITMENT_OFFICER),
            (GROUP, SELECTION_GROUP),
            (AUTHORITY, BUDGET_AUTHORITY),
        ):
            self.do(self.operator, "registry", "grant", officer.address, role)
        self.do(
            self.operator, "registry", "set_document_key", document_public(document_secret(DOCUMENTS.seed))
        )
        self.do(SUPPLIER, "registry", "register", "PT Uji", bytes(32), bytes(32))

    def plan(self, reference: str) -> bytes:
        """An approved plan."""
        package = (
            f"Jembatan {reference}",
            0,
            10**9,
            now_ms() - 1_000,
            now_ms() + 3_600_000,
        )
        tender = self.do(OFFICER, "tender", "plan", reference, "IDR", package)
        assert isinstance(tender, bytes)
        self.do(AUTHORITY, "tender", "approve_plan", tender, True, "sesuai")
        return tender

    def contract(self) -> bytes:
        """A contract in force, of a tender that closed a moment after its publication."""
        tender = self.plan("T-1")
        closes_at = now_ms() + 4_000
        terms = ("Jembatan T-1", bytes(32), "", 0, 0, 0, 1, 1, 1, closes_at)
        self.do(GROUP, "tender", "publish", "T-1", "IDR", terms)
        key = sha256(b"envelope")
        context = self.view("tender", "envelope_context", tender, 1, SUPPLIER.address, 1, 2)
        assert isinstance(context, bytes)
        sealed = seal(b"\x01" + PRICE.to_bytes(16, "big"), key, context)
        self.do(SUPPLIER, "tender", "submit", tender, 1, 1, b"", b"", sealed, sha256(key))
        wait_until(lambda: now_ms() > closes_at, "the tender closes")
        self.do(SUPPLIER, "tender", "reveal_price", tender, key)
        self.do(GROUP, "tender", "evaluate", tender)
        self.do(GROUP, "tender", "award", tender)
        time.sleep(1.5)  # the standstill of these rules lasts a second
        self.do(GROUP, "tender", "finalise", tender)
        milestones = (("Termin 1", PRICE, now_ms() + 3_600_000),)
        self.do(OFFICER, "agreement", "draft", tender, SUPPLIER.address, milestones)
        agreement = self.view("agreement", "agreement_id", tender, SUPPLIER.address)
        assert isinstance(agreement, bytes)
        for signer in (SUPPLIER, OFFICER):
            self.do(signer, "agreement", "sign", agreement, 1)
        return agreement


def now_ms() -> int:
    """This machine's clock, which the nodes have too."""
    return time.time_ns() // 1_000_000


@contextmanager
def a_browser_of(who: SigningKey | None, browser: Browser, address: str, folder: Path) -> Iterator[Page]:
    """Somebody's own browser, with the key in it."""
    with open_page(browser, may_be_refused=True) as page:
        if who is not None:
            file = folder / f"{who.address.hex()}.json"
            write_browser_key(file, who, PHRASE, rounds=1_000)
            bring_a_key(page, f"{address}/en", file)
        yield page


def write(folder: Path, name: str, text: str) -> Path:
    """A file to choose."""
    path = folder / name
    path.write_text(text)
    return path


def test_terms_and_a_delivery_are_put_in_one_browser_and_read_in_another(
    browser: Browser, tmp_path: Path
) -> None:
    with (
        running_network(tmp_path, full_nodes=0) as network,
        SyncClient(network.testnet.rpc_addresses) as client,
    ):
        nodes = network.testnet.rpc_addresses
        operator = read_key(
            network.testnet.nodes[0].home.parent / OPERATORS / f"{AGENCY}.key", KeyKind.ACCOUNT, None
        )
        acting = Acting(client=client, operator=operator)
        acting.found()
        agreement = acting.contract()
        tender = acting.plan("T-2")
        with running_portal(nodes, "agency") as agency, running_portal(nodes) as supplier:
            with a_browser_of(GROUP, browser, agency, tmp_path) as page:
                page.goto(f"{agency}/en/tenders/{tender.hex()}/do/publish")
                page.fill('[name="terms.closes_at"]', write_time_input(now_ms() + 3_600_000))
                choose_file(page, "tender.publish", write(tmp_path, "kak.txt", TERMS))
                sign(page)
            with a_browser_of(None, browser, supplier, tmp_path) as page:
                page.goto(f"{supplier}/en/tenders/{tender.hex()}")
                page.click("a.document")
                assert fetch_document(page, tmp_path / "everybody").read_text() == TERMS

            with a_browser_of(SUPPLIER, browser, supplier, tmp_path) as page:
                page.goto(f"{supplier}/en/contracts/{agreement.hex()}")
                choose_file(page, "agreement.report_delivery", write(tmp_path, FILE_NAME, DELIVERY))
                page.wait_for_selector("#sign:not([disabled])")
                assert "agency-1" in page.inner_text("#shown") and "agency-2" in page.inner_text("#shown")
                sign(page)
            network.processes[0].kill()
            with a_browser_of(OFFICER, browser, agency, tmp_path) as page:
                page.goto(f"{agency}/en/contracts/{agreement.hex()}")
                page.click("a.document")
                page.click("#fetch")
                page.wait_for_selector("#bring:not([hidden])")
                write_browser_key(tmp_path / "documents.json", DOCUMENTS, PHRASE, rounds=1_000)
                page.set_input_files("#bring-file", tmp_path / "documents.json")
                page.fill("#bring-passphrase", PHRASE)
                page.click("#bring-form button")
                page.wait_for_selector("#document-file:not([hidden])")
                assert fetch_document(page, tmp_path / "officer").read_text() == DELIVERY, (
                    "of the node that is left"
                )
        files = [path for one in network.processes for path in one.node.home.rglob("*") if path.is_file()]
        assert len(files) > 20
        for word in (PERSON, FILE_NAME):
            assert [path for path in files if word.encode() in path.read_bytes()] == [], word
        held = [len(list((one.node.home / "data" / "documents").iterdir())) for one in network.processes]
        assert held == [2, 2, 0, 0]
        assert acting.view("documents", "document_count") == 2
        network.assert_agreed()
