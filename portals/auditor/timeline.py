"""The timeline of a tender: every transaction of its life, in order, each proven by this portal.

Its life are the plan, the terms and all that follows under the tender's id; the contracts that came of it with their
deliveries; their payment orders; and the documents that any of these name. Downloads hold the same.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.responses import Response

from chain.time import format_time
from portals.auditor.entries import Entry, read_entries
from portals.auditor.evidence import Proofs, Proven
from portals.auditor.nodes import compare_count
from portals.auditor.search import ask_for, search_each
from portals.auditor.showing import check_lines, describe_ancestry, state_of
from portals.auditor.values import Line
from portals.languages import Language
from portals.page import Page
from portals.reading.people import zone_of
from portals.reading.tenders import tender_in
from portals.reading.views import find_record
from rpc.answers import TxAnswer
from rpc.contracts import Record, record_of, records_of

ENTRIES = 50
_HASH_BYTES = 32
_COLUMNS = (
    "time",
    "height",
    "transaction",
    "who",
    "address",
    "roles",
    "act",
    "clause",
    "outcome",
    "values",
    "check",
)


async def show(page: Page, proofs: Proofs) -> Response:
    """A page of the timeline, the oldest first."""
    tender = tender_in(page)
    plan = record_of(await page.ledger.view("tender", "plan_record", tender=tender))
    terms = await find_record(page, "tender", "terms_in_force", tender=tender)
    found = await _find_all(page, tender)
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


async def download(page: Page, proofs: Proofs) -> Response:
    """The whole timeline as JSON, or as CSV for spreadsheets."""
    tender, kind = tender_in(page), page.request.path_params["kind"]
    if kind not in ("json", "csv"):
        raise HTTPException(404, f"expected json or csv, got {kind[:20]}")
    plan = record_of(await page.ledger.view("tender", "plan_record", tender=tender))
    proven = await proofs.prove_all(page.ledger, await _find_all(page, tender))
    zone = await zone_of(page, plan.text("agency"))
    entries = await read_entries(page, proven, currency=plan.text("currency"), zone=zone)
    rows = [_as_json(entry, page.language) for entry in entries]
    name = f"terang-{tender.hex()[:12]}.{kind}"
    if kind == "csv":
        content, media = _as_csv(rows), "text/csv; charset=utf-8"
    else:
        whole = {
            "terang": "timeline",
            "version": 1,
            "chain_id": (await page.ledger.standing()).chain_id,
            "tender": tender.hex(),
            "agency": plan.text("agency"),
            "reference": plan.text("reference"),
            "language": page.language.code,
            "entries": rows,
        }
        content, media = json.dumps(whole, ensure_ascii=False, indent=1), "application/json"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(content, media_type=media, headers=headers)


async def _find_all(page: Page, tender: bytes) -> list[TxAnswer]:
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


# --- Downloads ----------------------------------------------------------------------------------------------------


def _as_json(entry: Entry, language: Language) -> dict[str, object]:
    """An entry with its proof, so that who has the file can check it again."""
    proven = entry.proven
    return {
        "time": format_time(proven.time_ms),
        "time_ms": proven.time_ms,
        "height": proven.height,
        "transaction": entry.id,
        "who": entry.who.name,
        "address": entry.who.address.hex().upper(),
        "roles": list(entry.roles),
        "acts": [
            {
                "method": f"{act.contract}.{act.method}",
                "clause": "" if act.rule is None or act.rule.main is None else act.rule.main.number,
                "given": _values(act.given),
            }
            for act in entry.acts
        ],
        "outcome": proven.result.code.name,
        "refusal": "" if entry.refusal is None else entry.refusal.original,
        "events": [
            {"event": f"{one.contract}.{one.name}", "values": _values(one.values)} for one in entry.happenings
        ],
        "check": state_of(proven),
        "steps": [
            {"step": line.step, "state": line.state, "expected": line.expected, "got": line.got}
            for line in check_lines(proven.steps, proven.ancestry, language)
        ],
        "bytes": proven.raw.hex(),
        "proof": {
            "index": proven.proof.index,
            "total": proven.proof.total,
            "aunts": [aunt.hex() for aunt in proven.proof.aunts],
        },
    }


def _values(lines: Sequence[Line]) -> list[dict[str, str]]:
    return [
        {"label": line.label, "text": line.text} | ({"address": line.address} if line.address else {})
        for line in lines
    ]


def _as_csv(rows: Sequence[Mapping[str, object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    writer.writerows(_cells(row) for row in rows)
    return text.getvalue()


def _cells(row: Mapping[str, object]) -> Iterator[str]:
    acts, events, roles = row["acts"], row["events"], row["roles"]
    assert isinstance(acts, list) and isinstance(events, list) and isinstance(roles, list), row
    told = [f"{value['label']}: {value['text']}" for event in events for value in event["values"]]
    for cell in (
        row["time"],
        row["height"],
        row["transaction"],
        row["who"],
        row["address"],
        " ".join(roles),
        " ".join(act["method"] for act in acts),
        " ".join(act["clause"] for act in acts),
        row["refusal"] or row["outcome"],
        "; ".join(told),
        row["check"],
    ):
        yield _safe(str(cell))


def _safe(cell: str) -> str:
    """A spreadsheet takes what begins so for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
