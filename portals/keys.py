"""The page of keys: making, bringing in and leaving them is the browser's work; the server learns the public half.

Who signs with the command line instead tells the public key here.
"""

from starlette.responses import Response

from chain.errors import Malformed
from portals.compose import parse_key
from portals.page import Page

_YEAR_S = 365 * 24 * 3_600


async def show(page: Page) -> Response:
    """The key that this browser acts with, or how to get one."""
    return await page.render("key.html", key=None if page.key is None else page.key.hex(), problem=False)


async def choose(page: Page) -> Response:
    """Remembers a public key; an empty one forgets it."""
    text = (await page.read_post()).get("key", "")
    answer = page.redirect("/key")
    if not text:
        answer.delete_cookie(page.portal.key_cookie, samesite="strict", httponly=True)
        return answer
    try:
        key = parse_key(text)
    except Malformed:
        known = None if page.key is None else page.key.hex()
        return await page.render("key.html", code=400, key=known, problem=True, back="/key")
    answer.set_cookie(page.portal.key_cookie, key.hex(), max_age=_YEAR_S, samesite="strict", httponly=True)
    return answer
