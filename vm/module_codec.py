"""Modules as bytes: positional arrays of the ledger's codec, strict on the way in.

module     [version, name, source hash, enums, records, constants, messages, events, storage,
               externals, functions]
type       as in `vm.type_codec`
constant   [type, value], numbers as in the ABI: beyond 64 bits 32-byte strings, two's complement for int
function   [name, role, [[parameter, type]…], result or null, [register type…],
               [[opcode, operand…]…], line runs]
line runs  [line, count, line, count…]
"""

from functools import partial
from itertools import groupby

from chain.codec import (
    Encodable,
    Value,
    as_array,
    as_bool,
    as_bytes,
    as_int,
    as_text,
    as_uint,
    decode,
    encode,
)
from chain.errors import Malformed
from chain.hashing import DIGEST_BYTES, Digest, tagged_hash
from chain.limits import (
    ARGUMENTS_MAX,
    FIELDS_MAX,
    FUNCTIONS_MAX,
    INSTRUCTIONS_MAX,
    INT64_MIN,
    MAP_KEYS_MAX,
    MESSAGE_BYTES_MAX,
    MODULE_BYTES_MAX,
    MODULE_CONSTANTS_MAX,
    MODULE_EVENTS_MAX,
    MODULE_EXTERNALS_MAX,
    MODULE_MESSAGES_MAX,
    OPERANDS_MAX,
    REGISTERS_MAX,
    SOURCE_BYTES_MAX,
    STATE_VALUE_BYTES_MAX,
    STORAGE_MAX,
    UINT64_MAX,
)
from vm.module import (
    MODULE_VERSION,
    ConstantValue,
    EventType,
    External,
    FunctionCode,
    Module,
    Role,
    StorageType,
)
from vm.opcodes import TABLE, Instruction, Op
from vm.type_codec import (
    TypeReader,
    TypeWriter,
    check_distinct,
    read_each,
    read_enums,
    read_name,
    read_records,
)
from vm.types import ADDR_BYTES, EnumType, Scalar, Type, is_in_range

NUMBER_BYTES = 32


def encode_module(module: Module) -> bytes:
    """The module's one encoding."""
    types = TypeWriter(module.enums, module.records)
    return encode(
        [
            MODULE_VERSION,
            module.name,
            module.source_hash,
            [[found.name, list(found.members)] for found in module.enums],
            [[found.name, types.fields(found.fields)] for found in module.records],
            [[types.write(found.kind), _write_constant(found)] for found in module.constants],
            list(module.messages),
            [[found.name, types.fields(found.fields)] for found in module.events],
            [[found.name, types.all(found.keys), types.write(found.value)] for found in module.storage],
            [_write_external(found, types) for found in module.externals],
            [_write_function(found, types) for found in module.functions],
        ]
    )


def code_hash(code: bytes) -> Digest:
    """The hash under which governance knows a module: of its bytes."""
    return tagged_hash("module", code)


def decode_module(data: bytes) -> Module:
    """The module of `data`.

    Raises:
        Malformed: not the one encoding of a module. That its code is sound is `vm.verify`'s to say.
    """
    parts = as_array(decode(data, bytes_max=MODULE_BYTES_MAX), "module", 11)
    if as_uint(parts[0], "module version") != MODULE_VERSION:
        raise Malformed(f"module version: expected {MODULE_VERSION}, got {parts[0]!r}")
    types = TypeReader(enums=read_enums(parts[3]), records=())
    types = read_records(parts[4], types)
    module = Module(
        name=read_name(parts[1], "module name"),
        source_hash=Digest(as_bytes(parts[2], "source hash", DIGEST_BYTES)),
        enums=types.enums,
        records=types.records,
        constants=read_each(parts[5], "constants", MODULE_CONSTANTS_MAX, partial(_read_constant, types)),
        messages=read_each(parts[6], "messages", MODULE_MESSAGES_MAX, _read_message),
        events=read_each(parts[7], "events", MODULE_EVENTS_MAX, partial(_read_event, types)),
        storage=read_each(parts[8], "storage", STORAGE_MAX, partial(_read_storage, types)),
        externals=read_each(parts[9], "externals", MODULE_EXTERNALS_MAX, partial(_read_external, types)),
        functions=read_each(parts[10], "functions", FUNCTIONS_MAX, partial(_read_function, types)),
    )
    check_distinct(
        [*(found.name for found in module.storage), *(found.name for found in module.functions)], "names"
    )
    check_distinct([found.name for found in module.events], "events")
    return module


# --- Tables -------------------------------------------------------------------------------------------------


def _read_message(value: Value) -> str:
    return as_text(value, "message", length_max=MESSAGE_BYTES_MAX)


def _read_event(types: TypeReader, value: Value) -> EventType:
    name, fields = as_array(value, "event", 2)
    return EventType(
        name=read_name(name, "event name"), fields=types.fields(fields, "event fields", FIELDS_MAX)
    )


def _read_storage(types: TypeReader, value: Value) -> StorageType:
    name, keys, kind = as_array(value, "storage", 3)
    return StorageType(
        name=read_name(name, "storage name"),
        keys=read_each(keys, "keys", MAP_KEYS_MAX, types.read),
        value=types.read(kind),
    )


