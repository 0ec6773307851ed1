"""The reference says what the code says: its tables are made from the compiler's, its example compiles."""

import re

import pytest

from chain import limits
from tests.documents import REFERENCE, check_table, table
from vm.language.compile import check_source
from vm.language.diagnostics import RULES
from vm.language.library import CONSTANTS, FUNCTIONS
from vm.language.source import REFUSED

LANGUAGE = REFERENCE / "language.md"

LIMITS = {
    "bytes of a source": limits.SOURCE_BYTES_MAX,
    "nesting of a source": limits.SOURCE_DEPTH_MAX,
    "bytes of a name": limits.NAME_BYTES_MAX,
    "functions": limits.FUNCTIONS_MAX,
    "parameters of a function": limits.ARGUMENTS_MAX,
    "Vars and Maps": limits.STORAGE_MAX,
    "parts of a key": limits.MAP_KEYS_MAX,
    "fields of a record or event": limits.FIELDS_MAX,
    "members of an enum": limits.ENUM_MEMBERS_MAX,
    "items of a list": limits.LIST_ITEMS_MAX,
    "turns of a loop over numbers": limits.LOOP_TURNS_MAX,
    "entries of one range over a Map": limits.ROWS_MAX,
    "bits of a value between two assignments": limits.TEMPORARY_BITS_MAX,
    "bytes of a refusal's text": limits.MESSAGE_BYTES_MAX,
    "values in a refusal": limits.TRAP_VALUES_MAX,
    "decimals of a quantity": limits.SCALE_MAX,
}


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
    check_table(LANGUAGE, name, made_tables()[name], rewrite)


def test_the_example_compiles() -> None:
    examples = re.findall(r"```python\n(.*?)```", LANGUAGE.read_text(), re.DOTALL)
    assert [check_source(example) for example in examples] == [[]]
