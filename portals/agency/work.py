"""The front page: what waits for this key, by the word of each contract, so that nobody has to go and look.

It looks at what is newest and not over; where there is more behind it, the page says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.responses import Response

from chain.keys import Address
from portals.agency import contracts, payments
from portals.agency.officer import Officer, find_officer
from portals.agency.people import get_acts_on, get_replacement_acts
from portals.agency.tender_acts import ACTS
from portals.ledger import ask_each
from portals.local_forms import WIB_MINUTES
from portals.page import Page
from portals.reading.lists import Listed, read_newest
from portals.reading.people import names_of
from portals.reading.proposals import tell_change
from portals.reading.views import get_acts
from rpc.contracts import Record, record_of, records_of

_LOOKED = 200
_OVER = ("failed", "cancelled", "final")
_REPLACING = ("OBJECT_REPLACEMENT", "COMPLETE_REPLACEMENT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something that waits for this key. `what`: the name of the act."""

    what: str
    title: str
    about: str
    path: str


async def show(page: Page) -> Response:
    """The work of this person; for who has no key or no role yet, how to get one."""
    officer = await find_officer(page)
    tasks: list[Task] = []
    is_whole = True
    if officer is not None and page.who is not None:
        for found, reaches_end in (
            await _find_tender_tasks(page, officer),
            await _find_drafts(page, officer, page.who),
            await _find_contract_tasks(page, officer),
            await _find_payment_tasks(page, officer),
            (await _find_key_tasks(page), True),
            (await _find_votes(page), True),
        ):
            tasks += found
            is_whole = is_whole and reaches_end
    return await page.render(
        "agency/front.html",
        officer=officer,
        tasks=tasks,
        is_whole=is_whole,
        zone=WIB_MINUTES if officer is None else officer.zone,
    )


async def _look(page: Page, contract: str, what: str, officer: Officer, fits: Iterable[str]) -> Listed:
    """The newest of the agency's rows whose stage or state is one of these."""
    wanted = frozenset(fits)
    field = "state" if contract == "payment" else "stage"

    def is_wanted(row: Record) -> bool:
        return row["agency"] == officer.agency and row[field] in wanted

    return await read_newest(page, contract, what, is_wanted, rows_max=_LOOKED)


async def _find_tender_tasks(page: Page, officer: Officer) -> tuple[list[Task], bool]:
    def is_alive(row: Record) -> bool:
        return row["agency"] == officer.agency and row["stage"] not in _OVER

    listed = await read_newest(page, "tender", "tender", is_alive, rows_max=_LOOKED)
    rows = {row.data("id"): row for row in listed.rows}

    async def ask(tender: bytes) -> tuple[str, ...]:
        return await get_acts(page, "tender", tender=tender)

    acts = await ask_each(rows, ask)
    tasks = [
        _tender_task(act, row)
        for act, known in ACTS.items()
        for tender, row in rows.items()
        if (known.is_due or act == "PLAN") and act in acts[tender] and await _is_left(page, act, tender)
    ]
    return tasks, listed.before == 0


async def _is_left(page: Page, act: str, tender: bytes) -> bool:
    """Whether anything is left of an act that may be done more than once: a rejected plan to replace, an estimate to set, a
    proposal to score."""
    if act == "PLAN":
        plan = record_of(await page.ledger.view("tender", "plan_record", tender=tender))
        return plan["state"] == "REJECTED"
    if act == "ESTIMATE":
        return not await page.ledger.view("tender", "has_estimate", tender=tender)
    if act == "SCORE":
        bids = records_of(await page.ledger.view("tender", "bid_list", tender=tender))
        opened = [bid.data("bidder") for bid in bids if bid["state"] == "TECHNICAL_OPENED"]

        async def is_scored(bidder: bytes) -> bool:
            rows = await page.ledger.view("tender", "score_list", tender=tender, bidder=bidder)
            return any(row["scorer"] == page.who for row in records_of(rows))

        return not all((await ask_each(opened, is_scored)).values())
    return True


