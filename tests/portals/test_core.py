"""What every portal does: languages, headers, posts from here alone, keys, signing, sending, and nodes that fail."""

import os
import re
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from chain.errors import Malformed
from portals.ledger import ViewRefused, ask_each
from portals.page import get_templates
from portals.supplier.portal import SUPPLIER, VIEWS
from rpc.client import Unreachable
from tests.contracts.ledger import address, key
from tests.portals.making import ORIGIN, Site, open_site, sign_text

pytestmark = pytest.mark.trio
NIB, NPWP = "ab" * 32, "cd" * 32
NONCE = "11" * 16


async def prepare(site: Site, name: str = "CV Mitra", nonce: str = NONCE) -> httpx2.Response:
    """The page that shows a registration to be signed."""
    return await site.post(
        "/en/compose/registry/register",
        name=name,
        nib_commitment=NIB,
        npwp_commitment=NPWP,
        nonce=nonce,
        back="/",
    )


async def test_the_first_visit_is_in_the_browsers_language_or_indonesian() -> None:
    async with open_site(SUPPLIER, VIEWS) as site:
        assert '<html lang="id">' in (await site.browser.get("/")).text
        site.browser.cookies.clear()
        english = await site.browser.get("/", headers={"accept-language": "en-GB,en"})
        assert '<html lang="en">' in english.text and 'href="/id/" lang="id"' in english.text
        assert '<html lang="en">' in (await site.browser.get("/")).text, "the choice stays"


async def test_every_answer_carries_the_policy() -> None:
    async with open_site(SUPPLIER, VIEWS) as site:
        for path in ("/id/", "/static/terang.css", "/nowhere", "/en/texts"):
            answer = await site.get(path)
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy and "script-src 'self'" in policy
            assert "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert (await site.get("/en/nowhere")).status_code == 404


async def test_a_portal_whose_files_are_upgraded_stays_of_one_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.html"
    page.write_text("before")
    monkeypatch.setattr("portals.page._TEMPLATES", tmp_path)
    templates = get_templates.__wrapped__()
    page.write_text("after")
    os.utime(page, (0, 0))
    assert templates.get_template("page.html").render() == "before"


async def test_no_page_is_kept_and_no_script_for_long() -> None:
    async with open_site(SUPPLIER, VIEWS) as site:
        for path, kept in (
            ("/id/", "no-store"),
            ("/static/page-sign.js", "max-age=600"),
            ("/id/texts", "no-cache"),
        ):
            assert (await site.get(path)).headers["cache-control"] == kept


@pytest.mark.parametrize("path", ["/id/", "/en/", "/id/key", "/en/register", "/id/network", "/id/register"])
async def test_no_page_has_a_script_or_style_of_its_own(path: str) -> None:
    async with open_site(SUPPLIER, VIEWS) as site:
        site.act_as(key("mitra"))
        page = (await site.get(path)).text
        assert re.findall(r"<script(?! type=\"module\" src=\"/static/)", page) == []
        assert re.findall(r"<style|\sstyle=|\son\w+=|https?://(?!portal)", page) == []


