"""The officers' pages on real contracts: each act is offered to whom the contract lets do it, carried out, and shown."""

import re

import pytest

from portals.agency.portal import AGENCY, VIEWS
from portals.local_forms import write_time_input
from tests.contracts.agreeing import PAYMENT_OFFICER, SUPPLIER, TREASURY, Agreeing
from tests.contracts.ledger import address, key, operator
from tests.contracts.tendering import (
    AUTHORITY,
    GROUP,
    OFFICER,
    QUALITY_AND_COST,
    SECOND_MEMBER,
    TECHNICAL,
    Tendering,
)
from tests.portals.making import open_site
from tests.portals.posting import (
    DONE,
    HOUR,
    MINUTE,
    act,
    later,
    list_forms,
    offered,
    prepare,
    read_form,
    work_of,
)

pytestmark = pytest.mark.trio
DOCUMENT = "ab" * 32
OPERATOR = operator("barat")


async def test_a_tender_is_planned_approved_estimated_and_published_by_whom_it_concerns() -> None:
    ledger = Tendering()
    async with open_site(AGENCY, VIEWS, contracts=ledger) as site:
        plan = {
            "reference": "BA-7",
            "package__title": "Jembatan <gantung>",
            "package__procedure": "TENDER_CEPAT",
            "package__ceiling": "Rp 900.000.000",
            "package__publish_from": "2023-01-01T00:00",
            "package__publish_by": later(ledger, 10 * HOUR),
        }
        assert "Act.PLAN" not in await work_of(site, OFFICER)
        assert DONE in await act(site, OFFICER, "/en/tenders/plan", "tender.plan", **plan)
        tender = ledger.view("tender", "tender_id", "barat", "BA-7")
        assert isinstance(tender, bytes)
        path = f"/en/tenders/{tender.hex()}"
        assert f"{path}/do/approve-plan" in await work_of(site, AUTHORITY)
        assert path not in await work_of(site, GROUP)
        approving = {"approve": "yes", "reason": "Sesuai DPA"}
        assert DONE in await act(
            site, AUTHORITY, f"{path}/do/approve-plan", "tender.approve_plan", **approving
        )
        assert f"{path}/do/estimate" in await work_of(site, OFFICER)
        estimating = {"amount": "850.000.000"}
        assert DONE in await act(site, OFFICER, f"{path}/do/estimate", "tender.set_estimate", **estimating)
        assert f"{path}/do/estimate" not in await work_of(site, OFFICER), "it is set, and may be set again"
        assert f"{path}/do/publish" in await work_of(site, GROUP)
        publishing = {"terms__documents": DOCUMENT, "terms__closes_at": later(ledger, HOUR)}
        assert DONE in await act(site, GROUP, f"{path}/do/publish", "tender.publish", **publishing)
        shown = (await site.get(path)).text
        assert "Jembatan &lt;gantung&gt;" in shown and "IDR 850,000,000" in shown and "Sesuai DPA" in shown
        assert "submission" in str(ledger.stage(tender))


async def test_a_rejected_plan_is_replaced() -> None:
    ledger = Tendering()
    tender = ledger.do(OFFICER, "tender", "plan", "BA-8", "IDR", ledger.package(ceiling=5_000))
    assert isinstance(tender, bytes)
    path = f"/en/tenders/{tender.hex()}"
    async with open_site(AGENCY, VIEWS, contracts=ledger) as site:
        assert f"{path}/do/plan" not in await work_of(site, OFFICER)
        rejecting = {"approve": "no", "reason": "Pagu terlalu besar"}
        assert DONE in await act(
            site, AUTHORITY, f"{path}/do/approve-plan", "tender.approve_plan", **rejecting
        )
        assert "Pagu terlalu besar" in (await site.get(path)).text
        assert f"{path}/do/plan" in await work_of(site, OFFICER)
        fields = read_form((await site.get(f"{path}/do/plan")).text, "tender.plan")
        assert (fields["reference"], fields["package.ceiling"]) == ("BA-8", "5,000")
        assert DONE in await act(site, OFFICER, f"{path}/do/plan", "tender.plan", package__ceiling="4.000")
        assert "IDR 4,000" in (await site.get(path)).text


