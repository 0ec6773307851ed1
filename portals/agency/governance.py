"""Pages of governance: members, rules and parameters in force, holidays, proposals, and a form for each change."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from chain.errors import Malformed
from chain.keys import Address, format_address
from portals.agency import governance_forms as forms
from portals.agency.acting import Fact, Offer, act_in, show_act
from portals.agency.officer import find_clock
from portals.agency.payments import read_number
from portals.agency.people import get_acts_on
from portals.forms import Form
from portals.languages import Language, Text, say
from portals.local_forms import (
    format_day,
    format_number,
)
from portals.page import Page
from portals.reading.lists import read_newest
from portals.reading.proposals import show_number, tell_change, unit_of
from portals.reading.rules import read_rules
from portals.reading.views import get_acts
from rpc.contracts import Record, record_of, records_of

FULL_NODE = 2
_DAY_MS = 86_400_000
_DAYS_SHOWN = 366
_VOTE = say(
    "You vote for your agency, once. A change is carried when members with more than two thirds of the voting power are for it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change that an operator can propose. `of`: what it is on: a name in the path, or empty."""

    form: Form
    note: Text
    of: str = ""


CHANGES: Mapping[str, Change] = {
    "MEMBER": Change(
        form=forms.PROPOSE_MEMBER,
        note=say("An agency that keeps a node, decides blocks and votes. Its operator knows these keys."),
    ),
    "NODE": Change(
        form=forms.PROPOSE_NODE,
        note=say("A full node receives everything and decides nothing: an auditor's, for example."),
    ),
    "HOLIDAY": Change(
        form=forms.PROPOSE_HOLIDAY,
        note=say("No working day is counted on a holiday, besides Saturdays and Sundays."),
    ),
    "REMOVAL": Change(
        form=forms.PROPOSE_REMOVAL,
        note=say("The agency no longer decides blocks nor votes. What it signed stays."),
        of="name",
    ),
    "POWER": Change(
        form=forms.PROPOSE_POWER,
        note=say("Its weight in the decision of blocks and in votes."),
        of="name",
    ),
    "NODE_REMOVAL": Change(
        form=forms.PROPOSE_NODE_REMOVAL, note=say("The node is let in no longer."), of="name"
    ),
    "RULE": Change(
        form=forms.PROPOSE_RULE,
        note=say("A rule of procurement. It holds for what is done after the change."),
        of="name",
    ),
    "PARAMETER": Change(
        form=forms.PROPOSE_PARAMETER,
        note=say("A number of the ledger itself. Fixed walls bound it, which no vote moves."),
        of="name",
    ),
    "WORKDAY": Change(
        form=forms.PROPOSE_WORKDAY, note=say("This holiday becomes a working day again."), of="day"
    ),
}


async def show(page: Page) -> Response:
    """Who keeps this ledger, by what numbers, and what is being decided."""
    view = page.ledger.view
    rules = await read_rules(page)
    parameters = record_of(await view("governance", "parameters"))
    today = (await page.ledger.standing()).time_ms // _DAY_MS
    holidays = await view("governance", "holiday_list", from_day=today, until_day=today + _DAYS_SHOWN)
    nodes = records_of(await view("governance", "nodes"))
    return await page.render(
        "agency/governance.html",
        members=records_of(await view("governance", "member_list")),
        nodes=[row for row in nodes if row["kind"] == FULL_NODE],
        rules={name: show_number(name, value, page.language) for name, value in rules.items()},
        parameters={name: show_number(name, parameters.number(name), page.language) for name in parameters},
        holidays=records_of(holidays),
        proposals=(await read_newest(page, "governance", "proposal", lambda row: True, rows_max=10)).rows,
        tell=lambda row: tell_change(row, page.language),
        may_propose="PROPOSE" in await get_acts(page, "governance"),
        zone=await find_clock(page),
    )


