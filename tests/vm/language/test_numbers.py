"""Numbers are Python's, exact, within their ranges or a trap; shares are rounded half up."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from chain.result import ResultCode
from tests.vm.language.running import Ledger, Stopped, function, run
from vm.language.compile import check_source
from vm.types import INT_MAX, INT_MIN, UINT_MAX

TRAP = "trap"  # not the code itself: a code is a number too
Outcome = int | str
uints = (
    st.integers(0, 9)
    | st.integers(0, UINT_MAX)
    | st.sampled_from([2**64 - 1, 2**64, 2**127, 2**128, UINT_MAX - 1, UINT_MAX])
)
ints = st.integers(-9, 9) | st.integers(INT_MIN, INT_MAX) | st.sampled_from([INT_MIN, INT_MIN + 1, INT_MAX])


def on_ledger(number: int) -> "int | bytes":
    """A number as the ABI has it."""
    return number if -(2**63) <= number < 2**64 else number.to_bytes(32, "big", signed=number < 0)


def outcome_of(answer: object) -> Outcome:
    """A number that a call gave, or that it trapped."""
    if isinstance(answer, Stopped):
        assert answer.code is ResultCode.TRAPPED
        return TRAP
    assert isinstance(answer, int | bytes), answer
    return int.from_bytes(answer, "big") if isinstance(answer, bytes) else answer


def within(number: int) -> Outcome:
    """A number that is kept as uint."""
    return number if 0 <= number <= UINT_MAX else TRAP


class Trapped(Exception):
    """The model's trap."""


class Unsigned(int):
    """The model's uint before it is kept: as wide as need be, but never below zero."""

    def __add__(self, other: int) -> "Unsigned":
        return Unsigned(int(self) + int(other))

    def __sub__(self, other: int) -> "Unsigned":
        if other > self:
            raise Trapped
        return Unsigned(int(self) - int(other))

    def __mul__(self, other: int) -> "Unsigned":
        return Unsigned(int(self) * int(other))

    def __floordiv__(self, other: int) -> "Unsigned":
        if other == 0:
            raise Trapped
        return Unsigned(int(self) // int(other))

    def __mod__(self, other: int) -> "Unsigned":
        if other == 0:
            raise Trapped
        return Unsigned(int(self) % int(other))


expressions = st.recursive(
    st.sampled_from(["x", "y", "z"]),
    lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*", "//", "%"]), inner).map(
        lambda parts: f"({' '.join(parts)})"
    ),
    max_leaves=6,
)


@settings(max_examples=120, deadline=None)
@given(expressions, uints, uints, uints)
def test_unsigned_expressions(expression: str, x: int, y: int, z: int) -> None:
    """Wide in between, checked where it is kept; no difference is ever below zero, in between neither."""
    source = function(f"kept: uint = {expression}\nreturn kept", "x: uint, y: uint, z: uint")
    assert check_source(source) == []
    try:
        want = within(eval(expression, {"x": Unsigned(x), "y": Unsigned(y), "z": Unsigned(z)}))
    except Trapped:
        want = TRAP
    assert outcome_of(run(source, on_ledger(x), on_ledger(y), on_ledger(z))) == want


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["+", "-", "*", "//", "%"]), min_size=1, max_size=4), ints, ints)
def test_every_assignment_is_checked(operators: list[str], x: int, y: int) -> None:
    """Signed, one step after the other: each step fits, or the call traps there."""
    body = "\n".join(["kept: int = x", *(f"kept {operator}= y" for operator in operators), "return kept"])
    want: Outcome = x
    for operator in operators:
        try:
            want = eval(f"a {operator} b", {"a": want, "b": y})
        except ZeroDivisionError:
            want = TRAP
        if not isinstance(want, int) or not INT_MIN <= want <= INT_MAX:
            want = TRAP
            break
    answer = run(function(body, "x: int, y: int", "int"), signed(x), signed(y))
    if isinstance(answer, bytes):
        answer = int.from_bytes(answer, "big", signed=True)
    assert outcome_of(answer) == want


def signed(number: int) -> "int | bytes":
    """An int as the ABI has it."""
    return number if -(2**63) <= number < 2**64 else number.to_bytes(32, "big", signed=True)


def half_up(value: Fraction) -> int:
    """The whole number that is nearest, a half upwards."""
    return (value + Fraction(1, 2)).__floor__()


@settings(max_examples=80, deadline=None)
@given(uints, uints | st.integers(0, 10_000))
def test_shares_are_rounded_half_up(amount: int, bps: int) -> None:
    source = function("return basis_points(amount, bps)", "amount: uint, bps: uint")
    want = within(half_up(Fraction(amount * bps, 10_000)))
    assert outcome_of(run(source, on_ledger(amount), on_ledger(bps))) == want


@settings(max_examples=80, deadline=None)
@given(uints, uints | st.integers(0, 2_000), st.integers(0, 18))
def test_prices_of_quantities_are_rounded_half_up(price: int, quantity: int, decimals: int) -> None:
    source = function(f"return times_scaled(price, quantity, {decimals})", "price: uint, quantity: uint")
    want = within(half_up(Fraction(price * quantity, 10**decimals)))
    assert outcome_of(run(source, on_ledger(price), on_ledger(quantity))) == want


def test_halves() -> None:
    source = function("return basis_points(amount, bps)", "amount: uint, bps: uint")
    found = [run(source, amount, 5_000) for amount in range(6)]
    assert found == [0, 1, 1, 2, 2, 3]
    assert [run(source, 1, bps) for bps in (4_999, 5_000, 14_999, 15_000)] == [0, 1, 1, 2]


NUMBERS = '''"""Numbers."""


@view
def to_signed(x: uint) -> int:
    return int(x)


@view
def to_unsigned(x: int) -> uint:
    return uint(x)


@view
def size(x: int) -> uint:
    return abs(x)


@view
def round_trip(x: uint) -> uint:
    return to_uint(to_bytes(x))


@view
def smaller(x: int, y: int) -> int:
    return min(x, y)


@view
def larger(x: uint, y: uint) -> uint:
    return max(x, y)
'''


@settings(max_examples=60, deadline=None)
@given(uints, uints, ints, ints)
def test_conversions_keep_the_number_or_trap(a: int, b: int, x: int, y: int) -> None:
    ledger = Ledger()
    ledger.deploy("numbers", NUMBERS)

    def ask(method: str, *arguments: "int | bytes") -> Outcome:
        answer = ledger.call("numbers", method, *arguments)
        if isinstance(answer, bytes) and method == "smaller":
            return int.from_bytes(answer, "big", signed=True)
        return outcome_of(answer)

    assert ask("to_signed", on_ledger(a)) == a
    assert ask("to_unsigned", signed(x)) == within(x)
    assert ask("size", signed(x)) == within(abs(x))
    assert ask("round_trip", on_ledger(a)) == a
    assert ask("smaller", signed(x), signed(y)) == min(x, y)
    assert ask("larger", on_ledger(a), on_ledger(b)) == max(a, b)
