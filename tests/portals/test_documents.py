"""Documents through a portal: put at members' nodes, recorded by the transaction that names them, given to their readers."""

import json
from base64 import b64decode
from http import HTTPStatus

import httpx2
import pytest

from chain.document import Action, sign_request
from chain.hashing import Digest, sha256
from chain.keys import SigningKey
from chain.limits import DOCUMENT_CONTAINER_BYTES_MAX
from chain.transaction import decode_unsigned
from portals.supplier.portal import SUPPLIER, VIEWS
from rpc.documents import format_credential
from tests.contracts.agreeing import Agreeing
from tests.contracts.ledger import CHAIN, key, operator
from tests.contracts.tendering import OFFICER, PROPOSAL, TECHNICAL, Tendering
from tests.documents.making import make_container
from tests.portals.making import FOLDER, ORIGIN, Site, open_site

pytestmark = pytest.mark.trio
NONCE = "44" * 16
ALFA, NOBODY = key("alfa"), key("nobody")
RAW = make_container(owner=ALFA.address, readers=(OFFICER, ALFA))
PUBLIC = make_container(owner=ALFA.address, is_public=True)
HASH, OTHER = sha256(RAW), sha256(b"another")


def sign(site: Site, who: SigningKey, action: Action, hash_: Digest, late_ms: int = 0) -> dict[str, str]:
    """The header of a request."""
    at_ms = site.contracts.now_ms - late_ms
    return format_credential(sign_request(who, CHAIN, action, hash_, at_ms))


async def put(site: Site, raw: bytes = RAW, who: SigningKey = ALFA, **headers: str) -> httpx2.Response:
    """A container, as the page sends it."""
    given = {"origin": ORIGIN, "content-type": "application/octet-stream"}
    given |= sign(site, who, Action.PUT, sha256(raw)) | headers
    return await site.browser.post(f"/en/documents/{sha256(raw).hex()}", content=raw, headers=given)


async def fetch(site: Site, raw: bytes = RAW, who: SigningKey | None = ALFA) -> httpx2.Response:
    """A container, as the page fetches it."""
    headers = {} if who is None else sign(site, who, Action.GET, sha256(raw))
    return await site.browser.get(f"/en/documents/{sha256(raw).hex()}/container", headers=headers)


def said(answer: httpx2.Response) -> str:
    """What a script is told."""
    text = answer.json()["said"]
    assert isinstance(text, str)
    return text


def delivering() -> Agreeing:
    """A contract in force."""
    ledger = Agreeing()
    ledger.agree()
    return ledger


async def compose(site: Site, ledger: Agreeing, **fields: str) -> httpx2.Response:
    """Prepares a delivery of 300.000."""
    assert isinstance(ledger.agreement, bytes)
    usual = {"agreement": ledger.agreement.hex(), "milestone": "1", "amount": "300.000", "note": "Pondasi"}
    usual |= {"documents": "", "nonce": NONCE, "back": "/", "agency": "barat"}
    return await site.post("/en/compose/agreement/report_delivery", **(usual | fields))


def calls_of(page: httpx2.Response) -> list[str]:
    """The calls of what a page shows to be signed."""
    content = page.text.partition('data-content="')[2].partition('"')[0]
    assert content, page.text
    return [f"{call.contract}.{call.method}" for call in decode_unsigned(b64decode(content)).calls]


# --- Putting ------------------------------------------------------------------------------------------------------


async def test_what_a_page_needs_to_encrypt_for_an_agency() -> None:
    async with open_site(SUPPLIER, VIEWS, contracts=delivering()) as site:
        site.contracts.do(operator("barat"), "registry", "set_document_key", bytes(range(32)))
        assert (await site.get("/en/sealing?agency=barat")).status_code == HTTPStatus.CONFLICT
        site.act_as(ALFA)
        assert (await site.get("/en/sealing?agency=barat")).json() == {
            "chain_id": CHAIN,
            "agency": "barat",
            "key": ALFA.public.hex(),
            "owner": ALFA.address.hex(),
            "reader": bytes(range(32)).hex(),
            "now_ms": site.contracts.now_ms,
        }
        assert (await site.get("/en/sealing?agency=timur")).json()["reader"] == ""
        strange = await site.get("/id/sealing?agency=%3Cb%3E")
        assert strange.status_code == HTTPStatus.CONFLICT and said(strange)
        site.act_as(NOBODY)
        refused = await site.get("/en/sealing?agency=barat")
        assert refused.status_code == HTTPStatus.FORBIDDEN and "no part on the ledger" in said(refused)
        for node in site.nodes:
            node.is_gone = True
        assert (await site.get("/en/sealing?agency=barat")).status_code == HTTPStatus.SERVICE_UNAVAILABLE


