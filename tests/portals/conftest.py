"""One browser for all tests that need one."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.portals.browser import open_browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started when the first test asks for it."""
    with open_browser() as opened:
        yield opened
