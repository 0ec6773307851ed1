"""Small questions to the ledger that many pages ask: ids in paths, views that may refuse, and what a key may do."""

from chain.errors import Malformed
from portals.ledger import ViewRefused
from portals.page import Page
from rpc.contracts import Given, Named, Record, record_of


def read_id(text: str, what: str) -> bytes:
    """An id of 32 bytes as hexadecimal digits. Raises `Malformed`."""
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = b""
    if len(data) != 32:
        raise Malformed(f"{what}: expected an id of 64 hexadecimal digits, got {text[:80]!r}")
    return data


async def get_acts(page: Page, contract: str, **given: Given) -> tuple[str, ...]:
    """What this person's key may do now, by the contract's own word; nothing without a key."""
    if page.who is None:
        return ()
    found = await page.ledger.view(contract, "acts", who=page.who, **given)
    assert isinstance(found, tuple), found
    return tuple(str(act) for act in found)


async def find_view(page: Page, contract: str, method: str, /, **given: Given) -> "Named | None":
    """A view's value; None where the contract refuses to give one."""
    try:
        return await page.ledger.view(contract, method, **given)
    except ViewRefused:
        return None


async def find_record(page: Page, contract: str, method: str, /, **given: Given) -> Record | None:
    """The same for a view that gives a record."""
    found = await find_view(page, contract, method, **given)
    return None if found is None else record_of(found)
