"""Pages of the supplier itself: where it stands, and registration."""

from starlette.responses import Response

from chain.keys import Address
from portals.page import Page
from portals.supplier.forms import REGISTER, SET_ACCOUNT
from rpc.contracts import record_of


async def front(page: Page) -> Response:
    """What is next for this person: a key, a registration, or work."""
    id_ = await find_supplier(page)
    found = None if id_ is None else await page.ledger.view("registry", "supplier_record", supplier=id_)
    return await page.render("supplier/front.html", supplier=None if found is None else record_of(found))


async def register(page: Page) -> Response:
    """The form that registers a business."""
    return await page.render("supplier/register.html", form=REGISTER)


async def account(page: Page) -> Response:
    """The form that states the bank account to which this supplier is paid."""
    id_ = await find_supplier(page)
    found = b"" if id_ is None else await page.ledger.view("registry", "account_commitment", supplier=id_)
    return await page.render("supplier/account.html", form=SET_ACCOUNT, has_account=found != b"")


async def find_supplier(page: Page) -> Address | None:
    """The id of the business that this person's key acts for; None for who has registered none."""
    if page.who is None or not await page.ledger.view("registry", "is_supplier", who=page.who):
        return None
    found = await page.ledger.view("registry", "supplier_of", who=page.who)
    assert isinstance(found, bytes), found
    return Address(found)