async def test_a_question_is_answered_and_an_addendum_keeps_what_it_does_not_change() -> None:
    ledger = Tendering()
    tender = ledger.publish(closes_at=ledger.now_ms + HOUR)
    ledger.do(key("alfa"), "tender", "ask", tender, "Apakah ada uang muka?")
    path = f"/en/tenders/{tender.hex()}"
    async with open_site(AGENCY, VIEWS, contracts=ledger) as site:
        assert ">Answer<" in await work_of(site, GROUP)
        assert DONE in await act(site, GROUP, f"{path}/do/answer/1", "tender.answer", text="Ada, 20 persen.")
        assert "Ada, 20 persen." in (await site.get(path)).text
        assert "PT alfa" in (await site.get(path)).text
        closes_at = later(ledger, 2 * HOUR)
        changing = {"terms__closes_at": closes_at, "terms__criteria": "Harga terendah, termasuk angkut"}
        assert DONE in await act(site, GROUP, f"{path}/do/addendum", "tender.publish_addendum", **changing)
        terms = ledger.view("tender", "terms_in_force", tender)
        assert isinstance(terms, tuple)
        assert terms[1:3] == (bytes(32), "Harga terendah, termasuk angkut"), "the documents stay"
        assert "Earlier versions of the terms: 1" in (await site.get(path)).text
        again = await act(site, GROUP, f"{path}/do/addendum", "tender.publish_addendum", terms__envelopes="2")
        assert "Clause 3.2" in again


async def test_two_envelopes_are_scored_opened_evaluated_and_awarded() -> None:
    ledger = Tendering()
    tender = ledger.publish(
        estimate=1_000, envelopes=2, award_rule=QUALITY_AND_COST, quality_weight_bps=6_000, bids_min=1
    )
    for name in ("alfa", "beta", "citra"):
        ledger.bid(tender, name, 700, envelopes=2)
    ledger.close(tender)
    path = f"/en/tenders/{tender.hex()}"
    async with open_site(AGENCY, VIEWS, contracts=ledger) as site:
        site.act_as(GROUP)
        assert "3 are still closed" in (await site.get(path)).text
        for name in ("alfa", "beta", "citra"):
            ledger.reveal(tender, name, TECHNICAL)
        assert "Every envelope that is due is open" in (await site.get(path)).text
        bids = {name: address(name).hex() for name in ("alfa", "beta", "citra")}
        disqualify = f"{path}/do/disqualify/{bids['citra']}"
        assert DONE in await act(site, GROUP, disqualify, "tender.disqualify", reason="Dokumen palsu")
        for name, share in (("alfa", "82,50"), ("beta", "70")):
            scoring = {"points_bps": share, "reason": f"Metode {name} jelas"}
            assert DONE in await act(site, GROUP, f"{path}/do/score/{bids[name]}", "tender.score", **scoring)
        twice = await act(
            site, GROUP, f"{path}/do/score/{bids['beta']}", "tender.score", points_bps="1", reason="x"
        )
        assert "Clause 6.2" in twice
        shown = (await site.get(path)).text
        assert "82.5%" in shown and "Metode alfa jelas" in shown and "Dokumen palsu" in shown
        assert f"{path}/do/open-prices" in await work_of(site, GROUP)
        assert ">Score<" not in await work_of(site, GROUP), "this member has scored every proposal"
        assert ">Score<" in await work_of(site, SECOND_MEMBER)
        assert DONE in await act(site, GROUP, f"{path}/do/open-prices", "tender.open_prices")
        for name in ("alfa", "beta"):
            ledger.reveal(tender, name)
        for step in ("evaluate", "award"):
            assert f"{path}/do/{step}" in await work_of(site, GROUP)
            assert DONE in await act(site, GROUP, f"{path}/do/{step}", f"tender.{step}")
        after = (await site.get(path)).text
        ranking = after[after.index("<h2>Ranking") :]
        assert ranking.index("PT alfa") < ranking.index("PT beta") and "winner" in ranking