async def test_a_document_is_put_at_more_than_a_third_also_when_a_node_is_gone() -> None:
    async with open_site(SUPPLIER, VIEWS, nodes=4, contracts=delivering()) as site:
        kept = (await put(site)).json()
        assert [one["member"] for one in kept["receipts"]] == ["barat", "selatan"]
        assert (kept["hash"], kept["size"], kept["agency"], kept["is_public"]) == (
            HASH.hex(),
            len(RAW),
            "barat",
            False,
        )
        assert kept.keys() == {"hash", "size", "agency", "is_public", "receipts"}, "no name and no key"
        site.nodes[0].is_gone = True
        again = (await put(site)).json()
        assert [one["member"] for one in again["receipts"]] == ["selatan", "timur"]
        assert [node.file_of(HASH) is not None for node in site.nodes] == [True, True, True, False]


async def test_too_few_nodes_are_told_and_the_same_may_be_put_again() -> None:
    async with open_site(SUPPLIER, VIEWS, nodes=4, contracts=delivering()) as site:
        for node in site.nodes[1:]:
            node.is_gone = True
        refused = await put(site)
        assert refused.status_code == HTTPStatus.SERVICE_UNAVAILABLE
        assert said(refused).startswith("1 agencies keep the document now, and 2 are needed")
        assert "selatan: nobody answers here" in refused.json()["detail"]
        site.nodes[3].is_gone = False
        assert [one["member"] for one in (await put(site)).json()["receipts"]] == ["barat", "utara"]


@pytest.mark.parametrize(
    ("status", "word", "raw", "who", "headers"),
    [
        (401, "signed by who puts it", RAW, ALFA, {"authorization": ""}),
        (401, "signed by who puts it", RAW, ALFA, {"authorization": "Terang AAAA"}),
        (403, "no part on the ledger", RAW, NOBODY, {}),
        (415, "no document", RAW, ALFA, {"content-type": "application/x-www-form-urlencoded"}),
        (403, "this portal", RAW, ALFA, {"origin": "http://elsewhere.test"}),
        (400, "no document", b"", ALFA, {}),
        (400, "no document", b"\x00\x00\x00\x01\xa0", ALFA, {}),
        (400, "no document", RAW[:-1], ALFA, {}),
        (413, "larger than 16 MB", bytes(DOCUMENT_CONTAINER_BYTES_MAX + 1), ALFA, {}),
        (403, "has none now", RAW, key("beta"), {}),
    ],
)
async def test_what_is_not_put(
    status: int, word: str, raw: bytes, who: SigningKey, headers: dict[str, str]
) -> None:
    async with open_site(SUPPLIER, VIEWS, nodes=4, contracts=delivering()) as site:
        refused = await put(site, raw, who, **headers)
        assert refused.status_code == status and word in refused.text
        assert [node.file_of(sha256(raw)) for node in site.nodes] == [None] * 4


async def test_a_container_that_changed_on_its_way_is_not_put() -> None:
    async with open_site(SUPPLIER, VIEWS, nodes=4, contracts=delivering()) as site:
        changed = RAW[:-1] + bytes([RAW[-1] ^ 1])
        headers = {
            "origin": ORIGIN,
            "content-type": "application/octet-stream",
            **sign(site, ALFA, Action.PUT, HASH),
        }
        refused = await site.browser.post(f"/en/documents/{HASH.hex()}", content=changed, headers=headers)
        assert refused.status_code == HTTPStatus.BAD_REQUEST and "changed on its way" in said(refused)
        assert (await site.get("/en/documents/zz/container")).status_code == HTTPStatus.BAD_REQUEST


# --- Recording ----------------------------------------------------------------------------------------------------


