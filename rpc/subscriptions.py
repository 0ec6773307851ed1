"""Who wants to hear of what: the queries of subscribers, and the events of a block. Pure.

The words are those of `rpc.queries`; one of the conditions is tm.event. `NewBlock`, `NewBlockHeader`, `NewEvidence`
and `Tx` happen here; a `Tx` can be narrowed by tx.hash, tx.height and the fields of its events.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec
from msgspec import Raw

from chain.block import CertifiedBlock, compute_block_id
from chain.evidence import encode_evidence
from chain.hashing import Digest
from chain.result import TransactionResult
from chain.transaction import compute_transaction_id
from chain.validators import ValidatorSet
from rpc.errors import not_done
from rpc.queries import make_test, parse_conditions
from rpc.render import (
    base64_of,
    hexadecimal,
    render_block,
    render_block_id,
    render_header,
    render_result,
)

EVENT_KEY = "tm.event"
KINDS = ("NewBlock", "NewBlockHeader", "NewEvidence", "Tx")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A subscription: its own words, and what must hold of an event."""

    text: str
    conditions: tuple[tuple[str, Callable[[str], bool]], ...]

    def matches(self, event: "ChainEvent") -> bool:
        """Whether every condition holds of some value of its key."""
        return all(any(map(test, event.tags.get(key, ()))) for key, test in self.conditions)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainEvent:
    """Something that happened, with what can be asked of it. `value` is encoded once for all subscribers."""

    kind: str
    value: Raw
    tags: dict[str, list[str]]


def parse_query(text: str) -> Query:
    """A subscriber's query. Raises `RpcError` with what is not understood."""
    conditions = parse_conditions(text)
    kinds = [condition.value for condition in conditions if condition.key == EVENT_KEY and condition.is_exact]
    if len(kinds) != 1 or kinds[0] not in KINDS:
        raise not_done(f"failed to parse query: expected {EVENT_KEY} to be one of {', '.join(KINDS)}")
    return Query(text=text, conditions=tuple((one.key, make_test(one)) for one in conditions))


def make_events(
    block: CertifiedBlock,
    results: tuple[TransactionResult, ...],
    state_root: Digest,
    last_validators: ValidatorSet | None,
) -> Iterator[ChainEvent]:
    """What a committed block makes happen, in this order: the block, its header, its evidence, its transactions."""
    header = block.block.header
    shown = {
        "block": render_block(block.block, last_validators),
        "block_id": render_block_id(compute_block_id(header)),
        "result_finalize_block": {"validator_updates": [], "app_hash": base64_of(state_root)},
    }
    yield _event("NewBlock", shown, {})
    yield _event("NewBlockHeader", {"header": render_header(header)}, {})
    for evidence in block.block.evidence:
        told = {"evidence": base64_of(encode_evidence(evidence)), "height": str(header.height)}
        yield _event("NewEvidence", told, {})
    for index, (raw, result) in enumerate(zip(block.block.transactions, results, strict=True)):
        yield _transaction_event(header.height, index, raw, result)


def _transaction_event(height: int, index: int, raw: bytes, result: TransactionResult) -> ChainEvent:
    rendered = render_result(result)
    tags: dict[str, list[str]] = {
        "tx.hash": [hexadecimal(compute_transaction_id(raw))],
        "tx.height": [str(height)],
    }
    for event in rendered.events:
        for attribute in event.attributes:
            tags.setdefault(f"{event.type}.{attribute.key}", []).append(attribute.value)
    shown = {"height": str(height), "index": index, "tx": base64_of(raw), "result": rendered}
    return _event("Tx", {"TxResult": shown}, tags)


def _event(kind: str, value: object, tags: dict[str, list[str]]) -> ChainEvent:
    data = {"type": f"tendermint/event/{kind}", "value": value}
    return ChainEvent(kind=kind, value=Raw(msgspec.json.encode(data)), tags={EVENT_KEY: [kind], **tags})
