"""Finding committed transactions by what their calls announced. The words are CometBFT's.

A key is `contract.Event.field`, or with us also `contract.field`: any event of the contract. Values are texts as events
show them: bytes and addresses in upper-case hexadecimal.
"""

from chain.errors import Malformed
from chain.limits import HEIGHT_MAX, RPC_PAGE_MAX, RPC_SEARCH_CONDITIONS_MAX
from rpc import answers
from rpc.backend import Backend, Refused, Search, Sought
from rpc.errors import RpcError, not_done
from rpc.exact import whole
from rpc.queries import EXISTS, Condition, parse_conditions
from rpc.subscriptions import EVENT_KEY
from rpc.transaction_methods import render_places

_HEIGHT_KEY = "tx.height"
_ORDERS = {"": False, "asc": False, "desc": True}


def tx_search(
    backend: Backend,
    query: str,
    prove: bool | None,
    page: int | None,
    per_page: int | None,
    order_by: str | None,
) -> answers.TxSearchAnswer:
    """Committed transactions by their events, oldest first unless `order_by` is "desc", a page of at most a hundred."""
    if (order_by or "") not in _ORDERS:
        raise not_done("expected order_by to be either `asc` or `desc` or empty")
    size = 30 if per_page is None or per_page < 1 else min(per_page, RPC_PAGE_MAX)
    number = 1 if page is None else page
    if not 1 <= number <= HEIGHT_MAX // RPC_PAGE_MAX:
        raise not_done(f"page should be at least 1, given {number}")
    lowest, highest, sought = _read_query(query)
    search = Search(
        sought=sought,
        height_min=lowest,
        height_max=highest,
        skip=(number - 1) * size,
        limit=size,
        is_newest_first=_ORDERS[order_by or ""],
    )
    try:
        found = backend.search(search)
    except Refused as refused:
        raise not_done(str(refused)) from None
    shown = render_places(backend, found.places, prove=bool(prove))
    return answers.TxSearchAnswer(txs=shown, total_count=str(found.total))


def _read_query(text: str) -> tuple[int, int, tuple[Sought, ...]]:
    """The least and the greatest height, and the events. Raises `RpcError`."""
    lowest, highest = 1, HEIGHT_MAX
    sought: list[Sought] = []
    for condition in parse_conditions(text):
        if condition.key == EVENT_KEY:
            if (condition.operator, condition.value) != ("=", "Tx"):
                raise _unfit(condition, f"{EVENT_KEY}='Tx' and no other")
        elif condition.key == _HEIGHT_KEY:
            least, most = _heights_of(condition)
            lowest, highest = max(lowest, least), min(highest, most)
        else:
            sought.append(_sought_of(condition))
    if not 1 <= len(sought) <= RPC_SEARCH_CONDITIONS_MAX:
        expected = f"1 to {RPC_SEARCH_CONDITIONS_MAX} conditions of events"
        raise not_done(f"failed to parse query: expected {expected}, got {len(sought)}")
    return lowest, highest, tuple(sought)


def _heights_of(condition: Condition) -> tuple[int, int]:
    try:
        height = whole(condition.value, _HEIGHT_KEY)
    except Malformed:
        raise _unfit(condition, f"a number up to {HEIGHT_MAX} after {_HEIGHT_KEY}") from None
    match condition.operator:
        case "=":
            return height, height
        case ">=":
            return height, HEIGHT_MAX
        case ">":
            return min(height + 1, HEIGHT_MAX), HEIGHT_MAX
        case "<=":
            return 1, height
    return 1, height - 1


def _sought_of(condition: Condition) -> Sought:
    parts = condition.key.split(".")
    if len(parts) not in (2, 3) or condition.operator not in ("=", EXISTS):
        raise _unfit(condition, "contract.Event.field or contract.field, with = or EXISTS")
    return Sought(
        contract=parts[0],
        event=parts[1] if len(parts) == 3 else None,
        field=parts[-1],
        value=None if condition.operator == EXISTS else condition.value,
    )


def _unfit(condition: Condition, expected: str) -> RpcError:
    got = f"{condition.key} {condition.operator} {condition.value}".strip()
    return not_done(f"failed to parse query: expected {expected}, got {got}")
