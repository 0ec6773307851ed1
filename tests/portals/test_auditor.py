"""The auditor's pages on a whole procurement: everything of it is told and proven, and what does not hold is told too."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from chain.block import CertifiedBlock, compute_block_id, decode_header
from chain.certificate import decode_certificate
from chain.hashing import Digest, sha256
from chain.merkle import InclusionProof, is_included
from chain.record import Decided, check_decided, holds
from chain.transaction import compute_transaction_id
from chain.validators import decode_validators
from genesis.audit import ProvenTransaction, verify_bundle
from genesis.auditing import Auditing
from genesis.file import read_genesis
from genesis.founders import anchor_of
from portals.auditor.portal import AUDITOR, make_views
from portals.auditor.rules import read_source
from portals.languages import get_language
from portals.local_forms import format_day
from rpc.backend import Standing
from rpc.lineage import Anchor
from tests.chain.making import make_certificate, make_key, make_validators
from tests.cli.test_timeline import found
from tests.contracts.agreeing import SUPPLIER, TREASURY
from tests.contracts.ledger import CHAIN, address, compiled, operator
from tests.contracts.ledger import Ledger as Contracts
from tests.contracts.tendering import GROUP, OFFICER, Tendering
from tests.portals.living import LATER_OFFICER, Life
from tests.portals.making import ContractsBackend, open_site
from vm.module_codec import code_hash

pytestmark = pytest.mark.trio
SET, KEYS = make_validators()
ANCHOR = Anchor(
    chain_id=CHAIN,
    genesis_hash=sha256(b"genesis"),
    validators=SET,
    contracts={name: code_hash(data) for name, data in compiled()},
)


@cache
def life() -> Life:
    """One procurement for all tests; they only read it."""
    return Life()


TITLES = [
    "Plan a procurement",
    "Decide on a plan",
    "Set the owner estimate (HPS)",
    "Publish a tender",
    "Ask a question",
    "Answer a question",
    "Submit a sealed bid",
    "Open the price envelope",
    "Set a bid aside",
    "Evaluate the bids",
    "Award",
    "Object to the award",
    "Answer an objection",
    "Make the award final",
    "Draft the contract (SPPBJ)",
    "Sign the contract",
    "Report a delivery",
    "Accept a delivery (BAST)",
    "Approve a payment (SPM)",
    "Report that it was sent",
    "Settle (SP2D)",
]


def path(end: str = "") -> str:
    """A page of its tender."""
    return f"/en/tenders/{life().tender.hex()}{end}"


async def test_a_timeline_tells_a_whole_life_in_order_and_proves_it() -> None:
    async with open_site(AUDITOR, make_views(ANCHOR), contracts=life()) as site:
        page = (await site.get(path("/timeline"))).text
        assert list(dict.fromkeys(re.findall("<h3>(.*?)</h3>", page))) == TITLES
        assert "The proofs of all 26 entries on this page hold." in page
        assert "are the founders that the genesis document names" in page
        assert "FAILED" not in page and page.count(">checked<") == 27
        assert "PT alfa" in page and "commitment officer (PPK)" in page and "treasury" in page
        assert "Clause 2.1 of tender" in page and "/en/rules/tender#L" in page
        assert "Jaminan palsu &lt;b&gt;" in page and "<b>" not in page
        assert "272 bytes, SHA-256" in page, "what is sealed is told by its size and hash"


async def test_both_languages_say_everything() -> None:
    async with open_site(AUDITOR, make_views(None), contracts=life()) as site:
        page = (await site.get(path("/timeline").replace("/en/", "/id/"))).text
        assert "Bukti semua 26 catatan di halaman ini benar." in page
        assert "portal ini dijalankan tanpa dokumen genesis" in page
        assert "penawaran digugurkan" not in page, "one event needs no name beside its act"
        assert "masa sanggah dimulai" in page and "Rp 1.000.000" in page and "pejabat" in page.casefold()


async def test_roles_are_those_of_then() -> None:
    async with open_site(AUDITOR, make_views(None), contracts=life()) as site:
        officer = (await site.get(f"/en/officers/{LATER_OFFICER.address.hex().upper()}")).text
        assert "a role was granted" in officer and "commitment officer (PPK)" in officer
        gone = (await site.get(f"/en/officers/{OFFICER.address.hex().upper()}")).text
        assert "a role was revoked" in gone and "<dt>Roles now</dt><dd>none" in gone
        treasury = (await site.get(f"/en/officers/{TREASURY.address.hex().upper()}")).text
        assert "<dt>Part</dt><dd>treasury" in treasury
        everybody = (await site.get("/en/officers")).text
        assert GROUP.address.hex().upper() in everybody and "selection group (Pokja)" in everybody


def check_file(document: dict[str, Any]) -> None:
    """All of a download, by the ledger's own functions and the founders alone."""
    blocks: dict[int, Decided] = {}
    for height, shown in document["blocks"].items():
        decided = Decided(
            header=decode_header(bytes.fromhex(shown["header"])),
            certificate=decode_certificate(bytes.fromhex(shown["certificate"])),
            validators=decode_validators(bytes.fromhex(shown["validators"])),
        )
        assert holds(check_decided(decided, CHAIN)) and decided.validators == SET
        blocks[int(height)] = decided
    for entry in document["entries"]:
        raw, result = bytes.fromhex(entry["bytes"]), bytes.fromhex(entry["result"])
        block, after = blocks[entry["height"]].header, blocks[entry["height"] + 1].header
        id_ = compute_transaction_id(raw)
        assert id_.hex() == entry["transaction"] and entry["check"] == "checked"
        assert is_included(block.transactions_root, path_of(entry["proof"], id_), id_)
        assert is_included(after.results_root, path_of(entry["result_proof"], result), result)
        assert after.previous_block_id == compute_block_id(block)


