"""What a hostile contract cannot have: work, memory or room on the ledger that it has not paid for.

Values share their parts in memory, so that doubling is cheap until something has to be written out. Each case here is a
contract that once got far more than its gas was worth.
"""

from collections.abc import Sequence

import pytest

from chain.limits import (
    ANSWER_BYTES_MAX,
    EVENT_BYTES_MAX,
    EVENTS_PER_TRANSACTION_MAX,
    FIELDS_MAX,
    NAME_BYTES_MAX,
    RESULT_BYTES_MAX,
    ROWS_AT_ONCE,
    STATE_VALUE_BYTES_MAX,
    TRANSACTION_CALLS_MAX,
    TRAP_VALUE_LENGTH_MAX,
    VIEW_ANSWER_BYTES_MAX,
)
from chain.result import ResultCode, decode_result, encode_result
from chain.transaction import Call
from tests.vm.language.running import ALICE, Ledger, Stopped, function
from tests.vm.test_executor import ENVIRONMENT, Chain
from vm.calls import Caller
from vm.executor import query_view
from vm.host import Gas, Run
from vm.module import Role
from vm.overlay import MemoryState, Overlay

NESTED = """
class A(Record):
    parts: List[bytes, 1_000]


class B(Record):
    parts: List[A, 1_000]


class C(Record):
    parts: List[B, 1_000]


class Said(Event):
    c: C


kept: Var[C]
"""

# A thousand million byte strings of 32 kB, in a few kilobytes of memory.
HUGE = """
data = b"0123456789abcdef"
for _ in range(11):
    data = data + data
a: List[bytes, 1_000] = []
for _ in range(1_000):
    a.append(data)
b: List[A, 1_000] = []
for _ in range(1_000):
    b.append(A(parts=a))
c: List[B, 1_000] = []
for _ in range(1_000):
    c.append(B(parts=b))
"""


@pytest.mark.parametrize(
    ("end", "result", "what", "most"),
    [
        ("kept.set(C(parts=c))\nreturn 0", "uint", "a value of kept", STATE_VALUE_BYTES_MAX),
        ("emit(Said(c=C(parts=c)))\nreturn 0", "uint", "an event Said", EVENT_BYTES_MAX),
        ("return C(parts=c)", "C", "what case.act answers", ANSWER_BYTES_MAX),
    ],
    ids=["stored", "announced", "answered"],
)
def test_a_value_that_shares_its_parts_is_measured_before_it_is_written_out(
    end: str, result: str, what: str, most: int
) -> None:
    ledger = Ledger()
    ledger.deploy("case", function(HUGE + end, result=result, top=NESTED))
    answer = ledger.call("case", "act")
    assert isinstance(answer, Stopped)
    assert (answer.code, answer.message) == (ResultCode.TRAPPED, "{} has at most {} bytes, got {} or more")
    assert answer.values[:2] == (what, most)


def test_a_view_answers_more_than_a_call_but_not_without_end() -> None:
    body = "found: List[bytes, 1_000] = []\nfor _ in range(count, limit=1_000):\n    found.append(part)\nreturn found"
    chain = Chain()
    chain.deploy("case", function(body, "part: bytes, count: uint", "List[bytes, 1_000]", role="view"))
    part = bytes(30_000)
    answer = query_view(chain.state, ENVIRONMENT, "case", "act", (part, 60), chain.modules)
    assert answer == (part,) * 60
    with pytest.raises(Exception, match="has at most") as raised:
        query_view(chain.state, ENVIRONMENT, "case", "act", (part, 80), chain.modules)
    assert f"{VIEW_ANSWER_BYTES_MAX}" not in str(raised.value), "the values stand beside the text"
    assert VIEW_ANSWER_BYTES_MAX <= RESULT_BYTES_MAX, "clients read answers of views within this"