@pytest.mark.parametrize(
    ("headers", "is_let_in"),
    [
        ({"origin": ORIGIN}, True),
        ({"sec-fetch-site": "same-origin"}, True),
        ({}, False),
        ({"origin": "http://elsewhere.test"}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
        ({"sec-fetch-site": "cross-site"}, False),
    ],
)
async def test_posts_come_from_pages_of_this_portal(headers: dict[str, str], is_let_in: bool) -> None:
    async with open_site(SUPPLIER, VIEWS) as site:
        answer = await site.browser.post("/en/key", data={"key": ""}, headers=headers)
        assert (answer.status_code == 403) is not is_let_in
        assert ("Nothing was done" in answer.text) is not is_let_in
        assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_public_key_is_remembered_and_forgotten() -> None:
    async with open_site(SUPPLIER, VIEWS) as site:
        page = await site.post("/en/key", key=key("mitra").public.hex())
        assert address("mitra").hex().upper() in page.text
        assert (await site.post("/en/key", key="12")).status_code == 400
        assert SUPPLIER.key_cookie in site.browser.cookies
        await site.post("/en/key", key="")
        assert SUPPLIER.key_cookie not in site.browser.cookies


async def test_portals_on_one_host_remember_a_key_each() -> None:
    async with open_site(SUPPLIER, VIEWS) as site:
        other = replace(SUPPLIER, name="agency")
        site.browser.cookies.set(other.key_cookie, key("mitra").public.hex())
        assert address("mitra").hex().upper() not in (await site.get("/en/key")).text


async def test_a_form_becomes_a_transaction_that_is_committed() -> None:
    async with open_site(SUPPLIER, VIEWS) as site:
        site.act_as(key("mitra"))
        done = await site.sign(key("mitra"), await prepare(site))
        assert "It is on the record" in done.text and done.url.path.startswith("/en/tx/")
        assert "CV Mitra" in (await site.get("/en/")).text
        receipt = (await site.get(f"{done.url.path}/receipt")).json()
        assert (receipt["terang"], receipt["result_code"]) == ("receipt", 0)
        assert (await site.get(f"{done.url.path}/state")).json() == {"committed": True, "over": False}


async def test_a_doubled_post_is_the_same_transaction() -> None:
    async with open_site(SUPPLIER, VIEWS) as site:
        site.act_as(key("mitra"))
        first, second = await prepare(site), await prepare(site)
        contents = [page.text.partition('data-content="')[2].partition('"')[0] for page in (first, second)]
        assert contents[0] == contents[1]
        signed = sign_text(key("mitra"), contents[0])
        answers = [await site.post("/en/send", signed=signed, back="/") for _ in range(3)]
        assert len({answer.url.path for answer in answers}) == 1
        assert all("It is on the record" in answer.text for answer in answers)


async def test_a_refusal_is_told_in_the_persons_words_with_its_clause() -> None:
    async with open_site(SUPPLIER, VIEWS) as site:
        site.act_as(key("mitra"))
        await site.sign(key("mitra"), await prepare(site))
        refused = await site.sign(key("mitra"), await prepare(site, nonce="22" * 16))
        assert "registered already" in refused.text and "Clause 2.1 of the contract registry" in refused.text
        indonesian = await site.get(refused.url.path.replace("/en/", "/id/"))
        assert "sudah terdaftar" in indonesian.text


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "", "nib_commitment": NIB, "npwp_commitment": NPWP, "nonce": NONCE},
        {"name": "CV", "nib_commitment": "xy", "npwp_commitment": NPWP, "nonce": NONCE},
        {"name": "CV", "nonce": NONCE},
        {"name": "CV", "nib_commitment": NIB, "npwp_commitment": NPWP, "nonce": "1"},
        {"name": "C" * 120_000, "nib_commitment": NIB, "npwp_commitment": "ab" * 20_000, "nonce": NONCE},
        {"name": "C" * 300_000, "nib_commitment": NIB, "npwp_commitment": NPWP, "nonce": NONCE},
        {"name": "CV", "nib_commitment": NIB, "npwp_commitment": NPWP},
        {},
    ],
)
async def test_absurd_fields_are_told_and_nothing_is_prepared(fields: dict[str, str]) -> None:
    async with open_site(SUPPLIER, VIEWS) as site:
        site.act_as(key("mitra"))
        answer = await site.post("/id/compose/registry/register", **fields)
        assert answer.status_code in (400, 413) and "data-content" not in answer.text


async def test_other_calls_than_the_portals_own_are_not_prepared() -> None:
    async with open_site(SUPPLIER, VIEWS) as site:
        site.act_as(key("mitra"))
        assert (await site.post("/en/compose/governance/vote", nonce=NONCE)).status_code == 400
        site.browser.cookies.clear()
        assert (await prepare(site)).status_code == 409


@pytest.mark.parametrize("signed", ["", "%%%", "AAAA", "A" * 200_000])
async def test_what_is_not_signed_is_not_sent(signed: str) -> None:
    async with open_site(SUPPLIER, VIEWS) as site:
        answer = await site.post("/id/send", signed=signed)
        assert answer.status_code == 400 and "broadcast_txs" not in site.nodes[0].asked


async def test_a_transaction_goes_to_one_more_node_than_may_be_false() -> None:
    async with open_site(SUPPLIER, VIEWS, nodes=4) as site:
        site.act_as(key("mitra"))
        done = await site.sign(key("mitra"), await prepare(site))
        assert "2 nodes; 2 are needed" in done.text
        assert sum("broadcast_txs" in node.asked for node in site.nodes) == 2


async def test_another_node_is_asked_for_each_that_does_not_take_it() -> None:
    async with open_site(SUPPLIER, VIEWS, nodes=4) as site:
        site.act_as(key("mitra"))
        prepared = await prepare(site)
        site.nodes[1].is_gone = True
        done = await site.sign(key("mitra"), prepared)
        assert "2 nodes; 2 are needed" in done.text and "broadcast_txs" in site.nodes[2].asked
        forged = await site.get(f"{done.url.path}?taken=9+nodes;+send+money&needed=2")
        assert "send money" not in forged.text


