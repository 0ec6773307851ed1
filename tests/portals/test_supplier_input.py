"""What a supplier's browser may send that is late, doubled, forged or absurd: a clear answer, nothing done unmeant."""

from base64 import b64decode, b64encode
from dataclasses import replace

import pytest

from chain.keys import format_address
from chain.transaction import decode_unsigned, encode_transaction, transaction_sign_bytes
from portals.forms import Form, Kind
from portals.supplier.forms import FORMS
from portals.supplier.portal import SUPPLIER, VIEWS
from tests.contracts.agreeing import Agreeing
from tests.contracts.ledger import address, key
from tests.contracts.tendering import OFFICER, Tendering, price_document
from tests.portals.making import Site, open_site, sign_text

pytestmark = pytest.mark.trio
NONCE = "55" * 16
ABSURD = (
    "",
    " ",
    "-1",
    "1e9",
    "٣",
    "0x10",
    "9" * 500,
    "ff" * 5_000,
    "\x00",
    "<script>alert(1)</script>",
    "🌞" * 400,
    "' OR 1=1 --",
    "../../etc/passwd",
    "true",
    "\r\n\r\nset-cookie: a=b",
)
_SOUND = {Kind.HIDDEN_DATA: "ab" * 32, Kind.HIDDEN_NUMBER: "1", Kind.AMOUNT: "1.000", Kind.FILE: ""}


def sound(form: Form) -> dict[str, str]:
    """Fields that have the right form, whatever the contract thinks of them."""
    return {field.name: _SOUND.get(field.kind, "Sesuatu") for field in form.fields} | {"nonce": NONCE}


@pytest.mark.parametrize("name", list(FORMS))
async def test_forged_and_absurd_fields_are_told_and_never_a_mistake_of_ours(name: str) -> None:
    form = FORMS[name]
    async with open_site(SUPPLIER, VIEWS, contracts=Tendering()) as site:
        site.act_as(key("alfa"))
        path = f"/en/compose/{form.contract}/{form.method}"
        assert (await site.post(path, **sound(form))).status_code == 200
        for field in (*[one.name for one in form.fields], "nonce", "back", "currency", "zone", "kept"):
            for text in ABSURD:
                answer = await site.post(path, **(sound(form) | {field: text}))
                assert answer.status_code in (200, 400, 413), (field, text)
                assert "<script>alert" not in answer.text and "a" not in answer.cookies, (field, text)


async def prepare(site: Site, call: str, **fields: str) -> str:
    """What a page gives to be signed."""
    page = await site.post(f"/en/compose/{call.replace('.', '/')}", nonce=NONCE, back="/", **fields)
    content = page.text.partition('data-content="')[2].partition('"')[0]
    assert content, page.text
    return content


async def send(site: Site, who: str, content: str) -> str:
    """Signs and sends it; the page that comes back."""
    return (await site.post("/en/send", signed=sign_text(key(who), content), back="/")).text


async def test_a_bid_that_comes_after_the_close_is_refused_in_words_with_the_clause() -> None:
    ledger = Tendering()
    tender = ledger.publish()
    arguments = ledger.bid_arguments(tender, "alfa", price_document(500))
    names = [
        "tender",
        "version",
        "terms_version",
        "technical",
        "technical_commitment",
        "price",
        "price_commitment",
    ]
    fields = {
        name: value.hex() if isinstance(value, bytes) else str(value)
        for name, value in zip(names, arguments, strict=True)
    }
    async with open_site(SUPPLIER, VIEWS, contracts=ledger) as site:
        site.act_as(key("alfa"))
        content = await prepare(site, "tender.submit", **fields)
        ledger.close(tender)
        late = await send(site, "alfa", content)
        assert "Refused" in late and "Nothing changed" in late and "Clause 4.1" in late
        assert "15 November 2023" in late, "the close, as people read it"


async def test_a_question_a_withdrawal_and_a_delivery_that_come_too_late() -> None:
    ledger = Agreeing()
    ledger.agree()
    assert isinstance(ledger.agreement, bytes)
    async with open_site(SUPPLIER, VIEWS, contracts=ledger) as site:
        site.act_as(key("alfa"))
        tender = ledger.tender.hex()
        asked = await send(site, "alfa", await prepare(site, "tender.ask", tender=tender, text="Kapan?"))
        assert "Refused" in asked and "Clause" in asked
        withdrawn = await send(site, "alfa", await prepare(site, "tender.withdraw", tender=tender))
        assert "Refused" in withdrawn and "Clause" in withdrawn
        delivery = {"milestone": "1", "amount": "100", "note": "", "documents": ""}
        content = await prepare(
            site, "agreement.report_delivery", agreement=ledger.agreement.hex(), **delivery
        )
        ledger.do(OFFICER, "agreement", "terminate", ledger.agreement, "Bencana")
        ended = await send(site, "alfa", content)
        assert "Refused" in ended and "Clause" in ended


