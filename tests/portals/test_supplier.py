"""The supplier's pages on real contracts: each shows what may be done now, and what was done."""

import pytest

from portals.supplier.portal import SUPPLIER, VIEWS
from tests.contracts.agreeing import PAYMENT_OFFICER, TREASURY, Agreeing
from tests.contracts.ledger import address, key, operator
from tests.contracts.tendering import Tendering
from tests.portals.making import Site, open_site

pytestmark = pytest.mark.trio
NONCE = "33" * 16


async def do(site: Site, who: str, call: str, **fields: str) -> str:
    """Prepares, signs and sends a call; the page that tells what became of it."""
    prepared = await site.post(f"/en/compose/{call.replace('.', '/')}", nonce=NONCE, back="/", **fields)
    return (await site.sign(key(who), prepared)).text


async def test_tenders_are_found_by_words_and_stage() -> None:
    ledger = Tendering()
    ledger.publish("BA-1", title="Pembangunan Jembatan")
    ledger.publish("BA-2", title="Alat kesehatan <puskesmas>")
    ledger.plan("BA-3", title="Jalan lingkar")
    async with open_site(SUPPLIER, VIEWS, contracts=ledger) as site:
        everything = (await site.get("/id/tenders")).text
        assert (
            everything.index("Jalan lingkar") < everything.index("puskesmas") < everything.index("Jembatan")
        )
        assert "<puskesmas>" not in everything
        found = (await site.get("/id/tenders?q=jembatan+BARAT")).text
        assert "Pembangunan Jembatan" in found and "kesehatan" not in found
        planned = (await site.get("/en/tenders?stage=planned")).text
        assert "Jalan lingkar" in planned and "Pembangunan" not in planned
        for query in (
            "q=%3Cscript%3E",
            "before=abc",
            "before=-1",
            f"before={'9' * 30}",
            "stage=nope",
            "before=0",
        ):
            assert (await site.get(f"/id/tenders?{query}")).status_code == 200


async def test_a_long_list_is_shown_a_page_at_a_time() -> None:
    ledger = Tendering()
    for number in range(53):
        ledger.plan(f"R-{number:03d}", title=f"Pekerjaan {number:03d}")
    async with open_site(SUPPLIER, VIEWS, contracts=ledger) as site:
        newest = (await site.get("/en/tenders")).text
        assert "Pekerjaan 052" in newest and "Pekerjaan 002" not in newest and "before=3" in newest
        oldest = (await site.get("/en/tenders?before=3")).text
        assert "Pekerjaan 002" in oldest and "Pekerjaan 003" not in oldest and "The newest" in oldest


async def test_a_search_looks_further_back_than_a_page() -> None:
    ledger = Tendering()
    ledger.plan("JB-1", title="Jembatan gantung")
    for number in range(60):
        ledger.plan(f"R-{number:03d}", title=f"Pekerjaan {number:03d}")
    async with open_site(SUPPLIER, VIEWS, contracts=ledger) as site:
        found = (await site.get("/en/tenders?q=gantung")).text
        assert "Jembatan gantung" in found and "Older tenders" not in found


async def test_times_are_those_of_the_agency_and_suppliers_have_their_names() -> None:
    ledger = Tendering()
    tender = ledger.publish(closes_at=1_700_000_400_000)
    ledger.do(key("alfa"), "tender", "ask", tender, "Apakah ada uang muka?")
    ledger.do(operator("barat"), "governance", "set_time_zone", 480)
    async with open_site(SUPPLIER, VIEWS, contracts=ledger) as site:
        listed = (await site.get("/en/tenders")).text
        page = (await site.get(f"/id/tenders/{tender.hex()}")).text
        assert "15 November 2023, 06:20 WITA" in listed and "15 November 2023 06.20 WITA" in page
        assert "PT alfa" in page and address("alfa").hex().upper() in page
        site.act_as(key("alfa"))
        form = (await site.get(f"/id/tenders/{tender.hex()}")).text
        assert 'name="zone" value="480"' in form
        fields = {"tender": tender.hex(), "text": "Kapan?", "nonce": NONCE, "zone": "480"}
        assert 'data-zone="480"' in (await site.post("/en/compose/tender/ask", **fields)).text
        forged = await site.post(
            "/en/compose/tender/ask", **(fields | {"zone": "99999999", "currency": "<b>"})
        )
        assert 'data-zone="420"' in forged.text and 'data-currency="IDR"' in forged.text


