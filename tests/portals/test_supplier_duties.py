"""What waits for a supplier: shown where it begins, gone when it is done."""

import pytest

from chain.transaction import Call
from portals.supplier.portal import SUPPLIER, VIEWS
from tests.contracts.agreeing import PAYMENT_OFFICER, TREASURY, Agreeing
from tests.contracts.ledger import address, key, operator
from tests.contracts.tendering import AUTHORITY, Tendering, price_document
from tests.portals.making import Site, open_site

pytestmark = pytest.mark.trio
ALFA = key("alfa")


def submit(site: Site, ledger: Tendering, tender: bytes, who: str, price: int) -> None:
    """A bid that the node has seen, so that it can be found."""
    arguments = tuple(ledger.bid_arguments(tender, who, price_document(price)))
    call = Call(contract="tender", method="submit", arguments=arguments)
    site.backend.submit([ledger.sign(key(who), call).raw])


async def test_bids_are_found_and_an_envelope_is_to_be_opened_in_time() -> None:
    ledger = Tendering()
    tender, other = ledger.publish(), ledger.publish("T-2", title="Pasar")
    async with open_site(SUPPLIER, VIEWS, contracts=ledger) as site:
        site.act_as(ALFA)
        assert "No bid yet" in (await site.get("/en/bids")).text
        site.act_as(key("stranger"))
        assert "register your business first" in (await site.get("/en/bids")).text
        site.act_as(key("alfa"))
        submit(site, ledger, tender, "alfa", 500)
        submit(site, ledger, other, "beta", 500)
        bids = (await site.get("/en/bids")).text
        assert "Jembatan" in bids and "Pasar" not in bids and "sealed" in bids
        assert "Open your envelope" not in (await site.get("/en/")).text
        ledger.close(tender)
        for path in ("/en/", "/en/bids", f"/en/tenders/{tender.hex()}"):
            page = (await site.get(path)).text
            assert "Open your envelope" in page and "15 November 2023, 05:13 WIB" in page, path
        ledger.wait(2_000)
        assert "Open your envelope" not in (await site.get("/en/")).text


async def test_a_withdrawn_bid_stays_among_the_bids() -> None:
    ledger = Tendering()
    tender = ledger.publish()
    async with open_site(SUPPLIER, VIEWS, contracts=ledger) as site:
        site.act_as(ALFA)
        submit(site, ledger, tender, "alfa", 500)
        ledger.do(ALFA, "tender", "withdraw", tender)
        assert "withdrawn" in (await site.get("/en/bids")).text


async def test_contracts_to_sign_and_payments_that_came_back_wait_on_the_front_page() -> None:
    ledger = Agreeing()
    ledger.draft()
    assert isinstance(ledger.agreement, bytes)
    path = f"/en/contracts/{ledger.agreement.hex()}"
    async with open_site(SUPPLIER, VIEWS, contracts=ledger) as site:
        site.act_as(ALFA)
        front = (await site.get("/en/")).text
        assert "Sign the contract: Jembatan" in front and "State your bank account" in front
        ledger.do(ALFA, "registry", "set_account", bytes(range(32)))
        ledger.both_sign()
        assert "Nothing waits for you" in (await site.get("/en/")).text
        order = ledger.accept(ledger.deliver(1, 400_000))
        ledger.do(PAYMENT_OFFICER, "payment", "approve", order, 0, 0)
        ledger.do(TREASURY, "payment", "report_returned", order, 1, "AC04", "account closed")
        assert "A payment came back from the bank: Jembatan" in (await site.get("/en/")).text
        for page in (path, "/en/money"):
            told = (await site.get(page)).text
            assert (
                "account closed" in told and "the account is closed" in told and 'href="/en/account"' in told
            )
        ledger.do(PAYMENT_OFFICER, "payment", "decline", order, "Faktur belum ada")
        assert "declined payment 1: Faktur belum ada" in (await site.get(path)).text


async def test_an_amendment_is_shown_beside_what_it_changes() -> None:
    ledger = Agreeing()
    ledger.agree()
    assert isinstance(ledger.agreement, bytes)
    wanted = ledger.milestones(400_000, 650_000)
    ledger.officer_does("propose_amendment", ledger.agreement, wanted, "Dinding penahan")
    async with open_site(SUPPLIER, VIEWS, contracts=ledger) as site:
        site.act_as(ALFA)
        page = (await site.get(f"/en/contracts/{ledger.agreement.hex()}")).text
        assert "A change of the contract waits" in page and "Dinding penahan" in page
        assert "IDR 600,000 becomes IDR 650,000" in page
        assert "becomes IDR 1,050,000 instead of IDR 1,000,000" in page and "has not signed yet" in page
        milestones = page[page.index("<h2>Milestones") :]
        assert "IDR 600,000" in milestones and "IDR 650,000" not in milestones, "what is in force"


async def test_who_is_barred_is_told_why_and_until_when() -> None:
    ledger = Tendering()
    tender = ledger.publish()
    ledger.do(AUTHORITY, "registry", "bar", ALFA.address, ledger.now_ms + 86_400_000, "Dokumen palsu")
    async with open_site(SUPPLIER, VIEWS, contracts=ledger) as site:
        site.act_as(ALFA)
        front = (await site.get("/en/")).text
        assert "Barred from bidding until 16 November 2023" in front and "Dokumen palsu" in front
        page = (await site.get(f"/en/tenders/{tender.hex()}")).text
        assert "You are barred from bidding until" in page and "Make a bid" not in page


async def test_a_replacement_of_the_key_is_told_and_may_be_objected_to() -> None:
    ledger = Tendering()
    ledger.do(operator("barat"), "registry", "grant", address("registrar"), 9)
    ledger.do(
        key("registrar"), "registry", "request_replacement", ALFA.address, address("thief"), "hilang <b>"
    )
    async with open_site(SUPPLIER, VIEWS, contracts=ledger) as site:
        site.act_as(key("beta"))
        assert "replace your key" not in (await site.get("/en/")).text
        site.act_as(ALFA)
        front = (await site.get("/en/")).text
        assert "Somebody asks to replace your key" in front and address("thief").hex().upper() in front
        assert "hilang &lt;b&gt;" in front and 'data-form="registry.object_replacement"' in front
        prepared = await site.post(
            "/en/compose/registry/object_replacement", number="1", nonce="77" * 16, back="/"
        )
        assert "It is on the record" in (await site.sign(ALFA, prepared)).text
        assert "replace your key" not in (await site.get("/en/")).text