def path_of(shown: dict[str, Any], leaf: bytes) -> InclusionProof:
    """A path of a download."""
    return InclusionProof(
        total=shown["total"],
        index=shown["index"],
        leaf_hash=sha256(b"\x00" + leaf),
        aunts=tuple(Digest(bytes.fromhex(aunt)) for aunt in shown["aunts"]),
    )


async def test_downloads_hold_the_same_and_can_be_checked_again() -> None:
    async with open_site(AUDITOR, make_views(ANCHOR), contracts=life()) as site:
        answer = await site.get(path("/timeline/json"))
        assert answer.headers["content-disposition"].endswith('.json"')
        document = json.loads(answer.text)
        assert document["reference"] == "T-1" and len(document["entries"]) == 26
        check_file(document)
        rows = list(csv.DictReader(io.StringIO((await site.get(path("/timeline/csv"))).text)))
        assert [row["transaction"] for row in rows] == [one["transaction"] for one in document["entries"]]
        assert rows[0]["act"] == "tender.plan" and rows[0]["clause"] == "1.4" and rows[0]["who"] == "barat"
        assert {row["check"] for row in rows} == {"checked"} and rows[0]["time"].endswith("Z")
        assert (await site.get(path("/timeline/xml"))).status_code == 404


async def test_a_cell_is_no_formula() -> None:
    ledger = Tendering()
    tender = ledger.plan("=1+1", title="=HYPERLINK(1)")
    async with open_site(AUDITOR, make_views(None), contracts=ledger) as site:
        text = (await site.get(f"/en/tenders/{tender.hex()}/timeline/csv")).text
        assert all(
            not cell.startswith(("=", "+", "-", "@")) for row in csv.reader(io.StringIO(text)) for cell in row
        )


async def test_a_transaction_shows_every_step() -> None:
    async with open_site(AUDITOR, make_views(ANCHOR), nodes=3, contracts=life()) as site:
        entries = json.loads((await site.get(path("/timeline/json"))).text)["entries"]
        page = (await site.get(f"/en/tx/{entries[-1]['transaction']}")).text
        assert page.count(">checked<") == 10 and "Every step of its proof holds" in page
        assert "30/40" in page and "27/40" in page, "signatures and what is needed"
        assert "3 of 3 configured nodes show block" in page
        assert "SP2D-77" in page and "Clause 3.3 of payment" in page


async def test_a_transaction_is_given_as_a_bundle_that_proves_itself(tmp_path: Path) -> None:
    genesis = read_genesis(found(tmp_path / "genesis.json"))
    async with open_site(
        AUDITOR, make_views(anchor_of(genesis), Auditing(genesis)), contracts=life()
    ) as site:
        entries = json.loads((await site.get(path("/timeline/json"))).text)["entries"]
        place = f"/en/tx/{entries[-1]['transaction']}"
        assert f"{place.lower()}/bundle" in (await site.get(place)).text.lower()
        answer = await site.get(f"{place}/bundle")
        assert answer.headers["content-disposition"].endswith('.bundle"')
        record = verify_bundle(answer.content, genesis).record
        assert (
            isinstance(record, ProvenTransaction)
            and record.checked.id.hex() == entries[-1]["transaction"].lower()
        )


