"""Pages of tenders: the agency's own, one with all that is on record of it, and a page for each act on it."""

from collections.abc import Sequence

from starlette.responses import Response

from chain.errors import Malformed
from portals.agency.acting import Fact, Offer, act_in, show_act
from portals.agency.officer import Officer, find_officer
from portals.agency.tender_acts import ACTS, About
from portals.agency.tender_forms import LINK_ROUND, PLAN
from portals.languages import say
from portals.ledger import ask_each
from portals.local_forms import WIB_MINUTES
from portals.page import Page
from portals.reading.lists import read_newest
from portals.reading.people import names_of
from portals.reading.tenders import list_tenders, read_tender, tender_in
from portals.reading.views import get_acts
from rpc.contracts import Record, record_of, records_of

_FAILED_SHOWN = 20
_NEW_PLAN = say(
    "A plan says what is to be bought, how, within which budget, and when it is published. A budget authority approves it."
)


async def find(page: Page) -> Response:
    """Tenders of this officer's agency, or of all, the newest first; words and stage narrow them."""
    officer = await find_officer(page)
    shows_all = officer is None or page.request.query_params.get("of") == "all"
    agency = "" if officer is None or shows_all else officer.agency
    values = await list_tenders(page, agency)
    own = {"officer": officer, "shows_all": shows_all, "may_plan": await _may_plan(page, officer)}
    return await page.render_all("agency/tenders.html", values | own)


async def _may_plan(page: Page, officer: Officer | None) -> bool:
    if officer is None or page.who is None:
        return False
    found = await page.ledger.view("registry", "is_commitment_officer", who=page.who, agency=officer.agency)
    return found is True


async def plan(page: Page) -> Response:
    """The form that plans a new tender."""
    officer = await find_officer(page)
    offers = [Offer(form=PLAN, note=_NEW_PLAN, values={})] if await _may_plan(page, officer) else []
    return await show_act(
        page,
        offers,
        title=page.language.name(PLAN.name),
        about="" if officer is None else officer.agency,
        back="/tenders",
        zone=WIB_MINUTES if officer is None else officer.zone,
    )


async def show(page: Page) -> Response:
    """One tender: where it stands, what is open and what is missing, and what this key may do now."""
    tender = tender_in(page)
    values = await read_tender(page, tender)
    acts = await get_acts(page, "tender", tender=tender)
    terms, bids = values["terms"], values["bids"]
    winners, names = values["winners"], values["names"]
    assert isinstance(bids, tuple) and isinstance(winners, tuple) and isinstance(names, dict)
    agreements = records_of(await page.ledger.view("agreement", "agreements_of_tender", tender=tender))
    return await page.render_all(
        "agency/tender.html",
        values
        | {
            "acts": [act for act in ACTS if act in acts],
            "table": ACTS,
            "scores": await _read_scores(page, tender, terms, bids),
            "agreements": agreements,
            "drafts": await _find_drafts(page, tender, winners),
            "names": names | await names_of(page, [row.data("supplier") for row in agreements]),
        },
    )


async def _read_scores(
    page: Page, tender: bytes, terms: object, bids: Sequence[Record]
) -> dict[bytes, tuple[Record, ...]]:
    """Scores of each bidder, where quality counts."""
    if not isinstance(terms, Record) or terms["award_rule"] != "QUALITY_AND_COST":
        return {}

    async def ask(bidder: bytes) -> tuple[Record, ...]:
        return records_of(await page.ledger.view("tender", "score_list", tender=tender, bidder=bidder))

    return await ask_each([bid.data("bidder") for bid in bids], ask)


async def _find_drafts(page: Page, tender: bytes, winners: Sequence[Record]) -> list[Record]:
    """Winners with whom this key may draft a contract now."""
    who = page.who
    if who is None:
        return []

    async def ask(supplier: bytes) -> bool:
        may = await page.ledger.view("agreement", "may_draft", tender=tender, supplier=supplier, who=who)
        return may is True

    may = await ask_each([winner.data("bidder") for winner in winners], ask)
    return [winner for winner in winners if may[winner.data("bidder")]]