async def test_objections_are_answered_with_each_outcome_that_follows() -> None:
    ledger = Tendering()
    tender = ledger.award("alfa", "beta")
    path = f"/en/tenders/{tender.hex()}"
    ledger.do(key("beta"), "tender", "object", tender, "Harga tidak wajar", b"")
    async with open_site(AGENCY, VIEWS, contracts=ledger) as site:
        assert "Answer an objection" in await work_of(site, GROUP)
        answering = {"outcome": "RE_SUBMISSION", "text": "Sanggahan benar"}
        answered = await act(
            site, GROUP, f"{path}/do/answer-objection/1", "tender.answer_objection", **answering
        )
        assert DONE in answered
        assert f"{path}/do/reopen" in await work_of(site, GROUP)
        assert DONE in await act(
            site, GROUP, f"{path}/do/reopen", "tender.reopen", closes_at=later(ledger, HOUR)
        )
        assert ledger.record(tender)["round"] == 2
        cancelling = {"reason": "Anggaran dicabut"}
        assert DONE in await act(site, GROUP, f"{path}/do/cancel", "tender.cancel", **cancelling)
        assert "Anggaran dicabut" in (await site.get(path)).text
        assert "What you can do now" not in (await site.get(path)).text


async def test_a_bid_that_was_disqualified_is_reinstated_after_reevaluation() -> None:
    ledger = Tendering()
    tender = ledger.publish()
    for name in ("alfa", "beta"):
        ledger.bid(tender, name, 500)
    ledger.close(tender)
    for name in ("alfa", "beta"):
        ledger.reveal(tender, name)
    ledger.act("disqualify", tender, address("beta"), "salah baca")
    ledger.act("evaluate", tender)
    ledger.act("award", tender)
    ledger.do(key("beta"), "tender", "object", tender, "Dokumen lengkap", b"")
    ledger.act("answer_objection", tender, 1, 2, "benar")
    path = f"/en/tenders/{tender.hex()}"
    async with open_site(AGENCY, VIEWS, contracts=ledger) as site:
        reinstate = f"{path}/do/reinstate/{address('beta').hex()}"
        assert DONE in await act(
            site, GROUP, reinstate, "tender.reinstate", reason="Dokumen ternyata lengkap"
        )
        assert ledger.bid_of(tender, "beta")["reason"] == "Dokumen ternyata lengkap"


async def test_a_new_round_is_linked_to_one_of_the_failed() -> None:
    ledger = Tendering()
    failed = {ledger.publish(f"GAGAL-{number}", title=f"Gagal {number}") for number in (1, 2)}
    ledger.wait(20_000)
    for tender in failed:
        ledger.act("evaluate", tender)
        ledger.act("award", tender)
    tender = ledger.publish("BARU")
    path = f"/en/tenders/{tender.hex()}/do/link-round"
    async with open_site(AGENCY, VIEWS, contracts=ledger) as site:
        site.act_as(GROUP)
        page = (await site.get(path)).text
        assert {
            bytes.fromhex(read_form(page, "tender.link_round", place)["previous"]) for place in (0, 1)
        } == failed
        assert "Gagal 1 · GAGAL-1" in page
        assert DONE in await act(site, GROUP, path, "tender.link_round:1")
        assert ledger.record(tender)["previous"] in failed


