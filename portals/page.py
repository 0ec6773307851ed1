"""One request of one person: in which language, with which key, on which ledger; and how its answer is rendered.

Which key somebody acts with is in a cookie that holds the public key, so that pages can show what this key may do. It
proves nothing and has to prove nothing: everything here is public, and what counts is signed.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from chain.errors import Malformed
from chain.keys import Address, PublicKey, address_of, format_address
from chain.limits import NONCE_BYTES, PORTAL_BODY_BYTES_MAX, PORTAL_FIELDS_MAX
from portals.compose import parse_key
from portals.forms import Form
from portals.guard import HEADERS
from portals.languages import NAMES, Language, Text
from portals.ledger import Ledger, Standing
from portals.local_forms import (
    WIB_MINUTES,
    format_amount,
    format_day,
    format_moment,
    format_number,
    format_share,
    format_time,
    write_time_input,
)
from portals.sections import pick_section
from rpc.client import Unreachable

LANGUAGE_COOKIE = "terang_language"
_DRAINED_BYTES = 4 * PORTAL_BODY_BYTES_MAX  # read to the end and dropped, so that the browser hears why
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An entry of a portal's navigation: a path behind the language, and its text."""

    path: str
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalInfo:
    """What a portal is called, where it leads, and which calls it can prepare."""

    name: str
    title: Text
    links: tuple[Link, ...]
    forms: Mapping[str, Form]

    @property
    def key_cookie(self) -> str:
        """The cookie with the key that somebody acts with here: portals on one host share cookies, and not keys."""
        return f"terang_{self.name}_key"


class TooLarge(Exception):
    """A post that no form of ours makes."""


@cache
def get_templates() -> Environment:
    """All templates, read at once, so that a portal whose files are upgraded while it runs stays of one release. Everything
    that is put into one is escaped, and a name that is missing is a mistake of ours.
    """
    templates = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        auto_reload=False,
        autoescape=True,
        cache_size=-1,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in templates.list_templates():
        templates.get_template(name)
    return templates


def render_alone(portal: PortalInfo, language: Language, code: int, title: Text, text: Text) -> Response:
    """A page that asks nobody anything, and brings its headers: no guard may stand around it."""
    values = {"_": language.say, "language": language, "portal": portal, "title": title, "text": text}
    shown = get_templates().get_template("alone.html").render(values)
    return HTMLResponse(shown, status_code=code, headers=HEADERS | {"cache-control": "no-store"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """See the module."""

    request: Request
    portal: PortalInfo
    ledger: Ledger
    language: Language

    @property
    def key(self) -> PublicKey | None:
        """The key that this person acts with; None while there is none."""
        try:
            return parse_key(self.request.cookies.get(self.portal.key_cookie, ""))
        except Malformed:
            return None

    @property
    def who(self) -> Address | None:
        """The address of that key."""
        return None if self.key is None else address_of(self.key)

    def url(self, path: str) -> str:
        """A path of this portal in the person's language."""
        return f"/{self.language.code}{path}"

    def redirect(self, path: str) -> Response:
        """Sends the browser on after a post."""
        return RedirectResponse(self.url(path), status_code=303)

    async def read_post(self) -> dict[str, str]:
        """The fields of a posted form; of a name that comes twice, the last. Raises `TooLarge` or `Malformed`."""
        body, read = bytearray(), 0
        async with aclosing(self.request.stream()) as chunks:
            async for chunk in chunks:
                body += chunk[: PORTAL_BODY_BYTES_MAX + 1 - len(body)]
                read += len(chunk)
                if read > _DRAINED_BYTES:
                    break
        if read > PORTAL_BODY_BYTES_MAX:
            raise TooLarge(f"expected at most {PORTAL_BODY_BYTES_MAX} bytes")
        try:
            return dict(
                parse_qsl(
                    body.decode(), keep_blank_values=True, max_num_fields=PORTAL_FIELDS_MAX, errors="strict"
                )
            )
        except ValueError as error:
            raise Malformed(f"form: {error}") from None

    async def get_standing(self) -> Standing | None:
        """Where the node stands; None where none answers."""
        try:
            return await self.ledger.standing()
        except Unreachable:
            return None

    async def render(self, template: str, *, code: int = 200, **values: object) -> Response:
        """A page of this portal."""
        return await self.render_all(template, values, code=code)

    async def render_all(self, template: str, values: Mapping[str, object], *, code: int = 200) -> Response:
        """The same for values that come from several hands. `zone`: by how many minutes the page's clock is before UTC."""
        surroundings = self._surroundings(await self.get_standing(), values.get("zone", WIB_MINUTES))
        surroundings["other_language_path"] = self._find_way(values.get("back"))
        text = get_templates().get_template(template).render(surroundings | dict(values))
        response = HTMLResponse(text, status_code=code, headers={"cache-control": "no-store"})
        response.set_cookie(LANGUAGE_COOKIE, self.language.code, samesite="strict", httponly=True)
        return response

    def _surroundings(self, standing: Standing | None, zone: object) -> dict[str, object]:
        """What every template may use."""
        language = self.language
        assert isinstance(zone, int), zone
        return {
            "_": language.say,
            "name": language.name,
            "language": language,
            "languages": NAMES,
            "portal": self.portal,
            "url": self.url,
            "path": self.request.url.path,
            "who": None if self.who is None else format_address(self.who),
            "standing": standing,
            "amount": self._format(format_amount),
            "zone": zone,
            "time": lambda time_ms, offset=zone: format_time(time_ms, language, offset),
            "moment": lambda time_ms, offset=zone: format_moment(time_ms, language, offset),
            "day": self._format(format_day),
            "number": self._format(format_number),
            "share": self._format(format_share),
            "time_input": lambda time_ms: write_time_input(time_ms, zone),
            "section": lambda named, rows: pick_section(rows, self.request.query_params.get(named, "")),
            "new_nonce": lambda: os.urandom(NONCE_BYTES).hex(),
        }

    def _format(self, work: Callable[..., str]) -> Callable[..., str]:
        if work is format_amount:
            return lambda amount, currency: format_amount(amount, currency, self.language)
        return lambda value: work(value, self.language)

    def _find_way(self, back: object) -> str:
        """Where this page is in another language, behind the language; what answers a post has its own way back, or none."""
        if self.request.method == "POST":
            return str(back or "/")
        path = self.request.url.path.removeprefix(f"/{self.language.code}")
        query = self.request.url.query
        return f"{path}?{query}" if query else path
