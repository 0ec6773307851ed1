"""Lists, texts and rows: sorting is stable, a range is a snapshot, parts lie within."""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from chain.codec import Value
from chain.result import ResultCode
from tests.vm.language.running import Ledger, Stopped, function, run

ROWS = """
class Row(Record):
    place: uint
    name: str
    score: int
    valid: bool


"""
rows = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(["", "a", "b", "é", "\uffff", "\U0001f600"]),
        st.integers(-1, 1),
        st.booleans(),
    ),
    max_size=12,
)
FIELDS = ("place", "name", "score", "valid")


@settings(max_examples=100, deadline=None)
@given(
    rows,
    st.lists(
        st.tuples(st.sampled_from(FIELDS), st.booleans()), min_size=1, max_size=3, unique_by=lambda k: k[0]
    ),
)
def test_sort_is_stable_by_every_field(
    found: list[tuple[int, str, int, bool]], by: list[tuple[str, bool]]
) -> None:
    fields = ", ".join(
        f"descending(Row.{name})" if is_descending else f"Row.{name}" for name, is_descending in by
    )
    source = function(f"return sort_by(rows, {fields})", "rows: List[Row, 12]", "List[Row, 12]", top=ROWS)
    want = list(found)
    for name, is_descending in reversed(by):
        place = FIELDS.index(name)
        keys = {id(row): row[place].encode() if isinstance(row[place], str) else row[place] for row in want}  # type: ignore[union-attr]  # a text
        want = sorted(want, key=lambda row: keys[id(row)], reverse=is_descending)
    assert run(source, tuple(found)) == tuple(want)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a loop does in one turn: nothing, or write or remove at an offset from where it stands."""

    kind: int
    offset: int


VISIT = '''"""Visits while it writes."""


class Step(Record):
    kind: uint
    offset: uint


table: Map[uint, uint]


@call
def put(key: uint, value: uint) -> None:
    table[key] = value


@call
def visit(steps: List[Step, 8]) -> List[uint, 40]:
    seen: List[uint, 40] = []
    turn: uint = 0
    for key, value in table.range(limit=8):
        seen.append(key)
        seen.append(value)
        if turn < len(steps):
            step = steps[turn]
            if step.kind == 1:
                table[(key + step.offset) % 16] = 100 + turn
            if step.kind == 2:
                del table[(key + step.offset) % 16]
        turn += 1
    return seen


@view
def all() -> List[uint, 40]:
    seen: List[uint, 40] = []
    for key, value in table.range(limit=20):
        seen.append(key)
        seen.append(value)
    return seen
'''


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(st.integers(0, 15), st.integers(0, 9), max_size=9),
    st.lists(st.builds(Step, kind=st.integers(0, 2), offset=st.integers(0, 15)), max_size=8),
)
def test_a_range_visits_what_was_there_when_it_began(table: dict[int, int], steps: list[Step]) -> None:
    ledger = Ledger()
    ledger.deploy("case", VISIT)
    for key, value in table.items():
        ledger.call("case", "put", key, value)
    answer = ledger.call("case", "visit", tuple((step.kind, step.offset) for step in steps))
    before = flat(table)
    if len(table) > 8:
        assert isinstance(answer, Stopped)
        assert answer.code is ResultCode.TRAPPED
        assert ledger.call("case", "all") == before
        return
    assert answer == before
    for turn, (key, step) in enumerate(zip(sorted(table), steps, strict=False)):
        place = (key + step.offset) % 16
        if step.kind == 1:
            table = table | {place: 100 + turn}
        if step.kind == 2:
            table = {kept: value for kept, value in table.items() if kept != place}
    assert ledger.call("case", "all") == flat(table)


def flat(table: dict[int, int]) -> Value:
    """Keys and values in key order."""
    return tuple(number for row in sorted(table.items()) for number in row)


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=6), st.integers(0, 7), st.integers(0, 7))
def test_parts_of_bytes_lie_within(data: bytes, start: int, end: int) -> None:
    answer = run(function("return data[a:b]", "data: bytes, a: uint, b: uint", "bytes"), data, start, end)
    if start <= end <= len(data):
        assert answer == data[start:end]
    else:
        assert isinstance(answer, Stopped)
        assert answer.code is ResultCode.TRAPPED


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet="aé\U0001f600", max_size=3), st.integers(0, 8), st.integers(0, 8))
def test_parts_of_texts_are_counted_in_bytes_and_cut_no_character(text: str, start: int, end: int) -> None:
    answer = run(function("return text[a:b]", "text: str, a: uint, b: uint", "str"), text, start, end)
    data = text.encode()
    try:
        want = data[start:end].decode() if start <= end <= len(data) else None
    except UnicodeDecodeError:
        want = None
    assert (None if isinstance(answer, Stopped) else answer) == want
    assert run(function("return len(text)", "text: str"), text) == len(data)


def test_no_text_grows_beyond_what_can_be_stored() -> None:
    body = "data = seed\nfor _ in range(turns, limit=20):\n    data = data + data\nreturn len(data)"
    source = function(body, "seed: bytes, turns: uint")
    assert run(source, bytes(64), 10) == 64 * 1024
    answer = run(source, bytes(64), 11)
    assert isinstance(answer, Stopped)
    assert answer.code is ResultCode.TRAPPED


def test_rows_that_cannot_be_paid_are_not_looked_for() -> None:
    """As out of gas: before the limit is asked about, and with no row read."""
    ledger = Ledger()
    ledger.deploy("case", VISIT)
    for key in range(16):
        ledger.call("case", "put", key, key)
    for gas, code in ((500_000, ResultCode.TRAPPED), (1_500, ResultCode.OUT_OF_GAS)):
        answer = ledger.call("case", "visit", (), gas=gas)
        assert isinstance(answer, Stopped)
        assert answer.code is code
