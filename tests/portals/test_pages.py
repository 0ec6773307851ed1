"""Every page of every portal in both languages, on a phone and on a desk, in light and dark: nothing is wrong with it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import Literal

import pytest
from playwright.sync_api import Browser

from cli.portal import PortalName
from portals.languages import NAMES
from tests.portals.axe import find_violations
from tests.portals.browser import DESKTOP, NARROW
from tests.portals.cases import Case
from tests.portals.pages import PORTALS, Portal, list_views
from tests.portals.showing import Showing
from tests.portals.visiting import Visitor, visiting

PAGE_BYTES = 150_000
_SEEN: dict[str, tuple[tuple[int, int], Literal["light", "dark"]]] = {
    "id": (NARROW, "light"),
    "en": (DESKTOP, "dark"),
}
"""How axe looks at a page: at each width, in each scheme and in each language once."""
_OWN = """() => [...document.querySelectorAll("script:not([src]), style, [style]")].map(one => one.outerHTML)
    .concat([...document.querySelectorAll("*")].flatMap(one => one.getAttributeNames())
        .filter(name => name.startsWith("on")))"""
_TWICE = """() => { const ids = [...document.querySelectorAll("[id]")].map(one => one.id);
    return ids.filter((id, place) => ids.indexOf(id) !== place); }"""


Visitors = Callable[[Portal, str], Visitor]


@pytest.fixture(scope="module")
def visitors(browser: Browser) -> Iterator[Visitors]:
    """Somebody in front of a portal in a language, who stays there for all its cases."""
    with ExitStack() as stack:
        yield cache(lambda portal, code: stack.enter_context(visiting(browser, portal, Showing(), code)))


def test_no_portal_is_forgotten() -> None:
    assert [portal.info.name for portal in PORTALS] == list(PortalName)


@pytest.mark.parametrize("portal", PORTALS, ids=lambda portal: portal.info.name)
def test_no_page_is_forgotten(portal: Portal) -> None:
    assert set(portal.cases) == list_views(portal)
    names = [case.name for case in portal.list_cases()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("code", list(NAMES))
@pytest.mark.parametrize(
    ("portal", "case"),
    [
        pytest.param(portal, case, id=f"{portal.info.name}-{case.name}")
        for portal in PORTALS
        for case in portal.list_cases()
    ],
)
def test_a_page_is_for_everybody(visitors: Visitors, portal: Portal, case: Case, code: str) -> None:
    visitor = visitors(portal, code)
    page, (width, height), scheme = visitor.page, *_SEEN[code]
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    page.emulate_media(color_scheme="light")
    visitor.visit(case)
    assert page.get_attribute("html", "lang") == code
    assert visitor.answers[0].status == case.code
    assert visitor.errors == []
    assert all(answer.url.startswith(visitor.address) for answer in visitor.answers)
    assert 0 < visitor.weigh() < PAGE_BYTES
    assert page.evaluate(_OWN) == [], "no script or style of its own"
    assert page.evaluate(_TWICE) == [], "an id stands once"
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme)
    assert find_violations(page) == []