def test_the_largest_result_can_be_read_again() -> None:
    """All answers and events at their largest, the events with as many fields as can be, under the longest names."""
    names = [f"f{number}".ljust(NAME_BYTES_MAX, "x") for number in range(FIELDS_MAX)]
    fields = "\n".join(f"    {name}: bytes" for name in names)
    given = ", ".join(f"{name}=part" for name in names)
    event = "E".ljust(NAME_BYTES_MAX, "x")
    part = EVENT_BYTES_MAX // FIELDS_MAX - 3
    body = f"""
for _ in range(turns, limit=64):
    emit({event}({given}))
whole = part
for _ in range(8):
    whole = whole + whole
return whole
"""
    chain = Chain()
    chain.deploy(
        "case",
        function(body, "part: bytes, turns: uint", "bytes", top=f"class {event}(Event):\n{fields}\n"),
    )
    arguments = (bytes(part), EVENTS_PER_TRANSACTION_MAX // TRANSACTION_CALLS_MAX)
    calls = [Call(contract="case", method="act", arguments=arguments)] * TRANSACTION_CALLS_MAX
    result = chain.send(*calls, gas=10_000_000)
    assert result.is_ok, result.trap
    assert len(result.events) == EVENTS_PER_TRANSACTION_MAX
    data = encode_result(result)
    assert len(data) > RESULT_BYTES_MAX * 0.9
    assert decode_result(data) == result


def test_a_refusal_keeps_no_more_of_a_value_than_people_read() -> None:
    body = 'require(False, "clause 1: {} and {}", data, text)\nreturn 0'
    ledger = Ledger()
    ledger.deploy("case", function(body, "data: bytes, text: str"))
    stopped = ledger.call("case", "act", bytes(10_000), "é" * 10_000)
    assert isinstance(stopped, Stopped)
    assert stopped.values == (bytes(TRAP_VALUE_LENGTH_MAX), "é" * TRAP_VALUE_LENGTH_MAX)


TEXTS = "class R(Record):\n    text: str\n    number: uint\n"


@pytest.mark.parametrize(
    "body",
    [
        "return len(text)",
        "return len(text[0:2])",
        'return len(text + "a")',
        "return len(to_bytes(text))",
        "return 1 if text == text + other else 0",
        "rows = [R(text=text, number=1), R(text=text + other, number=2)]\nreturn sort_by(rows, R.text)[0].number",
    ],
)
def test_work_on_a_long_text_costs_more_than_on_a_short_one(body: str) -> None:
    ledger = Ledger()
    ledger.deploy("case", function(body, "text: str, other: str", top=TEXTS))
    used = []
    for length in (2, 20_000):
        assert not isinstance(ledger.call("case", "act", "é" * length, ""), Stopped)
        used.append(ledger.gas_used)
    assert used[1] - used[0] > 20_000 // 32, "a gas for 32 bytes is the least that anything costs"


def test_each_part_of_an_argument_and_of_a_stored_value_is_paid() -> None:
    ledger = Ledger()
    top = "kept: Var[List[bool, 1_000]]\n"
    ledger.deploy(
        "case",
        function("kept.set(given)\nreturn 0", "given: List[bool, 1_000]", top=top)
        + "\n\n@view\ndef read() -> uint:\n    return len(kept.get())\n",
    )
    used = []
    for length in (0, 1_000):
        ledger.call("case", "act", (True,) * length)
        used.append(ledger.gas_used)
        ledger.call("case", "read")
        used.append(ledger.gas_used)
    assert used[2] - used[0] >= 2 * 10 * 1_000, "taken in and written"
    assert used[3] - used[1] >= 10 * 1_000


class Counted(MemoryState):
    """State that remembers how many rows it was asked for at once, and gave in all."""

    def __init__(self, rows: dict[bytes, bytes]) -> None:
        super().__init__(rows)
        self.most = 0
        self.given = 0

    def iterate(self, start: bytes, end: bytes, limit: int) -> Sequence[tuple[bytes, bytes]]:
        found = super().iterate(start, end, limit)
        self.most, self.given = max(self.most, limit), self.given + len(found)
        return found


ROWS = function(
    "count = 0\nfor key, value in rows.range(limit=10_000):\n    count += 1\nreturn count",
    top="rows: Map[uint, bytes]\n",
).replace(
    "@call\n",
    "@call\ndef fill(first: uint, data: bytes) -> None:\n    for number in range(first, first + 500, limit=500):\n"
    "        rows[number] = data\n\n\n@call\ndef clear() -> None:\n    for number in range(500):\n"
    "        del rows[number]\n\n\n@call\n",
    1,
)


def test_a_range_fetches_no_more_rows_than_are_paid_for() -> None:
    ledger = Ledger()
    ledger.deploy("case", ROWS)
    for first in (0, 500, 1_000):
        ledger.call("case", "fill", first, bytes(1_000))
    rows = {key: value for key, value in ledger.state.sorted_writes() if value is not None}
    assert ledger.call("case", "act") == 1_500

    state = Counted(rows)
    run = Run(environment=ENVIRONMENT, gas=Gas(20_000), state=Overlay(state))
    with pytest.raises(Exception, match="gas limit"):
        Caller(run, ledger.modules).call_method("case", "act", (), sender=ALICE, roles=(Role.CALL,))
    assert state.most <= ROWS_AT_ONCE
    assert state.given <= 2 * ROWS_AT_ONCE


def test_rows_that_the_block_removed_are_paid_when_a_range_passes_over_them() -> None:
    ledger = Ledger()
    ledger.deploy("case", ROWS)
    assert ledger.call("case", "act") == 0
    empty = ledger.gas_used
    ledger.call("case", "fill", 0, b"a")
    ledger.call("case", "clear")
    assert ledger.call("case", "act") == 0
    assert ledger.gas_used - empty >= 500 * 10
