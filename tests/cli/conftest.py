"""The terminal of each test."""

import pytest

from tests.cli.running import Terminal


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Runs command lines in this process."""
    for variable in ("TERANG_HOME", "TERANG_NODE", "TERANG_PASSPHRASE"):
        monkeypatch.delenv(variable, raising=False)
    return Terminal(capsys, monkeypatch)
