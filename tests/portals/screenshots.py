"""Pictures of every page of every portal, in both languages, at a desk and on a phone, for people to look at:

    python -m tests.portals.screenshots DIRECTORY [WORD ...]

With words, only those whose portal, page, language and size are among them: `supplier tender-standstill id phone`.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser

from portals.languages import NAMES
from tests.portals.browser import DESKTOP, PHONE, open_browser
from tests.portals.pages import PORTALS, Portal
from tests.portals.showing import Showing
from tests.portals.visiting import visiting

_SIZES = {"desktop": DESKTOP, "phone": PHONE}


def take(browser: Browser, portal: Portal, language: str, folder: Path, words: Sequence[str]) -> int:
    """Pictures of a portal in a language; how many."""
    count = 0
    with visiting(browser, portal, Showing(), language) as visitor:
        for case in portal.list_cases():
            for size, (width, height) in _SIZES.items():
                name = f"{portal.info.name}-{case.name}-{language}-{size}"
                if not all(word in (name, portal.info.name, case.name, language, size) for word in words):
                    continue
                visitor.page.set_viewport_size({"width": width, "height": height})
                visitor.visit(case)
                visitor.page.screenshot(path=folder / f"{name}.png", full_page=True)
                count += 1
    return count


def main(arguments: Sequence[str]) -> None:
    """See the module."""
    if not arguments:
        raise SystemExit("usage: python -m tests.portals.screenshots DIRECTORY [WORD ...]")
    folder, words = Path(arguments[0]), arguments[1:]
    folder.mkdir(parents=True, exist_ok=True)
    with open_browser() as browser:
        counts = [take(browser, portal, language, folder, words) for portal in PORTALS for language in NAMES]
    print(f"{sum(counts)} pictures in {folder}")


if __name__ == "__main__":
    main(sys.argv[1:])