async def test_pages_offer_the_proof_of_each_entry_they_show(tmp_path: Path) -> None:
    genesis = read_genesis(found(tmp_path / "genesis.json"))
    agreement, supplier, officer = life().agreement.hex(), SUPPLIER.address.hex(), OFFICER.address.hex()
    tender, order = life().tender.hex(), life().order
    expected = [
        (f"/tenders/{tender}", f"tender/bids/x{tender}.x{supplier}"),
        (f"/contracts/{agreement}", f"agreement/versions/x{agreement}.n1"),
        (f"/contracts/{agreement}", f"agreement/milestones/x{agreement}.n1.n1"),
        (f"/contracts/{agreement}", f"agreement/deliveries/x{agreement}.n1"),
        (f"/payments/{order}", f"payment/orders/n{order}"),
        (f"/suppliers/{supplier.upper()}", f"registry/blacklist/x{supplier}"),
        (f"/officers/{officer.upper()}", f"registry/officers/x{officer}"),
        ("/governance", f"governance/members/t{b'barat'.hex()}"),
    ]
    async with open_site(
        AUDITOR, make_views(anchor_of(genesis), Auditing(genesis)), contracts=life()
    ) as site:
        for place, entry in expected:
            assert f'href="/en/entries/{entry}/bundle"' in (await site.get(f"/en{place}")).text
    async with open_site(AUDITOR, make_views(anchor_of(genesis)), contracts=life()) as site:
        for place, _ in expected:
            assert "/entries/" not in (await site.get(f"/en{place}")).text


async def test_without_a_genesis_document_there_is_no_bundle() -> None:
    async with open_site(AUDITOR, make_views(None), contracts=life()) as site:
        place = f"/en/tx/{compute_transaction_id(site.backend.chain[-3].block.transactions[0]).hex()}"
        assert "/bundle" not in (await site.get(place)).text
        assert (await site.get(f"{place}/bundle")).status_code == 404


async def test_a_refused_attempt_is_told_with_its_clause() -> None:
    async with open_site(AUDITOR, make_views(None), contracts=life()) as site:
        raw = site.backend.chain[-2].block.transactions[0]
        page = (await site.get(f"/en/tx/{compute_transaction_id(raw).hex()}")).text
        assert "Refused, nothing changed" in page and "clause 7.4" in page


async def test_what_is_in_the_last_block_is_open() -> None:
    async with open_site(AUDITOR, make_views(ANCHOR), contracts=life()) as site:
        site.backend.chain.pop()
        site.backend.outcomes.pop()
        raw = site.backend.chain[-1].block.transactions[0]
        page = (await site.get(f"/en/tx/{compute_transaction_id(raw).hex()}")).text
        assert page.count(">not checked yet<") == 3 and "FAILED" not in page


# --- What does not hold -------------------------------------------------------------------------------------------


def find_height(backend: ContractsBackend, method: str) -> int:
    """The block with the first call of a method."""
    for height, certified in enumerate(backend.chain, start=1):
        if any(method.encode() in raw for raw in certified.block.transactions):
            return height
    raise AssertionError(f"nobody called {method}")


def change_block(
    backend: ContractsBackend, height: int, change: Callable[[CertifiedBlock], CertifiedBlock]
) -> None:
    """A node that shows another block than the one that was decided."""
    backend.chain[height - 1] = change(backend.chain[height - 1])


def other_body(certified: CertifiedBlock) -> CertifiedBlock:
    """Another transaction under the same header."""
    (raw,) = certified.block.transactions
    return replace(certified, block=replace(certified.block, transactions=(raw[:-1] + bytes([raw[-1] ^ 1]),)))


def other_time(certified: CertifiedBlock) -> CertifiedBlock:
    """A header that says another time under the same certificate."""
    header = replace(certified.block.header, time_ms=certified.block.header.time_ms - 3_600_000)
    return replace(certified, block=replace(certified.block, header=header))


def forged(certified: CertifiedBlock) -> CertifiedBlock:
    """A certificate with a signature that nobody made."""
    _first, *rest = certified.certificate.signatures
    signatures = (make_key(99).sign(b"x"), *rest)
    return replace(certified, certificate=replace(certified.certificate, signatures=signatures))


TAMPERED = {
    "other_time": (other_time, "The hash of the block&#39;s header"),
    "forged": (forged, "more than two thirds of the votes"),
}