def _tender_task(act: str, row: Record) -> Task:
    """What is on a bid, question or objection is chosen on the tender's page."""
    path = f"/tenders/{row.data('id').hex()}"
    if not ACTS[act].of:
        path += f"/do/{act.lower().replace('_', '-')}"
    return Task(what=f"Act.{act}", title=row.text("title"), about=row.text("reference"), path=path)


async def _find_drafts(page: Page, officer: Officer, who: Address) -> tuple[list[Task], bool]:
    """Winners of final awards with whom there is no contract yet."""
    if "COMMITMENT_OFFICER" not in officer.roles:
        return [], True
    listed = await _look(page, "tender", "tender", officer, ("final",))
    tasks: list[Task] = []
    for row in listed.rows:
        tender = row.data("id")
        for winner in records_of(await page.ledger.view("tender", "winner_list", tender=tender)):
            supplier = winner.data("bidder")
            if await page.ledger.view("agreement", "may_draft", tender=tender, supplier=supplier, who=who):
                path = f"/tenders/{tender.hex()}/draft/{supplier.hex()}"
                tasks.append(
                    Task(
                        what="agreement.draft",
                        title=row.text("title"),
                        about=row.text("reference"),
                        path=path,
                    )
                )
    return tasks, listed.before == 0


async def _find_contract_tasks(page: Page, officer: Officer) -> tuple[list[Task], bool]:
    listed = await _look(page, "agreement", "agreement", officer, ("DRAFTED", "IN_FORCE"))

    async def ask(agreement: bytes) -> tuple[str, ...]:
        return await get_acts(page, "agreement", agreement=agreement)

    acts = await ask_each([row.data("id") for row in listed.rows], ask)
    names = await names_of(page, [row.data("supplier") for row in listed.rows])
    tasks = [
        Task(
            what=f"Act.{act}",
            title=contracts.title_of(page, row, names),
            about="",
            path=f"/contracts/{row.data('id').hex()}",
        )
        for act in contracts.DUE
        for row in listed.rows
        if act in acts[row.data("id")]
    ]
    return tasks, listed.before == 0


async def _find_payment_tasks(page: Page, officer: Officer) -> tuple[list[Task], bool]:
    listed = await _look(page, "payment", "order", officer, ("REQUESTED", "RETURNED", "DECLINED"))

    async def ask(order: int) -> tuple[str, ...]:
        return await get_acts(page, "payment", order=order)

    acts = await ask_each([row.number("number") for row in listed.rows], ask)
    tasks = [
        Task(
            what=f"payment.{act.lower()}",
            title=page.language.say("Payment order {number}", number=row["number"]),
            about=page.language.name(f"State.{row.text('state')}"),
            path=f"/payments/{row.number('number')}",
        )
        for act in payments.DUE
        for row in listed.rows
        if act in acts[row.number("number")]
    ]
    return tasks, listed.before == 0


async def _find_key_tasks(page: Page) -> list[Task]:
    listed = await read_newest(
        page, "registry", "replacement", lambda row: row["state"] == "WAITING", rows_max=_LOOKED
    )
    acts = await get_replacement_acts(page, listed.rows)
    return [
        Task(
            what=f"Act.{act}",
            title=page.language.say("Key replacement {number}", number=row["number"]),
            about=row.text("reason"),
            path=f"/people/replacements/{row.number('number')}",
        )
        for row in listed.rows
        for act in _REPLACING
        if act in acts[row.number("number")]
    ]


async def _find_votes(page: Page) -> list[Task]:
    def is_open(row: Record) -> bool:
        return row["outcome"] == "OPEN" and row["is_lapsed"] is False

    listed = await read_newest(page, "governance", "proposal", is_open, rows_max=_LOOKED)
    tasks: list[Task] = []
    for row in listed.rows:
        if "VOTE" in await get_acts_on(page, "governance", "acts_on_proposal", proposal=row.number("number")):
            path = f"/governance/proposals/{row.number('number')}"
            title = page.language.name(f"Kind.{row.text('kind')}")
            tasks.append(Task(what="Act.VOTE", title=title, about=tell_change(row, page.language), path=path))
    return tasks
