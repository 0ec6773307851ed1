"""CometBFT's query language: conditions joined by AND, each a test of one key's values. Pure.

    tm.event='Tx' AND tx.height=5
    tender.Published.tender='AB12…'     an event of this contract and name, with this value in this field
    tender.tender='AB12…'               ours: any event of this contract
    registry.role EXISTS                any value
    tender.title CONTAINS 'Jalan'       a part of the value
    agreement.amount >= 1500.5          values that are numbers
    tender.closes_ms < TIME 2026-11-24T09:00:00+07:00     values that are times
    tender.closes_ms >= DATE 2026-11-24                   the beginning of that day in UTC

`=` compares texts, as CometBFT's index does, but for times. A time is a value in RFC 3339 or a day, and with us also a whole
number, which is milliseconds since 1970: the ledger writes its times so. An order is one of numbers or times, never of texts.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from chain.errors import Malformed
from chain.limits import RPC_QUERY_BYTES_MAX
from chain.time import parse_time
from rpc.errors import RpcError, not_done

EXISTS = "EXISTS"
CONTAINS = "CONTAINS"
_COMPARED: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<": lambda found, wanted: found < wanted,
    "<=": lambda found, wanted: found <= wanted,
    ">": lambda found, wanted: found > wanted,
    ">=": lambda found, wanted: found >= wanted,
    "=": lambda found, wanted: found == wanted,
}
_CONDITION = re.compile(
    r"\s*([\w.]+)\s*(?:(EXISTS)\b|(<=|>=|=|<|>|CONTAINS\b)\s*"
    r"(?:'([^']*)'|TIME\s+([0-9T:+Z.-]+)|DATE\s+([0-9-]+)|(-?\d{1,80}(?:\.\d{1,80})?)(?![\w.])))\s*",
    re.ASCII,
)
_NUMBER = re.compile(r"-?\d{1,512}(\.\d{1,512})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Kind(Enum):
    """What a condition's value was written as."""

    TEXT = "text"
    NUMBER = "number"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What must hold of an event: its key, `=`, `<`, `<=`, `>`, `>=`, `CONTAINS` or `EXISTS`, and a value, empty for that."""

    key: str
    operator: str
    value: str
    kind: Kind = Kind.TEXT

    @property
    def is_exact(self) -> bool:
        """Whether exactly one text fits."""
        return self.operator == "=" and self.kind is not Kind.TIME

    @property
    def text(self) -> str:
        """As it is written."""
        return f"{self.key} {self.operator} {self.value}".strip()


def parse_conditions(text: str) -> tuple[Condition, ...]:
    """The conditions of a query, at least one. Raises `RpcError` with the place that is not understood."""
    if len(text.encode()) > RPC_QUERY_BYTES_MAX:
        raise not_done(f"failed to parse query: expected at most {RPC_QUERY_BYTES_MAX} bytes")
    conditions: list[Condition] = []
    place = 0
    while True:
        found = _CONDITION.match(text, place)
        if found is None:
            raise _not_understood(place, "expected key='value'")
        conditions.append(_condition_of(found, place))
        place = found.end()
        if place == len(text):
            return tuple(conditions)
        if not text.startswith("AND", place):
            raise _not_understood(place, "expected AND")
        place += len("AND")


def _condition_of(found: re.Match[str], place: int) -> Condition:
    key, exists, operator, quoted, moment, day, number = found.groups()
    if exists is not None:
        return Condition(key=key, operator=EXISTS, value="")
    kind = Kind.TEXT if quoted is not None else Kind.NUMBER if number is not None else Kind.TIME
    value = next(one for one in (quoted, moment, day, number) if one is not None)
    if operator == CONTAINS and kind is not Kind.TEXT:
        raise _not_understood(place, f"expected a text in quotes after {CONTAINS}")
    if operator in _COMPARED and operator != "=" and kind is Kind.TEXT:
        raise _not_understood(place, f"expected a number, TIME or DATE after {operator}")
    if kind is Kind.TIME and (value.isdigit() or _read_moment(value) is None):
        raise _not_understood(place, "expected TIME 2026-11-24T09:00:00Z or DATE 2026-11-24")
    return Condition(key=key, operator=operator, value=value, kind=kind)


def make_test(condition: Condition) -> Callable[[str], bool]:
    """Whether a value, as events show it, is one that the condition wants."""
    match condition.operator, condition.kind:
        case "EXISTS", _:
            return lambda _text: True
        case "CONTAINS", _:
            return lambda text: condition.value in text
        case "=", Kind.TEXT | Kind.NUMBER:
            return lambda text: text == condition.value
        case _, Kind.NUMBER:
            return _compare(condition, read_number)
    return _compare(condition, _read_moment)


def _compare(condition: Condition, read: Callable[[str], Decimal | None]) -> Callable[[str], bool]:
    compared, wanted = _COMPARED[condition.operator], read(condition.value)
    assert wanted is not None, "it was read when the query was parsed"

    def is_met(text: str) -> bool:
        found = read(text)
        return found is not None and compared(found, wanted)

    return is_met


def read_number(text: str) -> Decimal | None:
    """The number that a text is, exactly, or None."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _read_moment(text: str) -> Decimal | None:
    """Milliseconds since 1970 of a text that is a time, or None."""
    if _DAY.fullmatch(text):
        text += "T00:00:00Z"
    elif text.isascii() and text.isdigit():
        return read_number(text)
    try:
        return Decimal(parse_time(text))
    except Malformed:
        return None


def _not_understood(place: int, expected: str) -> RpcError:
    return not_done(f"failed to parse query: offset {place}: {expected}")