@pytest.mark.parametrize("what", list(TAMPERED))
async def test_a_tampered_block_fails_in_its_step(what: str) -> None:
    change, step = TAMPERED[what]
    async with open_site(AUDITOR, make_views(ANCHOR), contracts=life()) as site:
        height = find_height(site.backend, "evaluate")
        raw = site.backend.chain[height - 1].block.transactions[0]
        change_block(site.backend, height, change)
        page = (await site.get(f"/en/tx/{compute_transaction_id(raw).hex()}")).text
        steps = page[page.index("Its proof, step by step") :]
        assert step in steps[steps.index(">FAILED<") :]
        assert "Its proof does not hold" in page and 'role="alert"' in page
        timeline = (await site.get(path("/timeline"))).text
        assert "The proof of" in timeline and "does not hold" in timeline and ">FAILED<" in timeline
        block = (await site.get(f"/en/blocks/{height}")).text
        assert ">FAILED<" in block


async def test_signatures_that_do_not_hold_are_not_counted() -> None:
    async with open_site(AUDITOR, make_views(ANCHOR), contracts=life()) as site:
        page = (await site.get("/en/network")).text
        assert "10 of 10" in page and "are not counted" not in page
        last = site.backend.standing().height
        change_block(site.backend, last - 1, forged)
        page = (await site.get("/en/network")).text
        assert "9 of 9" in page and f'/en/blocks/{last - 1}">' in page[page.index("are not counted") :]


async def test_another_result_fails() -> None:
    async with open_site(AUDITOR, make_views(ANCHOR), contracts=life()) as site:
        height = find_height(site.backend, "evaluate")
        raw = site.backend.chain[height - 1].block.transactions[0]
        (result,) = site.backend.outcomes[height - 1]
        site.backend.outcomes[height - 1] = (replace(result, gas_used=1),)
        page = (await site.get(f"/en/tx/{compute_transaction_id(raw).hex()}")).text
        failed = page[page.index("Its proof, step by step") :]
        assert failed.count(">FAILED<") == 1 and "leads to the root of results in the next block" in failed


async def test_another_body_is_another_transaction() -> None:
    async with open_site(AUDITOR, make_views(ANCHOR), contracts=life()) as site:
        height = find_height(site.backend, "evaluate")
        change_block(site.backend, height, other_body)
        timeline = (await site.get(path("/timeline"))).text
        assert "The proof of 1 entries" in timeline


async def test_a_chain_of_other_validators_is_not_believed() -> None:
    strangers, _ = make_validators((10, 10, 10, 10, 10))
    async with open_site(
        AUDITOR, make_views(replace(ANCHOR, validators=strangers)), contracts=life()
    ) as site:
        page = (await site.get(path("/timeline"))).text
        assert "do NOT follow from the genesis document" in page and "The proof of 26 entries" in page
    async with open_site(AUDITOR, make_views(replace(ANCHOR, chain_id="lain")), contracts=life()) as site:
        assert "do NOT follow" in (await site.get(path("/timeline"))).text


async def test_nodes_that_disagree_are_shown() -> None:
    async with open_site(AUDITOR, make_views(None), nodes=2, contracts=life()) as site:
        other = ContractsBackend(life())
        other.commit()
        height = find_height(other, "evaluate")
        block = other.chain[height - 1].block
        forked = replace(block, header=replace(block.header, time_ms=7))
        other.chain[height - 1] = CertifiedBlock(
            block=forked, certificate=make_certificate(forked, SET, KEYS)
        )
        site.nodes[1].backend = other
        page = (await site.get(f"/en/blocks/{height}")).text
        assert "The nodes show DIFFERENT blocks" in page
        assert "show block" in (await site.get(f"/en/blocks/{height - 1}")).text
        site.nodes[1].is_gone = True
        page = (await site.get("/en/network")).text
        assert "does not answer" in page and "1 of 2 configured nodes" in page


async def test_a_proposed_value_is_told_in_its_unit() -> None:
    ledger = Contracts()
    day = ledger.now_ms // 86_400_000 + 7
    ledger.do(operator("barat"), "governance", "propose_rule", "standstill_ms", 4 * 86_400_000)
    ledger.do(operator("barat"), "governance", "propose_holiday", day, "Hari Raya")
    async with open_site(AUDITOR, make_views(None), contracts=ledger) as site:
        page = (await site.get("/en/governance")).text
        told, record = page.split("On the record")
        assert ": 4 days</p>" in told and f"Hari Raya: {format_day(day, get_language('en'))}</p>" in told
        assert "<dd>4 days</dd>" in record and f"<dd>{format_day(day, get_language('en'))}</dd>" in record
        assert "345,600,000" not in page


