"""The terminal of each test."""

from collections.abc import Iterator

import pytest
import structlog

from tests.cli.running import Terminal


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """Runs command lines in this process; a node that starts in one turns the logs of all to a terminal that ends here."""
    for variable in ("TERANG_HOME", "TERANG_NODE", "TERANG_PASSPHRASE"):
        monkeypatch.delenv(variable, raising=False)
    yield Terminal(capsys, monkeypatch)
    structlog.reset_defaults()