async def test_a_contract_is_drafted_signed_amended_delivered_and_closed() -> None:
    ledger = Agreeing()
    draft = f"/en/tenders/{ledger.tender.hex()}/draft/{SUPPLIER.address.hex()}"
    async with open_site(AGENCY, VIEWS, contracts=ledger) as site:
        assert draft in await work_of(site, OFFICER) and draft not in await work_of(site, GROUP)
        rows = {
            "wanted__0__title": "Pondasi",
            "wanted__0__amount": "400.000",
            "wanted__0__due_at": later(ledger, HOUR),
            "wanted__1__title": "Bangunan atas",
            "wanted__1__amount": "600.000",
            "wanted__1__due_at": later(ledger, 2 * HOUR),
        }
        short = await act(site, OFFICER, draft, "agreement.draft", **(rows | {"wanted__1__amount": "1"}))
        assert "Clause 1.2" in short
        assert DONE in await act(site, OFFICER, draft, "agreement.draft", **rows)
        assert isinstance(ledger.agreement, bytes)
        path = f"/en/contracts/{ledger.agreement.hex()}"
        assert path in await work_of(site, OFFICER)
        assert DONE in await act(site, OFFICER, f"{path}/do/sign", "agreement.sign")
        ledger.do(SUPPLIER, "agreement", "sign", ledger.agreement, 1)
        amending = {"wanted__1__amount": "650.000", "reason": "Tambah tiang"}
        assert DONE in await act(site, OFFICER, f"{path}/do/amend", "agreement.propose_amendment", **amending)
        assert DONE in await act(site, OFFICER, f"{path}/do/sign", "agreement.sign")
        waiting = (await site.get(path)).text
        assert "The milestones in force until both have signed" in waiting and "Tambah tiang" in waiting
        ledger.do(SUPPLIER, "agreement", "sign", ledger.agreement, 2)
        for number, (milestone, amount) in enumerate(((1, 400_000), (2, 650_000), (2, 650_000)), 1):
            ledger.deliver(milestone, amount)
            decide = f"{path}/do/decide-delivery/{number}"
            assert path in await work_of(site, OFFICER)
            if number == 2:
                assert DONE in await act(site, OFFICER, decide, "agreement.reject", reason="Baut longgar")
            else:
                assert DONE in await act(site, OFFICER, decide, "agreement.accept", note="Baik")
            assert await offered(site, OFFICER, decide) == [], "it is decided"
        shown = (await site.get(path)).text
        assert "Baut longgar" in shown and "IDR 1,050,000" in shown
        closing = {"rating": "4", "reason": "Tepat waktu"}
        assert DONE in await act(site, OFFICER, f"{path}/do/close", "agreement.close", **closing)
        assert "4, good" in (await site.get(path)).text and "Tepat waktu" in (await site.get(path)).text


async def test_a_contract_is_ended_early_with_a_reason() -> None:
    ledger = Agreeing()
    ledger.agree()
    assert isinstance(ledger.agreement, bytes)
    path = f"/en/contracts/{ledger.agreement.hex()}"
    async with open_site(AGENCY, VIEWS, contracts=ledger) as site:
        assert DONE in await act(
            site, OFFICER, f"{path}/do/terminate", "agreement.terminate", reason="Pailit"
        )
        assert (
            "Pailit" in (await site.get(path)).text and await offered(site, OFFICER, f"{path}/do/amend") == []
        )


