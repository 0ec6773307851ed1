"""What waits for a supplier: envelopes to open, contracts to sign, payments that came back, an account to state.

The contracts say by their own `acts` what a key may do; here it is only gathered, the most pressing first.
"""

from dataclasses import dataclass

from chain.keys import Address
from portals.languages import Text, say
from portals.ledger import ask_each
from portals.page import Page
from portals.reading.lists import read_newest
from portals.reading.people import zone_of
from portals.reading.tenders import titles_of
from portals.reading.views import get_acts
from portals.supplier.bids import find_bids
from portals.supplier.contracts import agreements_of
from rpc.contracts import Record, records_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One thing to do: what, and where. `until_ms`: by when, by the clock `zone`; 0 where nothing runs out."""

    text: Text
    path: str
    until_ms: int = 0
    zone: int = 0


async def list_duties(page: Page, supplier: Address) -> list[Duty]:
    """Everything that waits for this supplier."""
    return [
        *await _envelopes(page, supplier),
        *await _agreements(page, supplier),
        *await _account(page, supplier),
    ]


async def _envelopes(page: Page, supplier: Address) -> list[Duty]:
    return [
        Duty(
            text=say("Open your envelope: {title}", title=row.plan.text("title")),
            path=f"/tenders/{row.tender.hex()}/open",
            until_ms=row.opening_until,
            zone=await zone_of(page, row.plan.text("agency")),
        )
        for row in await find_bids(page, supplier) or ()
        if row.is_to_be_opened
    ]


async def _agreements(page: Page, supplier: Address) -> list[Duty]:
    found = {row.data("id"): row for row in await agreements_of(page, supplier)}
    live = [id_ for id_, row in found.items() if row["stage"] in ("DRAFTED", "IN_FORCE")]

    async def find_acts(agreement: bytes) -> tuple[str, ...]:
        return await get_acts(page, "agreement", agreement=agreement)

    async def find_orders(agreement: bytes) -> tuple[Record, ...]:
        return records_of(await page.ledger.view("payment", "orders_of", agreement=agreement))

    acts, orders = await ask_each(live, find_acts), await ask_each(found, find_orders)
    titles = await titles_of(page, [row.data("tender") for row in found.values()])
    duties: list[Duty] = []
    for id_, row in found.items():
        path, title = f"/contracts/{id_.hex()}", titles[row.data("tender")]
        if "SIGN" in acts.get(id_, ()):
            duties.append(Duty(text=say("Sign the contract: {title}", title=title), path=path))
        if any(order["state"] == "RETURNED" for order in orders[id_]):
            duties.append(
                Duty(text=say("A payment came back from the bank: {title}", title=title), path=path)
            )
    return duties


async def _account(page: Page, supplier: Address) -> list[Duty]:
    if await page.ledger.view("registry", "account_commitment", supplier=supplier) != b"":
        return []
    return [Duty(text=say("State your bank account: without it nothing can be paid."), path="/account")]


async def find_replacement(page: Page) -> Record | None:
    """A replacement of this person's key that waits; None where nobody asked for one."""
    who = page.who
    listed = await read_newest(
        page,
        "registry",
        "replacement",
        lambda row: row["old"] == who and row["state"] == "WAITING",
        rows_max=1,
    )
    return listed.rows[0] if listed.rows else None
