"""Tenders for pages: one with all that is on record of it, and lists that words and a stage narrow."""

from collections.abc import Iterable

from chain.keys import Address
from portals.ledger import ask_each
from portals.page import Page
from portals.reading.lists import read_newest
from portals.reading.people import names_of, zone_of, zones_of
from portals.reading.views import find_record, read_id
from rpc.contracts import Record, record_of, records_of

STAGES = ("planned", "submission", "opening", "prices", "evaluation", "standstill", "awarded", "final")
"""The way of a tender that comes to its end."""
OTHER_STAGES = ("draft", "resubmission", "failed", "cancelled")
_WORDS_MAX = 100


def tender_in(page: Page) -> bytes:
    """The id of the tender that the path names. Raises `Malformed`."""
    return read_id(page.request.path_params["tender"], "tender")


async def read_tender(page: Page, tender: bytes) -> dict[str, object]:
    """One tender for its page. Before publication `record` and `terms` are None and the lists are empty.

    tender (hex) plan record stage stages zone terms versions questions objections bids ranking winners estimate names
    questions_until opening_until (clauses 3.5 and 5.5: by the rules in force, 0 before publication)
    """
    view = page.ledger.view
    plan = record_of(await view("tender", "plan_record", tender=tender))
    record = await find_record(page, "tender", "tender_record", tender=tender)
    values = _unpublished() if record is None else await _read_published(page, tender, record)
    return values | {
        "tender": tender.hex(),
        "plan": plan,
        "record": record,
        "stage": await view("tender", "stage", tender=tender),
        "stages": _stages_of(values["terms"]),
        "zone": await zone_of(page, plan.text("agency")),
        "estimate": await find_record(page, "tender", "estimate_of", tender=tender),
    }


def _unpublished() -> dict[str, object]:
    lists = ("versions", "questions", "objections", "bids", "ranking", "winners")
    return {"terms": None, "names": {}, "questions_until": 0, "opening_until": 0} | dict.fromkeys(lists, ())


async def _read_published(page: Page, tender: bytes, record: Record) -> dict[str, object]:
    view = page.ledger.view
    versions = [
        record_of(await view("tender", "terms_of", tender=tender, version=number))
        for number in range(1, record.number("version") + 1)
    ]
    is_over = record["stage"] != "PUBLISHED"
    bids = records_of(await view("tender", "bid_list", tender=tender))
    questions = records_of(await view("tender", "question_list", tender=tender))
    objections = records_of(await view("tender", "objection_list", tender=tender))
    people = [row.data("bidder") for row in (*bids, *objections)]
    people += [row.data("supplier") for row in questions]
    return {
        "terms": versions[-1],
        "versions": versions,
        "questions": questions,
        "objections": objections,
        "bids": bids,
        "ranking": records_of(await view("tender", "ranking_list", tender=tender)) if is_over else (),
        "winners": records_of(await view("tender", "winner_list", tender=tender)) if is_over else (),
        "names": await names_of(page, people),
        "questions_until": record.number("opening_from") - await _rule(page, "questions_notice_ms"),
        "opening_until": await compute_opening_until(page, record),
    }


async def compute_opening_until(page: Page, record: Record) -> int:
    """Clause 5.5: until when envelopes that may be opened are opened, by the rule in force."""
    return record.number("opening_from") + await _rule(page, "opening_ms")


async def _rule(page: Page, name: str) -> int:
    found = await page.ledger.view("governance", "rule", name=name)
    assert isinstance(found, int), found
    return found


async def titles_of(page: Page, tenders: Iterable[bytes]) -> dict[bytes, str]:
    """What each tender was called in its plan."""

    async def find_title(tender: bytes) -> str:
        return record_of(await page.ledger.view("tender", "plan_record", tender=tender)).text("title")

    return await ask_each(tenders, find_title)


async def find_bid(page: Page, tender: bytes, supplier: Address | None) -> Record | None:
    """A supplier's bid; None where it has none, or where there is no supplier."""
    if supplier is None:
        return None
    return await find_record(page, "tender", "bid_of", tender=tender, bidder=supplier)


async def list_tenders(page: Page, agency: str = "") -> dict[str, object]:
    """A page of tenders, of one agency if it is named, narrowed by what the address asks for: `q`, `stage`, `before`.

    listed zones words stage stages
    """
    query = page.request.query_params
    words, stage = query.get("q", "")[:_WORDS_MAX], query.get("stage", "")
    asked = words.casefold().split()

    def fits(row: Record) -> bool:
        told = " ".join(row.text(field) for field in ("title", "reference", "agency")).casefold()
        return (
            agency in ("", row["agency"])
            and stage in ("", row["stage"])
            and all(word in told for word in asked)
        )

    listed = await read_newest(page, "tender", "tender", fits, place=query.get("before", ""))
    return {
        "listed": listed,
        "zones": await zones_of(page, [row.text("agency") for row in listed.rows]),
        "words": words,
        "stage": stage,
        "stages": (*STAGES, *OTHER_STAGES),
    }


def _stages_of(terms: object) -> tuple[str, ...]:
    has_one_envelope = isinstance(terms, Record) and terms["envelopes"] == 1
    return tuple(stage for stage in STAGES if not (has_one_envelope and stage == "prices"))
