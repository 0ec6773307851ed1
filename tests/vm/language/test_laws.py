"""Laws of the compiler: it computes what Python computes, and the same source gives the same bytes."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.result import ResultCode
from tests.vm.language.running import Ledger, Stopped, function, run
from vm.language.compile import check_source, compile_contract
from vm.language.diagnostics import CompileError
from vm.language.listing import show_module
from vm.module_codec import decode_module, encode_module
from vm.types import INT_MAX, INT_MIN
from vm.verify import verify_module

ROOT = Path(__file__).parents[3]
CONTRACTS = sorted((ROOT / "contracts").glob("*.contract"))

operators = st.sampled_from(["+", "-", "*", "//", "%"])
leaves = st.sampled_from(["x", "y", "7", "(-3)", "1_000_000_007"])
expressions = st.recursive(
    leaves,
    lambda inner: st.tuples(inner, operators, inner).map(lambda parts: f"({' '.join(parts)})"),
    max_leaves=9,
)
numbers = st.integers(-(2**80), 2**80) | st.integers(-5, 5)


def expected(expression: str, x: int, y: int) -> "int | ResultCode":
    """Python's value, or that it traps."""
    try:
        value = eval(expression, {"x": x, "y": y})
    except ZeroDivisionError:
        return ResultCode.TRAPPED
    assert isinstance(value, int)
    return value if INT_MIN <= value <= INT_MAX else ResultCode.TRAPPED


@settings(max_examples=80, deadline=None)
@given(expressions, numbers, numbers)
def test_arithmetic_is_pythons(expression: str, x: int, y: int) -> None:
    source = function(f"return {expression}", "x: int, y: int", "int")
    if check_source(source):
        with pytest.raises(ZeroDivisionError):  # all that can be wrong with these is a constant zero
            eval(expression, {"x": x, "y": y})
        return
    answer = run(source, as_value(x), as_value(y))
    want = expected(expression, x, y)
    if isinstance(want, ResultCode):
        assert isinstance(answer, Stopped)
        assert answer.code is want
    else:
        assert answer == as_value(want)


def as_value(number: int) -> "int | bytes":
    """An int as the ABI has it."""
    return number if -(2**63) <= number < 2**64 else number.to_bytes(32, "big", signed=True)


conditions = st.recursive(
    st.sampled_from(["a", "b", "c", "True", "False"]),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["and", "or", "=="]), inner).map(
            lambda parts: f"({' '.join(parts)})"
        )
        | inner.map(lambda part: f"(not {part})")
        | st.tuples(inner, inner, inner).map(lambda p: f"({p[0]} if {p[1]} else {p[2]})")
    ),
    max_leaves=9,
)


@settings(max_examples=60, deadline=None)
@given(conditions, st.booleans(), st.booleans(), st.booleans())
def test_conditions_are_pythons(condition: str, a: bool, b: bool, c: bool) -> None:
    """Also where the result goes into a variable that the condition reads."""
    body = f"a = {condition}\nb = a or {condition}\nreturn [a, b, {condition}]"
    names = {"a": a, "b": b, "c": c}
    names["a"] = eval(condition, dict(names))
    names["b"] = names["a"] or eval(condition, dict(names))
    want = (names["a"], names["b"], eval(condition, dict(names)))
    assert run(function(body, "a: bool, b: bool, c: bool", "List[bool, 3]"), a, b, c) == want


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.stem)
def test_contracts_compile_verify_and_come_back(path: Path) -> None:
    source = path.read_text()
    compiled = compile_contract(source, path.stem)
    assert compile_contract(source, path.stem) == compiled
    assert decode_module(compiled.code) == compiled.module
    assert encode_module(compiled.module) == compiled.code
    verify_module(compiled.module)
    listing = show_module(compiled.module, source)
    assert all(message in listing for message in compiled.module.messages)
    assert "NOT the source" in show_module(compiled.module, source + "\n")


def test_the_same_bytes_in_another_process_with_another_hash_seed() -> None:
    path = CONTRACTS[-1]
    script = (
        "import sys; from vm.language.compile import compile_contract;"
        "print(compile_contract(open(sys.argv[1]).read(), 'x').code_hash.hex())"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", script, str(path)],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(hashes) == 1


def test_a_contract_that_is_wrong_says_everything_at_once() -> None:
    source = function("y = x / 2\nreturn z", "x: uint")
    with pytest.raises(CompileError) as raised:
        compile_contract(source, "case")
    assert len(raised.value.diagnostics) == 1, "the syntax is told first"
    with pytest.raises(CompileError, match="there is no `z`"):
        compile_contract(source.replace("/ 2", "+ 2"), "case")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_source_with_pieces_lost_is_told_or_compiles(data: st.DataObject) -> None:
    """No source makes the compiler fail by itself, and what compiles verifies."""
    lines = CONTRACTS[0].read_text().split("\n")
    start = data.draw(st.integers(0, len(lines) - 1))
    cut = data.draw(st.integers(1, 3))
    source = "\n".join(lines[:start] + lines[start + cut :])
    if not check_source(source):
        verify_module(compile_contract(source, "case").module)


def test_deploying_twice_changes_nothing() -> None:
    ledger = Ledger()
    source = function("return 1")
    ledger.deploy("case", source)
    before = ledger.state.sorted_writes()
    ledger.deploy("case", source)
    assert ledger.state.sorted_writes() == before
