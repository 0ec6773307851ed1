"""The timeline of a tender: every transaction of its life, in order, each proven by this portal.

Its life are the plan, the terms and all that follows under the tender's id; the contracts that came of it with their
deliveries; their payment orders; and the documents that any of these name.
"""

from collections.abc import Sequence

from starlette.responses import Response

from portals.auditor.entries import read_entries
from portals.auditor.evidence import Proofs, Proven
from portals.auditor.nodes import compare_count
from portals.auditor.search import ask_for, search_each
from portals.auditor.showing import describe_ancestry
from portals.languages import Language
from portals.page import Page
from portals.reading.people import zone_of
from portals.reading.tenders import tender_in
from portals.reading.views import find_record
from rpc.answers import TxAnswer
from rpc.contracts import Record, record_of, records_of

ENTRIES = 50
_HASH_BYTES = 32


async def show(page: Page, proofs: Proofs) -> Response:
    """A page of the timeline, the oldest first."""
    tender = tender_in(page)
    plan = record_of(await page.ledger.view("tender", "plan_record", tender=tender))
    terms = await find_record(page, "tender", "terms_in_force", tender=tender)
    found = await find_entries(page, tender)
    first = _read_place(page.request.query_params.get("from", ""), len(found))
    proven = await proofs.prove_all(page.ledger, found[first : first + ENTRIES])
    zone = await zone_of(page, plan.text("agency"))
    return await page.render(
        "auditor/timeline.html",
        tender=tender.hex(),
        plan=plan,
        title=plan.text("title") if terms is None else terms.text("title"),
        zone=zone,
        entries=await read_entries(page, proven, currency=plan.text("currency"), zone=zone),
        total=len(found),
        first=first,
        before=max(0, first - ENTRIES) if first else None,
        after=first + ENTRIES if first + ENTRIES < len(found) else None,
        failed=sum(one.has_failed for one in proven),
        open=sum(not one.is_checked and not one.has_failed for one in proven),
        ancestry=_summary(page.language, proven),
        same=await compare_count(page.ledger, ask_for("tender", "tender", tender)),
    )


async def find_entries(page: Page, tender: bytes) -> list[TxAnswer]:
    """Its transactions with their proofs, as a node shows them, in order."""
    queries = [ask_for("tender", "tender", tender), ask_for("agreement", "tender", tender)]
    documents = await _documents_of(page, tender)
    rows = records_of(await page.ledger.view("agreement", "agreements_of_tender", tender=tender))
    for agreement in (row.data("id") for row in rows):
        queries.append(ask_for("agreement", "agreement", agreement))
        queries.append(ask_for("payment", "agreement", agreement))
        for order in records_of(await page.ledger.view("payment", "orders_of", agreement=agreement)):
            queries.append(ask_for("payment", "order", order.number("number")))
        deliveries = await page.ledger.view("agreement", "delivery_list", agreement=agreement)
        documents += _named_documents(records_of(deliveries))
    queries += [ask_for("documents", "hash", document) for document in dict.fromkeys(documents)]
    return await search_each(page.ledger, queries)


async def _documents_of(page: Page, tender: bytes) -> list[bytes]:
    """Hashes of documents that terms and objections name."""
    record = await find_record(page, "tender", "tender_record", tender=tender)
    if record is None:
        return []
    versions = range(1, record.number("version") + 1)
    terms = [
        record_of(await page.ledger.view("tender", "terms_of", tender=tender, version=version))
        for version in versions
    ]
    objections = records_of(await page.ledger.view("tender", "objection_list", tender=tender))
    return _named_documents((*terms, *objections))


def _named_documents(records: Sequence[Record]) -> list[bytes]:
    named = (record.data("documents") for record in records)
    return [document for document in named if len(document) == _HASH_BYTES and any(document)]


def _read_place(text: str, count: int) -> int:
    place = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    return place if place < count else 0


def _summary(language: Language, proven: Sequence[Proven]) -> list[str]:
    """What is said of the validators, once for all entries where it is the same."""
    return list(dict.fromkeys(describe_ancestry(one.ancestry, language) for one in proven))
