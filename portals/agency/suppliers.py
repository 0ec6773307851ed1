"""Pages of suppliers: who has registered, who is in the blacklist and why, and a supplier's lost key."""

from starlette.responses import Response

from chain.errors import Malformed
from chain.keys import Address, format_address, parse_address
from portals.agency import people_forms
from portals.agency.acting import Fact, Offer, act_in, show_act
from portals.agency.officer import find_clock
from portals.agency.people import get_acts_on
from portals.languages import say
from portals.page import Page
from portals.reading.lists import read_newest
from portals.reading.views import find_record
from rpc.contracts import Record, record_of

ACTS = ("BAR", "END_BARRING", "REPLACE_KEY")
_BAR = say(
    "The supplier cannot bid anywhere until then, and its bids that are not evaluated yet are not ranked. Everybody can read why."
)
_END = say("The supplier may bid again at once.")


async def find(page: Page) -> Response:
    """Suppliers by words of their name or by their address, the newest first."""
    query = page.request.query_params
    words = query.get("q", "")[:100]
    asked = words.casefold().split()

    def fits(row: Record) -> bool:
        told = f"{row.text('name')} {row.data('id').hex()} {row.data('key').hex()}".casefold()
        return all(word in told for word in asked)

    listed = await read_newest(page, "registry", "supplier", fits, place=query.get("before", ""))
    standing = await page.get_standing()
    return await page.render(
        "agency/suppliers.html",
        listed=listed,
        words=words,
        now_ms=0 if standing is None else standing.time_ms,
        zone=await find_clock(page),
    )


async def show(page: Page) -> Response:
    """One supplier: what it registered, whether it is barred, and what this key may do."""
    id_ = parse_address(page.request.path_params["supplier"])
    record = record_of(await page.ledger.view("registry", "supplier_record", supplier=id_))
    key = Address(record.data("key"))
    acts = await get_acts_on(page, "registry", "acts_on_key", old=key)
    return await page.render(
        "agency/supplier.html",
        address=format_address(id_),
        key=format_address(key),
        record=record,
        barring=await find_record(page, "registry", "barring_record", supplier=id_),
        is_barred=await page.ledger.view("registry", "is_barred", supplier=id_),
        acts=[act for act in ACTS if act in acts],
        zone=await find_clock(page),
    )


async def act(page: Page) -> Response:
    """The page that puts a supplier into the blacklist, or takes it out."""
    id_, name = parse_address(page.request.path_params["supplier"]), act_in(page)
    record = record_of(await page.ledger.view("registry", "supplier_record", supplier=id_))
    known = {
        "BAR": Offer(form=people_forms.BAR, note=_BAR, values={"supplier": id_.hex()}),
        "END_BARRING": Offer(form=people_forms.END_BARRING, note=_END, values={"supplier": id_.hex()}),
    }
    if name not in known:
        raise Malformed(f"suppliers: there is no act {name}")
    offer = known[name]
    may = await get_acts_on(page, "registry", "acts_on_key", old=record.data("key"))
    return await show_act(
        page,
        [offer] if name in may else [],
        title=page.language.name(offer.form.name),
        about=record.text("name"),
        back=f"/suppliers/{id_.hex()}",
        zone=await find_clock(page),
        facts=[Fact(label="field.supplier", reading="supplier", value=id_)],
        names={id_: record.text("name")},
    )
