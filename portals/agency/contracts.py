"""Pages of contracts: the agency's own, one with its milestones and deliveries, and a page for each act on it."""

from collections.abc import Mapping, Sequence

from starlette.responses import Response

from chain.errors import Malformed
from chain.keys import parse_address
from portals.agency import contract_forms as forms
from portals.agency.acting import Fact, Offer, act_in, show_act
from portals.agency.officer import find_officer
from portals.languages import Language, say
from portals.local_forms import write_amount_input, write_time_input
from portals.page import Page
from portals.reading.agreements import agreement_in, list_agreements, read_agreement
from portals.reading.people import names_of, zone_of
from portals.reading.tenders import tender_in
from portals.reading.views import get_acts
from rpc.contracts import Record, record_of

ACTS = ("SIGN", "DECIDE_DELIVERY", "CLOSE", "AMEND", "TERMINATE")
"""In the order in which a page shows them."""
DUE = ("SIGN", "DECIDE_DELIVERY", "CLOSE")
_SUM_SCRIPT = "page-sum.js"
_DRAFT = say(
    "The award letter (SPPBJ) and the contract in one. The milestones come to the price of the award. Then both sign."
)
_SIGN = say("Read the milestones first. The contract is in force when both have signed the same version.")
_AMEND = say(
    "Other milestones, at most a tenth above the price of the award. They take the place of these when both have signed."
)
_ACCEPT = say("Acceptance (BAST) makes the payment request by itself.")
_REJECT = say("The supplier reads the reason and may deliver again.")
_CLOSE = say("All is accepted. Your rating of the work and its reason stay on record.")
_TERMINATE = say("This ends the contract early. What was accepted is paid.")


async def find(page: Page) -> Response:
    """Contracts of this officer's agency, or of all, the newest first."""
    officer = await find_officer(page)
    shows_all = officer is None or page.request.query_params.get("of") == "all"

    def fits(row: Record) -> bool:
        return shows_all or officer is None or row["agency"] == officer.agency

    values = await list_agreements(page, fits)
    return await page.render_all(
        "agency/contracts.html", values | {"officer": officer, "shows_all": shows_all}
    )


def title_of(page: Page, agreement: Record, names: Mapping[bytes, str]) -> str:
    """What an agreement is called here: by its number and the other party."""
    other = names[agreement.data("supplier")]
    return page.language.say("Contract {number} with {agency}", number=agreement["number"], agency=other)


async def draft(page: Page) -> Response:
    """The form that drafts the contract with a winner."""
    tender = tender_in(page)
    supplier = parse_address(page.request.path_params["supplier"])
    view = page.ledger.view
    award = record_of(await view("tender", "award_of", tender=tender, supplier=supplier))
    plan = record_of(await view("tender", "plan_record", tender=tender))
    currency, price = award.text("currency"), award.number("price")
    offers: list[Offer] = []
    if page.who is not None and await view(
        "agreement", "may_draft", tender=tender, supplier=supplier, who=page.who
    ):
        values = {
            "tender": tender.hex(),
            "supplier": supplier.hex(),
            "wanted.0.amount": write_amount_input(price, currency, page.language),
        }
        offers = [Offer(form=forms.DRAFT, note=_DRAFT, values=values)]
    return await show_act(
        page,
        offers,
        title=page.language.name(forms.DRAFT.name),
        about=f"{plan.text('agency')} · {plan.text('reference')} · {plan.text('title')}",
        back=f"/tenders/{tender.hex()}",
        currency=currency,
        zone=await zone_of(page, plan.text("agency")),
        facts=[
            Fact(label="field.supplier", reading="supplier", value=supplier),
            Fact(label="field.award_price", reading="amount", value=price),
        ],
        names=await names_of(page, [supplier]),
        script=_SUM_SCRIPT,
    )


async def show(page: Page) -> Response:
    """One contract: its parties, milestones, deliveries and payments, and what this key may do now."""
    agreement = agreement_in(page)
    acts = await get_acts(page, "agreement", agreement=agreement)
    values = await read_agreement(page, agreement)
    return await page.render_all(
        "agency/contract.html",
        values | {"acts": [act for act in ACTS if act in acts], "due": DUE},
    )


