"""Pages of people: the officers' keys and their roles, lost keys, and what the agency says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from chain.errors import Malformed
from chain.keys import Address, format_address, parse_address
from portals.agency import governance_forms, people_forms
from portals.agency.acting import Fact, Offer, act_in, show_act
from portals.agency.officer import Officer, find_clock, find_officer
from portals.agency.payments import read_number
from portals.forms import Form
from portals.languages import Text, say
from portals.ledger import ask_each
from portals.local_forms import WIB_MINUTES
from portals.page import Page
from portals.reading.lists import read_newest
from portals.reading.people import names_of
from portals.reading.views import find_view, get_acts
from rpc.contracts import Record, record_of, records_of

_OFFICERS_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyAct:
    """An act of an operator or officer that is on nothing yet: whose word lets it, its form, and what it does. `part`: see
    `Offer`.
    """

    contract: str
    form: Form
    note: Text
    part: str = ""


ACTS: Mapping[str, AgencyAct] = {
    "GRANT": AgencyAct(
        contract="registry",
        form=people_forms.GRANT,
        note=say(
            "The officer makes a key in a browser and tells you its address. A key acts for one agency only."
        ),
    ),
    "DELEGATE": AgencyAct(
        contract="registry",
        form=people_forms.DELEGATE,
        note=say(
            "A deputy of your agency holds your role for a term. It is not delegated on, and ends with your own role."
        ),
    ),
    "APPOINT_TREASURY": AgencyAct(
        contract="registry",
        form=people_forms.APPOINT_TREASURY,
        note=say("This key reports what the bank did with the payments of your agency."),
    ),
    "SET_DOCUMENT_KEY": AgencyAct(
        contract="registry",
        form=people_forms.SET_DOCUMENT_KEY,
        note=say(
            "Documents for your agency are encrypted for this key. Who has its key file can open them, and nobody else."
        ),
        part="agency/document-key.html",
    ),
    "SET_TIME_ZONE": AgencyAct(
        contract="governance",
        form=governance_forms.SET_TIME_ZONE,
        note=say("Working days of your agency begin and end by this clock, and its times are shown by it."),
    ),
}
"""In the order in which a page shows them."""
_REPLACE = say(
    "The new key takes the place of the lost one after a wait, in which the old key may object. Nothing that was signed changes."
)
_REVOKE = say("The key loses this role at once, and what it delegated of it ends.")
_END = say("The deputy loses the role at once.")
_OBJECT = say("You sign with the key that is said to be lost: so it is not, and it stays.")
_COMPLETE = say("The wait is over. The new key takes the place of the old one, which is never used again.")


async def show(page: Page) -> Response:
    """The officers of this person's agency, replacements of keys, and what the agency has stated."""
    officer = await find_officer(page)
    shows_all = officer is None or page.request.query_params.get("of") == "all"

    def fits(row: Record) -> bool:
        is_own = shows_all or officer is None or row["agency"] == officer.agency
        return is_own and row.flag("is_active")

    place = page.request.query_params.get("before", "")
    listed = await read_newest(page, "registry", "officer", fits, place=place)
    replacements = await read_newest(page, "registry", "replacement", lambda row: True, rows_max=20)
    keys = [row.data("old") for row in replacements.rows if row["of_supplier"]]
    return await page.render(
        "agency/people.html",
        officer=officer,
        shows_all=shows_all,
        listed=listed,
        roles=await read_roles(page, [row.number("number") for row in listed.rows]),
        acts=await _acts_of_agency(page),
        replacements=replacements.rows,
        replacement_acts=await get_replacement_acts(page, replacements.rows),
        names=await names_of(page, keys),
        stated=None if officer is None else await _read_stated(page, officer),
        zone=WIB_MINUTES if officer is None else officer.zone,
    )


async def _acts_of_agency(page: Page) -> list[str]:
    found = {name: await get_acts(page, name) for name in ("registry", "governance")}
    return [name for name, act in ACTS.items() if name in found[act.contract]]


async def read_roles(page: Page, numbers: list[int]) -> dict[int, tuple[Record, ...]]:
    """The roles that the officers with these numbers hold now."""

    async def ask(number: int) -> tuple[Record, ...]:
        rows = records_of(await page.ledger.view("registry", "officer_roles", number=number))
        return tuple(row for row in rows if row["is_held"])

    return await ask_each(numbers, ask)


async def get_replacement_acts(page: Page, rows: tuple[Record, ...]) -> dict[int, tuple[str, ...]]:
    """What this key may do with each replacement now."""

    async def ask(number: int) -> tuple[str, ...]:
        return await get_acts_on(page, "registry", "acts_on_replacement", number=number)

    return await ask_each([row.number("number") for row in rows], ask)


async def get_acts_on(page: Page, contract: str, view: str, **given: int | bytes | str) -> tuple[str, ...]:
    """What this key may do with what a view is asked of; nothing without a key."""
    if page.who is None:
        return ()
    found = await page.ledger.view(contract, view, who=page.who, **given)
    assert isinstance(found, tuple), found
    return tuple(str(act) for act in found)


