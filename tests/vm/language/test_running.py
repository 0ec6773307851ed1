"""What compiled contracts do under the reference engine."""

import hashlib

import pytest

from chain.codec import Value
from chain.keys import SigningKey, address_of
from chain.result import Event, ResultCode
from tests.vm.language.running import ALICE, BOB, NOW, Ledger, Stopped, function, run

BIDS = """
class Stage(Enum):
    OPEN = 0
    CLOSED = 1


class Bid(Record):
    bidder: addr
    price: uint
    score: int
    name: str
    stage: Stage


class Placed(Event):
    bidder: addr
    price: uint


bids: Map[bytes, addr, Bid]
totals: Map[uint, uint]
best: Var[Bid]
count: Var[uint]
"""


def code_of(answer: "Value | Stopped") -> ResultCode:
    """The code of a call that stopped."""
    assert isinstance(answer, Stopped), answer
    return answer.code


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("x + y * 2", 5 + 3 * 2),
        ("x // y", 1),
        ("x % y", 2),
        ("x * y // 2", 7),
        ("x - y", 2),
        ("y - x + x", ResultCode.TRAPPED),
        ("x // (y - 3)", ResultCode.TRAPPED),
        ("min(x, y) * max(x, 9)", 27),
        ("uint(abs(int(x) - 8))", 3),
        ("uint(-7 // 2 + 10) + uint(-7 % 3)", 8),
        ("x if x > y and not x == 4 else y", 5),
        ("1 if x < y or x == 5 else 0", 1),
        ("basis_points(x, 5_000)", 3),
        ("times_scaled(333, 1_500, 3)", 500),
        ("scaled('12.500', 3) + 2 * DAY", 172_812_500),
        ("to_uint(to_bytes(x)[31:32])", 5),
        ("to_bytes(x)[31] + len(b'abc'[1:]) + len('é')", 9),
        ("len([x, y, x])", 3),
        ("[x, y, 9][2]", 9),
        ("[x, y, 9][y]", ResultCode.TRAPPED),
        ("1 if x in [1, 2, 5] else 0", 1),
        ("1 if x not in [1, 2, 5] else 0", 0),
        ("block_height() + block_time()", 7 + NOW),
        ("uint(int(x) - 6)", ResultCode.TRAPPED),
        ("(x + BIG) * 3 // 3 - BIG", 5),
        ("BIG + x", ResultCode.TRAPPED),
    ],
)
def test_expressions(expression: str, expected: int | ResultCode) -> None:
    top = f"\nBIG = {2**255 - 2}\n"
    answer = run(function(f"return {expression}", "x: uint, y: uint", top=top), 5, 3)
    if isinstance(expected, ResultCode):
        assert code_of(answer) is expected
    else:
        assert answer == expected


def test_texts_and_bytes() -> None:
    source = function(
        """
if "b" < "c" and b"\\x00" < b"\\x00\\x01":
    return name + "-" + name[1:2] + this_contract() + chain_id()
return ""
""",
        "name: str",
        "str",
    )
    assert run(source, "pqr") == "pqr-qcaseterang-test"


def test_a_part_that_cuts_a_character_traps() -> None:
    assert code_of(run(function("return name[0:1]", "name: str", "str"), "é")) is ResultCode.TRAPPED


def test_loops() -> None:
    body = """
total: uint = 0
for i in range(1, n + 1, limit=10):
    if i == 3:
        continue
    if i == 8:
        break
    for j in range(2):
        total += i * (j + 1)
for x in [n, n, 1]:
    total += x
return total
"""
    expected = sum(i * 3 for i in (1, 2, 4, 5, 6, 7)) + 21
    assert run(function(body, "n: uint"), 10) == expected
    assert code_of(run(function(body, "n: uint"), 11)) is ResultCode.TRAPPED
    assert run(function(body, "n: uint"), 0) == 1


def test_a_list_that_is_changed_while_it_is_visited() -> None:
    body = """
xs: List[uint, 6] = [1, 2, 3]
for x in xs:
    xs.append(x * 10)
xs[0] = 7
xs[1] += 5
return xs
"""
    assert run(function(body, result="List[uint, 6]")) == (7, 7, 3, 10, 20, 30)
    assert code_of(run(function("xs: List[uint, 1] = [1]\nxs.append(2)\nreturn 1"))) is ResultCode.TRAPPED


def test_records_are_values() -> None:
    body = """
first = Bid(bidder=caller(), price=5, score=-1, name="a", stage=Stage.OPEN)
second = first
second.price += 2
third = replace(second, score=first.score - 1, price=first.price)
rows: List[Bid, 3] = [first, second]
rows[1].price = 100
rows.append(third)
return rows
"""
    rows = run(function(body, result="List[Bid, 3]", top=BIDS))
    assert rows == ((ALICE, 5, -1, "a", 0), (ALICE, 100, -1, "a", 0), (ALICE, 5, -2, "a", 0))