async def test_what_may_be_done_shows_and_nothing_else() -> None:
    ledger = Tendering()
    tender = ledger.publish()
    path = f"/en/tenders/{tender.hex()}"
    async with open_site(SUPPLIER, VIEWS, contracts=ledger) as site:
        stranger = (await site.get(path)).text
        assert "Make a bid" not in stranger and "register your business first" in stranger
        site.act_as(key("alfa"))
        open_ = (await site.get(path)).text
        assert "Make a bid" in open_ and 'data-form="tender.ask"' in open_ and "withdraw" not in open_
        ledger.bid(tender, "alfa", 500)
        bidden = (await site.get(path)).text
        assert "Replace your bid" in bidden and 'data-form="tender.withdraw"' in bidden
        ledger.close(tender)
        closed = (await site.get(path)).text
        assert "Open your envelope" in closed and "Replace your bid" not in closed
        assert 'data-number="2"' in (await site.get(f"{path}/open")).text
        assert "cannot bid here now" in (await site.get(f"{path}/bid")).text


async def test_a_question_is_asked_answered_and_shown() -> None:
    ledger = Tendering()
    tender = ledger.publish()
    async with open_site(SUPPLIER, VIEWS, contracts=ledger) as site:
        site.act_as(key("alfa"))
        asked = await do(site, "alfa", "tender.ask", tender=tender.hex(), text="Apakah\nada uang muka?")
        assert "It is on the record" in asked
        assert "no answer yet" in (await site.get(f"/en/tenders/{tender.hex()}")).text
        ledger.act("answer", tender, 1, "Ada, 20 persen.")
        shown = (await site.get(f"/id/tenders/{tender.hex()}")).text
        assert "Ada, 20 persen." in shown and "dijawab" in shown


async def test_results_and_objections_are_shown() -> None:
    ledger = Tendering()
    tender = ledger.publish(estimate=1_000)
    for name, price in (("alfa", 600), ("beta", 500), ("citra", 2_000)):
        ledger.bid(tender, name, price)
    ledger.close(tender)
    for name in ("alfa", "beta", "citra"):
        ledger.reveal(tender, name)
    ledger.act("evaluate", tender)
    ledger.act("award", tender)
    async with open_site(SUPPLIER, VIEWS, contracts=ledger) as site:
        site.act_as(key("alfa"))
        page = (await site.get(f"/en/tenders/{tender.hex()}")).text
        ranking = page[page.index("<h2>Ranking") :]
        assert ranking.index(address("beta").hex().upper()) < ranking.index(address("alfa").hex().upper())
        assert "above the owner estimate" in page and "IDR 500" in ranking and "(you)" in ranking
        told = await do(site, "alfa", "tender.object", tender=tender.hex(), reason="Harga tidak wajar")
        assert "It is on the record" in told
        after = (await site.get(f"/en/tenders/{tender.hex()}")).text
        assert "Harga tidak wajar" in after and 'data-form="tender.object"' not in after
        late = await do(site, "alfa", "tender.withdraw", tender=tender.hex())
        assert "takes no more bids" in late and "Clause 1.2" in late


async def test_a_contract_is_signed_delivered_and_paid() -> None:
    ledger = Agreeing()
    ledger.draft()
    agreement = ledger.agreement
    assert isinstance(agreement, bytes)
    path, fields = f"/en/contracts/{agreement.hex()}", {"agreement": agreement.hex()}
    async with open_site(SUPPLIER, VIEWS, contracts=ledger) as site:
        site.act_as(key("alfa"))
        assert "waits for signatures" in (await site.get("/en/contracts")).text
        assert 'data-form="agreement.sign"' in (await site.get(path)).text
        assert "It is on the record" in await do(site, "alfa", "agreement.sign", version="1", **fields)
        ledger.officer_does("sign", agreement, 1)
        delivering = {"milestone": "1", "amount": "300.000", "note": "Pondasi", "documents": "", **fields}
        assert "It is on the record" in await do(site, "alfa", "agreement.report_delivery", **delivering)
        page = (await site.get(path)).text
        assert "Pondasi" in page and "Waits for the agency" in page and 'value="100,000"' in page
        too_much = await do(site, "alfa", "agreement.report_delivery", **(delivering | {"amount": "400.000"}))
        assert "is left" in too_much and "Clause 4.2" in too_much
        order = ledger.accept(1)
        ledger.do(PAYMENT_OFFICER, "payment", "approve", order, 10_000, 33_000)
        assert "On its way" in (await site.get("/en/money")).text
        ledger.do(TREASURY, "payment", "report_sent", order, 1, "MSG-1")
        ledger.do(TREASURY, "payment", "settle", order, 1, "REF-1")
        money = (await site.get("/en/money")).text
        assert "paid (SP2D)" in money and "IDR 257,000" in money and "REF-1" in money
        site.act_as(key("beta"))
        assert "No payment yet" in (await site.get("/en/money")).text
        assert 'data-form="agreement' not in (await site.get(path)).text


@pytest.mark.parametrize(
    "path",
    ["tenders/zz", f"tenders/{'0' * 64}", f"contracts/{'0' * 64}", f"tenders/{'0' * 64}/bid", "contracts/1"],
)
async def test_what_is_not_there_is_told(path: str) -> None:
    async with open_site(SUPPLIER, VIEWS, contracts=Tendering()) as site:
        assert (await site.get(f"/id/{path}")).status_code in (400, 404)