async def test_a_document_is_recorded_by_the_transaction_that_names_it() -> None:
    ledger = delivering()
    async with open_site(SUPPLIER, VIEWS, nodes=4, contracts=ledger) as site:
        site.act_as(ALFA)
        kept = (await put(site)).text
        prepared = await compose(site, ledger, documents=HASH.hex(), kept=kept)
        assert calls_of(prepared) == ["documents.record", "agreement.report_delivery"]
        assert (await compose(site, ledger, documents=HASH.hex(), kept=kept)).text == prepared.text, (
            "posted twice"
        )
        assert "It is on the record" in (await site.sign(ALFA, prepared)).text
        assert ledger.view("documents", "is_recorded", HASH) is True
        assert isinstance(ledger.agreement, bytes)
        page = (await site.get(f"/en/contracts/{ledger.agreement.hex()}")).text
        assert f"/en/documents/{HASH.hex()}" in page

        again = await compose(site, ledger, documents=HASH.hex(), kept=kept, amount="100.000")
        assert calls_of(again) == ["agreement.report_delivery"], "it is recorded already"
        by_hash = await compose(site, ledger, documents=HASH.hex(), amount="100.000")
        assert calls_of(by_hash) == ["agreement.report_delivery"]
        assert calls_of(await compose(site, ledger)) == ["agreement.report_delivery"]


async def test_a_second_tab_does_nothing_twice() -> None:
    """Both tabs were prepared before either was signed; the second is refused as a whole."""
    ledger = delivering()
    async with open_site(SUPPLIER, VIEWS, nodes=4, contracts=ledger) as site:
        site.act_as(ALFA)
        kept = (await put(site)).text
        tabs = [
            await compose(site, ledger, documents=HASH.hex(), kept=kept, amount="100.000", nonce=nonce * 16)
            for nonce in ("55", "66")
        ]
        assert "It is on the record" in (await site.sign(ALFA, tabs[0])).text
        assert "Refused" in (await site.sign(ALFA, tabs[1])).text
        deliveries = ledger.view("agreement", "delivery_list", ledger.agreement)
        assert isinstance(deliveries, tuple) and len(deliveries) == 1


async def test_a_refused_delivery_records_no_document_and_the_form_may_go_again() -> None:
    ledger = delivering()
    async with open_site(SUPPLIER, VIEWS, nodes=4, contracts=ledger) as site:
        site.act_as(ALFA)
        kept = (await put(site)).text
        too_much = await compose(site, ledger, documents=HASH.hex(), kept=kept, amount="900.000")
        assert "Clause 4.2" in (await site.sign(ALFA, too_much)).text
        assert ledger.view("documents", "is_recorded", HASH) is False
        right = await compose(site, ledger, documents=HASH.hex(), kept=kept)
        assert "It is on the record" in (await site.sign(ALFA, right)).text


async def test_a_form_comes_back_with_its_document() -> None:
    ledger = delivering()
    async with open_site(SUPPLIER, VIEWS, nodes=4, contracts=ledger) as site:
        site.act_as(ALFA)
        kept = (await put(site)).text
        back = await compose(site, ledger, documents=HASH.hex(), kept=kept, amount="x")
        assert back.status_code == HTTPStatus.BAD_REQUEST and 'data-agency="barat"' in back.text
        assert f'value="{HASH.hex()}"' in back.text and "&#34;receipts&#34;" in back.text


def forge(kept: str, **changed: object) -> str:
    """What nodes said, changed."""
    return json.dumps(json.loads(kept) | changed)


async def test_forged_receipts_are_refused_by_the_contract_or_here() -> None:
    ledger = delivering()
    async with open_site(SUPPLIER, VIEWS, nodes=4, contracts=ledger) as site:
        site.act_as(ALFA)
        kept = (await put(site)).text
        receipts = json.loads(kept)["receipts"]
        for clause, changed in (
            ("2.1", {"receipts": receipts[:1]}),
            ("2.2", {"receipts": [receipts[0], receipts[0]]}),
            ("2.2", {"is_public": True}),
            ("2.2", {"size": 1}),
        ):
            forged = await compose(site, ledger, documents=HASH.hex(), kept=forge(kept, **changed))
            assert f"Clause {clause}" in (await site.sign(ALFA, forged)).text
        for text in (
            "x",
            "[]",
            "{}",
            forge(kept, name="ktp.pdf"),
            forge(kept, size=-1),
            forge(kept, hash="zz"),
        ):
            assert (
                await compose(site, ledger, documents=HASH.hex(), kept=text)
            ).status_code == HTTPStatus.BAD_REQUEST
        for fields in ({"documents": HASH.hex()}, {"documents": OTHER.hex(), "kept": kept}):
            assert calls_of(await compose(site, ledger, **fields)) == ["agreement.report_delivery"], (
                "by hash alone"
            )
        assert ledger.view("documents", "document_count") == 0


# --- Giving -------------------------------------------------------------------------------------------------------


