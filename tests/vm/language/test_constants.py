"""What the compiler computes itself: the same as Python's exact integers, or an error."""

from fractions import Fraction
from math import floor

from hypothesis import given, settings
from hypothesis import strategies as st

from vm.host import contract_address
from vm.language.declarations import collect
from vm.language.diagnostics import Diagnostics
from vm.language.source import parse


def folded(expression: str, before: str = "") -> bool | int | bytes | str:
    """The value of a constant."""
    diagnostics = Diagnostics()
    source = parse(f'"""Case."""\n{before}\nA = {expression}\n', diagnostics)
    assert source is not None
    names = collect(source, diagnostics)
    assert not diagnostics, diagnostics.sorted()
    return names.constants["A"].value


numbers = st.integers(min_value=-(10**30), max_value=10**30).map(lambda n: str(n) if n >= 0 else f"({n})")
exact = st.sampled_from(["+", "-", "*"])
rounded = st.sampled_from(["//", "%"])
divisors = st.integers(1, 10**9).map(str)
expressions = st.recursive(
    numbers,
    lambda inner: (st.tuples(inner, exact, inner) | st.tuples(inner, rounded, divisors)).map(
        lambda parts: f"({' '.join(parts)})"
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(expressions)
def test_numbers_are_exact(expression: str) -> None:
    assert folded(expression) == eval(expression)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**24), st.integers(0, 30_000))
def test_basis_points_round_half_up(amount: int, bps: int) -> None:
    share = Fraction(amount * bps, 10_000)
    assert folded(f"basis_points({amount}, {bps})") == floor(share + Fraction(1, 2))


def test_quantities() -> None:
    assert folded('scaled("12.500", 3)') == 12_500
    assert folded('scaled("12.5", 3)') == 12_500
    assert folded('scaled("0", 18)') == 0
    assert folded('scaled("-0.001", 3)') == -1


def test_durations_and_constants_above() -> None:
    assert folded("2 * DAY + HOUR") == 176_400_000
    assert folded("WEEK // SECOND - B", before="B = 604_000\n") == 800


def test_texts() -> None:
    assert folded('"a" "b" + "c"') == "abc"
    assert folded('b"\\x00" + b"c"') == b"\x00c"


def test_addresses() -> None:
    assert folded('addr(b"' + "a" * 20 + '")') == b"a" * 20
    assert folded('contract_address("agreement")') == contract_address("agreement")
