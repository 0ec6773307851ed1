"""The instruction set, as one table: operands, meaning, gas.

A machine of typed registers with structured control flow: there is no jump, so that every way through a
function can be seen by walking it once. An instruction is its opcode and whole numbers, one for each
operand in the order of the table:

    d   the register that is set           a b c  registers that are read
    k   a constant's number                p      a field's position
    m   a storage number                   f      a function's number
    x   a method of another contract       e      an event's number
    t   a message's number                 i      a number as it is
    *   at the end: any number of registers that are read; `*d` registers that are set

Gas: one unit is about 10 ns of compiled execution on the reference machine. `gas` is charged for the
instruction itself, together with its whole straight-line block before the block runs; what depends on sizes
is charged by the engine before the work is done (`vm.meter`).
"""

from dataclasses import dataclass
from enum import IntEnum


class Op(IntEnum):
    """Operation codes, as they stand in modules. Numbers are never used again for something else."""

    CONST = 1
    MOVE = 2
    ADD = 10
    SUB = 11
    MUL = 12
    DIV = 13
    MOD = 14
    MIN = 15
    MAX = 16
    ABS = 17
    TO_UINT = 18
    TO_INT = 19
    EQ = 20
    NE = 21
    LT = 22
    LE = 23
    GT = 24
    GE = 25
    NOT = 26
    RECORD = 30
    GET_FIELD = 31
    SET_FIELD = 32
    LIST = 33
    LEN = 34
    ITEM = 35
    SET_ITEM = 36
    APPEND = 37
    SORT = 38
    BYTE = 40
    SLICE = 41
    CONCAT = 42
    TO_BYTES = 43
    BYTES_TO_UINT = 44
    TO_ADDR = 45
    VAR_GET = 50
    VAR_SET = 51
    MAP_GET = 52
    MAP_GET_OR = 53
    MAP_HAS = 54
    MAP_SET = 55
    MAP_DELETE = 56
    IF = 60
    ELSE = 61
    END = 62
    FOR = 63
    FOR_ROWS = 64
    BREAK = 65
    CONTINUE = 66
    RETURN = 67
    RETURN_VALUE = 68
    CALL = 70
    CALL_VALUE = 71
    CALL_CONTRACT = 72
    CALL_CONTRACT_VALUE = 73
    REQUIRE = 80
    FAIL = 81
    EMIT = 82
    CALLER = 90
    THIS_CONTRACT = 91
    BLOCK_HEIGHT = 92
    BLOCK_TIME = 93
    CHAIN_ID = 94
    SHA256 = 100
    ADDRESS_OF = 101
    VERIFY_SIGNATURE = 102
    ENVELOPE_OPENS = 103
    ENVELOPE_OPEN = 104


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One line of the table. `operands` are the letters of the module docstring, in order."""

    operands: str
    gas: int
    text: str

    @property
    def fixed(self) -> int:
        """How many operands always stand."""
        return len(self.operands.split("*")[0].split())

    @property
    def has_list(self) -> bool:
        """Whether registers may follow."""
        return "*" in self.operands


def _shape(operands: str, gas: int, text: str) -> Shape:
    return Shape(operands=operands, gas=gas, text=text)


_BINARY = "d a b"

TABLE: dict[Op, Shape] = {
    Op.CONST: _shape("d k", 1, "d = the constant k"),
    Op.MOVE: _shape("d a", 1, "d = a; from a wide register traps `range` unless it fits"),
    Op.ADD: _shape(_BINARY, 3, "d = a + b, exact; traps `range` where d is not wide and it does not fit"),
    Op.SUB: _shape(_BINARY, 3, "d = a - b; of two unsigned traps `range` below zero, even where d is wide"),
    Op.MUL: _shape(_BINARY, 5, "d = a * b"),
    Op.DIV: _shape(_BINARY, 6, "d = a / b rounded down; traps `division` where b is 0"),
    Op.MOD: _shape(_BINARY, 6, "d = a - b * (a / b rounded down); traps `division` where b is 0"),
    Op.MIN: _shape(_BINARY, 3, "d = the smaller of two numbers of d's type"),
    Op.MAX: _shape(_BINARY, 3, "d = the larger of two numbers of d's type"),
    Op.ABS: _shape("d a", 3, "d: uint = the int a without its sign; traps `range` for -2**255"),
    Op.TO_UINT: _shape("d a", 3, "d: uint = an int (traps `range` below zero) or an enum's number"),
    Op.TO_INT: _shape("d a", 3, "d: int = a uint"),
    Op.EQ: _shape(_BINARY, 3, "d: bool = a equals b"),
    Op.NE: _shape(_BINARY, 3, "d: bool = a differs from b"),
    Op.LT: _shape(_BINARY, 3, "d: bool = a < b; texts and bytes by their bytes"),
    Op.LE: _shape(_BINARY, 3, "d: bool = a <= b"),
    Op.GT: _shape(_BINARY, 3, "d: bool = a > b"),
    Op.GE: _shape(_BINARY, 3, "d: bool = a >= b"),
    Op.NOT: _shape("d a", 2, "d: bool = not a"),
    Op.RECORD: _shape("d *a", 6, "d = the record of d's type with these fields"),
    Op.GET_FIELD: _shape("d a p", 3, "d = the field at p of the record a"),
    Op.SET_FIELD: _shape("d a p b", 8, "d = the record a with b at p"),
    Op.LIST: _shape("d *a", 6, "d = a list of these items"),
    Op.LEN: _shape("d a", 3, "d: uint = items of a list, bytes of bytes, bytes in UTF-8 of a text"),
    Op.ITEM: _shape("d a b", 5, "d = item b of the list a; traps `index` beyond the end"),
    Op.SET_ITEM: _shape("d a b c", 8, "d = the list a with c at b; traps `index` beyond the end"),
    Op.APPEND: _shape("d a b", 8, "d = the list a with b at its end; traps `full` beyond d's bound"),
    Op.SORT: _shape("d a *i", 20, "the list a by fields: a position, then 1 for descending or 0; stable"),
    Op.BYTE: _shape("d a b", 4, "d: uint = byte b of the bytes a; traps `index` beyond the end"),
    Op.SLICE: _shape(
        "d a b c",
        8,
        "d = a from b up to c in bytes; traps `index` unless b <= c <= length, or where it cuts a character",
    ),
    Op.CONCAT: _shape(_BINARY, 6, "d = a then b, two bytes or two texts"),
    Op.TO_BYTES: _shape("d a", 6, "d: bytes = a uint as 32 bytes big-endian, an addr, a text in UTF-8"),
    Op.BYTES_TO_UINT: _shape("d a", 6, "d: uint = big-endian bytes; traps `range` beyond 32 bytes or uint"),
    Op.TO_ADDR: _shape("d a", 4, "d: addr = 20 bytes; traps `range` at another length"),
    Op.VAR_GET: _shape("d m", 300, "d = the Var m; zero where it was never set"),
    Op.VAR_SET: _shape("m a", 1_000, "the Var m = a"),
    Op.MAP_GET: _shape("d m *a", 400, "d = the entry; traps `absent` where there is none"),
    Op.MAP_GET_OR: _shape("d m b *a", 400, "d = the entry, or b where there is none"),
    Op.MAP_HAS: _shape("d m *a", 300, "d: bool = whether there is an entry"),
    Op.MAP_SET: _shape("m b *a", 1_200, "the entry = b"),
    Op.MAP_DELETE: _shape("m *a", 1_200, "removes the entry if there is one"),
    Op.IF: _shape("a", 2, "runs up to ELSE or END where a is true, else from ELSE"),
    Op.ELSE: _shape("", 1, "the other side of an IF"),
    Op.END: _shape("", 3, "ends IF, FOR, FOR_ROWS; a loop's END begins its next turn"),
    Op.FOR: _shape("d a b i", 6, "d = a, a + 1 … below b; traps `bound` at the start for more than i turns"),
    Op.FOR_ROWS: _shape(
        "m i i *d",
        60,
        "each entry under a prefix in key order, as at the start: limit, length of prefix, its registers, "
        "then registers set to the remaining key parts and the value; traps `bound` beyond the limit",
    ),
    Op.BREAK: _shape("", 1, "leaves the nearest loop"),
    Op.CONTINUE: _shape("", 1, "goes to the next turn of the nearest loop"),
    Op.RETURN: _shape("", 2, "ends a function without a result"),
    Op.RETURN_VALUE: _shape("a", 2, "ends a function with a"),
    Op.CALL: _shape("f *a", 20, "calls a function of this module that gives no result"),
    Op.CALL_VALUE: _shape("d f *a", 20, "d = the result of a function of this module"),
    Op.CALL_CONTRACT: _shape("x *a", 800, "calls a method of another contract that gives no result"),
    Op.CALL_CONTRACT_VALUE: _shape("d x *a", 800, "d = the result of a method of another contract"),
    Op.REQUIRE: _shape("a t *b", 3, "refuses with message t and values unless a is true"),
    Op.FAIL: _shape("t *b", 3, "refuses with message t and values; ends the way"),
    Op.EMIT: _shape("e *a", 300, "announces an event with these fields"),
    Op.CALLER: _shape("d", 2, "d: addr = who calls"),
    Op.THIS_CONTRACT: _shape("d", 2, "d: str = the id of this contract"),
    Op.BLOCK_HEIGHT: _shape("d", 2, "d: uint = the block's height"),
    Op.BLOCK_TIME: _shape("d", 2, "d: uint = the block's time in milliseconds"),
    Op.CHAIN_ID: _shape("d", 2, "d: str = the chain's id"),
    Op.SHA256: _shape("d a", 60, "d: bytes = SHA-256 of a"),
    Op.ADDRESS_OF: _shape("d a", 60, "d: addr = the first 20 bytes of SHA-256 of the public key a"),
    Op.VERIFY_SIGNATURE: _shape(
        "d a b c", 12_000, "d: bool = whether c signs b under the Ed25519 key a; false where malformed"
    ),
    Op.ENVELOPE_OPENS: _shape(
        "d a b c", 3_000, "d: bool = whether the ciphertext a opens with the key b in the context c"
    ),
    Op.ENVELOPE_OPEN: _shape(
        "d a b c", 3_000, "d: bytes = what the envelope holds; traps `envelope` where it does not open"
    ),
}

assert set(TABLE) == set(Op), "every operation has its line in the table"

Instruction = tuple[int, ...]
"""An opcode and its operands."""


def shown(instruction: Instruction) -> str:
    """An instruction as a listing shows it, without names."""
    op, *operands = instruction
    return " ".join([Op(op).name, *(str(operand) for operand in operands)])
