"""Lowering of expressions: each ends in a register.

A variable is read where it stands; everything else is computed into a temporary, or straight into the
variable that it is assigned to. What writes its result before it has read all its operands (`and`, `or`, a
choice, a search in a list) never writes into a variable directly, since the expression may still read it.
Arithmetic inside arithmetic goes into wide registers, where nothing is checked.
"""

from dataclasses import dataclass
from typing import assert_never

from vm.language import tree
from vm.language.emitter import Emitter, Register
from vm.language.kinds import BOOL, INT, UINT, Kind, ListType, machine_type
from vm.language.tables import Tables
from vm.opcodes import Op
from vm.types import Scalar, Type

OPERATORS: dict[str, Op] = {
    "+": Op.ADD,
    "-": Op.SUB,
    "*": Op.MUL,
    "//": Op.DIV,
    "%": Op.MOD,
    "==": Op.EQ,
    "!=": Op.NE,
    "<": Op.LT,
    "<=": Op.LE,
    ">": Op.GT,
    ">=": Op.GE,
}

BUILTINS: dict[str, Op] = {
    "caller": Op.CALLER,
    "this_contract": Op.THIS_CONTRACT,
    "block_height": Op.BLOCK_HEIGHT,
    "block_time": Op.BLOCK_TIME,
    "chain_id": Op.CHAIN_ID,
    "uint": Op.TO_UINT,
    "int": Op.TO_INT,
    "min": Op.MIN,
    "max": Op.MAX,
    "abs": Op.ABS,
    "len": Op.LEN,
    "concatenate": Op.CONCAT,
    "to_bytes": Op.TO_BYTES,
    "to_uint": Op.BYTES_TO_UINT,
    "addr": Op.TO_ADDR,
    "sha256": Op.SHA256,
    "address_of": Op.ADDRESS_OF,
    "verify_signature": Op.VERIFY_SIGNATURE,
    "envelope_opens": Op.ENVELOPE_OPENS,
    "envelope_open": Op.ENVELOPE_OPEN,
}

_WIDE: dict[Kind, Type] = {UINT: Scalar.WIDE_UINT, INT: Scalar.WIDE_INT}
_EARLY = tree.Logic | tree.Choice | tree.Contains