async def act(page: Page) -> Response:
    """The page of one act on a contract, or on a delivery of it."""
    agreement, name = agreement_in(page), act_in(page)
    subject = str(page.request.path_params.get("subject", ""))
    values = await read_agreement(page, agreement)
    record, names, zone = values["record"], values["names"], values["zone"]
    assert isinstance(record, Record) and isinstance(names, dict) and isinstance(zone, int)
    given = _find_delivery(values, name, subject)
    offers, title = _offer(name, agreement, values, given, page.language)
    if name not in await get_acts(page, "agreement", agreement=agreement):
        offers = []
    facts = [Fact(label="field.supplier", reading="supplier", value=record["supplier"])]
    if name == "SIGN" and offers:
        facts += _facts_of_version(values)
    if given is not None and offers:
        facts += await _facts_of_delivery(page, agreement, given)
    return await show_act(
        page,
        offers,
        title=page.language.name(title),
        about=title_of(page, record, names),
        back=f"/contracts/{agreement.hex()}",
        currency=record.text("currency"),
        zone=zone,
        facts=facts,
        names=names,
        script=_SUM_SCRIPT if name == "AMEND" else "",
    )


def _find_delivery(values: Mapping[str, object], name: str, subject: str) -> Record | None:
    """The delivery that waits and that the path names; None where the act is on none. Raises `Malformed`."""
    if name != "DECIDE_DELIVERY":
        if subject:
            raise Malformed(f"agreement: {name} is on no delivery")
        return None
    deliveries = values["deliveries"]
    assert isinstance(deliveries, tuple)
    for given in deliveries:
        if str(given["number"]) == subject:
            return record_of(given)
    raise Malformed(f"agreement: there is no delivery {subject[:80]!r}")


def _offer(
    name: str, agreement: bytes, values: Mapping[str, object], given: Record | None, language: Language
) -> tuple[list[Offer], str]:
    """The forms of an act and the name of its page. Raises `Malformed`."""
    this: dict[str, object] = {"agreement": agreement.hex()}
    record, milestones, zone = values["record"], values["milestones"], values["zone"]
    assert isinstance(record, Record) and isinstance(milestones, tuple) and isinstance(zone, int)
    match name:
        case "SIGN":
            sign = Offer(form=forms.SIGN, note=_SIGN, values=this | {"version": record["newest"]})
            return [sign], forms.SIGN.name
        case "AMEND":
            rows = _fill_milestones(milestones, record.text("currency"), zone, language)
            return [Offer(form=forms.AMEND, note=_AMEND, values=this | rows)], forms.AMEND.name
        case "CLOSE":
            return [Offer(form=forms.CLOSE, note=_CLOSE, values=this)], forms.CLOSE.name
        case "TERMINATE":
            ending = Offer(form=forms.TERMINATE, note=_TERMINATE, values=this)
            return [ending], forms.TERMINATE.name
        case "DECIDE_DELIVERY":
            assert given is not None, "a delivery is decided"
            is_decided = given["state"] != "REPORTED"
            this["delivery"] = given["number"]
            accept = Offer(form=forms.ACCEPT, note=_ACCEPT, values=this)
            reject = Offer(form=forms.REJECT, note=_REJECT, values=this)
            return [] if is_decided else [accept, reject], "Act.DECIDE_DELIVERY"
    raise Malformed(f"agreement: there is no act {name}")


def _facts_of_version(values: Mapping[str, object]) -> list[Fact]:
    """What the version that waits for signatures comes to, and why it was changed."""
    version = values["version"]
    assert isinstance(version, Record)
    facts = [Fact(label="field.value", reading="amount", value=version["value"])]
    if version["reason"]:
        facts.append(Fact(label="field.reason", reading="text", value=version["reason"]))
    return facts


def _fill_milestones(
    milestones: Sequence[Record], currency: str, zone: int, language: Language
) -> dict[str, object]:
    rows: dict[str, object] = {}
    for place, milestone in enumerate(milestones):
        rows[f"wanted.{place}.title"] = milestone["title"]
        rows[f"wanted.{place}.amount"] = write_amount_input(milestone.number("amount"), currency, language)
        rows[f"wanted.{place}.due_at"] = write_time_input(milestone.number("due_at"), zone)
    return rows


async def _facts_of_delivery(page: Page, agreement: bytes, given: Record) -> list[Fact]:
    """What was reported, and the penalty that acceptance would bring."""
    penalty = await page.ledger.view(
        "agreement", "penalty_now", agreement=agreement, delivery=given["number"]
    )
    return [
        Fact(label="field.milestone", reading="number", value=given["milestone"]),
        Fact(label="field.amount", reading="amount", value=given["amount"]),
        Fact(label="field.reported_at", reading="time", value=given["reported_at"]),
        Fact(label="field.note", reading="text", value=given["note"]),
        Fact(label="field.documents", reading="document", value=given["documents"]),
        Fact(label="field.penalty", reading="amount", value=penalty),
    ]