STORE = function(
    """
if (tender, caller()) in bids:
    bids[tender, caller()].price += price
    bids[tender, caller()].stage = Stage.CLOSED
else:
    bids[tender, caller()] = Bid(bidder=caller(), price=price, score=0, name="", stage=Stage.OPEN)
    count.set(count.get() + 1)
if count.get() == 1 or price < best.get().price:
    best.set(bids[tender, caller()])
emit(Placed(bidder=caller(), price=price))
return totals.get(price, 9) + count.get()
""",
    "tender: bytes, price: uint",
    top=BIDS,
)


def test_storage() -> None:
    ledger = Ledger()
    view = "\n\n@view\ndef found(tender: bytes, who: addr) -> Bid:\n    return bids[tender, who]\n"
    more = "\n\n@view\ndef cheapest() -> Bid:\n    return best.get()\n"
    drop = "\n\n@call\ndef drop(tender: bytes) -> None:\n    del bids[tender, caller()]\n"
    ledger.deploy("case", STORE + view + more + drop)
    assert ledger.call("case", "cheapest") == (bytes(20), 0, 0, "", 0)
    assert ledger.call("case", "act", b"t", 5) == 10
    assert ledger.call("case", "act", b"t", 3, sender=BOB) == 11
    assert ledger.call("case", "act", b"t", 4) == 11
    assert ledger.call("case", "found", b"t", ALICE) == (ALICE, 9, 0, "", 1)
    assert ledger.call("case", "cheapest") == (BOB, 3, 0, "", 0)
    assert ledger.events[0] == Event(contract="case", name="Placed", fields=(("bidder", ALICE), ("price", 5)))
    assert ledger.call("case", "drop", b"t") is None
    assert ledger.call("case", "drop", b"t") is None
    assert code_of(ledger.call("case", "found", b"t", ALICE)) is ResultCode.TRAPPED


def test_a_refusal_leaves_nothing_and_carries_clause_values_and_line() -> None:
    source = function(
        """
count.set(5)
require(
    x > 1,
    "clause 4: {} of {} is too small for {}", x + 0, Stage.CLOSED, caller(),
)
""",
        "x: uint",
        "None",
        top=BIDS,
    )
    ledger = Ledger()
    ledger.deploy("case", source + "\n\n@view\ndef seen() -> uint:\n    return count.get()\n")
    line = source.split("\n").index("    require(") + 1
    stopped = ledger.call("case", "act", 1)
    assert stopped == Stopped(
        code=ResultCode.REFUSED,
        message="clause 4: {} of {} is too small for {}",
        values=(1, 1, ALICE),
        line=line,
    )
    assert ledger.call("case", "seen") == 0
    assert ledger.call("case", "act", 2) is None
    assert ledger.call("case", "seen") == 5


def test_values_of_a_refusal_are_computed_only_where_it_refuses() -> None:
    body = "require(x not in totals, 'clause 1: {} is {}', x, totals[x])\nfail('clause 2: {}', x)"
    stopped = run(function(body, "x: uint", "None", top=BIDS), 4)
    assert isinstance(stopped, Stopped)
    assert (stopped.code, stopped.message, stopped.values) == (ResultCode.REFUSED, "clause 2: {}", (4,))


SEEN = (1, 10, 2, 20, 3, 30, 99, 1, 2, 11, 12, 13)


def test_rows_are_those_of_the_beginning() -> None:
    body = """
totals[3] = 30
totals[1] = 10
totals[2] = 20
seen: List[uint, 20] = []
for key, value in totals.range(limit=3):
    seen.append(key)
    seen.append(value)
    totals[key + 10] = 1
    totals[2] = 99
    del totals[3]
seen.append(totals[2])
for key, _ in totals.range(limit=10):
    seen.append(key)
return seen
"""
    assert run(function(body, result="List[uint, 20]", top=BIDS)) == (
        1,
        10,
        2,
        20,
        3,
        30,
        99,
        1,
        2,
        11,
        12,
        13,
    )


def test_more_rows_than_the_limit_trap() -> None:
    body = "totals[1] = 1\ntotals[2] = 1\nfor _, _ in totals.range(limit=1):\n    pass\nreturn 1"
    assert code_of(run(function(body, top=BIDS))) is ResultCode.TRAPPED


ORDERED = (-5, 0, 3, -5, 1, 2, 5, 1, 1, 3, 2, 4, 5)