def _write_external(found: External, types: TypeWriter) -> Encodable:
    result = types.result(found.result)
    return [found.contract, found.method, int(found.role), types.all(found.parameters), result]


def _read_external(types: TypeReader, value: Value) -> External:
    contract, method, role, parameters, result = as_array(value, "external", 5)
    return External(
        contract=read_name(contract, "contract id"),
        method=read_name(method, "method name"),
        role=Role(as_uint(role, "external role", Role.VIEW)),
        parameters=read_each(parameters, "parameters", ARGUMENTS_MAX, types.read),
        result=types.result(result),
    )


# --- Constants ----------------------------------------------------------------------------------------------


def _write_constant(constant: ConstantValue) -> Encodable:
    value = constant.value
    if isinstance(value, int) and not isinstance(value, bool) and not INT64_MIN <= value <= UINT64_MAX:
        return value.to_bytes(NUMBER_BYTES, "big", signed=constant.kind is Scalar.INT)
    return value


def _read_constant(types: TypeReader, value: Value) -> ConstantValue:
    kind_value, written = as_array(value, "constant", 2)
    kind = types.read(kind_value)
    return ConstantValue(kind=kind, value=_read_constant_value(kind, written))


def _read_constant_value(kind: Type, value: Value) -> bool | int | bytes | str:
    match kind:
        case Scalar.BOOL:
            return as_bool(value, "constant")
        case Scalar.STR:
            return as_text(value, "constant", length_max=STATE_VALUE_BYTES_MAX)
        case Scalar.BYTES:
            return as_bytes(value, "constant", length_max=STATE_VALUE_BYTES_MAX)
        case Scalar.ADDR:
            return as_bytes(value, "constant", ADDR_BYTES)
        case Scalar() | EnumType():
            return _read_number(kind, value)
    raise Malformed(f"constant: expected a scalar or an enum, got {kind}")


def _read_number(kind: Type, value: Value) -> int:
    if type(value) is bytes:
        number = int.from_bytes(as_bytes(value, "constant", NUMBER_BYTES), "big", signed=kind is Scalar.INT)
        if INT64_MIN <= number <= UINT64_MAX:
            raise Malformed("constant: expected a plain integer for a number of 64 bits, got bytes")
    else:
        number = as_int(value, "constant")
    if not is_in_range(kind, number):
        raise Malformed(f"constant: expected a {kind}, got {number}")
    return number


# --- Functions ----------------------------------------------------------------------------------------------


def _write_function(found: FunctionCode, types: TypeWriter) -> Encodable:
    return [
        found.name,
        int(found.role),
        types.fields(found.parameters),
        types.result(found.result),
        types.all(found.registers),
        [list(instruction) for instruction in found.code],
        _write_lines(found.lines),
    ]


def _read_function(types: TypeReader, value: Value) -> FunctionCode:
    name, role, parameters, result, registers, code, lines = as_array(value, "function", 7)
    instructions = read_each(code, "code", INSTRUCTIONS_MAX, _read_instruction)
    return FunctionCode(
        name=read_name(name, "function name"),
        role=Role(as_uint(role, "function role", Role.GENESIS)),
        parameters=types.fields(parameters, "parameters", ARGUMENTS_MAX),
        result=types.result(result),
        registers=read_each(registers, "registers", REGISTERS_MAX, lambda one: types.read(one, wide=True)),
        code=instructions,
        lines=_read_lines(lines, len(instructions)),
    )


def _read_instruction(value: Value) -> Instruction:
    numbers = read_each(value, "instruction", OPERANDS_MAX, lambda one: as_uint(one, "operand"))
    if not numbers or numbers[0] not in _OPS:
        raise Malformed(f"instruction: expected a known operation, got {numbers[:1]}")
    shape, count = TABLE[Op(numbers[0])], len(numbers) - 1
    if count < shape.fixed or (count > shape.fixed and not shape.has_list):
        raise Malformed(f"{Op(numbers[0]).name}: expected operands `{shape.operands}`, got {count}")
    return numbers


_OPS = frozenset(int(op) for op in Op)


def _write_lines(lines: tuple[int, ...]) -> Encodable:
    return [part for line, run in groupby(lines) for part in (line, len(tuple(run)))]


def _read_lines(value: Value, length: int) -> tuple[int, ...]:
    parts = as_array(value, "lines", length_max=2 * INSTRUCTIONS_MAX)
    if len(parts) % 2:
        raise Malformed("lines: expected pairs, got an odd number")
    lines: list[int] = []
    for line, count in zip(parts[::2], parts[1::2], strict=True):
        run = as_uint(count, "line run", length - len(lines))
        if run == 0 or (lines and lines[-1] == line):
            raise Malformed("lines: expected the longest runs, got a run of none or a line twice")
        lines += [as_uint(line, "line", SOURCE_BYTES_MAX)] * run
    if len(lines) != length:
        raise Malformed(f"lines: expected {length}, got {len(lines)}")
    return tuple(lines)
