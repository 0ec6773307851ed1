"""`terang diverge`: where two nodes part that should be equal, down to the key and the transaction that wrote it."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from chain.codec import decode
from chain.hashing import Digest
from chain.limits import STATE_VALUE_BYTES_MAX
from chain.vote import Height
from cli.arguments import show_typed
from cli.audit import plain
from cli.errors import NotDone
from node.divergence.finding import DifferingKey, Parting, Stands, find_keys, find_parting
from node.divergence.sides import HomeSide, RpcSide, Side
from node.divergence.writers import Account, find_writers
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
    _check_kept(one, height)
    _check_kept(other, height)
    try:
        keys, are_more = find_keys(one, other, height)
    except CallRefused as refused:
        raise NotDone(
            f"{refused}. A node keeps the state of its newest blocks only; ask one with more of them, such as an archive node"
        ) from refused
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
    yield from _describe_writers(one, other, height, keys)


def _check_kept(side: Side, height: Height) -> None:
    since = side.extent.tree_since
    if since is not None and height < since:
        raise NotDone(
            f"{side.name}: the state after block {height} is not kept any more, but from {since} on"
        )


def _describe_writers(one: Side, other: Side, height: Height, keys: Sequence[DifferingKey]) -> Iterator[str]:
    homes = [side for side in (one, other) if isinstance(side, HomeSide)]
    if not homes:
        yield f"who wrote it: give the home of one that does not run, and block {height} is executed again over its state"
    for side in homes:
        if height == 0 or height - 1 < side.ledger.history.since:
            yield f"{side.name} does not have the state before block {height} any more, and cannot execute it again"
            continue
        yield f"block {height} executed again over the state of {side.name}:"
        account = find_writers(side.ledger, height, {differing.key for differing in keys})
        for line in (*_describe_account(side, height, account), _judge(account, one, other, keys)):
            yield f"  {line}"


def _describe_account(side: HomeSide, height: Height, account: Account) -> Iterator[str]:
    for writer in account.writers:
        name = name_key(side, side, height, writer.key)
        yield f"{name} is written by transaction {writer.index + 1}, {writer.id.hex().upper()}"
    for key in sorted(account.values.keys() - {writer.key for writer in account.writers}):
        yield f"{name_key(side, side, height, key)} is written by none"
    for key in account.false_rows:
        name = name_key(side, side, Height(height - 1), key)
        yield f"{side.name} has a row that its own tree contradicts: {name}"


def _judge(account: Account, one: Side, other: Side, keys: Sequence[DifferingKey]) -> str:
    """Whose values come out here; both sides may hold what this release does not compute."""
    if all(account.values[differing.key] == differing.one.value for differing in keys):
        return f"this release computes what {one.name} has"
    if all(account.values[differing.key] == differing.other.value for differing in keys):
        return f"this release computes what {other.name} has"
    return "this release computes what neither of them has"


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
    if stands.value is None:
        return "nothing"
    remark = "" if stands.is_in_tree else " (a row that its own tree contradicts)"
    return f"{_show_value(side, height, key, stands.value)}{remark}"


def _show_value(side: Side, height: Height, key: bytes, value: bytes) -> str:
    found = _find_storage(side, height, key) if key[:1] == b"s" else None
    if found is None:
        return value.hex()
    _, storage, _ = found
    shown = show_typed(storage.value, decode(value, bytes_max=STATE_VALUE_BYTES_MAX))
    return json.dumps(shown, ensure_ascii=False)