class Stuck(ContractsBackend):
    """A node that hears of no more blocks and does not know it."""

    def standing(self) -> Standing:
        found = super().standing()
        return replace(found, time_ms=found.time_ms - 10 * 60_000)


async def test_a_node_that_stands_still_is_not_up_to_date() -> None:
    async with open_site(AUDITOR, make_views(None), nodes=2, contracts=life()) as site:
        page = (await site.get("/en/network")).text
        assert page.count(">behind<") == 0 and page.count("up to date") == 2
        site.nodes[1].backend = Stuck(life())
        site.nodes[1].backend.commit()
        page = (await site.get("/en/network")).text
        assert page.count(">behind<") == 1 and page.count("up to date") == 1


async def test_a_node_that_leaves_something_out_stands_against_the_others() -> None:
    async with open_site(AUDITOR, make_views(ANCHOR), nodes=3, contracts=life()) as site:
        assert (
            "3 nodes were asked, and all of them find equally many"
            in (await site.get(path("/timeline"))).text
        )
        less = ContractsBackend(life())
        height = find_height(less, "disqualify")
        less.outcomes[height - 1] = tuple(replace(one, events=()) for one in less.outcomes[height - 1])
        site.nodes[2].backend = less
        page = (await site.get(path("/timeline"))).text
        assert "The nodes find DIFFERENT numbers of entries" in page and "timur: 17" in page


async def test_a_node_that_says_nonsense_is_told() -> None:
    async with open_site(AUDITOR, make_views(ANCHOR), contracts=life()) as site:
        height = find_height(site.backend, "evaluate")
        site.backend.chain[height - 1] = site.backend.chain[height - 2]
        answer = await site.get(path("/timeline"))
        assert answer.status_code == 502 and "is no evidence" in answer.text


# --- The other pages ----------------------------------------------------------------------------------------------


def all_paths() -> list[str]:
    """Every page, behind the language."""
    agreement, order = life().agreement.hex(), life().order
    return [
        "/",
        "/tenders",
        f"/tenders/{life().tender.hex()}",
        f"/tenders/{life().tender.hex()}/timeline",
        "/contracts",
        f"/contracts/{agreement}",
        "/payments",
        "/payments?state=SETTLED",
        f"/payments/{order}",
        "/suppliers",
        f"/suppliers/{SUPPLIER.address.hex().upper()}",
        "/officers",
        f"/officers/{OFFICER.address.hex().upper()}",
        "/governance",
        "/blocks",
        "/blocks/3",
        "/network",
        "/rules",
        "/rules/tender",
    ]


@pytest.mark.parametrize("language", ["id", "en"])
async def test_every_page_is_there_and_weighs_little(language: str) -> None:
    async with open_site(AUDITOR, make_views(ANCHOR), nodes=2, contracts=life()) as site:
        for place in all_paths():
            answer = await site.get(f"/{language}{place}")
            assert answer.status_code == 200, place
            assert len(answer.content) < 140_000, place
            assert '<form method="post"' not in answer.text and "/key" not in answer.text


async def test_sums_and_records_are_told() -> None:
    async with open_site(AUDITOR, make_views(ANCHOR), contracts=life()) as site:
        front = (await site.get("/en/")).text
        assert "paid (SP2D)" in front and "IDR 350,000" in front and "worth IDR 1,000,000" in front
        order = (await site.get(f"/en/payments/{life().order}")).text
        assert "SP2D-77" in order and order.count(">checked<") == 4
        agreement = (await site.get(f"/en/contracts/{life().agreement.hex()}")).text
        assert "Pondasi selesai" in agreement and "IDR 350,000" in agreement
        supplier = (await site.get(f"/en/suppliers/{address('alfa').hex().upper()}")).text
        assert "PT alfa" in supplier and "Submit a sealed bid" in supplier
        assert "No payment here fits" in (await site.get("/en/payments?state=RETURNED")).text
        assert "PT beta" in (await site.get("/en/suppliers?q=BETA")).text


async def test_hints_are_told_as_hints() -> None:
    async with open_site(AUDITOR, make_views(None), contracts=life()) as site:
        page = (await site.get(path())).text
        assert "None of them is a finding" in page
        for words in ("R003", "R024", "R036", "within two percent of the owner estimate"):
            assert words in page
        assert "R018" not in page and "R026" not in page and "R035" not in page


