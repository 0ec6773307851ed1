"""Pages of who takes part: suppliers, officers with their roles over time, and the members that govern."""

from starlette.responses import Response

from chain.errors import Malformed
from chain.keys import Address, format_address, parse_address
from portals.auditor.bundles import offer, offers
from portals.auditor.entries import read_entries
from portals.auditor.evidence import Proofs
from portals.auditor.people import Person, find_people, find_person
from portals.auditor.search import ask_for, search_each, search_newest
from portals.local_forms import WIB_MINUTES
from portals.page import Page
from portals.reading.agreements import list_agreements
from portals.reading.lists import read_newest
from portals.reading.proposals import show_number, tell_change
from portals.reading.rules import read_rules
from portals.reading.views import find_record
from rpc.contracts import Record, record_of, records_of

_WORDS_MAX = 100
_SHOWN = 30
_DAYS_AHEAD = 400
_DAY_MS = 86_400_000


async def list_suppliers(page: Page, proofs: Proofs) -> Response:
    """Suppliers by name, the newest first."""
    words = page.request.query_params.get("q", "")[:_WORDS_MAX]
    asked = words.casefold().split()

    def fits(row: Record) -> bool:
        return all(word in row.text("name").casefold() for word in asked)

    place = page.request.query_params.get("before", "")
    listed = await read_newest(page, "registry", "supplier", fits, place=place)
    now_ms = (await page.ledger.standing()).time_ms
    return await page.render("auditor/suppliers.html", listed=listed, words=words, now_ms=now_ms)


async def show_supplier(page: Page, proofs: Proofs) -> Response:
    """A supplier: what it registered, its time on the blacklist, its contracts, and all it did on record."""
    id_ = _address_in(page)
    record = record_of(await page.ledger.view("registry", "supplier_record", supplier=id_))
    agreements = await list_agreements(page, lambda row: row["supplier"] == id_)
    queries = [ask_for("registry", "supplier", id_), ask_for("tender", "bidder", id_)]
    found = await search_each(page.ledger, queries)
    proven = await proofs.prove_all(page.ledger, found[-_SHOWN:])
    return await page.render_all(
        "auditor/supplier.html",
        agreements
        | {
            "id": format_address(id_),
            "record": record,
            "barring": await find_record(page, "registry", "barring_record", supplier=id_),
            "now_ms": (await page.ledger.standing()).time_ms,
            "entries": (await read_entries(page, proven, zone=WIB_MINUTES))[::-1],
            "total": len(found),
            "files": offers(proofs, offer("registry", "suppliers", id_), offer("registry", "blacklist", id_)),
        },
    )


async def list_officers(page: Page, proofs: Proofs) -> Response:
    """Every key that is or was an officer's, with the roles that it holds now."""
    place = page.request.query_params.get("before", "")
    listed = await read_newest(page, "registry", "officer", lambda row: True, place=place)
    people = await find_people(page, [row.data("officer") for row in listed.rows])
    replacements = await read_newest(page, "registry", "replacement", lambda row: True)
    return await page.render(
        "auditor/officers.html", listed=listed, people=people, replacements=replacements.rows
    )


async def show_officer(page: Page, proofs: Proofs) -> Response:
    """A key: what it may do now, how that came, and what it did on record that names it."""
    address = _address_in(page)
    person = await find_person(page, address)
    queries = [
        ask_for("registry", "officer", address),
        *(ask_for("registry", field, address) for field in ("granted_by", "delegated_by", "revoked_by")),
        *(ask_for("tender", field, address) for field in ("by",)),
        *(ask_for("agreement", field, address) for field in ("by",)),
        *(ask_for("payment", field, address) for field in ("by", "approved_by")),
    ]
    found = await search_each(page.ledger, queries)
    proven = await proofs.prove_all(page.ledger, found[-_SHOWN:])
    return await page.render(
        "auditor/officer.html",
        person=person,
        acts=person.acts[::-1],
        people=await _people_of(page, person),
        entries=(await read_entries(page, proven, zone=WIB_MINUTES))[::-1],
        total=len(found),
        files=offers(proofs, offer("registry", "officers", address)),
    )


async def _people_of(page: Page, person: Person) -> dict[bytes, Person]:
    return await find_people(page, [act.by for act in person.acts])


async def show_governance(page: Page, proofs: Proofs) -> Response:
    """Members, rules, parameters, votes, holidays, and every change on record."""
    view = page.ledger.view
    standing = await page.ledger.standing()
    today = standing.time_ms // _DAY_MS
    proposals = await read_newest(
        page, "governance", "proposal", lambda row: True, place=page.request.query_params.get("before", "")
    )
    votes = {
        row.number("number"): records_of(await view("governance", "vote_list", proposal=row.number("number")))
        for row in proposals.rows
    }
    found = await search_newest(page.ledger, "governance.proposal EXISTS", _SHOWN)
    proven = await proofs.prove_all(page.ledger, found)
    members = records_of(await view("governance", "member_list"))
    return await page.render(
        "auditor/governance.html",
        members=members,
        total_power=sum(member.number("power") for member in members),
        rules=await read_rules(page),
        parameters=record_of(await view("governance", "parameters")),
        proposals=proposals,
        tell=lambda row: tell_change(row, page.language),
        votes=votes,
        holidays=records_of(
            await view("governance", "holiday_list", from_day=today, until_day=today + _DAYS_AHEAD)
        ),
        entries=await read_entries(page, proven, zone=WIB_MINUTES),
        setting=lambda name, value: show_number(name, value, page.language),
        files=offers(
            proofs,
            *(offer("governance", "members", member.text("name")) for member in members),
            *(offer("governance", "proposals", row.number("number")) for row in proposals.rows),
        ),
    )


def _address_in(page: Page) -> Address:
    text = page.request.path_params["address"]
    if len(text) != 40:
        raise Malformed(f"address: expected 40 hexadecimal digits, got {text[:80]!r}")
    return parse_address(text)