async def test_readers_get_it_and_others_are_told_why_not() -> None:
    async with open_site(SUPPLIER, VIEWS, nodes=4, contracts=delivering()) as site:
        await put(site)
        await put(site, PUBLIC)
        for who in (ALFA, OFFICER):
            given = await fetch(site, who=who)
            assert given.content == RAW and given.headers["cache-control"] == "no-store"
            assert given.headers["content-type"] == "application/octet-stream"
        assert (await fetch(site, PUBLIC, None)).content == PUBLIC
        strange, unsigned = await fetch(site, who=key("beta")), await fetch(site, who=None)
        assert strange.status_code == HTTPStatus.FORBIDDEN and "closed to you" in said(strange)
        assert unsigned.status_code == HTTPStatus.UNAUTHORIZED and "Its readers fetch it" in said(unsigned)
        late = sign(site, ALFA, Action.GET, HASH, late_ms=130_000)
        refused = await site.browser.get(f"/en/documents/{HASH.hex()}/container", headers=late)
        assert refused.status_code == HTTPStatus.UNAUTHORIZED and "too long ago" in said(refused)


async def test_any_node_gives_it_until_none_has_it() -> None:
    async with open_site(SUPPLIER, VIEWS, nodes=4, contracts=delivering()) as site:
        await put(site)
        first, second = site.nodes[:2]
        inode = first.file_of(HASH)
        assert inode is not None
        inode.seen = RAW[:-1] + bytes([RAW[-1] ^ 1])
        assert (await fetch(site)).content == RAW, "the damaged copy is passed over"
        second.is_gone = True
        damaged = await fetch(site)
        assert damaged.status_code == HTTPStatus.BAD_GATEWAY and "damaged" in said(damaged)
        first.is_gone = True
        away = await fetch(site)
        assert away.status_code == HTTPStatus.SERVICE_UNAVAILABLE and "Others may" in said(away)
        first.is_gone = second.is_gone = False
        for node in (first, second):
            node.disk.remove(FOLDER / HASH.hex())
        gone = await fetch(site)
        assert gone.status_code == HTTPStatus.NOT_FOUND and "removed it" in said(gone)


async def test_the_page_of_a_document_says_what_the_ledger_says() -> None:
    ledger = delivering()
    async with open_site(SUPPLIER, VIEWS, nodes=4, contracts=ledger) as site:
        site.act_as(ALFA)
        path = f"/en/documents/{HASH.hex()}"
        assert "not on the record by itself" in (await site.get(path)).text
        kept = (await put(site)).text
        await site.sign(ALFA, await compose(site, ledger, documents=HASH.hex(), kept=kept))
        page = (await site.get(path)).text
        assert (
            "PT alfa" in page
            and "officers of barat" in page
            and 'data-public=""' in page
            and "2 agencies" in page
        )
        assert 'data-content-key=""' in page
        assert (await site.get("/id/documents/zz")).status_code == HTTPStatus.BAD_REQUEST


async def test_a_proposal_is_shown_when_its_envelope_is_open_and_not_before() -> None:
    ledger = Tendering()
    tender = ledger.publish(envelopes=2)
    ledger.bid(tender, "alfa", 5, envelopes=2)
    other = ledger.bid_arguments(tender, "beta", b"\x01" + bytes(15) + b"\x06", envelopes=2)
    strange = ledger.envelope(tender, "beta", 1, TECHNICAL, b"no proposal")
    ledger.do(key("beta"), "tender", "submit", *other[:3], *strange, *other[5:])
    async with open_site(SUPPLIER, VIEWS, contracts=ledger) as site:
        path = f"/en/tenders/{tender.hex()}"
        proposals = f"/en/proposals/{tender.hex()}/{ALFA.address.hex().upper()}"
        sealed = await site.get(proposals)
        assert sealed.status_code == HTTPStatus.NOT_FOUND and "has not been opened" in sealed.text
        assert "/proposals/" not in (await site.get(path)).text
        ledger.open_technical(tender, "alfa", "beta")
        assert proposals in (await site.get(path)).text
        shown = (await site.get(proposals)).text
        assert f'data-content-key="{PROPOSAL[33:].hex()}"' in shown and PROPOSAL[1:33].hex() in shown
        without = await site.get(f"/en/proposals/{tender.hex()}/{key('beta').address.hex()}")
        assert without.status_code == HTTPStatus.NOT_FOUND and "holds no document" in without.text
        assert (await site.get(f"/en/proposals/{tender.hex()}/zz")).status_code == HTTPStatus.BAD_REQUEST
