"""Command lines in this process: exit code, output and errors of each."""

import io
from dataclasses import dataclass

import pytest

from cli import main


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What one command line did."""

    code: int
    out: str
    err: str


class Terminal:
    """Runs command lines as a script would: no terminal is there to ask at."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def run(self, *arguments: object, given: str = "") -> Ran:
        """One command line with `given` as standard input."""
        self._monkeypatch.setattr("sys.stdin", io.StringIO(given))
        self._capsys.readouterr()
        code = main.run([str(argument) for argument in arguments])
        found = self._capsys.readouterr()
        return Ran(code=code, out=found.out, err=found.err)

    def succeed(self, *arguments: object, given: str = "") -> str:
        """The output of a command line that must succeed."""
        ran = self.run(*arguments, given=given)
        assert ran.code == 0, ran
        return ran.out

    def fail(self, *arguments: object, given: str = "") -> str:
        """The error of a command line that must be refused: exit code 2, and no traceback."""
        ran = self.run(*arguments, given=given)
        assert ran.code == 2 and "Traceback" not in ran.err, ran
        return ran.err
