"""`terang diverge`: where two nodes part that should be equal, down to the key and the transaction that wrote it."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from chain.codec import decode
from chain.hashing import Digest
from chain.limits import DIVERGED_SHOWN_MAX, STATE_VALUE_BYTES_MAX
from chain.vote import Height
from cli.arguments import show_typed
from cli.audit import plain
from cli.errors import NotDone
from node.divergence.again import Execution, can_execute, execute_again, find_unlike
from node.divergence.finding import DifferingKey, Parting, Stands, find_keys, find_parting
from node.divergence.sides import HomeSide, RpcSide, Side
from node.home import Home
from node.stopped import open_stopped
from rpc.client import SyncClient
from rpc.requests import CallRefused
from vm.abi import value_from
from vm.keys import contract_key, decode_parts, module_key
from vm.module import StorageType
from vm.module_codec import decode_module

DIFFERENT = 1
"""Exit code where the two differ."""
_NUMBER_BYTES = 2

NodeArgument = Annotated[
    str,
    typer.Argument(metavar="NODE", help="An RPC address, or the home directory of a node that does not run."),
]


def diverge(one: NodeArgument, other: NodeArgument) -> None:
    """Find where two nodes part: block, key and transaction.

    A node that diverged has stopped: give its home directory. It is read and not changed. The exit code is 1 where they
    differ.
    """
    with ExitStack() as stack:
        sides = _open(stack, one), _open(stack, other)
        for side in sides:
            last = side.extent.last
            _say(f"{side.name}: block {last}, state root {side.root(last).hex()}")
        parting = find_parting(*sides)
        if parting is None:
            _say(
                f"they agree up to block {min(side.extent.last for side in sides)}, which is as far as both go"
            )
            return
        for line in _describe(parting, *sides):
            _say(line)
    raise typer.Exit(DIFFERENT)


def _open(stack: ExitStack, text: str) -> Side:
    if text.startswith(("http://", "https://")):
        return RpcSide(text, stack.enter_context(SyncClient([text])))
    if not Path(text).is_dir():
        raise NotDone(f"expected an RPC address (http://…) or a node's home directory, got {text!r}")
    return HomeSide(text, stack.enter_context(open_stopped(Home(Path(text)))).ledger)


def _say(line: str) -> None:
    typer.echo(plain(line))


def _describe(parting: Parting, one: Side, other: Side) -> Iterator[str]:
    height = parting.height
    if parting.last_equal is None:
        yield f"they differ after block {height} already, the oldest that both can tell of"
    else:
        yield f"they agree up to block {parting.last_equal} and differ after block {height}"
    if parting.is_other_block:
        yield f"they have two different blocks at height {height}: two histories were signed, which no execution explains"
        return
    for side in (one, other):
        yield f"  {side.name}: state root {side.root(height).hex()} after block {height}"
    yield from _describe_keys(one, other, height)


def _describe_keys(one: Side, other: Side, height: Height) -> Iterator[str]:
    keys: tuple[DifferingKey, ...] = ()
    reason = _find_missing(one, height) or _find_missing(other, height)
    if reason is None:
        try:
            keys, are_more = find_keys(one, other, height)
        except CallRefused as refused:
            reason = str(refused)
        else:
            yield from _name_keys(one, other, height, keys, are_more=are_more)
    if reason is not None:
        yield f"the trees cannot be compared: {reason}. An archive node has older states"
    yield from _describe_executions(one, other, height, keys)


def _find_missing(side: Side, height: Height) -> str | None:
    since = side.extent.tree_since
    if since is None or height >= since:
        return None
    return f"{side.name} keeps the state after block {height} no more, but from {since} on"


def _name_keys(
    one: Side, other: Side, height: Height, keys: Sequence[DifferingKey], *, are_more: bool
) -> Iterator[str]:
    if not keys:
        yield "their trees hold the same keys and values: one of the two tells a root that is not its tree's"
        return
    first = keys[0]
    yield f"the first key that differs: {name_key(one, other, height, first.key)}"
    yield f"  key {first.key.hex()}"
    yield f"  {one.name}: {_show(one, height, first.key, first.one)}"
    yield f"  {other.name}: {_show(other, height, first.key, first.other)}"
    for further in keys[1:]:
        yield f"it differs too: {name_key(one, other, height, further.key)}"
    if are_more:
        yield "and there are more"


def _describe_executions(
    one: Side, other: Side, height: Height, keys: Sequence[DifferingKey]
) -> Iterator[str]:
    homes = [side for side in (one, other) if isinstance(side, HomeSide)]
    if not homes:
        yield f"who wrote it: give the home of one that does not run, and block {height} is executed again over its state"
    for side in homes:
        if not can_execute(side.ledger, height):
            yield f"{side.name} does not have block {height} and the state before it any more, and cannot execute it again"
            continue
        yield f"block {height} executed again over the state of {side.name}:"
        execution = execute_again(side.ledger, height)
        for line in (
            *_tell_writers(side, height, execution, [differing.key for differing in keys]),
            *_tell_unlike(side, height, execution),
            *_tell_false_rows(side, height, execution),
            _judge(execution, one, other, height),
        ):
            yield f"  {line}"


def _tell_writers(side: Side, height: Height, execution: Execution, keys: Sequence[bytes]) -> Iterator[str]:
    for key in keys:
        name = name_key(side, side, height, key)
        writers = [writer for writer in execution.writers if writer.key == key]
        for writer in writers:
            yield f"{name} is written by transaction {writer.index + 1}, {writer.id.hex().upper()}"
        if not writers:
            yield f"{name} is written by none"


def _tell_unlike(side: HomeSide, height: Height, execution: Execution) -> Iterator[str]:
    unlike = find_unlike(side.ledger, height, execution)
    for one in unlike[:DIVERGED_SHOWN_MAX]:
        name = name_key(side, side, height, one.key)
        held, computed = (_show_value(side, height, one.key, value) for value in (one.held, one.computed))
        yield f"{side.name} holds {held} under {name}, but {computed} is computed"
    if len(unlike) > DIVERGED_SHOWN_MAX:
        yield f"and {len(unlike) - DIVERGED_SHOWN_MAX} more such keys"


def _tell_false_rows(side: HomeSide, height: Height, execution: Execution) -> Iterator[str]:
    for key in execution.false_rows[:DIVERGED_SHOWN_MAX]:
        name = name_key(side, side, Height(height - 1), key)
        yield f"{side.name} has a row that its own tree contradicts: {name}"


def _judge(execution: Execution, one: Side, other: Side, height: Height) -> str:
    """Whose root comes out here; both sides may hold what this release does not compute."""
    names = [side.name for side in (one, other) if side.root(height) == execution.root]
    return f"this release computes what {names[0] if names else 'neither of them'} has"


# --- Names of keys and values -------------------------------------------------------------------------------------


def name_key(one: Side, other: Side, height: Height, key: bytes) -> str:
    """`contract.storage[keys]` where a contract's module says so; otherwise what kind of row it is."""
    if key[:1] in (b"m", b"k"):
        what = "the module of contract" if key[:1] == b"m" else "module"
        return f"{what} {key[1:].decode('ascii', 'replace') if key[:1] == b'm' else key[1:].hex()}"
    found = _find_storage(one, height, key) or _find_storage(other, height, key)
    if found is None:
        return f"a row of no contract, {key.hex()}"
    contract, storage, parts = found
    values = decode_parts(storage.keys, parts)
    shown = [
        json.dumps(show_typed(kind, value_from(kind, value)), ensure_ascii=False)
        for kind, value in zip(storage.keys, values, strict=True)
    ]
    keys = ", ".join(shown)
    return f"{contract}.{storage.name}[{keys}]" if shown else f"{contract}.{storage.name}"


def _find_storage(side: Side, height: Height, key: bytes) -> tuple[str, StorageType, bytes] | None:
    name, _, rest = key[1:].partition(b"\x00")
    code = side.value(contract_key(name.decode("ascii", "replace")), height)
    module = None if code is None else side.value(module_key(Digest(code)), height)
    number = int.from_bytes(rest[:_NUMBER_BYTES], "big")
    if module is None:
        return None
    storages = decode_module(module).storage
    return (
        (name.decode("ascii", "replace"), storages[number], rest[_NUMBER_BYTES:])
        if number < len(storages)
        else None
    )


def _show(side: Side, height: Height, key: bytes, stands: Stands) -> str:
    remark = "" if stands.is_in_tree else " (a row that its own tree contradicts)"
    return f"{_show_value(side, height, key, stands.value)}{remark}"


def _show_value(side: Side, height: Height, key: bytes, value: bytes | None) -> str:
    if value is None:
        return "nothing"
    found = _find_storage(side, height, key) if key[:1] == b"s" else None
    if found is None:
        return value.hex()
    _, storage, _ = found
    shown = show_typed(storage.value, decode(value, bytes_max=STATE_VALUE_BYTES_MAX))
    return json.dumps(shown, ensure_ascii=False)
