"""Numbers that the compiler knows: literals find their type, and operations on constants are done here.

All of it is on Python's exact integers, the same as the machine's; what does not fit its type is refused
with the number shown.
"""

import re
from dataclasses import replace

from chain.limits import SCALE_MAX, STATE_VALUE_BYTES_MAX, TEMPORARY_BITS_MAX
from vm.language.diagnostics import Mistake, Span
from vm.language.kinds import INT, NUMBER, UINT, Kind, is_in_range, is_kept
from vm.language.library import BASIS_POINTS
from vm.language.tree import Arithmetic, Constant, Expression
from vm.types import INT_BITS, UINT_BITS

_QUANTITY = re.compile(r"(-?)([0-9]{1,60})(?:\.([0-9]{1,60}))?")


def as_kind(value: Expression, kind: Kind) -> Expression:
    """A written number becomes the uint or int that its place wants; everything else stays as it is."""
    if not (isinstance(value, Constant) and value.kind is NUMBER and kind in (UINT, INT)):
        return value
    assert isinstance(value.value, int)
    if not is_in_range(kind, value.value):
        hint = "a uint is 0 to 2**255 - 1; use int where a value can be below zero" if kind is UINT else None
        raise Mistake(value.span, "range", f"{value.value} is not a {kind}", hint)
    return replace(value, kind=kind)


def settle(value: Expression) -> Expression:
    """A written number that nothing around it decides: uint, or int below zero."""
    if isinstance(value, Constant) and value.kind is NUMBER:
        assert isinstance(value.value, int)
        return as_kind(value, INT if value.value < 0 else UINT)
    return value


def compute_bits(value: Expression) -> int:
    """How many bits the exact value can need before it is checked."""
    if isinstance(value, Arithmetic):
        return value.bits
    return UINT_BITS if value.kind is UINT else INT_BITS


def arithmetic(operator: str, left: Expression, right: Expression, span: Span) -> Expression:
    """`left operator right` on two of one whole type: folded where both are known."""
    if operator in ("//", "%") and isinstance(right, Constant) and right.value == 0:
        raise Mistake(right.span, "range", "nothing can be divided by zero")
    if isinstance(left, Constant) and isinstance(right, Constant):
        return _fold(operator, left, right, span)
    bits = _bits_of_result(operator, compute_bits(left), compute_bits(right))
    if bits > TEMPORARY_BITS_MAX:
        said = f"this can need {bits} bits, exact values have at most {TEMPORARY_BITS_MAX}"
        raise Mistake(span, "limit", said, "put a part into a variable: there it is checked to fit its type")
    return Arithmetic(kind=left.kind, span=span, operator=operator, left=left, right=right, bits=bits)


def _bits_of_result(operator: str, left: int, right: int) -> int:
    match operator:
        case "*":
            return left + right
        case "+" | "-":
            return max(left, right) + 1
        case "//":
            return left + 1
        case _:
            return right


def _fold(operator: str, left: Constant, right: Constant, span: Span) -> Constant:
    assert isinstance(left.value, int) and isinstance(right.value, int)
    value = _calculate(operator, left.value, right.value)
    made = bounded(Constant(kind=left.kind, span=span, value=value))
    if is_kept(left.kind) and not is_in_range(left.kind, value):
        raise Mistake(span, "range", f"{value} is not a {left.kind}")
    return made


def _calculate(operator: str, left: int, right: int) -> int:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "//":
            return left // right
    assert operator == "%"
    return left % right


def fold_join(left: Expression, right: Expression, span: Span) -> Constant | None:
    """`left + right` of two constant texts or two constant bytes; None where one is not constant."""
    if not (isinstance(left, Constant) and isinstance(right, Constant)):
        return None
    match left.value, right.value:
        case (str() as first, str() as second):
            return bounded(Constant(kind=left.kind, span=span, value=first + second))
        case (bytes() as head, bytes() as tail):
            return bounded(Constant(kind=left.kind, span=span, value=head + tail))
    return None


def bounded(value: Constant) -> Constant:
    """A constant that the machine can hold: its bits, its bytes, and whether it has any in UTF-8."""
    match value.value:
        case int(number) if number.bit_length() > TEMPORARY_BITS_MAX:
            raise Mistake(value.span, "limit", f"this number has more than {TEMPORARY_BITS_MAX} bits")
        case str(text) if any("\ud800" <= character <= "\udfff" for character in text):
            raise Mistake(value.span, "plain-text", "this text has half a character", "write the whole one")
        case str(text):
            size = len(text.encode())
        case bytes(data):
            size = len(data)
        case _:
            size = 0
    if size > STATE_VALUE_BYTES_MAX:
        said = f"{value.kind} has at most {STATE_VALUE_BYTES_MAX} bytes, this has {size}"
        raise Mistake(value.span, "limit", said)
    return value


def scaled(text: str, decimals: int, span: Span) -> Constant:
    """`scaled("12.500", 3)`: a quantity with decimals as a whole number of its smallest parts."""
    if not 0 <= decimals <= SCALE_MAX:
        raise Mistake(span, "limit", f"a quantity has 0 to {SCALE_MAX} decimals, not {decimals}")
    found = _QUANTITY.fullmatch(text)
    if found is None:
        raise Mistake(
            span, "exact", f'"{text}" is not a quantity', 'write digits and one point: scaled("12.500", 3)'
        )
    sign, whole, fraction = found[1], found[2], found[3] or ""
    if len(fraction) > decimals:
        said = f'"{text}" has {len(fraction)} decimals, {decimals} have a place'
        raise Mistake(span, "exact", said, "nothing is rounded here: give more decimals a place")
    value = int(whole + fraction.ljust(decimals, "0"))
    return Constant(kind=NUMBER, span=span, value=-value if sign else value)


def basis_points(amount: int, bps: int) -> int:
    """amount * bps / 10 000, half up."""
    return (amount * bps + BASIS_POINTS // 2) // BASIS_POINTS