async def test_what_no_block_can_have_any_more_is_told() -> None:
    async with open_site(SUPPLIER, VIEWS) as site:
        waiting, now = f"/en/tx/{'0' * 64}", site.contracts.now_ms
        for query, is_over in (
            ("", False),
            (f"?until={now + 1}", False),
            (f"?until={now}", True),
            ("?until=x", False),
        ):
            page = (await site.get(waiting + query)).text
            assert ("Too late" in page) is is_over and ("looks again by itself" in page) is not is_over
            assert (await site.get(f"{waiting}/state{query}")).json() == {"committed": False, "over": is_over}


async def test_the_other_language_of_what_answers_a_post_is_where_it_leads_back_to() -> None:
    async with open_site(SUPPLIER, VIEWS) as site:
        assert 'href="/id/" lang="id"' in (await prepare(site)).text, "without a key: a problem"
        site.act_as(key("mitra"))
        assert 'href="/id/" lang="id"' in (await prepare(site)).text
        assert 'href="/id/key" lang="id"' in (await site.post("/en/key", key="12")).text
        assert 'href="/id/tx/00?a=b" lang="id"' in (await site.get("/en/tx/00?a=b")).text


async def test_a_node_that_is_gone_costs_nothing_while_another_answers() -> None:
    async with open_site(SUPPLIER, VIEWS, nodes=2) as site:
        site.act_as(key("mitra"))
        site.nodes[0].is_gone = True
        done = await site.sign(key("mitra"), await prepare(site))
        assert "It is on the record" in done.text
        site.nodes[1].is_gone = True
        for path in ("/en/", "/en/network", done.url.path):
            gone = await site.get(path)
            assert gone.status_code == 503 and "Nothing is lost" in gone.text


@pytest.mark.parametrize("error", [Unreachable("gone"), ViewRefused("clause 1.1: no"), Malformed("not so")])
async def test_several_questions_at_once_fail_as_one_alone_does(error: Exception) -> None:
    async def ask(number: int) -> int:
        if number == 13:
            raise error
        return number * 2

    assert list((await ask_each([3, 1, 3], ask)).items()) == [(3, 6), (1, 2)]
    with pytest.raises(type(error), match=str(error)):
        await ask_each(range(20), ask)


@pytest.mark.parametrize(
    ("code", "said"), [("id", "Ada yang gagal di sini"), ("en", "Something failed here")]
)
async def test_a_mistake_of_ours_is_told_in_words_and_under_the_policy(code: str, said: str) -> None:
    async with open_site(SUPPLIER, VIEWS) as site:
        site.nodes[0].is_broken = True
        transport = httpx2.ASGITransport(site.app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as visitor:
            answer = await visitor.get(f"/{code}/")
        assert answer.status_code == 500 and said in answer.text and "ZeroDivisionError" not in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_node_that_is_behind_is_said_on_the_page() -> None:
    async with open_site(SUPPLIER, VIEWS) as site:
        site.backend.is_behind = True
        assert "is behind" in (await site.get("/en/")).text


async def test_views_that_refuse_and_pages_that_are_not_there() -> None:
    async with open_site(SUPPLIER, VIEWS) as site:
        assert (await site.get("/en/tx/zz")).status_code == 400
        assert (await site.get(f"/en/tx/{'0' * 64}")).status_code == 200
        assert (await site.get("/en/describe/registry/nope")).status_code == 400
        assert (await site.get("/en/describe/nope/nope")).status_code == 502
        described = (await site.get("/id/describe/registry/register")).json()
        assert described["title"] == "Daftarkan badan usaha"
        assert described["parameters"][0]["name"] == "name"


async def test_ways_back_stay_inside_the_portal() -> None:
    async with open_site(SUPPLIER, VIEWS) as site:
        site.act_as(key("mitra"))
        for back in ("//evil.test", "https://evil.test", "/\\evil.test", "javascript:1"):
            page = await site.post(
                "/en/compose/registry/register",
                name="CV",
                nib_commitment=NIB,
                npwp_commitment=NPWP,
                nonce=NONCE,
                back=back,
            )
            assert page.status_code == 200 and "evil" not in page.text and "javascript:1" not in page.text


async def test_what_people_write_never_becomes_markup() -> None:
    async with open_site(SUPPLIER, VIEWS) as site:
        site.act_as(key("mitra"))
        await site.sign(key("mitra"), await prepare(site, name="<script>alert(1)</script>"))
        assert "<script>alert" not in (await site.get("/en/")).text
