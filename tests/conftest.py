"""Options of the whole test run, and the one browser that its tests share."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import structlog

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--rewrite` writes what the transcripts in testdata/*.txt should say; the diff is then the review."""
    parser.addoption("--rewrite", action="store_true", default=False, help="rewrite text transcripts")


@pytest.fixture
def rewrite(request: pytest.FixtureRequest) -> bool:
    """Whether transcripts are written instead of compared."""
    return bool(request.config.getoption("--rewrite"))


@pytest.fixture(autouse=True)
def plain_logs() -> Iterator[None]:
    """A command that runs in a test's process turns the logs of all to a terminal that ends with the test."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """Chromium, started when the first test asks for it: a process has one Playwright at a time."""
    from tests.portals.browser import open_browser  # here, so that runs without a browser do not load it

    with open_browser() as opened:
        yield opened
