"""Types of operands, operation by operation.

Most operations have one line in a table: the types of their registers in order. The others check what
depends on a record, a list, a storage declaration or a signature. Registers are known to exist when this is
asked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chain.limits import LOOP_TURNS_MAX, ROWS_MAX, TRAP_VALUES_MAX
from vm.module import FunctionCode, Module, StorageType
from vm.opcodes import Instruction, Op
from vm.types import EnumType, ListType, RecordType, Scalar, Type, is_comparable, is_ordered

UINT, INT, BOOL, BYTES, STR, ADDR = (
    Scalar.UINT,
    Scalar.INT,
    Scalar.BOOL,
    Scalar.BYTES,
    Scalar.STR,
    Scalar.ADDR,
)
FAMILIES = {
    Scalar.UINT: Scalar.UINT,
    Scalar.WIDE_UINT: Scalar.UINT,
    Scalar.INT: Scalar.INT,
    Scalar.WIDE_INT: Scalar.INT,
}
ARITHMETIC = frozenset({Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.MOD})
COMPARISONS = frozenset({Op.EQ, Op.NE, Op.LT, Op.LE, Op.GT, Op.GE})

# Operations whose registers have these types, always.
PLAIN: dict[Op, tuple[Type, ...]] = {
    Op.ABS: (UINT, INT),
    Op.TO_INT: (INT, UINT),
    Op.NOT: (BOOL, BOOL),
    Op.BYTE: (UINT, BYTES, UINT),
    Op.BYTES_TO_UINT: (UINT, BYTES),
    Op.TO_ADDR: (ADDR, BYTES),
    Op.IF: (BOOL,),
    Op.CALLER: (ADDR,),
    Op.THIS_CONTRACT: (STR,),
    Op.BLOCK_HEIGHT: (UINT,),
    Op.BLOCK_TIME: (UINT,),
    Op.CHAIN_ID: (STR,),
    Op.SHA256: (BYTES, BYTES),
    Op.ADDRESS_OF: (ADDR, BYTES),
    Op.VERIFY_SIGNATURE: (BOOL, BYTES, BYTES, BYTES),
    Op.ENVELOPE_OPENS: (BOOL, BYTES, BYTES, BYTES),
    Op.ENVELOPE_OPEN: (BYTES, BYTES, BYTES, BYTES),
}


WIDE = (Scalar.WIDE_UINT, Scalar.WIDE_INT)


class Mistyped(Exception):
    """The reason why an instruction's types are wrong; `vm.verify` says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing:
    """Checks the types of one function's instructions."""

    module: Module
    function: FunctionCode

    def check(self, instruction: Instruction) -> None:
        """Raises `Mistyped` where operands do not have the types that the operation wants."""
        op, operands = Op(instruction[0]), instruction[1:]
        if op in PLAIN:
            self._same(operands, PLAIN[op])
        elif op in ARITHMETIC:
            self._numbers(operands)
        elif op in COMPARISONS:
            self._comparison(op, operands)
        elif op in _CHECKS:
            _CHECKS[op](self, *operands)

    def kind(self, register: int) -> Type:
        """A register's type."""
        return self.function.registers[register]

    def _same(self, registers: Sequence[int], wanted: Sequence[Type]) -> None:
        found = [self.kind(register) for register in registers]
        if found != list(wanted):
            raise Mistyped(f"expected types {_shown(wanted)}, got {_shown(found)}")

    def _one_of(self, register: int, *wanted: Type) -> None:
        if self.kind(register) not in wanted:
            raise Mistyped(f"expected {_shown(wanted)}, got {self.kind(register)}")

    def _numbers(self, registers: Sequence[int]) -> None:
        families = {_family(self.kind(register)) for register in registers}
        if len(families) != 1 or None in families:
            raise Mistyped(
                f"expected numbers of one kind, got {_shown([self.kind(one) for one in registers])}"
            )

    def _comparison(self, op: Op, registers: Sequence[int]) -> None:
        d, left, right = registers
        self._same([d], [BOOL])
        kinds = self.kind(left), self.kind(right)
        if kinds[0] != kinds[1] and (_family(kinds[0]) is None or _family(kinds[0]) != _family(kinds[1])):
            raise Mistyped(f"expected two of one type, got {_shown(kinds)}")
        if not (is_comparable(kinds[0]) if op in (Op.EQ, Op.NE) else is_ordered(kinds[0])):
            raise Mistyped(f"expected a type with an order or equality, got {kinds[0]}")

    # --- Values ---------------------------------------------------------------------------------------------

    def const(self, d: int, constant: int) -> None:
        self._same([d], [self.module.constants[constant].kind])

    def move(self, d: int, a: int) -> None:
        if self.kind(d) != self.kind(a):
            self._numbers([d, a])

    def extreme(self, d: int, a: int, b: int) -> None:
        self._one_of(d, UINT, INT)
        self._same([a, b], [self.kind(d)] * 2)

    def to_uint(self, d: int, a: int) -> None:
        self._same([d], [UINT])
        if self.kind(a) is not INT and not isinstance(self.kind(a), EnumType):
            raise Mistyped(f"expected an int or an enum, got {self.kind(a)}")

    def to_bytes(self, d: int, a: int) -> None:
        self._same([d], [BYTES])
        self._one_of(a, UINT, ADDR, STR)

    def slice(self, d: int, a: int, start: int, end: int) -> None:
        self._one_of(d, BYTES, STR)
        self._same([a, start, end], [self.kind(d), UINT, UINT])

    def concat(self, d: int, a: int, b: int) -> None:
        self._one_of(d, BYTES, STR)
        self._same([a, b], [self.kind(d)] * 2)

    def length(self, d: int, a: int) -> None:
        self._same([d], [UINT])
        if not isinstance(self.kind(a), ListType):
            self._one_of(a, BYTES, STR)

    # --- Records and lists ----------------------------------------------------------------------------------

    def _record(self, register: int) -> RecordType:
        kind = self.kind(register)
        if not isinstance(kind, RecordType):
            raise Mistyped(f"expected a record, got {kind}")
        return kind

    def _field(self, register: int, position: int) -> Type:
        fields = self._record(register).fields
        if position >= len(fields):
            raise Mistyped(f"expected a field below {len(fields)}, got {position}")
        return fields[position].kind

    def _list(self, register: int) -> ListType:
        kind = self.kind(register)
        if not isinstance(kind, ListType):
            raise Mistyped(f"expected a list, got {kind}")
        return kind

    def record(self, d: int, *values: int) -> None:
        self._same(values, [field.kind for field in self._record(d).fields])

    def get_field(self, d: int, a: int, position: int) -> None:
        self._same([d], [self._field(a, position)])

    def set_field(self, d: int, a: int, position: int, b: int) -> None:
        self._same([d, b], [self._record(a), self._field(a, position)])

    def list_of(self, d: int, *items: int) -> None:
        kind = self._list(d)
        if len(items) > kind.bound:
            raise Mistyped(f"expected at most {kind.bound} items, got {len(items)}")
        self._same(items, [kind.item] * len(items))

    def item(self, d: int, a: int, b: int) -> None:
        self._same([d, b], [self._list(a).item, UINT])

    def set_item(self, d: int, a: int, b: int, c: int) -> None:
        self._same([d, b, c], [self._list(a), UINT, self._list(a).item])

    def append(self, d: int, a: int, b: int) -> None:
        self._same([d, b], [self._list(a), self._list(a).item])

    def sort(self, d: int, a: int, *by: int) -> None:
        kind = self._list(a)
        self._same([d], [kind])
        if not isinstance(kind.item, RecordType) or not by or len(by) % 2:
            raise Mistyped("expected a list of records and pairs of position and direction")
        for position, descending in zip(by[::2], by[1::2], strict=True):
            if descending > 1 or position >= len(kind.item.fields):
                raise Mistyped(f"expected a field and 0 or 1, got {position} and {descending}")
            if not is_comparable(kind.item.fields[position].kind):
                raise Mistyped(f"expected a field with an order, got {kind.item.fields[position]}")

    # --- Storage --------------------------------------------------------------------------------------------

    def _var(self, number: int) -> Type:
        storage = self.module.storage[number]
        if storage.keys:
            raise Mistyped(f"expected a Var, got the Map {storage.name}")
        return storage.value

    def _map(self, number: int, keys: Sequence[int]) -> StorageType:
        storage = self.module.storage[number]
        if not storage.keys:
            raise Mistyped(f"expected a Map, got the Var {storage.name}")
        self._same(keys, storage.keys)
        return storage

    def var_get(self, d: int, number: int) -> None:
        self._same([d], [self._var(number)])

    def var_set(self, number: int, a: int) -> None:
        self._same([a], [self._var(number)])

    def map_get(self, d: int, number: int, *keys: int) -> None:
        self._same([d], [self._map(number, keys).value])

    def map_get_or(self, d: int, number: int, default: int, *keys: int) -> None:
        self._same([d, default], [self._map(number, keys).value] * 2)

    def map_has(self, d: int, number: int, *keys: int) -> None:
        self._map(number, keys)
        self._same([d], [BOOL])

    def map_set(self, number: int, value: int, *keys: int) -> None:
        self._same([value], [self._map(number, keys).value])

    def map_delete(self, number: int, *keys: int) -> None:
        self._map(number, keys)

    # --- Control --------------------------------------------------------------------------------------------

    def loop(self, d: int, start: int, end: int, bound: int) -> None:
        self._one_of(d, UINT, INT)
        self._same([start, end], [self.kind(d)] * 2)
        if not 1 <= bound <= LOOP_TURNS_MAX:
            raise Mistyped(f"expected a bound from 1 to {LOOP_TURNS_MAX}, got {bound}")

    def rows(self, number: int, limit: int, prefix: int, *registers: int) -> None:
        storage = self.module.storage[number]
        if not 1 <= limit <= ROWS_MAX:
            raise Mistyped(f"expected a limit from 1 to {ROWS_MAX}, got {limit}")
        if not prefix < len(storage.keys):
            raise Mistyped(f"expected a prefix shorter than the key of {storage.name}, got {prefix} parts")
        self._same(registers, [*storage.keys, storage.value])
        if len(set(registers[prefix:])) != len(registers[prefix:]):
            raise Mistyped("expected a register of its own for each part of a row")

    def give_nothing(self) -> None:
        if self.function.result is not None:
            raise Mistyped(f"expected a result of type {self.function.result}, got none")

    def give(self, a: int) -> None:
        if self.function.result is None:
            raise Mistyped("expected no result, got one")
        self._same([a], [self.function.result])

    def call(self, number: int, *operands: int) -> None:
        called = self.module.functions[number]
        self._call(None, called.result, [field.kind for field in called.parameters], operands)

    def call_value(self, d: int, number: int, *operands: int) -> None:
        called = self.module.functions[number]
        self._call(d, called.result, [field.kind for field in called.parameters], operands)

    def call_contract(self, number: int, *operands: int) -> None:
        called = self.module.externals[number]
        self._call(None, called.result, called.parameters, operands)

    def call_contract_value(self, d: int, number: int, *operands: int) -> None:
        called = self.module.externals[number]
        self._call(d, called.result, called.parameters, operands)

    def _call(self, d: int | None, result: Type | None, wanted: Sequence[Type], given: Sequence[int]) -> None:
        self._same(given, wanted)
        if (d is None) != (result is None):
            raise Mistyped(f"expected a result of type {result}, got a call for another one")
        if d is not None and result is not None:
            self._same([d], [result])

    # --- Words ----------------------------------------------------------------------------------------------

    def require(self, a: int, message: int, *values: int) -> None:
        self._same([a], [BOOL])
        self.fail(message, *values)

    def fail(self, message: int, *values: int) -> None:
        gaps = self.module.messages[message].count("{}")
        if gaps != len(values) or gaps > TRAP_VALUES_MAX:
            raise Mistyped(
                f"expected a value for each of {gaps} places, at most {TRAP_VALUES_MAX}, got {len(values)}"
            )
        for value in values:
            if not is_comparable(self.kind(value)) or self.kind(value) in WIDE:
                raise Mistyped(f"expected a value that can be shown, got {self.kind(value)}")

    def emit(self, event: int, *values: int) -> None:
        self._same(values, [field.kind for field in self.module.events[event].fields])


