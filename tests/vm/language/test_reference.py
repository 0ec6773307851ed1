"""The reference says what the code says: its tables are made from the compiler's, its example compiles."""

import re

import pytest

from chain import limits
from tests.pages import REFERENCE, check_table, table
from vm.language.compile import check_source
from vm.language.diagnostics import RULES
from vm.language.library import CONSTANTS, FUNCTIONS
from vm.language.source import REFUSED
from vm.opcodes import TABLE

LANGUAGE = REFERENCE / "language.md"

COSTLY = 20  # gas from which an operation is worth a thought

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
    "conditions and loops inside each other": limits.NESTING_MAX,
    "calls inside calls, of all contracts together": limits.CALL_DEPTH_MAX,
    "calls from contract to contract inside each other": limits.CONTRACT_DEPTH_MAX,
    "records, and events, and enums": limits.MODULE_RECORDS_MAX,
    "fields of a record with those of the records in it": limits.TYPE_PARTS_MAX,
    "records and lists inside each other": limits.TYPE_DEPTH_MAX,
    "instructions of a function": limits.INSTRUCTIONS_MAX,
    "variables and values of a function at once": limits.REGISTERS_MAX,
    "bytes of a contract when compiled": limits.MODULE_BYTES_MAX,
    "bytes of one text or bytes": limits.STATE_VALUE_BYTES_MAX,
    "bytes of all parts of a key": limits.STATE_KEY_BYTES_MAX,
    "bytes of one stored value": limits.STATE_VALUE_BYTES_MAX,
    "entries that a transaction writes": limits.WRITES_PER_TRANSACTION_MAX,
    "events of a transaction": limits.EVENTS_PER_TRANSACTION_MAX,
    "bytes of an event": limits.EVENT_BYTES_MAX,
    "bytes that a @call answers": limits.ANSWER_BYTES_MAX,
    "bytes that a @view answers": limits.VIEW_ANSWER_BYTES_MAX,
    "gas of a view": limits.VIEW_GAS_MAX,
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
        "gas": table(
            ("operation", "gas", "does"),
            [(op.name, f"{shape.gas:,}", shape.text) for op, shape in TABLE.items() if shape.gas >= COSTLY],
        ),
        "limits": table(("of", "at most"), [(what, f"{most:,}") for what, most in LIMITS.items()]),
    }


@pytest.mark.parametrize("name", made_tables())
def test_table_equals_code(name: str, rewrite: bool) -> None:
    check_table(LANGUAGE, name, made_tables()[name], rewrite)


def test_the_examples_compile() -> None:
    examples = re.findall(r"```python\n(.*?)```", LANGUAGE.read_text(), re.DOTALL)
    assert [check_source(example) for example in examples] == [[], []]
