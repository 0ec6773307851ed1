"""What is too large is told with the source's words: whatever compiles, verifies. Modules that nobody compiled are held
to the same bounds."""

from dataclasses import replace

import pytest

from chain.errors import Malformed
from chain.limits import FIELDS_MAX, STATE_VALUE_BYTES_MAX, TYPE_PARTS_MAX
from tests.vm.language.running import function
from vm.language.compile import check_source, compile_contract
from vm.language.diagnostics import CompileError
from vm.module import ConstantValue
from vm.module_codec import decode_module, encode_module
from vm.types import Field, RecordType, Scalar


def lines(count: int, line: str) -> str:
    """A line many times, its {} the number."""
    return "\n".join(line.replace("{}", str(number)) for number in range(count))


def classes(count: int, base: str, body: str) -> str:
    """Classes of one kind."""
    return "\n".join(f"class N{number}({base}):\n    {body}" for number in range(count))


def chain(length: int, calls: str) -> str:
    """Functions that each call the next."""
    called = [f"def f{n}() -> uint:\n    return {calls.replace('()', f'f{n + 1}()')}" for n in range(length)]
    return "\n\n\n".join(
        ['"""Chain."""', "@view", *called, f"def f{length}() -> uint:\n    return 1"]
    ).replace("@view\n\n\n", "@view\n")


NESTED = "class R0(Record):\n    x: uint\n" + "\n".join(
    f"class R{n}(Record):\n    x: List[R{n - 1}, 2]" for n in range(1, 4)
)
WIDE = "class A(Record):\n" + lines(FIELDS_MAX, "    f{}: uint") + "\nclass B(Record):\n"
METHODS = (
    "class I(Interface):\n" + lines(300, "    @view\n    def m{}() -> uint: ...") + '\nother = I("other")\n'
)

TOO_LARGE = {
    "elif": (
        function(
            "if x == 99:\n    return 0\n" + lines(48, "elif x == {}:\n    return {}") + "\nreturn x",
            "x: uint",
        ),
        "more than 48 deep here",
    ),
    "registers": (
        function(lines(1_100, "v{} = {}") + "\nreturn v0"),
        "variables and values at once, at most 1024",
    ),
    "instructions": (
        function("x = 0\n" + lines(9_000, "x += 1") + "\nreturn x"),
        "instructions, at most 16384",
    ),
    "constants": (
        function(lines(1, "x = 0\n") + lines(5_000, "x = 1000{}") + "\nreturn x"),
        "different constants, at most 4096",
    ),
    "refusals": (
        function(lines(2_100, 'require(x == 0, "clause {}: no")') + "\nreturn x", "x: uint"),
        "2100 different refusals, at most 2048",
    ),
    "methods": (
        function("x = 0\n" + lines(300, "x = other.m{}()") + "\nreturn x", top=METHODS),
        "300 methods of other contracts, at most 256",
    ),
    "list": (
        function("x = [" + "0, " * 1_001 + "]\nreturn x[0]"),
        "a list has at most 1000 items, here are 1001",
    ),
    "text": (
        function('x = "' + "a" * 65_537 + '"\nreturn len(x)'),
        "str has at most 65536 bytes, this has 65537",
    ),
    "joined": (
        function(f'x = b"{"a" * 40_000}" + b"{"a" * 40_000}"\nreturn len(x)'),
        "bytes has at most 65536 bytes, this has 80000",
    ),
    "number": (function("x: uint = 0x" + "f" * 20_000 + "\nreturn x"), "this number has more than 2048 bits"),
    "half a character": (function('return len("\\ud800")'), "this text has half a character"),
    "conditions": (
        function("return " + " or ".join(["x == 1"] * 65), "x: uint", "bool"),
        "65 conditions are joined, at most 64",
    ),
    "rows of conditions": (
        function(
            "return " + "(" * 40 + "x" + f"{' and x' * 40}){' or x' * 40}" * 1 + f"{' and x' * 60})" * 39,
            "x: bool",
            "bool",
        ),
        "nested too deeply",
    ),
    "records": (function("return 0", top=classes(257, "Record", "x: uint")), "at most 256 records"),
    "events": (function("return 0", top=classes(257, "Event", "x: uint")), "at most 256 events"),
    "enums": (function("return 0", top=classes(257, "Enum", "A = 0")), "at most 256 enums"),
    "depth": (function("return 0", top=NESTED), "R3 is nested 7 deep, at most 6"),
    "fields": (function("return 0", top=WIDE + lines(17, "    f{}: A")), "B has 1088 fields with those"),
    "calls": (chain(64, "()"), "calls are more than 64 deep"),
    "contract id": (
        function(
            "return 0", top='class I(Interface):\n    @view\n    def m() -> uint: ...\n\n\nother = I("a b")\n'
        ),
        '"a b" cannot be the id of a contract',
    ),
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_too_large(name: str) -> None:
    source, told = TOO_LARGE[name]
    assert any(told in found.message for found in check_source(source))
    with pytest.raises(CompileError, match="= why: "):
        compile_contract(source, "case")


def test_a_hint_is_chosen_from_few_names() -> None:
    """However many names there are; the likeliest are those that begin alike."""
    top = "".join(f"CONSTANT_{number} = 1\n" for number in range(400))
    found = check_source(function(lines(400, "x = unknown_{}") + "\nreturn 0", top=top))
    assert len(found) == 400
    (told,) = check_source(function("return CONSTAMT_99", top=top + "OTHER = 1\n"))
    assert told.hint is not None and told.hint.startswith("did you mean `CONSTANT_")


def test_as_large_as_can_be() -> None:
    assert check_source(chain(63, "()")) == []
    assert check_source(function("return 0", top=WIDE + lines(16, "    f{}: A"))) == []
    assert check_source(function("x = [" + "0, " * 1_000 + "]\nreturn x[0]")) == []


@pytest.mark.parametrize("length", [60, 500])
def test_many_ways_through_the_calls_are_walked_once(length: int) -> None:
    """2**60 ways, or calls as deep as there can be functions: told or compiled, and soon."""
    found = check_source(chain(length, "() + ()"))
    assert [one.rule for one in found] == (["bounded"] if length > 64 else [])


def test_a_module_whose_types_fold_up_is_refused_unwalked() -> None:
    """64 fields of records of 64 fields, four deep, are 17 million parts in a few kilobytes."""
    kind = RecordType(name="R0", fields=(Field(name="x", kind=Scalar.UINT),))
    records = [kind]
    for number in range(1, 4):
        fields = tuple(Field(name=f"f{index}", kind=records[-1]) for index in range(FIELDS_MAX))
        records.append(RecordType(name=f"R{number}", fields=fields))
    module = compile_contract(function("return 0"), "case").module
    with pytest.raises(Malformed, match=f"at most {TYPE_PARTS_MAX} fields in all, got 4096"):
        decode_module(encode_module(replace(module, records=tuple(records[:3]))))


@pytest.mark.parametrize(
    ("kind", "value"), [(Scalar.STR, "é" * 32_769), (Scalar.BYTES, bytes(STATE_VALUE_BYTES_MAX + 1))]
)
def test_a_constant_is_no_longer_than_the_machine_holds(kind: Scalar, value: "str | bytes") -> None:
    module = compile_contract(function("return 0"), "case").module
    constants = (*module.constants, ConstantValue(kind=kind, value=value))
    with pytest.raises(Malformed, match="expected at most 65536 bytes"):
        decode_module(encode_module(replace(module, constants=constants)))
