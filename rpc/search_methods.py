"""Finding committed transactions, and blocks, by what calls announced. The words are CometBFT's.

A key is `contract.Event.field`, or with us also `contract.field`: any event of the contract. Values are texts as events
show them: bytes and addresses in upper-case hexadecimal. All conditions of events hold of one event.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from chain.errors import Malformed
from chain.hashing import DIGEST_BYTES
from chain.limits import BLOCK_TRANSACTIONS_MAX, HEIGHT_MAX, RPC_PAGE_MAX, RPC_SEARCH_CONDITIONS_MAX
from chain.pruned import Pruned
from chain.transaction import TxId
from chain.vote import Height
from rpc import answers
from rpc.backend import Backend, Found, Place, Refused, Search, Sought
from rpc.chain_methods import block
from rpc.errors import RpcError, not_done
from rpc.exact import whole
from rpc.queries import EXISTS, Condition, Kind, parse_conditions, read_number
from rpc.subscriptions import EVENT_KEY
from rpc.transaction_methods import render_places

_HASH_KEY = "tx.hash"
_HEIGHT_KEYS = ("tx.height", "block.height")
_ORDERS = {"": False, "asc": False, "desc": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Query:
    """What a query says: heights (`floor` is the one that it names itself), an id, and events."""

    floor: int | None = None
    lowest: int = 1
    highest: int = HEIGHT_MAX
    ids: tuple[TxId, ...] = ()
    sought: tuple[Sought, ...] = ()


def tx_search(
    backend: Backend,
    query: str,
    prove: bool | None,
    page: int | None,
    per_page: int | None,
    order_by: str | None,
    cursor: str | None,
) -> answers.TxSearchAnswer:
    """Committed transactions by their events, oldest first unless `order_by` is "desc", a page of at most a hundred. With
    `cursor`, "" for the first page, pages go on from `next_cursor`: they stay as they are while blocks come, and may be short.
    """
    found = _find(backend, query, (page, per_page, order_by, cursor), is_of_blocks=False)
    return answers.TxSearchAnswer(
        txs=render_places(backend, found.places, prove=bool(prove)),
        total_count=None if found.total is None else str(found.total),
        next_cursor=_show_cursor(found.next),
        index_height=str(found.height),
        index_base_height=str(found.since),
    )


def block_search(
    backend: Backend,
    query: str,
    page: int | None,
    per_page: int | None,
    order_by: str | None,
    cursor: str | None,
) -> answers.BlockSearchAnswer:
    """Blocks by their heights and by events of their transactions; ordered and paged as `tx_search` does."""
    found = _find(backend, query, (page, per_page, order_by, cursor), is_of_blocks=True)
    return answers.BlockSearchAnswer(
        blocks=[block(backend, place.height) for place in found.places],
        total_count=None if found.total is None else str(found.total),
        next_cursor=_show_cursor(found.next),
        index_height=str(found.height),
        index_base_height=str(found.since),
    )


def _find(
    backend: Backend,
    text: str,
    paging: tuple[int | None, int | None, str | None, str | None],
    *,
    is_of_blocks: bool,
) -> Found:
    page, per_page, order_by, cursor = paging
    if (order_by or "") not in _ORDERS:
        raise not_done("expected order_by to be either `asc` or `desc` or empty")
    size = 30 if per_page is None or per_page < 1 else min(per_page, RPC_PAGE_MAX)
    number = 1 if page is None else page
    if not 1 <= number <= HEIGHT_MAX // RPC_PAGE_MAX:
        raise not_done(f"page should be at least 1, given {number}")
    if cursor is not None and page is not None:
        raise not_done("expected page or cursor, got both")
    query = _read_query(text, "NewBlock" if is_of_blocks else "Tx")
    if len(query.ids) > 1:
        query = _Query(lowest=HEIGHT_MAX)  # no transaction has two
    search = Search(
        sought=query.sought,
        height_min=query.lowest,
        height_max=query.highest,
        id=query.ids[0] if query.ids else None,
        of_blocks=is_of_blocks,
        limit=size,
        skip=None if cursor is not None else (number - 1) * size,
        after=None if not cursor else _read_cursor(cursor),
        is_newest_first=_ORDERS[order_by or ""],
    )
    try:
        found = backend.search(search)
    except Refused as refused:
        raise not_done(str(refused)) from None
    if (query.floor is not None and query.floor < found.since) or query.highest < found.since > 1:
        raise Pruned(min(query.floor or 1, query.highest), found.since, "blocks")
    return found


def _show_cursor(place: Place | None) -> str | None:
    return None if place is None else f"{place.height}.{place.index}"


def _read_cursor(text: str) -> Place:
    height, _, index = text.partition(".")
    try:
        place = Place(height=Height(whole(height, "cursor")), index=whole(index, "cursor"))
    except Malformed:
        place = None
    if place is None or place.index > BLOCK_TRANSACTIONS_MAX:
        raise not_done(f"cursor: expected a next_cursor of an answer, got {text[:40]!r}")
    return place


def _read_query(text: str, event: str) -> _Query:
    """What a query asks for. Raises `RpcError`."""
    conditions = parse_conditions(text)
    ids: set[TxId] = set()
    sought: list[Sought] = []
    ranges = []
    for condition in conditions:
        if condition.key == EVENT_KEY:
            if not condition.is_exact or condition.value != event:
                raise _unfit(condition, f"{EVENT_KEY}='{event}' and no other")
        elif condition.key in _HEIGHT_KEYS:
            ranges.append(_heights_of(condition))
        elif condition.key == _HASH_KEY:
            ids |= _id_of(condition)
        else:
            sought.append(sought_of(condition))
    if len(sought) > RPC_SEARCH_CONDITIONS_MAX:
        expected = f"at most {RPC_SEARCH_CONDITIONS_MAX} conditions of events"
        raise not_done(f"failed to parse query: expected {expected}, got {len(sought)}")
    floor = max((lowest for lowest, _ in ranges if lowest is not None), default=None)
    return _Query(
        floor=floor,
        lowest=max(1, floor or 1),
        highest=min((highest for _, highest in ranges), default=HEIGHT_MAX),
        ids=tuple(ids),
        sought=tuple(sought),
    )


def _heights_of(condition: Condition) -> tuple[int | None, int]:
    """The least height, None where none is named, and the greatest."""
    if condition.operator == EXISTS:
        return None, HEIGHT_MAX
    number = None if condition.kind is Kind.TIME else read_number(condition.value)
    if number is None or not 0 <= number <= HEIGHT_MAX:
        raise _unfit(condition, f"a number up to {HEIGHT_MAX} after {condition.key}")
    up, down = _round(number, ROUND_CEILING), _round(number, ROUND_FLOOR)
    match condition.operator:
        case "=":
            return up, down
        case ">=":
            return up, HEIGHT_MAX
        case ">":
            return down + 1, HEIGHT_MAX
        case "<=":
            return None, down
        case "<":
            return None, up - 1
    raise _unfit(condition, f"=, an order or {EXISTS} after {condition.key}")


def _round(number: Decimal, rounding: str) -> int:
    return int(number.to_integral_value(rounding))


def _id_of(condition: Condition) -> set[TxId]:
    if condition.operator == EXISTS:
        return set()
    if condition.operator == "=" and condition.kind is not Kind.TIME:
        try:
            found = bytes.fromhex(condition.value)
        except ValueError:
            found = b""
        if len(found) == DIGEST_BYTES:
            return {TxId(found)}
    raise _unfit(condition, f"{_HASH_KEY}='…' with {2 * DIGEST_BYTES} hexadecimal digits")


def sought_of(condition: Condition) -> Sought:
    """What a condition of an event asks for. Raises `RpcError`."""
    parts: Sequence[str] = condition.key.split(".")
    if len(parts) not in (2, 3) or "" in parts:
        raise _unfit(condition, "contract.Event.field or contract.field")
    return Sought(
        contract=parts[0],
        event=parts[1] if len(parts) == 3 else None,
        field=parts[-1],
        condition=condition,
    )


def _unfit(condition: Condition, expected: str) -> RpcError:
    return not_done(f"failed to parse query: expected {expected}, got {condition.text}")
