"""A timeline as a file: as CSV for spreadsheets, and as JSON with everything that shows it to be true.

    blocks    each block that is needed, in hexadecimal digits of what is hashed and signed: header, certificate, validators
    entries   each transaction with its bytes, its result, and the paths of both to the roots in those headers

Who has the file and the genesis document can check it by hashes and signatures alone, without this portal or any network:
blocks at which validators changed are among them.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence

from starlette.exceptions import HTTPException
from starlette.responses import Response

from chain.block import encode_header
from chain.certificate import encode_certificate
from chain.merkle import InclusionProof
from chain.record import Decided
from chain.result import encode_result
from chain.time import format_time
from chain.validators import encode_validators
from portals.auditor.entries import Entry, read_entries
from portals.auditor.evidence import Proofs, Proven
from portals.auditor.showing import check_lines, state_of
from portals.auditor.timeline import find_entries
from portals.auditor.values import Line
from portals.languages import Language
from portals.page import Page
from portals.reading.people import zone_of
from portals.reading.tenders import tender_in
from rpc.contracts import record_of

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


async def give(page: Page, proofs: Proofs) -> Response:
    """The whole timeline of a tender as `json` or `csv`."""
    tender, kind = tender_in(page), page.request.path_params["kind"]
    if kind not in ("json", "csv"):
        raise HTTPException(404, f"expected json or csv, got {kind[:20]}")
    plan = record_of(await page.ledger.view("tender", "plan_record", tender=tender))
    proven = await proofs.prove_all(page.ledger, await find_entries(page, tender))
    zone = await zone_of(page, plan.text("agency"))
    entries = await read_entries(page, proven, currency=plan.text("currency"), zone=zone)
    rows = [_as_json(entry, page.language) for entry in entries]
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
            "blocks": await _read_blocks(page, proofs, proven),
            "entries": rows,
        }
        content, media = json.dumps(whole, ensure_ascii=False, indent=1), "application/json"
    name = f"terang-{tender.hex()[:12]}.{kind}"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(content, media_type=media, headers=headers)


async def _read_blocks(page: Page, proofs: Proofs, proven: Sequence[Proven]) -> dict[str, dict[str, str]]:
    """By height: those of the entries, those after them, and those in which validators handed over."""
    blocks = {one.height: one.decided for one in proven}
    blocks |= {one.after.header.height: one.after for one in proven if one.after is not None}
    for height in {height for one in proven for height in one.ancestry.changes}:
        handed_over = await proofs.read_decided(page.ledger, height - 1)
        blocks[handed_over.header.height] = handed_over
    return {str(height): _block(blocks[height]) for height in sorted(blocks)}


def _block(decided: Decided) -> dict[str, str]:
    return {
        "header": encode_header(decided.header).hex(),
        "certificate": encode_certificate(decided.certificate).hex(),
        "validators": encode_validators(decided.validators).hex(),
    }


def _path(proof: InclusionProof) -> dict[str, object]:
    return {"index": proof.index, "total": proof.total, "aunts": [aunt.hex() for aunt in proof.aunts]}


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
        "proof": _path(proven.proof),
        "result": encode_result(proven.result).hex(),
        "result_proof": None if proven.after is None else _path(proven.result_proof),
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