async def list_proposals(page: Page) -> Response:
    """All proposals, the newest first."""
    place = page.request.query_params.get("before", "")
    listed = await read_newest(page, "governance", "proposal", lambda row: True, place=place)
    return await page.render(
        "agency/proposals.html",
        listed=listed,
        tell=lambda row: tell_change(row, page.language),
        zone=await find_clock(page),
    )


async def show_proposal(page: Page) -> Response:
    """One proposal: what it would change, who has voted how, and this member's vote."""
    number = read_number(page.request.path_params["number"])
    rows = records_of(await page.ledger.view("governance", "proposal_list", first=number, limit=1))
    if not rows or number == 0:
        raise Malformed(f"governance: there is no proposal {number}")
    (row,) = rows
    votes = records_of(await page.ledger.view("governance", "vote_list", proposal=number))
    acts = await get_acts_on(page, "governance", "acts_on_proposal", proposal=number)
    offers = [Offer(form=forms.VOTE, note=_VOTE, values={"proposal": number})] if "VOTE" in acts else []
    facts = [
        Fact(label="field.outcome", reading="text", value=_tell_outcome(row, page.language)),
        Fact(label="field.proposed_by", reading="text", value=row["proposed_by"]),
        Fact(label="field.votes_until", reading="time", value=row["votes_until"]),
    ]
    if row["kind"] == "ADMIT_MEMBER":
        operator = format_address(Address(row.data("operator")))
        facts.append(Fact(label="field.operator", reading="code", value=operator))
    facts += [
        Fact(label="votes_for", reading="text", value=_tell_votes(votes, True)),
        Fact(label="votes_against", reading="text", value=_tell_votes(votes, False)),
    ]
    kind = page.language.name(f"Kind.{row.text('kind')}")
    return await _show(page, offers, f"{kind}: {tell_change(row, page.language)}", facts)


def _tell_outcome(row: Record, language: Language) -> str:
    return language.say("lapsed") if row["is_lapsed"] else language.name(f"Outcome.{row.text('outcome')}")


def _tell_votes(votes: tuple[Record, ...], approve: bool) -> str:
    return ", ".join(vote.text("member") for vote in votes if vote["approve"] is approve) or "–"


async def propose(page: Page) -> Response:
    """The page that proposes a change, on what the path names where it is on something."""
    name = act_in(page)
    change, of = CHANGES.get(name), str(page.request.path_params.get("subject", ""))
    if change is None or bool(change.of) is not bool(of):
        raise Malformed(f"governance: there is no change {name}")
    facts = [] if not of else [await _find_subject(page, name, of)]
    values: dict[str, object] = {change.of: of, "value.unit": unit_of(of)} if of else {}
    may = "PROPOSE" in await get_acts(page, "governance")
    offers = [Offer(form=change.form, note=change.note, values=values)] if may else []
    return await _show(page, offers, page.language.name(change.form.name), facts)


async def _find_subject(page: Page, name: str, of: str) -> Fact:
    """What a change is on, with its value as it is. Raises `Malformed`."""
    language = page.language
    match name:
        case "RULE" | "PARAMETER":
            numbers = (
                await read_rules(page)
                if name == "RULE"
                else _numbers_of(record_of(await page.ledger.view("governance", "parameters")))
            )
            if of in numbers:
                return Fact(label=f"field.{of}", reading="text", value=show_number(of, numbers[of], language))
        case "WORKDAY":
            return Fact(label="field.day", reading="text", value=format_day(read_number(of), language))
        case "POWER" | "REMOVAL":
            found = record_of(await page.ledger.view("governance", "member_record", name=of))
            power = format_number(found.number("power"), language)
            return Fact(label="field.member", reading="text", value=f"{of} ({power})")
        case _:
            return Fact(label="field.name", reading="text", value=of)
    raise Malformed(f"governance: there is no {of[:80]!r}")


def _numbers_of(record: Record) -> dict[str, int]:
    return {name: record.number(name) for name in record}


async def _show(page: Page, offers: list[Offer], title: str, facts: list[Fact]) -> Response:
    return await show_act(
        page,
        offers,
        title=title,
        about="",
        back="/governance",
        zone=await find_clock(page),
        facts=facts,
    )
