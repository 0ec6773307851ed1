"""The reference says what the code says: its tables are made from the compiler's, its example compiles."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from chain.limits import ARGUMENTS_MAX, LIST_ITEMS_MAX, MESSAGE_BYTES_MAX, NAME_BYTES_MAX
from vm.language.annotations import MAP_KEYS_MAX
from vm.language.check import check_source
from vm.language.classes import FIELDS_MAX, MEMBERS_MAX
from vm.language.declarations import FUNCTIONS_MAX, STORAGE_MAX
from vm.language.diagnostics import RULES
from vm.language.kinds import TEMPORARY_BITS_MAX
from vm.language.library import CLAUSE_VALUES_MAX, CONSTANTS, FUNCTIONS, SCALE_MAX
from vm.language.loops import LOOP_BOUND_MAX, ROWS_MAX
from vm.language.source import DEPTH_MAX, REFUSED, SOURCE_BYTES_MAX

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "language.md"

LIMITS = {
    "bytes of a source": SOURCE_BYTES_MAX,
    "nesting of a source": DEPTH_MAX,
    "bytes of a name": NAME_BYTES_MAX,
    "functions": FUNCTIONS_MAX,
    "parameters of a function": ARGUMENTS_MAX,
    "Vars and Maps": STORAGE_MAX,
    "parts of a key": MAP_KEYS_MAX,
    "fields of a record or event": FIELDS_MAX,
    "members of an enum": MEMBERS_MAX,
    "items of a list": LIST_ITEMS_MAX,
    "turns of a loop over numbers": LOOP_BOUND_MAX,
    "entries of one range over a Map": ROWS_MAX,
    "bits of a value between two assignments": TEMPORARY_BITS_MAX,
    "bytes of a refusal's text": MESSAGE_BYTES_MAX,
    "values in a refusal": CLAUSE_VALUES_MAX,
    "decimals of a quantity": SCALE_MAX,
}


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    escaped = [tuple(cell.replace("|", "\\|") for cell in row) for row in rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ("---",) * len(head), *escaped))


def made_tables() -> dict[str, str]:
    """Every table of the reference that has a source in the code."""
    functions = [(f"`{found.signature}`", found.text) for found in FUNCTIONS.values()]
    refused = sorted({(what, hint or "") for what, _, hint in REFUSED.values()})
    return {
        "functions": table(("written", "does"), functions),
        "constants": table(
            ("name", "milliseconds"), [(f"`{name}`", f"{ms:,}") for name, ms in CONSTANTS.items()]
        ),
        "rules": table(("rule", "reason"), list(RULES.items())),
        "refused": table(("refused", "instead"), refused),
        "limits": table(("of", "at most"), [(what, f"{most:,}") for what, most in LIMITS.items()]),
    }


@pytest.mark.parametrize("name", made_tables())
def test_table_equals_code(name: str, rewrite: bool) -> None:
    text = REFERENCE.read_text()
    between = re.compile(rf"(<!-- made from [^:\n]+: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    now, count = between.subn(lambda found: f"{found[1]}\n{made_tables()[name]}\n\n{found[2]}", text)
    if rewrite:
        REFERENCE.write_text(now)
    assert count == 1
    assert now == (now if rewrite else text)


def test_the_example_compiles() -> None:
    examples = re.findall(r"```python\n(.*?)```", REFERENCE.read_text(), re.DOTALL)
    assert [check_source(example) for example in examples] == [[]]