async def _read_stated(page: Page, officer: Officer) -> dict[str, str]:
    """What the agency has stated of itself; empty where it has stated nothing."""
    treasury = await find_view(page, "registry", "treasury_of", agency=officer.agency)
    document_key = await page.ledger.view("registry", "document_key_of", agency=officer.agency)
    assert isinstance(document_key, bytes), document_key
    told = format_address(Address(treasury)) if isinstance(treasury, bytes) else ""
    return {"treasury": told, "document_key": document_key.hex()}


async def act(page: Page) -> Response:
    """The page of an act that is on nobody yet: a role to grant or to delegate, and what the agency states."""
    name = act_in(page)
    known = ACTS.get(name)
    if known is None:
        raise Malformed(f"people: there is no act {name}")
    may = name in await get_acts(page, known.contract)
    offer = Offer(form=known.form, note=known.note, values={}, part=known.part)
    return await _show(page, [offer] if may else [], known.form.name)


async def show_officer(page: Page) -> Response:
    """One officer's key: its roles, and what this key may do with each."""
    who = parse_address(page.request.path_params["officer"])
    rows = await _find_roles(page, who)
    roles = {
        row.text("role"): await get_acts_on(
            page, "registry", "acts_on_role", officer=who, role=row.text("role")
        )
        for row in rows
    }
    return await page.render(
        "agency/officer.html",
        address=format_address(who),
        rows=rows,
        roles=roles,
        acts=await get_acts_on(page, "registry", "acts_on_key", old=who),
        zone=await find_clock(page),
    )


async def _find_roles(page: Page, who: Address) -> tuple[Record, ...]:
    """An officer's roles on record. Raises `Malformed` where the key is no officer's."""
    listed = await read_newest(
        page, "registry", "officer", lambda row: row["officer"] == who, rows_max=_OFFICERS_SHOWN
    )
    if not listed.rows:
        raise Malformed(f"people: {format_address(who)} is no officer")
    number = listed.rows[0].number("number")
    return records_of(await page.ledger.view("registry", "officer_roles", number=number))


async def act_on_role(page: Page) -> Response:
    """The page that revokes a role, or ends a delegation."""
    who, role, name = parse_address(page.request.path_params["officer"]), _role_in(page), act_in(page)
    may = await get_acts_on(page, "registry", "acts_on_role", officer=who, role=role)
    if name not in ("REVOKE", "END_DELEGATION"):
        raise Malformed(f"people: there is no act {name} on a role")
    revoke = Offer(form=people_forms.REVOKE, note=_REVOKE, values={"officer": who.hex(), "role": role})
    end = Offer(
        form=people_forms.END_DELEGATION,
        note=_END,
        values={"deputy": who.hex(), "role": role},
    )
    offer = revoke if name == "REVOKE" else end
    facts = [
        Fact(label="field.officer", reading="key", value=who),
        Fact(label="field.role", reading="name", value=f"Role.{role}"),
    ]
    return await _show(page, [offer] if name in may else [], offer.form.name, facts)


def _role_in(page: Page) -> str:
    role = str(page.request.path_params["role"])
    if role not in (*people_forms.GRANTED_ROLES, "TREASURY"):
        raise Malformed(f"people: there is no role {role[:80]!r}")
    return role


async def replace_key(page: Page) -> Response:
    """The page that asks for another key in the place of a lost one, an officer's or a supplier's."""
    old = parse_address(page.request.path_params["key"])
    may = "REPLACE_KEY" in await get_acts_on(page, "registry", "acts_on_key", old=old)
    offer = Offer(form=people_forms.REPLACE_KEY, note=_REPLACE, values={"old": old.hex()})
    facts = [Fact(label="field.old", reading="key", value=old)]
    return await _show(page, [offer] if may else [], people_forms.REPLACE_KEY.name, facts)


async def show_replacement(page: Page) -> Response:
    """One replacement of a key: its state, and what this key may do with it now."""
    number = read_number(page.request.path_params["number"])
    found = record_of(await page.ledger.view("registry", "replacement_record", number=number))
    acts = await get_acts_on(page, "registry", "acts_on_replacement", number=number)
    this = {"number": number}
    offers: list[Offer] = []
    if "OBJECT_REPLACEMENT" in acts:
        offers.append(Offer(form=people_forms.OBJECT_REPLACEMENT, note=_OBJECT, values=this))
    if "COMPLETE_REPLACEMENT" in acts:
        offers.append(Offer(form=people_forms.COMPLETE_REPLACEMENT, note=_COMPLETE, values=this))
    facts = [
        Fact(label="field.state", reading="name", value=f"ReplacementState.{found.text('state')}"),
        Fact(label="field.old", reading="key", value=found["old"]),
        Fact(label="field.new", reading="key", value=found["new"]),
        Fact(label="field.reason", reading="text", value=found["reason"]),
        Fact(label="field.requested_by", reading="key", value=found["requested_by"]),
        Fact(label="field.requested_at", reading="time", value=found["requested_at"]),
        Fact(label="earliest", reading="time", value=found["from_ms"]),
    ]
    return await _show(page, offers, "replacement", facts)


async def _show(page: Page, offers: list[Offer], name: str, facts: list[Fact] | None = None) -> Response:
    officer = await find_officer(page)
    return await show_act(
        page,
        offers,
        title=page.language.name(name),
        about="" if officer is None else officer.agency,
        back="/people",
        zone=WIB_MINUTES if officer is None else officer.zone,
        facts=facts or (),
        script=offers[0].form.script if offers else "",
    )
