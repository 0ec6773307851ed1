"""What the compiler says of each mistake, as transcripts: `testdata/*.txt`.

A file holds cases between lines of `====`: a title, a source, a line `----`, and the diagnostics that a
person sees.
"""

from pathlib import Path

import pytest

from vm.language.compile import check_source
from vm.language.diagnostics import RULES, format_diagnostic
from vm.language.source import REFUSED

TESTDATA = Path(__file__).parent / "testdata"
FILES = sorted(path.name for path in TESTDATA.glob("*.txt"))
BETWEEN = "\n====\n"


def told(source: str) -> str:
    """All diagnostics of a source, or `ok`."""
    found = check_source(source)
    return "\n\n".join(format_diagnostic(one, source, "case") for one in found) or "ok"


def renew(case: str) -> str:
    """A case with what the compiler says now."""
    title, _, rest = case.strip("\n").partition("\n")
    source = rest.partition("\n----")[0]
    return f"{title}\n{source}\n----\n{told(source)}\n"


@pytest.mark.parametrize("name", FILES)
def test_transcript(name: str, rewrite: bool) -> None:
    path = TESTDATA / name
    written = path.read_text()
    now = BETWEEN.join(renew(case) for case in written.split(BETWEEN))
    if rewrite:
        path.write_text(now)
    assert now == (now if rewrite else written)


def test_every_rule_and_every_refused_syntax_has_a_case() -> None:
    everything = "".join((TESTDATA / name).read_text() for name in FILES)
    assert [rule for rule, reason in RULES.items() if f"= why: {reason}" not in everything] == []
    assert [what for what, _, _ in REFUSED.values() if f"error: {what} is not part" not in everything] == []