async def act(page: Page) -> Response:
    """The page of one act on a tender, or on a bid, question or objection of it."""
    tender, name = tender_in(page), act_in(page)
    known = ACTS.get(name)
    subject = str(page.request.path_params.get("subject", ""))
    if known is None or bool(known.of) is not bool(subject):
        raise Malformed(f"tender: there is no act {name}")
    values = await read_tender(page, tender)
    plan, terms, estimate, zone = values["plan"], values["terms"], values["estimate"], values["zone"]
    assert isinstance(plan, Record) and isinstance(zone, int)
    about = About(
        tender=tender.hex(),
        plan=plan,
        terms=terms if isinstance(terms, Record) else None,
        estimate=estimate if isinstance(estimate, Record) else None,
        zone=zone,
        language=page.language,
        subject=subject,
    )
    facts = _facts_of(known.of, subject, values, about)
    offers: list[Offer] = []
    if name in await get_acts(page, "tender", tender=tender):
        filled = known.fill(about)
        offers = [Offer(form=known.form, note=known.note, values=filled)]
        if known.form is LINK_ROUND:
            offers = await _offer_failed(page, plan.text("agency"), offers[0])
    names = values["names"]
    assert isinstance(names, dict)
    return await show_act(
        page,
        offers,
        title=page.language.name(known.form.name),
        about=f"{plan.text('agency')} · {plan.text('reference')} · {plan.text('title')}",
        back=f"/tenders/{tender.hex()}",
        currency=plan.text("currency"),
        zone=zone,
        facts=facts,
        names=names,
    )


async def _offer_failed(page: Page, agency: str, offer: Offer) -> list[Offer]:
    """One form for each of the agency's newest tenders that have failed."""

    def has_failed(row: Record) -> bool:
        return row["agency"] == agency and row["stage"] == "failed"

    listed = await read_newest(page, "tender", "tender", has_failed, rows_max=_FAILED_SHOWN)
    return [
        Offer(
            form=offer.form,
            note=offer.note,
            values={**offer.values, "previous": row.data("id").hex()},
            label=f"{row.text('title')} · {row.text('reference')}",
        )
        for row in listed.rows
    ]


def _facts_of(of: str, subject: str, values: dict[str, object], about: About) -> list[Fact]:
    """What to know before acting: the plan, the bid, the question or the objection. Raises `Malformed`."""
    match of:
        case "bidder":
            return _facts_of_bid(_pick(values["bids"], "bidder", subject.lower()))
        case "question":
            asked = _pick(values["questions"], "number", subject)
            return [
                Fact(label="field.supplier", reading="supplier", value=asked["supplier"]),
                Fact(label="field.question", reading="text", value=asked["text"]),
            ]
        case "objection":
            made = _pick(values["objections"], "number", subject)
            return [
                Fact(label="field.bidder", reading="supplier", value=made["bidder"]),
                Fact(label="field.reason", reading="text", value=made["reason"]),
                Fact(label="field.documents", reading="document", value=made["documents"]),
            ]
    return _facts_of_plan(about) if about.terms is None else []


def _pick(rows: object, field: str, wanted: str) -> Record:
    """The row whose field is shown so. Raises `Malformed`."""
    assert isinstance(rows, tuple)
    for row in rows:
        value = record_of(row)[field]
        if (value.hex() if isinstance(value, bytes) else str(value)) == wanted:
            return record_of(row)
    raise Malformed(f"{field}: there is none {wanted[:80]!r}")


def _facts_of_bid(bid: Record) -> list[Fact]:
    facts = [
        Fact(label="field.bidder", reading="supplier", value=bid["bidder"]),
        Fact(label="field.state", reading="name", value=f"BidState.{bid.text('state')}"),
    ]
    if bid["price"]:
        facts.append(Fact(label="field.price", reading="amount", value=bid["price"]))
    if bid["reason"]:
        facts.append(Fact(label="field.reason", reading="text", value=bid["reason"]))
    return facts


def _facts_of_plan(about: About) -> list[Fact]:
    plan = about.plan
    facts = [
        Fact(label="field.procedure", reading="name", value=f"Procedure.{plan.text('procedure')}"),
        Fact(label="field.ceiling", reading="amount", value=plan["ceiling"]),
        Fact(label="field.publish_from", reading="time", value=plan["publish_from"]),
        Fact(label="field.publish_by", reading="time", value=plan["publish_by"]),
        Fact(label="field.planned_by", reading="key", value=plan["planned_by"]),
    ]
    if about.estimate is not None:
        facts.append(Fact(label="estimate", reading="amount", value=about.estimate["amount"]))
    return facts
