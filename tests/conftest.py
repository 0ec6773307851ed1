"""Options of the whole test run."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--rewrite` writes what the transcripts in testdata/*.txt should say; the diff is then the review."""
    parser.addoption("--rewrite", action="store_true", default=False, help="rewrite text transcripts")


@pytest.fixture
def rewrite(request: pytest.FixtureRequest) -> bool:
    """Whether transcripts are written instead of compared."""
    return bool(request.config.getoption("--rewrite"))