async def test_a_payment_is_declined_asked_for_again_approved_returned_and_approved_again() -> None:
    ledger = Agreeing()
    order = ledger.ordered(400_000, 600_000)
    path = f"/en/payments/{order}"
    async with open_site(AGENCY, VIEWS, contracts=ledger) as site:
        assert path in await work_of(site, PAYMENT_OFFICER) and path not in await work_of(site, OFFICER)
        assert DONE in await act(site, PAYMENT_OFFICER, path, "payment.decline", reason="Kurang faktur")
        assert path in await work_of(site, OFFICER) and "Kurang faktur" in (await site.get(path)).text
        assert DONE in await act(site, OFFICER, path, "payment.ask_again", reason="Faktur terlampir")
        all_of_it = await act(site, PAYMENT_OFFICER, path, "payment.approve", deductions="400.000")
        assert "Clause 2.1" in all_of_it
        approving = {"deductions": "10.000", "tax": "44.000"}
        assert DONE in await act(site, PAYMENT_OFFICER, path, "payment.approve", **approving)
        assert "IDR 346,000" in (await site.get(path)).text
        assert "IDR 346,000" in (await site.get("/en/payments?state=APPROVED")).text
        assert "IDR 346,000" not in (await site.get("/en/payments?state=SETTLED")).text
        ledger.do(TREASURY, "payment", "report_returned", order, 1, "AC04", "Rekening ditutup")
        returned = await work_of(site, PAYMENT_OFFICER)
        assert path in returned and "came back from the bank" in returned
        page = (await site.get(path)).text
        assert "AC04" in page and "Rekening ditutup" in page
        assert read_form(page, "payment.approve")["tax"] == "44,000", "what was said before is kept"
        assert DONE in await act(site, PAYMENT_OFFICER, path, "payment.approve")
        ledger.do(TREASURY, "payment", "report_sent", order, 2, "MSG-9")
        ledger.do(TREASURY, "payment", "settle", order, 2, "SP2D-9")
        settled = (await site.get(path)).text
        assert "SP2D-9" in settled and "paid (SP2D)" in settled and list_forms(settled) == []


async def test_times_are_read_on_the_clock_of_the_agency() -> None:
    ledger = Tendering()
    ledger.do(OPERATOR, "governance", "set_time_zone", 540)
    tender = ledger.publish(closes_at=ledger.now_ms + HOUR)
    async with open_site(AGENCY, VIEWS, contracts=ledger) as site:
        path = f"/en/tenders/{tender.hex()}/do/addendum"
        closes_at = write_time_input(ledger.now_ms + 2 * HOUR, 540)
        assert DONE in await act(site, GROUP, path, "tender.publish_addendum", terms__closes_at=closes_at)
        record = ledger.record(tender)
        assert record["opening_from"] == (ledger.now_ms + 2 * HOUR) // MINUTE * MINUTE
        assert " WIT" in (await site.get(f"/en/tenders/{tender.hex()}")).text


async def test_doubled_late_and_forged_posts_are_told() -> None:
    ledger = Tendering()
    tender = ledger.plan()
    path = f"/en/tenders/{tender.hex()}"
    async with open_site(AGENCY, VIEWS, contracts=ledger) as site:
        site.act_as(OFFICER)
        first = await prepare(site, f"{path}/do/estimate", "tender.set_estimate", amount="500")
        sent = await site.sign(OFFICER, first)
        again = await site.sign(OFFICER, first)
        assert DONE in again.text and again.url == sent.url, "the same bytes are the same transaction"
        site.act_as(AUTHORITY)
        decided = await site.post(
            "/en/compose/tender/approve_plan",
            tender=tender.hex(),
            approve="no",
            reason="terlambat",
            nonce="44" * 16,
            back="/",
        )
        late = await site.sign(AUTHORITY, decided)
        assert "decided already" in late.text and "Clause 1.5" in late.text
        assert "nothing here for this key to do now" in (await site.get(f"{path}/do/approve-plan")).text
        for fields in (
            {"tender": "zz", "approve": "yes", "reason": "x"},
            {"tender": tender.hex(), "approve": "perhaps", "reason": "x"},
            {"tender": tender.hex(), "reason": "x"},
            {"tender": tender.hex(), "approve": "yes", "reason": ""},
        ):
            forged = await site.post("/en/compose/tender/approve_plan", nonce="55" * 16, **fields)
            assert forged.status_code == 400 and "data-content" not in forged.text
        assert (await site.post("/en/compose/tender/submit", nonce="55" * 16)).status_code == 400
        elsewhere = await site.browser.post(
            "/en/compose/tender/cancel",
            data={"tender": tender.hex()},
            headers={"origin": "http://evil.test"},
        )
        assert elsewhere.status_code == 403


