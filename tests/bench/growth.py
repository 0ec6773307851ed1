"""`python -m tests.bench.growth`: a day of the demonstration's growth, with retention on, and honest answers for what is gone.

Every hour tenders are replayed to their end on a chain in a node's own store; the rest of the hour passes in heartbeats.
After each the node's own caretaker does what it would do while idle. The directory's size is held against the size that is
stated beforehand, and at the end a node is opened on the directory and asked for what was let go, by its JSON-RPC methods.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
import trio
import typer
from rich.console import Console
from rich.table import Table

from chain.block import compute_block_id
from chain.transaction import TxId
from chain.vote import Height
from machine.logs import configure_logs
from node.assembly import assemble
from node.caretaker import Caretaker
from node.config import RetentionConfig, read_config
from node.home import Home
from node.opening import open_home
from node.room import DataFiles
from rpc.backend import Backend
from rpc.errors import RpcError
from rpc.render import hexadecimal
from rpc.schema import METHODS
from rpc.service import parse_params
from rpc.values import Room
from tests.bench.day import FULL_NODE, Day

_MB = 1_000_000
OWN_MB = 60
"""Of LevelDB itself: its log and the tables made of it, 16 MB each, and what compactions have not cleared away yet."""
TENDER_KB = 25
"""Of each tender for ever: its state, the tree over it, the headers of its blocks."""
_STATED = (
    f"stated: blocks_bytes_max, {OWN_MB} MB of the store's own and {TENDER_KB} kB for each tender so far"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """How the directory stood after an hour; `slice_s` is the longest slice of the caretaker's work."""

    number: int
    height: int
    transactions: int
    room: Room
    slices: int
    slice_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A JSON-RPC method that was asked about a height or an id, and what it said."""

    method: str
    about: str
    said: str
    is_honest: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Grew:
    """A whole run."""

    hours: tuple[Hour, ...]
    questions: tuple[Question, ...]
    gone: int


async def run_day(
    directory: Path,
    retention: RetentionConfig,
    *,
    hours: int,
    tenders: int,
    tell: Callable[[Hour], None] = lambda _: None,
) -> Grew:
    """Grows a network's chain for so many hours of so many tenders, under a policy, and asks for what it let go."""
    day = Day(directory)
    home = day.configure(retention)
    ledger = day.grown.ledger
    validator = Home(day.grown.testnet.nodes[0].home)
    caretaker = Caretaker(
        ledger, retention, DataFiles(validator, read_config(validator.config)), day, is_idle=lambda: True
    )
    found = []
    ids: list[tuple[Height, TxId]] = []
    for number in range(1, hours + 1):
        await day.pass_hour(number, tenders)
        if not ids:
            ids = _list_ids(day)
        slices, slice_s = _work(caretaker)
        hour = Hour(
            number=number,
            height=ledger.head.height,
            transactions=day.transactions,
            room=caretaker.look(),
            slices=slices,
            slice_s=slice_s,
        )
        found.append(hour)
        tell(hour)
    gone, since = ids[0], ledger.blocks_since
    day.grown.close()
    day.grown.give_to(FULL_NODE)
    with open_home(home, read_config(home.config), None) as opened:
        while not opened.search.advance():
            pass  # slice by slice, as its task does
        questions = tuple(_ask_all(assemble(opened).backend, *gone, since))
    return Grew(hours=tuple(found), questions=questions, gone=int(since) - 1)


def _list_ids(day: Day) -> list[tuple[Height, TxId]]:
    """The first transaction of the day, with its height."""
    ledger = day.grown.ledger
    heights = map(Height, range(1, ledger.head.height + 1))
    return [(height, ids[0]) for height in heights if (ids := ledger.transaction_ids(height))][:1]


def _work(caretaker: Caretaker) -> tuple[int, float]:
    """Everything that is due, slice by slice: how many, and the longest in seconds."""
    slices, longest = 0, 0.0
    has_more = True
    while has_more:
        began = time.perf_counter()
        has_more = caretaker.take_slice()
        longest = max(longest, time.perf_counter() - began)
        slices += has_more
    return slices, longest


