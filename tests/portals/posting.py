"""Forms as a browser would send them: found in a page, with what the page put into their fields."""

from html.parser import HTMLParser

import httpx2

from chain.keys import SigningKey
from portals.local_forms import write_time_input
from tests.contracts.ledger import Ledger
from tests.portals.making import Site

DONE = "It is on the record"
MINUTE, HOUR = 60_000, 3_600_000


class _Forms(HTMLParser):
    """The forms of a page that prepare a call, in order, each with the values of its fields; rows to come are let be."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self._fields: dict[str, str] | None = None
        self._template = 0
        self._writing = self._choosing = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._template += tag == "template"
        if tag == "form" and "data-form" in given:
            self._fields = {}
            self.found.append((given["data-form"], self._fields))
        if self._fields is None or self._template:
            return
        name = given.get("name", "")
        if tag == "input" and name:
            if given.get("type") not in ("radio", "checkbox") or "checked" in given:
                self._fields[name] = given.get("value", "")
        elif tag == "textarea" and name:
            self._writing, self._fields[name] = name, ""
        elif tag == "select":
            self._choosing = name
        elif (
            tag == "option" and self._choosing and (self._choosing not in self._fields or "selected" in given)
        ):
            self._fields[self._choosing] = given["value"]

    def handle_endtag(self, tag: str) -> None:
        self._template -= tag == "template"
        if tag == "form":
            self._fields = None
        if tag in ("textarea", "select"):
            self._writing = self._choosing = ""

    def handle_data(self, data: str) -> None:
        if self._writing and self._fields is not None and not self._template:
            self._fields[self._writing] += data


def list_forms(page: str) -> list[str]:
    """The calls that a page offers."""
    forms = _Forms()
    forms.feed(page)
    return [name for name, _ in forms.found]


def read_form(page: str, call: str, place: int = 0) -> dict[str, str]:
    """What a browser would send of a page's form for a call, untouched."""
    forms = _Forms()
    forms.feed(page)
    found = [fields for name, fields in forms.found if name == call]
    assert len(found) > place, f"the page has no form {call}: {[name for name, _ in forms.found]}"
    return found[place]


async def prepare(site: Site, path: str, call: str, **changes: str) -> httpx2.Response:
    """Opens a page, fills its form and sends it: the first for a call, or `call:1` for the second. A dot in a field's
    name is written as two underscores."""
    page = await site.get(path)
    call, _, place = call.partition(":")
    fields = read_form(page.text, call, int(place or 0))
    changed = {name.replace("__", "."): value for name, value in changes.items()}
    return await site.post(f"/en/compose/{call.replace('.', '/')}", **(fields | changed))


async def act(site: Site, key: SigningKey, path: str, call: str, **changes: str) -> str:
    """The same as this person, signed and sent; the page that tells what became of it."""
    site.act_as(key)
    return (await site.sign(key, await prepare(site, path, call, **changes))).text


def later(ledger: Ledger, milliseconds: int) -> str:
    """A moment as a form holds it, on the western clock, a whole minute on."""
    return write_time_input(ledger.now_ms + milliseconds + MINUTE)


async def offered(site: Site, who: SigningKey, path: str) -> list[str]:
    """The calls that a page offers to somebody."""
    site.act_as(who)
    return list_forms((await site.get(path)).text)


async def work_of(site: Site, who: SigningKey) -> str:
    """What waits for somebody."""
    site.act_as(who)
    return (await site.get("/en/")).text
