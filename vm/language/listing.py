"""A module as a person reads it: its methods, storage and refusals, each instruction beside its source line.

`terang contract show` prints it. With the source an auditor sees that they belong together; without it, the
module alone still says its methods, types, storage and every refusal.

Nobody trusts the compiler, so a module may hold any text. What would move a terminal's cursor or turn the
direction of reading is shown as its escape.
"""

from collections.abc import Iterator

from chain.hashing import compute_source_hash
from vm.module import External, FunctionCode, Module, Role, StorageType
from vm.module_codec import code_hash, encode_module
from vm.opcodes import TABLE, Instruction, Op
from vm.types import Field, Type

_CODE_COLUMN = 58


def show_module(module: Module, source: str | None) -> str:
    """The listing of a module, ending in a line break.

    First its id, code hash and source hash, and whether `source` is the one it was compiled from, as the module
    says by that hash; a source that is not is left out. Then methods, storage, types, calls of other contracts
    and the texts of all refusals. Then each function: every instruction by number, indented by its nesting,
    registers as parameters or r0, r1 ...; behind `|` the source line where it changes, or only its number.

    That the source really compiles to the module, only compiling it again shows.
    """
    own = source is not None and compute_source_hash(source) == module.source_hash
    lines = source.split("\n") if source is not None and own else None
    return "\n".join(_show(module, lines, given=source is not None)) + "\n"


def _show(module: Module, lines: list[str] | None, *, given: bool) -> Iterator[str]:
    yield f"contract {module.name}"
    yield f"code hash    {code_hash(encode_module(module)).hex().upper()}"
    bound = (
        ""
        if not given
        else "  (the source given here)"
        if lines
        else "  (NOT the source given here: it is left out)"
    )
    yield f"source hash  {module.source_hash.hex().upper()}{bound}"
    yield from _section(
        "methods", [_head(found) for found in module.functions if found.role is not Role.INTERNAL]
    )
    yield from _section("storage", [_storage(found) for found in module.storage])
    yield from _section("enums", [f"{found.name}: {', '.join(found.members)}" for found in module.enums])
    yield from _section("records", [f"{found.name}({_fields(found.fields)})" for found in module.records])
    yield from _section("events", [f"{found.name}({_fields(found.fields)})" for found in module.events])
    yield from _section("calls of other contracts", [_external(found) for found in module.externals])
    yield from _section("refusals", [_plain(message) for message in module.messages])
    for function in module.functions:
        yield ""
        yield _head(function)
        yield from _code(function, module, lines)


def _section(title: str, rows: list[str]) -> Iterator[str]:
    if rows:
        yield ""
        yield title
        yield from (f"  {row}" for row in rows)


def _fields(fields: tuple[Field, ...]) -> str:
    return ", ".join(str(field) for field in fields)


def _result(kind: Type | None) -> str:
    return "None" if kind is None else str(kind)


def _head(function: FunctionCode) -> str:
    role = "" if function.role is Role.INTERNAL else f"@{function.role.name.lower()} "
    return f"{role}{function.name}({_fields(function.parameters)}) -> {_result(function.result)}"


def _storage(storage: StorageType) -> str:
    shape = "Map" if storage.keys else "Var"
    return f"{storage.name}: {shape}[{', '.join(str(kind) for kind in (*storage.keys, storage.value))}]"


def _external(found: External) -> str:
    parameters = ", ".join(str(kind) for kind in found.parameters)
    role = found.role.name.lower()
    return f"@{role} {found.contract}.{found.method}({parameters}) -> {_result(found.result)}"


def _code(function: FunctionCode, module: Module, lines: list[str] | None) -> Iterator[str]:
    depth, last = 0, 0
    for index, instruction in enumerate(function.code):
        op, line = Op(instruction[0]), function.lines[index]
        depth -= op in (Op.ELSE, Op.END)
        text = f"{index:5}  {'  ' * depth}{_instruction(instruction, function, module)}"
        depth += op in (Op.IF, Op.ELSE, Op.FOR, Op.FOR_ROWS)
        yield f"{text:<{_CODE_COLUMN}} {_source_line(line, lines)}".rstrip() if line != last else text
        last = line


def _source_line(line: int, lines: list[str] | None) -> str:
    if lines is None:
        return f"| {line}"
    return f"| {line:4} {_plain(lines[line - 1])}" if line <= len(lines) else f"| {line:4}"


def _instruction(instruction: Instruction, function: FunctionCode, module: Module) -> str:
    """An instruction with names instead of numbers; registers are r0, r1 … or a parameter's name."""
    op, operands = Op(instruction[0]), list(instruction[1:])
    if op is Op.FOR_ROWS:
        prefix = [_register(one, function) for one in operands[3 : 3 + operands[2]]]
        targets = [_register(one, function) for one in operands[3 + operands[2] :]]
        name = module.storage[operands[0]].name
        return f"{op.name} {', '.join(targets)} = {name}[{', '.join(prefix)}] limit {operands[1]}"
    shape = TABLE[op]
    letters = shape.operands.split("*")[0].split()
    shown = [
        _operand(letter, number, function, module) for letter, number in zip(letters, operands, strict=False)
    ]
    rest = operands[len(letters) :]
    shown += [str(one) for one in rest] if op is Op.SORT else [_register(one, function) for one in rest]
    return " ".join([op.name, *shown])


def _register(number: int, function: FunctionCode) -> str:
    return function.parameters[number].name if number < len(function.parameters) else f"r{number}"


def _operand(letter: str, number: int, function: FunctionCode, module: Module) -> str:
    match letter:
        case "d" | "a" | "b" | "c":
            return _register(number, function)
        case "k":
            return _constant(module.constants[number].value)
        case "m":
            return module.storage[number].name
        case "f":
            return module.functions[number].name
        case "x":
            return f"{module.externals[number].contract}.{module.externals[number].method}"
        case "e":
            return module.events[number].name
        case "t":
            return f'"{_plain(module.messages[number])}"'
        case _:
            return f".{number}" if letter == "p" else str(number)


def _constant(value: bool | int | bytes | str) -> str:
    match value:
        case bytes():
            return "0x" + value.hex().upper()
        case str():
            return '"' + _plain(value) + '"'
        case _:
            return str(value)


def _plain(text: str) -> str:
    """Text whose every character can be seen."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