def _ask_all(backend: Backend, height: Height, id_: TxId, since: Height) -> Iterator[Question]:
    """What goes with a block is refused with the lowest height kept; what outlives it is answered."""
    header = backend.header(height)
    assert header is not None, "headers stay"
    block_id = hexadecimal(compute_block_id(header))
    refused = f"lowest height is {since}:" if since > 1 else ""
    for method, given in (
        ("block", {"height": str(height)}),
        ("block_results", {"height": str(height)}),
        ("committed", {"height": str(height)}),
        ("block_by_hash", {"hash": block_id}),
        ("blockchain", {"minHeight": "1", "maxHeight": str(height)}),
    ):
        yield _ask(backend, method, given, refused)
    yield _ask(backend, "tx", {"hash": id_.hex()}, f"in blocks since {since}:" if since > 1 else "")
    room = backend.room()
    assert room is not None, "a node keeps a ledger"
    for method, key in (("tx_search", "tx"), ("block_search", "block")):
        yield _ask(backend, method, {"query": f"{key}.height={height}"}, refused)
        yield _ask(
            backend, method, {"query": f"{key}.height>={max(since, 1)}"}, "", f'"index_base_height":"{since}"'
        )
    states = f"the state of heights {room.states_since} to "
    yield _ask(backend, "abci_query", {"path": "/store", "data": "00", "height": str(height)}, states)
    for method, given in (
        ("header", {"height": str(height)}),
        ("header_by_hash", {"hash": block_id}),
        ("commit", {"height": str(height)}),
        ("validators", {"height": str(height)}),
        ("consensus_params", {"height": str(height)}),
        ("block", {"height": str(max(since, height))}),
    ):
        yield _ask(backend, method, given, "")
    yield _ask(backend, "status", {}, "", f'"earliest_block_height":"{since}"')
    yield _ask(backend, "storage", {}, "", f'"blocks_since":"{since}"')
    unknown = f'"blocks_since":{since}' if since > 1 else '"state":"committed"'
    yield _ask(backend, "tx_status", {"hashes": [id_.hex()]}, "", unknown)


def _ask(backend: Backend, name: str, given: dict[str, Any], refused: str, words: str = "") -> Question:
    """Asks; honest is a refusal with these words where one is due, and else an answer that has those."""
    method = METHODS[name]
    try:
        said = msgspec.json.encode(method.run(backend, parse_params(method.parameters, given))).decode()
        is_honest = not refused and words in said
    except RpcError as error:
        said = error.data
        is_honest = bool(refused) and refused in said
    about = ", ".join(f"{key} {str(value)[:16]}" for key, value in given.items())
    return Question(method=name, about=about, said=said, is_honest=is_honest)


def growth(
    hours: Annotated[int, typer.Option(help="How many pass.")] = 24,
    tenders: Annotated[int, typer.Option(help="Replayed each hour.")] = 120,
    blocks_mb: Annotated[int, typer.Option(help="retention.blocks_bytes_max, in MB; 0: an archive.")] = 8,
    directory: Annotated[Path, typer.Option(help="Made anew.")] = Path(".bench/growth"),
) -> None:
    """Grow a chain for a day and hold the directory's size against what is stated."""
    configure_logs("warning", "text")
    console = Console()
    shutil.rmtree(directory, ignore_errors=True)
    retention = RetentionConfig(
        role="full" if blocks_mb else "archive", blocks_days=1, blocks_bytes_max=blocks_mb * _MB
    )
    console.print(f"{hours} hours of {tenders} tenders; {_STATED if blocks_mb else 'an archive'}")

    def stated(hour: Hour) -> float:
        return blocks_mb + OWN_MB + hour.number * tenders * TENDER_KB / 1_000

    def show(hour: Hour) -> None:
        classes = hour.room.classes
        console.print(
            f"hour {hour.number:>3}  height {hour.height:>6}  {hour.transactions:>6} transactions  kept since "
            f"{hour.room.blocks_since:>6}  {hour.room.total_bytes / _MB:>6.1f} MB of {stated(hour):.0f} stated  ("
            + ", ".join(f"{name} {size / _MB:.1f}" for name, size in classes.items() if size > _MB / 10)
            + f")  {hour.slices} slices, the longest {hour.slice_s * 1e3:.0f} ms",
            soft_wrap=True,
        )

    grew = trio.run(partial(run_day, directory, retention, hours=hours, tenders=tenders, tell=show))
    console.print(make_table(grew))
    above = [hour.number for hour in grew.hours if hour.room.total_bytes / _MB > stated(hour)]
    growth_mb = (grew.hours[-1].room.growth_bytes_per_day or 0) / _MB
    dishonest = sum(not question.is_honest for question in grew.questions)
    console.print(f"blocks let go: {grew.gone}; a day's growth as the node tells it: {growth_mb:.1f} MB")
    if blocks_mb:
        console.print(f"hours above the stated size: {len(above)} of {len(grew.hours)}")
    console.print(f"dishonest answers: {dishonest} of {len(grew.questions)}")
    if dishonest or (blocks_mb and above):
        raise typer.Exit(1)


def make_table(grew: Grew) -> Table:
    """What was asked, and what was said."""
    table = Table("method", "of", "said", "honest")
    for question in grew.questions:
        table.add_row(
            question.method, question.about, question.said[:150], "yes" if question.is_honest else "NO"
        )
    return table


if __name__ == "__main__":
    typer.run(growth)
