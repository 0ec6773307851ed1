"""Pages of payments: the agency's orders by their state, and one order with its approval and the net on the page."""

from starlette.responses import Response

from chain.errors import Malformed
from portals.agency import contract_forms as forms
from portals.agency.acting import Fact, Offer, show_act
from portals.agency.officer import find_officer
from portals.languages import Language, say
from portals.local_forms import write_amount_input
from portals.page import Page
from portals.reading.lists import read_newest
from portals.reading.people import names_of, zone_of, zones_of
from portals.reading.views import get_acts
from rpc.contracts import Record, record_of

STATES = ("REQUESTED", "RETURNED", "DECLINED", "APPROVED", "SENT", "SETTLED")
DUE = ("APPROVE", "ASK_AGAIN")
_APPROVE = say(
    "The payment order (SPM) releases the net amount. The treasury reports what the bank did with it (SP2D)."
)
_DECLINE = say("The commitment officer reads the reason and may ask again.")
_ASK_AGAIN = say("The payment officer reads your answer and decides anew.")


async def find(page: Page) -> Response:
    """Orders of this officer's agency, or of all, the newest first, in one state or in any."""
    officer = await find_officer(page)
    query = page.request.query_params
    shows_all, state = officer is None or query.get("of") == "all", query.get("state", "")

    def fits(row: Record) -> bool:
        is_own = shows_all or officer is None or row["agency"] == officer.agency
        return is_own and state in ("", row["state"])

    listed = await read_newest(page, "payment", "order", fits, place=query.get("before", ""))
    return await page.render(
        "agency/payments.html",
        listed=listed,
        zones=await zones_of(page, [row.text("agency") for row in listed.rows]),
        officer=officer,
        shows_all=shows_all,
        state=state,
        states=STATES,
    )


async def show(page: Page) -> Response:
    """One order: what it is for, what became of it, and what this key may do with it now."""
    number = read_number(page.request.path_params["order"])
    order = record_of(await page.ledger.view("payment", "order_record", order=number))
    acts = await get_acts(page, "payment", order=number)
    return await show_act(
        page,
        _offer(order, acts, page.language),
        title=page.language.say("Payment order {number}", number=number),
        about=order.text("agency"),
        back="/payments",
        currency=order.text("currency"),
        zone=await zone_of(page, order.text("agency")),
        facts=_facts_of(order),
        names=await names_of(page, [order.data("supplier")]),
        script="page-net.js",
    )


def read_number(text: str) -> int:
    """A number in a path. Raises `Malformed`."""
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Malformed(f"number: expected digits, got {text[:40]!r}")
    return int(text)


def _offer(order: Record, acts: tuple[str, ...], language: Language) -> list[Offer]:
    this: dict[str, object] = {"order": order["number"]}
    offers: list[Offer] = []
    if "APPROVE" in acts:
        currency = order.text("currency")
        before = {
            field: write_amount_input(order.number(field), currency, language)
            for field in ("deductions", "tax")
        }
        offers.append(Offer(form=forms.APPROVE, note=_APPROVE, values=this | before))
    if "DECLINE" in acts:
        offers.append(Offer(form=forms.DECLINE, note=_DECLINE, values=this))
    if "ASK_AGAIN" in acts:
        offers.append(Offer(form=forms.ASK_AGAIN, note=_ASK_AGAIN, values=this))
    return offers


def _facts_of(order: Record) -> list[Fact]:
    """What an order is for and where it stands; what is not there yet is left out."""
    facts = [
        Fact(label="field.state", reading="name", value=f"State.{order.text('state')}"),
        Fact(label="field.supplier", reading="supplier", value=order["supplier"]),
        Fact(label="field.agreement", reading="agreement", value=order["agreement"]),
        Fact(label="field.milestone", reading="number", value=order["milestone"]),
        Fact(label="field.delivery", reading="number", value=order["delivery"]),
        Fact(label="field.accepted_by", reading="key", value=order["accepted_by"]),
        Fact(label="field.gross", reading="amount", value=order["gross"]),
        Fact(label="field.penalty", reading="amount", value=order["penalty"]),
    ]
    if order["net"]:
        facts += [
            Fact(label=f"field.{field}", reading="amount", value=order[field])
            for field in ("deductions", "tax", "net")
        ]
        facts.append(Fact(label="field.approved_by", reading="key", value=order["approved_by"]))
    facts += [
        Fact(label=f"field.{field}", reading="time", value=order[field])
        for field in ("requested_at", "approved_at", "sent_at", "settled_at")
        if order[field]
    ]
    label = "field.code" if order["state"] == "RETURNED" else "field.reference"
    facts += [
        Fact(label=name, reading="text", value=order[field])
        for name, field in ((label, "reference"), ("field.reason", "reason"))
        if order[field]
    ]
    return facts