@dataclass(slots=True)
class Values:
    """Lowers the expressions of one function."""

    out: Emitter
    tables: Tables
    variables: dict[str, Register]

    def temporary(self, kind: Kind) -> Register:
        """A register for a value of this type."""
        return self.out.temporary(machine_type(kind))

    def value(self, expression: tree.Expression) -> Register:
        """The register that holds the value: a variable's own, or a temporary."""
        if isinstance(expression, tree.Local):
            return self.variables[expression.name]
        register = self.temporary(expression.kind)
        self._compute(expression, register)
        return register

    def values(self, expressions: tuple[tree.Expression, ...]) -> list[Register]:
        """Each value, in order."""
        return [self.value(expression) for expression in expressions]

    def into(self, expression: tree.Expression, register: Register) -> None:
        """Puts the value into a variable's register."""
        if isinstance(expression, tree.Local | _EARLY):
            self.out.emit(Op.MOVE, register, self.value(expression))
        else:
            self._compute(expression, register)

    def constant(self, kind: Type, value: bool | int | bytes | str) -> Register:
        """A constant in a temporary."""
        register = self.temporary(kind)
        self.out.emit(Op.CONST, register, self.tables.constant(kind, value))
        return register

    def arithmetic(self, operator: str, register: Register, left: Register, right: Register) -> None:
        """`left operator right`, or the two joined where they are bytes or texts."""
        joined = self.out.registers[register] in (Scalar.BYTES, Scalar.STR)
        self.out.emit(Op.CONCAT if joined else OPERATORS[operator], register, left, right)

    def call(self, call: tree.CallFunction | tree.CallContract, register: Register | None) -> None:
        """A call; without a register its result is dropped."""
        operands = self.values(call.operands)
        if isinstance(call, tree.CallFunction):
            number, plain, valued = self.tables.function(call.name), Op.CALL, Op.CALL_VALUE
        else:
            number = self.tables.external(call.contract, call.method)
            plain, valued = Op.CALL_CONTRACT, Op.CALL_CONTRACT_VALUE
        if call.gives_nothing:
            self.out.emit(plain, number, *operands)
        else:
            target = self.temporary(call.kind) if register is None else register
            self.out.emit(valued, target, number, *operands)

    def _wide(self, expression: tree.Expression) -> Register:
        """An operand of arithmetic or a comparison: exact, not checked."""
        if not isinstance(expression, tree.Arithmetic):
            return self.value(expression)
        register = self.out.temporary(_WIDE[expression.kind])
        self._compute(expression, register)
        return register

    def _compute(self, expression: tree.Expression, d: Register) -> None:
        before, self.out.line = self.out.line, expression.span.line
        self._lower(expression, d)
        self.out.line = before

    def _lower(self, expression: tree.Expression, d: Register) -> None:
        out = self.out
        match expression:
            case tree.Constant(kind=kind, value=value):
                out.emit(Op.CONST, d, self.tables.constant(machine_type(kind), value))
            case tree.Local():
                out.emit(Op.MOVE, d, self.value(expression))
            case tree.Arithmetic(operator=operator, left=left, right=right):
                self.arithmetic(operator, d, self._wide(left), self._wide(right))
            case tree.Comparison(operator=operator, left=left, right=right):
                out.emit(OPERATORS[operator], d, self._wide(left), self._wide(right))
            case tree.Logic() | tree.Choice() | tree.Contains():
                self._branch(expression, d)
            case tree.Not(operand=operand):
                out.emit(Op.NOT, d, self.value(operand))
            case tree.CallFunction() | tree.CallContract():
                self.call(expression, d)
            case tree.Builtin(name=name, operands=operands):
                out.emit(BUILTINS[name], d, *self.values(operands))
            case tree.Load() | tree.HasEntry():
                self._storage(expression, d)
            case _:
                self._compound(expression, d)

    def _compound(self, expression: tree.Compound, d: Register) -> None:
        out = self.out
        match expression:
            case tree.MakeRecord(values=values):
                out.emit(Op.RECORD, d, *self.values(values))
            case tree.GetField(record=record, position=position):
                out.emit(Op.GET_FIELD, d, self.value(record), position)
            case tree.ReplaceFields():
                self._replace(expression, d)
            case tree.MakeList(items=items):
                out.emit(Op.LIST, d, *self.values(items))
            case tree.GetItem(value=value, index=index):
                op = Op.ITEM if isinstance(value.kind, ListType) else Op.BYTE
                out.emit(op, d, self.value(value), self.value(index))
            case tree.Slice():
                self._slice(expression, d)
            case tree.Sort(value=value, by=by):
                keys = [part for position, descending in by for part in (position, int(descending))]
                out.emit(Op.SORT, d, self.value(value), *keys)
            case _:
                assert_never(expression)

    def _storage(self, expression: tree.Load | tree.HasEntry, d: Register) -> None:
        number, keys = expression.storage.number, self.values(expression.keys)
        match expression:
            case tree.HasEntry():
                self.out.emit(Op.MAP_HAS, d, number, *keys)
            case tree.Load(default=None):
                self.out.emit(Op.MAP_GET if keys else Op.VAR_GET, d, number, *keys)
            case tree.Load(default=default):
                assert default is not None
                self.out.emit(Op.MAP_GET_OR, d, number, self.value(default), *keys)

    def _branch(self, expression: tree.Logic | tree.Choice | tree.Contains, d: Register) -> None:
        out = self.out
        match expression:
            case tree.Logic(operator="and", left=left, right=right):
                self._compute(left, d)
                out.emit(Op.IF, d)
                self._compute(right, d)
            case tree.Logic(left=left, right=right):
                self._compute(left, d)
                out.emit(Op.IF, d)
                out.emit(Op.ELSE)
                self._compute(right, d)
            case tree.Choice(condition=condition, then=then, otherwise=otherwise):
                out.emit(Op.IF, self.value(condition))
                self._compute(then, d)
                out.emit(Op.ELSE)
                self._compute(otherwise, d)
            case tree.Contains():
                self._contains(expression, d)
        out.emit(Op.END)

    def _contains(self, expression: tree.Contains, d: Register) -> None:
        """A search; the END of its loop is written by the caller."""
        out, kind = self.out, expression.items.kind
        assert isinstance(kind, ListType)
        wanted, items = self.value(expression.value), self.value(expression.items)
        index, length = self.temporary(UINT), self.temporary(UINT)
        item, found = self.temporary(kind.item), self.temporary(BOOL)
        start = self.constant(UINT, 0)
        out.emit(Op.LEN, length, items)
        out.emit(Op.CONST, d, self.tables.constant(BOOL, False))
        out.emit(Op.FOR, index, start, length, kind.bound)
        out.emit(Op.ITEM, item, items, index)
        out.emit(Op.EQ, found, item, wanted)
        out.emit(Op.IF, found)
        out.emit(Op.CONST, d, self.tables.constant(BOOL, True))
        out.emit(Op.BREAK)
        out.emit(Op.END)

    def _replace(self, expression: tree.ReplaceFields, d: Register) -> None:
        record = self.value(expression.record)
        values = [(position, self.value(value)) for position, value in expression.changes]
        for position, value in values:
            self.out.emit(Op.SET_FIELD, d, record, position, value)
            record = d

    def _slice(self, expression: tree.Slice, d: Register) -> None:
        value = self.value(expression.value)
        start = self.value(expression.start) if expression.start is not None else self.constant(UINT, 0)
        if expression.end is not None:
            end = self.value(expression.end)
        else:
            end = self.temporary(UINT)
            self.out.emit(Op.LEN, end, value)
        self.out.emit(Op.SLICE, d, value, start, end)
