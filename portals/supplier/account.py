"""Pages of the supplier itself: registration, and the bank account, stated on the record and handed to treasuries."""

from starlette.responses import Response

from chain.keys import Address
from portals.languages import say
from portals.page import Page
from portals.supplier.forms import REGISTER, SET_ACCOUNT
from portals.treasuries import HandedOver, Treasuries
from rpc.contracts import Record, record_of


async def register(page: Page) -> Response:
    """The form that registers a business."""
    return await page.render("supplier/register.html", form=REGISTER, you=await find_supplier(page))


async def find_supplier(page: Page) -> Address | None:
    """The id of the business that this person's key acts for; None for who has registered none."""
    if page.who is None or not await page.ledger.view("registry", "is_supplier", who=page.who):
        return None
    found = await page.ledger.view("registry", "supplier_of", who=page.who)
    assert isinstance(found, bytes), found
    return Address(found)


async def find_barring(page: Page, supplier: Address | None) -> Record | None:
    """Why and until when a supplier may not bid; None while it may."""
    if supplier is None or not await page.ledger.view("registry", "is_barred", supplier=supplier):
        return None
    return record_of(await page.ledger.view("registry", "barring_record", supplier=supplier))


class AccountPages:
    """The pages of the bank account, on a portal that knows these treasuries."""

    def __init__(self, treasuries: Treasuries) -> None:
        self._treasuries = treasuries

    async def show(self, page: Page) -> Response:
        """The form that states the account, and the one that hands it over."""
        return await self._render(page, await find_supplier(page), [], 200)

    async def hand_over(self, page: Page) -> Response:
        """Gives the account to the treasuries and tells what each says. Whether it fits the record, they look."""
        posted = await page.read_post()
        supplier = await find_supplier(page)
        if supplier is None:
            text = say("Register your business first: an account belongs to a registered one.")
            return await page.render("problem.html", code=409, text=text, detail="")
        if not self._treasuries:
            text = say(
                "This portal knows no treasury. Hand the file to the treasury of each agency that pays you."
            )
            return await page.render("problem.html", code=409, text=text, detail="")
        answers = await self._treasuries.hand_over(supplier, posted)
        return await self._render(page, supplier, answers, max(answer.code for answer in answers))

    async def _render(
        self, page: Page, supplier: Address | None, answers: list[HandedOver], code: int
    ) -> Response:
        stated = b""
        if supplier is not None:
            found = await page.ledger.view("registry", "account_commitment", supplier=supplier)
            assert isinstance(found, bytes), found
            stated = found
        return await page.render(
            "supplier/account.html",
            code=code,
            back="/account",
            form=SET_ACCOUNT,
            you=supplier,
            stated=stated.hex(),
            knows_treasury=bool(self._treasuries),
            answers=answers,
        )
