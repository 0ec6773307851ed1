"""A module beside its source: everything is shown, at its place, and nothing that the eye would miss."""

from dataclasses import replace

from tests.vm.test_verify import END, LIST, TEXT, function, module
from vm.language.compile import compile_contract
from vm.language.listing import show_module
from vm.module import ConstantValue
from vm.opcodes import Op
from vm.types import Scalar

SOURCE = '''"""Case."""


class Stage(Enum):
    OPEN = 0
    CLOSED = 1


class Row(Record):
    who: addr
    price: uint


class Placed(Event):
    price: uint


class Other(Interface):
    @view
    def is_known(who: addr) -> bool: ...


other = Other("other")
rows: Map[bytes, addr, Row]
stage: Var[Stage]


@call
def cheapest(tender: bytes) -> uint:
    best: uint = 0
    for who, row in rows.range(tender, limit=9):
        if other.is_known(who) and (best == 0 or row.price < best):
            best = row.price
    require(best > 0, "clause 1: {} has no price", tender)
    emit(Placed(price=best))
    return doubled(best)


def doubled(price: uint) -> uint:
    return price * 2
'''

HEAD = """
methods
  @call cheapest(tender: bytes) -> uint

storage
  rows: Map[bytes, addr, Row]
  stage: Var[Stage]

enums
  Stage: OPEN, CLOSED

records
  Row(who: addr, price: uint)

events
  Placed(price: uint)

calls of other contracts
  @view other.is_known(addr) -> bool

refusals
  clause 1: {} has no price
"""


def test_heads_say_all_that_a_contract_has() -> None:
    compiled = compile_contract(SOURCE, "case")
    listing = show_module(compiled.module, SOURCE)
    first, code_hash, source_hash, rest = listing.split("\n", 3)
    assert first == "contract case"
    assert code_hash == f"code hash    {compiled.code_hash.hex().upper()}"
    assert source_hash == (
        f"source hash  {compiled.module.source_hash.hex().upper()}  (the source given here)"
    )
    assert rest.startswith(HEAD)


def test_code_stands_beside_its_lines_with_names_for_numbers() -> None:
    compiled = compile_contract(SOURCE, "case")
    listing = show_module(compiled.module, SOURCE).split("\n")
    start = listing.index("@call cheapest(tender: bytes) -> uint")
    code = listing[start + 1 : listing.index("", start)]
    instructions = compiled.module.functions[0].code
    assert [int(row.split()[0]) for row in code] == list(range(len(instructions)))
    assert [row.split()[1] for row in code] == [Op(instruction[0]).name for instruction in instructions]
    beside = [row.partition(" | ")[2] for row in code if " | " in row]
    lines = SOURCE.split("\n")
    assert {int(row[:4]) for row in beside} == {30, 31, 32, 33, 34, 35, 36}
    assert all(row[5:] == lines[int(row[:4]) - 1] for row in beside)
    (rows,) = (row for row in code if "FOR_ROWS" in row)
    assert "= rows[tender] limit 9" in rows
    (refusal,) = (row for row in code if "REQUIRE" in row)
    assert '"clause 1: {} has no price" tender' in refusal
    (external,) = (row for row in code if "CALL_CONTRACT_VALUE" in row)
    assert "other.is_known" in external
    assert any("CALL_VALUE" in row and "doubled" in row for row in code)
    inside = code[code.index(rows) + 1]
    assert len(inside) - len(inside[7:].lstrip()) == 9, "what is inside of a loop stands further in"


def test_without_its_source_a_module_shows_numbers_of_lines() -> None:
    compiled = compile_contract(SOURCE, "case")
    alone = show_module(compiled.module, None)
    assert "source given here" not in alone
    assert "| 30" in alone
    assert "for who, row" not in alone
    other = show_module(compiled.module, SOURCE + "\n")
    assert "(NOT the source given here: it is left out)" in other
    assert "for who, row" not in other


def test_every_operation_can_be_shown() -> None:
    code = (
        (Op.LIST, LIST),
        (Op.SORT, LIST, LIST, 1, 1, 0, 0),
        (Op.CONST, TEXT, 1),
        (Op.MAP_HAS, 3, 1, 4, 5),
        (Op.GET_FIELD, 2, 6, 0),
        (Op.SHA256, 4, 4),
        END,
    )
    listing = show_module(module(function(*code)), None)
    for text in (
        "SORT r7 r7 1 1 0 0",
        'CONST r12 "a"',
        "MAP_HAS r3 bids r4 r5",
        "GET_FIELD r2 r6 .0",
        "SHA256 r4 r4",
    ):
        assert text in listing


def test_nothing_hides_from_the_reader() -> None:
    """A module that was not compiled may hold any text; a line that is not there is no failure."""
    hidden = "clause 1: \x1b[2Jno\nclause 9: yes \u202e"
    made = replace(
        module(function((Op.CONST, TEXT, 1), (Op.FAIL, 0))),
        messages=(hidden, "clause 2: {}"),
        constants=(ConstantValue(kind=Scalar.UINT, value=7), ConstantValue(kind=Scalar.STR, value="é\r\x00")),
    )
    listing = show_module(made, None)
    assert "clause 1: \\x1b[2Jno\\nclause 9: yes \\u202e" in listing
    assert '"é\\r\\x00"' in listing
    assert all(one.isprintable() or one == "\n" for one in listing)
