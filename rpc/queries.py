"""CometBFT's query language, as far as its clients use it: conditions joined by AND. Pure.

tm.event='Tx' AND tx.height=5
tender.Published.tender='AB12…'     an event of this contract and name, with this value in this field
tender.tender='AB12…'               ours: any event of this contract
registry.role EXISTS                any value
"""

import re
from dataclasses import dataclass

from chain.limits import RPC_QUERY_BYTES_MAX
from rpc.errors import RpcError, not_done

EXISTS = "EXISTS"
_CONDITION = re.compile(r"\s*([\w.]+)\s*(?:(EXISTS)\b|(<=|>=|=|<|>)\s*(?:'([^']*)'|(\d{1,20})))\s*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What must hold of an event: its key, `=`, `<`, `<=`, `>`, `>=` or `EXISTS`, and a value, empty for that."""

    key: str
    operator: str
    value: str


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
        value = found[5] if found[4] is None else found[4]
        conditions.append(Condition(key=found[1], operator=found[2] or found[3], value=value or ""))
        place = found.end()
        if place == len(text):
            return tuple(conditions)
        if not text.startswith("AND", place):
            raise _not_understood(place, "expected AND")
        place += len("AND")


def _not_understood(place: int, expected: str) -> RpcError:
    return not_done(f"failed to parse query: offset {place}: {expected}")