async def test_a_row_more_is_given_without_a_script_and_what_was_written_stays() -> None:
    ledger = Agreeing()
    draft = f"/en/tenders/{ledger.tender.hex()}/draft/{SUPPLIER.address.hex()}"
    async with open_site(AGENCY, VIEWS, contracts=ledger) as site:
        site.act_as(OFFICER)
        more = await prepare(site, draft, "agreement.draft", more="wanted", wanted__0__title="Pondasi")
        fields = read_form(more.text, "agreement.draft")
        assert more.status_code == 200 and fields["wanted.0.title"] == "Pondasi"
        assert fields["wanted.1.title"] == "" and fields["wanted.0.amount"] == "1,000,000"
        wrong = await site.post("/en/compose/agreement/draft", **(fields | {"wanted.1.title": "Atap"}))
        assert wrong.status_code == 400 and wrong.text.count("aria-invalid") == 3


@pytest.mark.parametrize(
    "path",
    [
        "tenders/zz",
        f"tenders/{'0' * 64}",
        f"tenders/{'0' * 64}/do/publish",
        f"tenders/{'0' * 64}/draft/zz",
        "contracts/1",
        f"contracts/{'0' * 64}/do/sign",
        "payments/0",
        "payments/x",
        f"payments/{'9' * 40}",
        "people/zz",
        f"people/{'0' * 40}",
        f"people/{'0' * 40}/SUPPLIER/revoke",
        "people/do/rule",
        "people/replacements/7",
        f"suppliers/{'0' * 40}",
        "governance/proposals/0",
        "governance/proposals/9",
        "governance/propose/rule/everything",
        "governance/propose/removal/nobody",
        "governance/propose/war",
        "governance/propose/workday/x",
    ],
)
async def test_what_is_not_there_is_told(path: str) -> None:
    async with open_site(AGENCY, VIEWS, contracts=Tendering()) as site:
        site.act_as(OPERATOR)
        assert (await site.get(f"/id/{path}")).status_code in (400, 404)


async def test_acts_on_what_they_are_not_on_are_told() -> None:
    ledger = Tendering()
    tender = ledger.publish().hex()
    async with open_site(AGENCY, VIEWS, contracts=ledger) as site:
        site.act_as(GROUP)
        for act_ in ("publish/1", "answer", "answer/9", "score/zz", "win", "disqualify/1"):
            assert (await site.get(f"/id/tenders/{tender}/do/{act_}")).status_code == 400, act_


async def test_a_stranger_reads_everything_and_is_offered_nothing() -> None:
    ledger = Agreeing()
    order = ledger.ordered(400_000, 600_000)
    assert isinstance(ledger.agreement, bytes)
    async with open_site(AGENCY, VIEWS, contracts=ledger) as site:
        for path in (
            "tenders",
            "tenders/plan",
            f"tenders/{ledger.tender.hex()}",
            f"tenders/{ledger.tender.hex()}/do/cancel",
            "contracts",
            f"contracts/{ledger.agreement.hex()}",
            f"contracts/{ledger.agreement.hex()}/do/terminate",
            "payments",
            f"payments/{order}",
            "people",
            "people/do/grant",
            f"people/{OFFICER.address.hex()}",
            "suppliers",
            f"suppliers/{SUPPLIER.address.hex()}",
            "governance",
            "governance/propose/holiday",
        ):
            page = await site.get(f"/en/{path}")
            assert page.status_code == 200 and list_forms(page.text) == [], path


async def test_no_page_says_a_name_that_has_no_text() -> None:
    ledger = Agreeing()
    ledger.ordered(400_000, 600_000)
    async with open_site(AGENCY, VIEWS, contracts=ledger) as site:
        site.act_as(OPERATOR)
        for path in ("governance", "payments/1", "people"):
            page = (await site.get(f"/id/{path}")).text
            assert re.findall(r">\s*(?:field|Act|Role|State|Kind|Zone)\.\w+", page) == []
