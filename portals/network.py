"""The page of the network: what this portal reads from and sends to, and who decides blocks."""

from starlette.responses import Response

from portals.page import Page
from rpc import requests


async def show(page: Page) -> Response:
    """The node that is read, and the validators of the next block."""
    status = await page.ledger.call(requests.status())
    validators = await page.ledger.call(requests.validators())
    needed = (int(validators.total) - 1) // 3 + 1
    return await page.render(
        "network.html",
        node=status,
        validators=validators.validators,
        needed=needed,
        configured=page.ledger.node_count,
    )