def _family(kind: Type) -> Type | None:
    return FAMILIES.get(kind) if isinstance(kind, Scalar) else None


def _shown(kinds: Sequence[Type]) -> str:
    return "[" + ", ".join(str(kind) for kind in kinds) + "]"


_CHECKS: dict[Op, Callable[..., None]] = {
    Op.CONST: Typing.const,
    Op.MOVE: Typing.move,
    Op.MIN: Typing.extreme,
    Op.MAX: Typing.extreme,
    Op.TO_UINT: Typing.to_uint,
    Op.RECORD: Typing.record,
    Op.GET_FIELD: Typing.get_field,
    Op.SET_FIELD: Typing.set_field,
    Op.LIST: Typing.list_of,
    Op.LEN: Typing.length,
    Op.ITEM: Typing.item,
    Op.SET_ITEM: Typing.set_item,
    Op.APPEND: Typing.append,
    Op.SORT: Typing.sort,
    Op.SLICE: Typing.slice,
    Op.CONCAT: Typing.concat,
    Op.TO_BYTES: Typing.to_bytes,
    Op.VAR_GET: Typing.var_get,
    Op.VAR_SET: Typing.var_set,
    Op.MAP_GET: Typing.map_get,
    Op.MAP_GET_OR: Typing.map_get_or,
    Op.MAP_HAS: Typing.map_has,
    Op.MAP_SET: Typing.map_set,
    Op.MAP_DELETE: Typing.map_delete,
    Op.FOR: Typing.loop,
    Op.FOR_ROWS: Typing.rows,
    Op.RETURN: Typing.give_nothing,
    Op.RETURN_VALUE: Typing.give,
    Op.CALL: Typing.call,
    Op.CALL_VALUE: Typing.call_value,
    Op.CALL_CONTRACT: Typing.call_contract,
    Op.CALL_CONTRACT_VALUE: Typing.call_contract_value,
    Op.REQUIRE: Typing.require,
    Op.FAIL: Typing.fail,
    Op.EMIT: Typing.emit,
}

_UNTYPED = frozenset({Op.ELSE, Op.END, Op.BREAK, Op.CONTINUE})

assert set(Op) == {*PLAIN, *ARITHMETIC, *COMPARISONS, *_CHECKS, *_UNTYPED}, "every operation is typed"
