"""What the verifier refuses, and that what it accepts never makes the engine fail."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.errors import Malformed
from chain.hashing import Digest
from chain.limits import CALL_DEPTH_MAX, INSTRUCTIONS_MAX, NESTING_MAX
from chain.result import ResultCode
from tests.vm.language.running import BOB, Ledger, Stopped
from vm.deployment import deploy
from vm.flow import Unsound
from vm.language.compile import compile_contract
from vm.module import ConstantValue, EventType, External, FunctionCode, Module, Role, StorageType
from vm.module_codec import decode_module, encode_module
from vm.opcodes import TABLE, Instruction, Op
from vm.types import EnumType, Field, ListType, RecordType, Scalar, Type
from vm.verify import verify_module

UINT, INT, BOOL, BYTES, STR, ADDR = (
    Scalar.UINT,
    Scalar.INT,
    Scalar.BOOL,
    Scalar.BYTES,
    Scalar.STR,
    Scalar.ADDR,
)
WIDE = Scalar.WIDE_UINT
STAGE = EnumType(name="Stage", members=("OPEN", "CLOSED"))
BID = RecordType(name="Bid", fields=(Field(name="price", kind=UINT), Field(name="who", kind=ADDR)))
BIDS = ListType(item=BID, bound=3)

# Registers of the function under test; the first two are its parameters.
REGISTERS: tuple[Type, ...] = (UINT, BOOL, UINT, BOOL, BYTES, ADDR, BID, BIDS, WIDE, WIDE, INT, STAGE, STR)
X, FLAG, U, B, DATA, WHO, RECORD, LIST, W, W2, SIGNED, E, TEXT = range(len(REGISTERS))


def function(
    *code: tuple[int, ...], name: str = "act", role: Role = Role.CALL, result: Type | None = None
) -> FunctionCode:
    """A function with the registers above."""
    return FunctionCode(
        name=name,
        role=role,
        parameters=(Field(name="x", kind=UINT), Field(name="flag", kind=BOOL)),
        result=result,
        registers=REGISTERS,
        code=tuple(tuple(int(number) for number in instruction) for instruction in code),
        lines=(1,) * len(code),
    )


def module(*functions: FunctionCode) -> Module:
    """A module with a little of everything."""
    return Module(
        name="case",
        source_hash=Digest(bytes(32)),
        enums=(STAGE,),
        records=(BID,),
        constants=(ConstantValue(kind=UINT, value=7), ConstantValue(kind=STR, value="a")),
        messages=("clause 1: no", "clause 2: {}"),
        events=(EventType(name="Placed", fields=(Field(name="price", kind=UINT),)),),
        storage=(
            StorageType(name="count", keys=(), value=UINT),
            StorageType(name="bids", keys=(BYTES, ADDR), value=BID),
        ),
        externals=(
            External(contract="other", method="ask", role=Role.VIEW, parameters=(UINT,), result=BOOL),
            External(contract="other", method="tell", role=Role.CALL, parameters=(UINT,), result=None),
        ),
        functions=functions,
    )


END = (Op.RETURN,)

UNSOUND: dict[str, tuple[tuple[Instruction, ...], str]] = {
    "no return": (((Op.CONST, U, 0),), "every way to end with a return"),
    "no return on one side": (((Op.IF, FLAG), END, (Op.END,)), "every way to end with a return"),
    "behind a return": ((END, END), "can be reached"),
    "behind a refusal": (((Op.FAIL, 0), (Op.CONST, U, 0), END), "can be reached"),
    "a lone END": (((Op.END,), END), "to close something"),
    "a lone ELSE": (((Op.FOR, U, X, X, 3), (Op.ELSE,), (Op.END,), END), "to close something"),
    "an open IF": (((Op.IF, FLAG), END), "an END for IF"),
    "a lone BREAK": (((Op.BREAK,),), "inside a loop"),
    "too deep": (((Op.IF, FLAG),) * (NESTING_MAX + 1), "levels"),
    "unset register": (((Op.MOVE, X, U), END), "to be set"),
    "set on one side": (((Op.IF, FLAG), (Op.CONST, U, 0), (Op.END,), (Op.MOVE, X, U), END), "to be set"),
    "set in a loop": (
        ((Op.FOR, U, X, X, 3), (Op.CONST, TEXT, 1), (Op.END,), (Op.LEN, U, TEXT), END),
        "to be set",
    ),
    "a loop's register": (((Op.FOR, U, X, X, 3), (Op.CONST, U, 0), (Op.END,), END), "left to its loop"),
    "a loop's register in a loop": (
        ((Op.FOR, U, X, X, 3), (Op.FOR, U, X, X, 3), (Op.END,), (Op.END,), END),
        "left to its loop",
    ),
    "no such register": (((Op.MOVE, 99, X), END), "a register below"),
    "no such constant": (((Op.CONST, U, 9), END), "a number below"),
    "no such storage": (((Op.VAR_GET, U, 9), END), "a number below"),
    "a constant's type": (((Op.CONST, U, 1), END), "expected types"),
    "mixed numbers": (
        ((Op.CONST, U, 0), (Op.TO_INT, SIGNED, U), (Op.ADD, U, U, SIGNED), END),
        "numbers of one kind",
    ),
    "arithmetic on a bool": (((Op.ADD, X, X, FLAG), END), "numbers of one kind"),
    "a condition that is a number": (((Op.IF, X), (Op.END,), END), "expected types"),
    "two types compared": (((Op.EQ, B, X, FLAG), END), "two of one type"),
    "an order of bools": (((Op.LT, B, FLAG, FLAG), END), "an order"),
    "a record with a field too few": (((Op.RECORD, RECORD, X), END), "expected types"),
    "a field that is not there": (((Op.RECORD, RECORD, X, WHO), END), "to be set"),
    "a field beyond": (
        ((Op.CALLER, WHO), (Op.RECORD, RECORD, X, WHO), (Op.GET_FIELD, U, RECORD, 2), END),
        "a field",
    ),
    "too many items": (
        ((Op.CALLER, WHO), (Op.RECORD, RECORD, X, WHO), (Op.LIST, LIST, *([RECORD] * 4)), END),
        "at most 3 items",
    ),
    "a sort by nothing": (((Op.LIST, LIST), (Op.SORT, LIST, LIST), END), "pairs"),
    "a sort by a field beyond": (((Op.LIST, LIST), (Op.SORT, LIST, LIST, 2, 0), END), "a field"),
    "a wide number kept": (((Op.MUL, W, X, X), (Op.VAR_SET, 0, W), END), "expected types"),
    "a wide number announced": (((Op.MUL, W, X, X), (Op.EMIT, 0, W), END), "expected types"),
    "a wide number shown": (((Op.MUL, W, X, X), (Op.FAIL, 1, W)), "can be shown"),
    "too wide": (((Op.MUL, W, X, X), *[(Op.MUL, W, W, W)] * 3, END), "bits"),
    "wider each turn": (
        ((Op.MUL, W, X, X), (Op.FOR, U, X, X, 3), (Op.MUL, W, W, X), (Op.END,), END),
        "to be set",
    ),
    "a Var as a Map": (((Op.MAP_HAS, B, 0), END), "expected a Map"),
    "a Map as a Var": (((Op.VAR_GET, RECORD, 1), END), "expected a Var"),
    "a key too short": (((Op.LIST, LIST), (Op.SHA256, DATA, DATA), END), "to be set"),
    "a key of other types": (((Op.MAP_HAS, B, 1, X, X), END), "expected types"),
    "a loop without turns": (((Op.FOR, U, X, X, 0), (Op.END,), END), "a bound"),
    "rows with a whole key": (
        ((Op.CALLER, WHO), (Op.FOR_ROWS, 1, 9, 2, DATA, WHO), (Op.END,), END),
        "to be set",
    ),
    "rows without a limit": (((Op.FOR_ROWS, 1, 0, 0, DATA, WHO, RECORD), (Op.END,), END), "a limit"),
    "rows of fewer registers": (((Op.FOR_ROWS, 1, 9, 0, DATA, WHO), (Op.END,), END), "expected types"),
    "rows of a Var": (((Op.FOR_ROWS, 0, 9, 0, U), (Op.END,), END), "a prefix shorter"),
    "rows with a prefix beyond": (((Op.FOR_ROWS, 1, 9, 7, DATA), (Op.END,), END), "registers of a prefix"),
    "a result where none is": (((Op.RETURN_VALUE, X),), "expected no result"),
    "itself": (((Op.CALL, 0, X, FLAG), END), "reach itself"),
    "another contract with other types": (((Op.CALL_CONTRACT, 1, FLAG), END), "expected types"),
    "a dropped result": (((Op.CALL_CONTRACT, 0, X), END), "a result"),
    "a text without its value": (((Op.REQUIRE, FLAG, 1), END), "a value for each"),
    "a value without its place": (((Op.FAIL, 0, X),), "a value for each"),
    "an event with other fields": (((Op.EMIT, 0, FLAG), END), "expected types"),
}


@pytest.mark.parametrize("name", UNSOUND)
def test_refused(name: str) -> None:
    code, reason = UNSOUND[name]
    with pytest.raises(Unsound, match=reason):
        verify_module(module(function(*code)))


def test_accepted() -> None:
    code = (
        (Op.MUL, W, X, X),
        (Op.ADD, W2, W, X),
        (Op.IF, FLAG),
        (Op.MOVE, W2, W),
        (Op.ELSE,),
        (Op.FAIL, 1, X),
        (Op.END,),
        (Op.DIV, U, W2, X),
        (Op.FOR_ROWS, 1, 9, 0, DATA, WHO, RECORD),
        (Op.IF, FLAG),
        (Op.CONTINUE,),
        (Op.END,),
        (Op.BREAK,),
        (Op.END,),
        END,
    )
    verify_module(module(function(*code)))


def test_views_write_nothing_even_through_others() -> None:
    for code in (((Op.VAR_SET, 0, X), END), ((Op.EMIT, 0, X), END), ((Op.CALL_CONTRACT, 1, X), END)):
        below = function(*code, name="below", role=Role.INTERNAL)
        between = function((Op.CALL, 1, X, FLAG), END, name="between", role=Role.INTERNAL)
        view = function((Op.CALL, 2, X, FLAG), (Op.RETURN_VALUE, X), name="view", role=Role.VIEW, result=UINT)
        with pytest.raises(Unsound, match="a view to write nothing"):
            verify_module(module(view, below, between))
        verify_module(module(replace(view, role=Role.CALL), below, between))


def test_set_up_is_not_called() -> None:
    setup = function(END, name="setup", role=Role.GENESIS)
    with pytest.raises(Unsound, match="set-up to be left alone"):
        verify_module(module(setup, function((Op.CALL, 0, X, FLAG), END)))


def test_circles_and_long_chains_are_refused() -> None:
    def calling(number: int, other: int) -> FunctionCode:
        return function((Op.CALL, other, X, FLAG), END, name=f"f{number}")

    with pytest.raises(Unsound, match="reach itself"):
        verify_module(module(calling(0, 1), calling(1, 2), calling(2, 0)))
    last = function(END, name="last")
    fitting = [calling(number, number + 1) for number in range(CALL_DEPTH_MAX - 1)]
    verify_module(module(*fitting, last))
    longer = [calling(number, number + 1) for number in range(CALL_DEPTH_MAX)]
    with pytest.raises(Unsound, match="deep"):
        verify_module(module(*longer, last))


def test_heads() -> None:
    sound = function(END)
    for wrong, reason in (
        (replace(sound, registers=(BOOL, *REGISTERS[1:])), "first registers"),
        (replace(sound, lines=()), "a line for each"),
        (replace(sound, role=Role.VIEW), "a view to have a result"),
        (replace(function((Op.RETURN_VALUE, X), result=UINT), role=Role.GENESIS), "no result"),
    ):
        with pytest.raises(Unsound, match=reason):
            verify_module(module(wrong))


def test_a_module_comes_back_from_its_bytes_and_from_no_others() -> None:
    whole = module(function(END), function((Op.RETURN_VALUE, W), name="wide"))
    assert decode_module(encode_module(whole)) == whole
    for wrong in (
        replace(whole, name="a b"),
        replace(whole, messages=("x" * 600,)),
        replace(whole, functions=(function((99,)),)),
        replace(whole, functions=(function((Op.ADD, X)),)),
        replace(whole, functions=(function((Op.RETURN, 1)),)),
        replace(whole, functions=(function(END), function(END))),
        replace(whole, constants=(ConstantValue(kind=UINT, value=-1),)),
        replace(whole, constants=(ConstantValue(kind=STAGE, value=2),)),
        replace(whole, enums=(STAGE, replace(STAGE, members=("A",)))),
    ):
        with pytest.raises(Malformed):
            decode_module(encode_module(wrong))


SOURCE = '''"""Case."""


class Bid(Record):
    who: addr
    price: uint


class Placed(Event):
    price: uint


bids: Map[uint, addr, Bid]
count: Var[uint]


@call
def act(x: uint, y: int, flag: bool, data: bytes) -> List[Bid, 4]:
    found: List[Bid, 4] = []
    total: uint = x * x // (x + 1)
    for i in range(x, x + 3, limit=4):
        if flag and total > i:
            bids[i, caller()] = Bid(who=caller(), price=total)
            continue
        total += len(data) * 2
    for key, who, bid in bids.range(limit=3):
        require(key < 9, "clause 1: {} is too large for {}", key, who)
        found.append(replace(bid, price=bid.price + helper(key)))
    count.set(count.get() + uint(abs(y)))
    emit(Placed(price=total))
    return sort_by(found, descending(Bid.price), Bid.who)


def helper(key: uint) -> uint:
    return min(key, 5) if key in [1, 2, 3] else max(key, 6)
'''


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_what_is_accepted_never_makes_the_engine_fail(data: st.DataObject) -> None:
    """Numbers of sound code are changed: either the verifier refuses, or every outcome is a result."""
    sound = compile_contract(SOURCE, "case").module
    act = sound.functions[0]
    code = [list(instruction) for instruction in act.code]
    for _ in range(data.draw(st.integers(1, 2))):
        index = data.draw(st.integers(0, len(code) - 1))
        place = data.draw(st.integers(0, len(code[index]) - 1))
        if place == 0:
            like = [op for op in Op if TABLE[op].operands == TABLE[Op(code[index][0])].operands]
            code[index][0] = int(data.draw(st.sampled_from(like)))
        else:
            code[index][place] = data.draw(st.integers(0, len(act.registers)))
    changed = replace(act, code=tuple(tuple(instruction) for instruction in code))
    candidate = replace(sound, functions=(changed, *sound.functions[1:]))
    try:
        verify_module(candidate)
    except Unsound:
        return
    ledger = Ledger()
    deploy(ledger.state, "case", encode_module(candidate))
    for arguments in ((2, -5, True, b"abc"), (0, 0, False, b""), (8, 7, True, bytes(40))):
        answer = ledger.call("case", "act", *arguments, sender=BOB, gas=1_000_000)
        if isinstance(answer, Stopped):
            assert answer.code in (ResultCode.REFUSED, ResultCode.TRAPPED, ResultCode.OUT_OF_GAS)
        else:
            assert isinstance(answer, tuple)
            assert len(answer) <= 4


def test_the_deepest_loops_over_the_longest_code_are_walked_once() -> None:
    """Minutes, were each loop's body looked through again for every register that is set before it."""
    registers = (UINT,) * 512
    opened = [(Op.CONST, 0, 0), *((Op.FOR, level + 1, 0, 0, 5) for level in range(NESTING_MAX - 1))]
    body = [(Op.CONST, 100 + index % 400, 0) for index in range(INSTRUCTIONS_MAX - 200)]
    code = (*opened, *body, *([(Op.END,)] * (NESTING_MAX - 1)), END)
    deep = FunctionCode(
        name="deep",
        role=Role.CALL,
        parameters=(),
        result=None,
        registers=registers,
        code=tuple(tuple(int(number) for number in instruction) for instruction in code),
        lines=(1,) * len(code),
    )
    verify_module(module(deep))