async def test_what_is_signed_after_its_time_is_told_to_prepare_again() -> None:
    ledger = Tendering()
    tender = ledger.publish(closes_at=ledger.now_ms + 86_400_000)
    async with open_site(SUPPLIER, VIEWS, contracts=ledger) as site:
        site.act_as(key("alfa"))
        content = await prepare(site, "tender.ask", tender=tender.hex(), text="Kapan?")
        ledger.wait(11 * 60_000)
        answer = await site.post("/en/send", signed=sign_text(key("alfa"), content), back="/")
        assert answer.status_code == 409 and "signed after its time was over" in answer.text
        assert "Kapan?" not in (await site.get(f"/en/tenders/{tender.hex()}")).text


async def test_a_question_that_is_sent_twice_is_asked_once() -> None:
    ledger = Tendering()
    tender = ledger.publish()
    async with open_site(SUPPLIER, VIEWS, contracts=ledger) as site:
        site.act_as(key("alfa"))
        content = await prepare(site, "tender.ask", tender=tender.hex(), text="Kapan?")
        for _ in range(3):
            assert "It is on the record" in await send(site, "alfa", content)
        questions = ledger.view("tender", "question_list", tender)
        assert isinstance(questions, tuple) and len(questions) == 1


async def test_a_form_that_comes_back_later_leads_to_what_was_done_with_it() -> None:
    """By the browser's Back, minutes after its transaction: other bytes, but the same act."""
    ledger = Tendering()
    tender = ledger.publish()
    async with open_site(SUPPLIER, VIEWS, contracts=ledger) as site:
        site.act_as(key("alfa"))
        fields = {"tender": tender.hex(), "text": "Kapan?"}
        await send(site, "alfa", await prepare(site, "tender.ask", **fields))
        ledger.wait(5 * 60_000)
        again = await site.post("/en/compose/tender/ask", nonce=NONCE, back="/bids", **fields)
        assert "It is on the record" in again.text and 'href="/en/bids">Go on' in again.text
        assert await prepare(site, "tender.ask", **(fields | {"text": "Di mana?"})), (
            "another question is another"
        )
        site.act_as(key("beta"))
        assert await prepare(site, "tender.ask", **fields), "and another person's too"


async def test_a_form_that_was_refused_may_be_sent_again() -> None:
    ledger = Tendering()
    tender = ledger.publish()
    async with open_site(SUPPLIER, VIEWS, contracts=ledger) as site:
        site.act_as(key("alfa"))
        for _ in range(2):
            page = await send(site, "alfa", await prepare(site, "tender.withdraw", tender=tender.hex()))
            assert "Refused" in page
            ledger.wait(60_000)


async def test_another_persons_signature_does_not_pass_for_the_one_that_was_asked_for() -> None:
    ledger = Tendering()
    tender = ledger.publish()
    async with open_site(SUPPLIER, VIEWS, contracts=ledger) as site:
        site.act_as(key("alfa"))
        content = await prepare(site, "tender.ask", tender=tender.hex(), text="Kapan?")
        unsigned = decode_unsigned(b64decode(content))
        forged = replace(unsigned, signature=key("beta").sign(transaction_sign_bytes(unsigned)))
        signed = b64encode(encode_transaction(forged)).decode()
        answer = await site.post("/en/send", signed=signed, back="/")
        assert answer.status_code == 400 and "not a transaction that was signed" in answer.text


async def test_a_page_that_was_made_for_another_key_prepares_nothing() -> None:
    ledger = Tendering()
    tender = ledger.publish()
    async with open_site(SUPPLIER, VIEWS, contracts=ledger) as site:
        site.act_as(key("alfa"))
        page = (await site.get(f"/en/tenders/{tender.hex()}")).text
        assert f'name="actor" value="{format_address(address("alfa"))}"' in page
        fields = {"tender": tender.hex(), "text": "Kapan?", "nonce": NONCE}
        site.act_as(key("beta"))
        stale = await site.post("/en/compose/tender/ask", actor=format_address(address("alfa")), **fields)
        assert (
            stale.status_code == 409 and "another key now" in stale.text and "data-content" not in stale.text
        )
        for forged in ("", format_address(address("beta"))):
            assert (await site.post("/en/compose/tender/ask", actor=forged, **fields)).status_code == 200
        nonsense = await site.post("/en/compose/tender/ask", actor="<b>", **fields)
        assert nonsense.status_code == 409