async def test_rules_are_held_to_what_is_deployed() -> None:
    async with open_site(AUDITOR, make_views(ANCHOR), contracts=life()) as site:
        page = (await site.get("/en/rules/tender")).text
        assert "was compiled from this very text" in page and "the module of the genesis document" in page
        assert 'id="L1"' in page and "no longer than the rules allow" not in page
        assert (await site.get("/en/rules/nope")).status_code == 404
    other = replace(ANCHOR, contracts={})
    async with open_site(AUDITOR, make_views(other), contracts=life()) as site:
        assert "it was changed since" in (await site.get("/en/rules")).text


async def test_a_rule_of_another_text_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    source = read_source("tender")
    assert source is not None
    other = replace(source, hash=Digest(sha256(b"other")))
    read = {"tender": other}
    monkeypatch.setattr(
        "portals.auditor.entries.read_source", lambda name: read.get(name) or read_source(name)
    )
    async with open_site(AUDITOR, make_views(ANCHOR), contracts=life()) as site:
        page = (await site.get(path("/timeline"))).text
        assert "of tender</a>" not in page and "contract tender was compiled from another text" in page
        assert "Clause 3.3 of payment" in page


@pytest.mark.parametrize(
    ("place", "status"),
    [
        ("/tenders/zz", 400),
        (f"/tenders/{'0' * 64}", 404),
        (f"/tenders/{'0' * 64}/timeline", 404),
        ("/blocks/0", 400),
        ("/blocks/x", 400),
        ("/blocks/99999", 502),
        ("/tx/zz", 400),
        (f"/tx/{'0' * 64}", 502),
        ("/payments/x", 400),
        ("/payments/99", 404),
        ("/suppliers/00", 400),
        (f"/suppliers/{'0' * 40}", 404),
        (f"/officers/{'0' * 40}", 200),
        ("/key", 404),
        ("/send", 404),
    ],
)
async def test_what_is_not_there_is_told(place: str, status: int) -> None:
    async with open_site(AUDITOR, make_views(None), contracts=life()) as site:
        answer = await site.get(f"/en{place}")
        assert answer.status_code == status and "<h1>" in answer.text


async def test_nothing_can_be_posted() -> None:
    async with open_site(AUDITOR, make_views(None), contracts=life()) as site:
        for place in ("/send", "/key", "/compose/tender/ask"):
            assert (await site.post(f"/en{place}", key="x")).status_code in (404, 405)


async def test_absurd_places_in_lists_show_what_there_is() -> None:
    async with open_site(AUDITOR, make_views(None), contracts=life()) as site:
        for query in ("from=-1", "from=999", f"from={'9' * 40}", "from=x"):
            assert (await site.get(path(f"/timeline?{query}"))).status_code == 200
        for query in ("until=0", "until=x", f"until={'9' * 40}"):
            assert (await site.get(f"/en/blocks?{query}")).status_code == 200


async def test_a_long_timeline_is_turned_over() -> None:
    ledger = Tendering()
    tender = ledger.publish()
    for number in range(30):
        ledger.do(GROUP, "tender", "publish_addendum", tender, ledger.terms(title=f"Versi {number}"))
        ledger.plan(f"R-{number}")
    for number in range(25):
        ledger.do(GROUP, "tender", "publish_addendum", tender, ledger.terms(title=f"Akhir {number}"))
    async with open_site(AUDITOR, make_views(ANCHOR), contracts=ledger) as site:
        address_ = f"/en/tenders/{tender.hex()}/timeline"
        first = (await site.get(address_)).text
        assert "Entries 1 to 50 of 58" in first and "from=50" in first
        second = (await site.get(f"{address_}?from=50")).text
        assert "Entries 51 to 58 of 58" in second and "from=0" in second and "R-3" not in second


async def test_what_was_proven_is_not_asked_for_again() -> None:
    async with open_site(AUDITOR, make_views(ANCHOR), contracts=life()) as site:
        await site.get(path("/timeline"))
        site.nodes[0].asked.clear()
        await site.get(path("/timeline"))
        assert "commit" not in site.nodes[0].asked and "committed" not in site.nodes[0].asked


async def test_without_a_genesis_document_nothing_is_remembered() -> None:
    async with open_site(AUDITOR, make_views(None), contracts=life()) as site:
        await site.get(path("/timeline"))
        site.nodes[0].asked.clear()
        await site.get(path("/timeline"))
        assert "committed" in site.nodes[0].asked
