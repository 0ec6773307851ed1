"""The governed rules of procurement, by the names that the deployed contract has for them."""

from portals.ledger import ask_each
from portals.page import Page


async def read_rules(page: Page) -> dict[str, int]:
    """Every rule of procurement by its name, as the deployed contract has them."""
    described = (await page.ledger.contract("governance")).description
    names = [field.name for record in described.records if record.name == "Rules" for field in record.fields]

    async def ask(name: str) -> int:
        value = await page.ledger.view("governance", "rule", name=name)
        assert isinstance(value, int), value
        return value

    return await ask_each(names, ask)