def test_rows_under_a_prefix_and_keys_in_order() -> None:
    top = "\nm: Map[str, int, bool, uint]\n"
    body = """
m["a", 5, True] = 1
m["a", -5, True] = 2
m["a", -5, False] = 3
m["ab", 0, False] = 4
m["b", 0, False] = 5
seen: List[int, 30] = []
for number, flag, value in m.range("a", limit=9):
    seen.append(number)
    seen.append(1 if flag else 0)
    seen.append(int(value))
for flag, value in m.range("a", -5, limit=9):
    seen.append(int(value))
for name, _, _, value in m.range(limit=9):
    if name > "a":
        seen.append(int(value))
return seen
"""
    assert run(function(body, result="List[int, 30]", top=top)) == ORDERED


def test_sort_is_stable_and_descends() -> None:
    row = "Bid(bidder=caller(), price={}, score={}, name='{}', stage=Stage.OPEN)"
    rows = [(3, 1, "a"), (1, -1, "b"), (3, 2, "c"), (1, -1, "d"), (2, 7, "e"), (3, 2, "f")]
    body = f"rows: List[Bid, 9] = [{', '.join(row.format(*one) for one in rows)}]\n"
    body += "names = ''\nfor bid in sort_by(rows, descending(Bid.price), Bid.score):\n    names += bid.name\n"
    body += "return names"
    assert run(function(body, result="str", top=BIDS)) == "acfebd"
    body = body.replace(
        "sort_by(rows, descending(Bid.price), Bid.score)", "sort_by(rows, descending(Bid.stage))"
    )
    assert run(function(body, result="str", top=BIDS)) == "abcdef"


def test_a_helper_that_writes_is_run_before_the_place_is_read() -> None:
    top = "\ntotals: Map[uint, uint]\n"
    body = "totals[1] = 1\ntotals[1] += twice()\nreturn totals[1]"
    helper = "\n\ndef twice() -> uint:\n    totals[1] = 10\n    return 5\n"
    assert run(function(body, top=top) + helper) == 15


def test_calls_of_other_contracts() -> None:
    other = function("count.set(count.get() + x)\nreturn count.get()", "x: uint", top="\ncount: Var[uint]\n")
    other += "\n\n@view\ndef who() -> addr:\n    return caller()\n"
    other += "\n\n@call\ndef back() -> None:\n    back_again.act()\n"
    interface = (
        '\n\nclass Back(Interface):\n    @call\n    def act() -> uint: ...\n\n\nback_again = Back("case")\n'
    )
    other = other.replace('"""Case."""\n', '"""Case."""\n' + interface, 1)
    top = """
class Other(Interface):
    @call
    def act(x: uint) -> uint: ...

    @view
    def who() -> addr: ...

    @call
    def back() -> None: ...


other = Other("other")
"""
    ledger = Ledger()
    ledger.deploy("other", other)
    source = function("other.act(2)\nreturn other.act(3) * (1 if other.who() == caller() else 2)", top=top)
    ledger.deploy("case", source + "\n\n@call\ndef again() -> None:\n    other.back()\n")
    assert ledger.call("case", "act") == 10
    assert code_of(ledger.call("case", "again")) is ResultCode.TRAPPED


def test_enums_at_the_border() -> None:
    source = function("return uint(stage) + (10 if stage == Stage.CLOSED else 0)", "stage: Stage", top=BIDS)
    assert run(source, 1) == 11
    assert code_of(run(source, 2)) is ResultCode.BAD_ARGUMENTS


def test_hashes_and_signatures() -> None:
    key = SigningKey.from_seed(bytes(32))
    body = """
require(address_of(public) == who, "clause 1: no")
require(verify_signature(public, data, signature), "clause 2: no")
return sha256(data + to_bytes(who))
"""
    head = "public: bytes, data: bytes, signature: bytes, who: addr"
    source = function(body, head, "bytes")
    who = address_of(key.public)
    expected = hashlib.sha256(b"hello" + who).digest()
    assert run(source, key.public, b"hello", key.sign(b"hello"), who) == expected
    assert code_of(run(source, key.public, b"hullo", key.sign(b"hello"), who)) is ResultCode.REFUSED
    assert code_of(run(source, b"", b"hello", b"", who)) is ResultCode.REFUSED
    assert run(function("return addr(x)", "x: bytes", "addr"), bytes(20)) == bytes(20)
    assert code_of(run(function("return addr(x)", "x: bytes", "addr"), bytes(19))) is ResultCode.TRAPPED


def test_gas_ends_what_would_go_on() -> None:
    ledger = Ledger()
    ledger.deploy(
        "case",
        function(
            "total: uint = 0\nfor i in range(n, limit=100_000):\n    total += i\nreturn total", "n: uint"
        ),
    )
    assert ledger.call("case", "act", 10) == 45
    used = ledger.gas_used
    assert code_of(ledger.call("case", "act", 100_000, gas=50_000)) is ResultCode.OUT_OF_GAS
    assert code_of(ledger.call("case", "act", 10, gas=used - 1)) is ResultCode.OUT_OF_GAS
    assert ledger.call("case", "act", 10, gas=used) == 45
