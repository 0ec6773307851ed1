"""`terang audit` and `terang verify`: a file that proves a transaction or a state entry by the genesis document alone.

The first asks nodes and believes none: what it writes was verified as the second does. The second needs no network.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import trio
import typer

from chain.bundle import Bundle, encode_bundle
from chain.bundle_json import render_bundle
from chain.hashing import Digest
from chain.keys import format_address
from chain.limits import BUNDLE_FILE_BYTES_MAX
from chain.result import render, render_value
from chain.time import format_time
from chain.transaction import TxId
from cli.arguments import parse_arguments, show_typed
from cli.errors import NotDone
from cli.options import NodesOption
from genesis.audit import NotProven, Proven, ProvenEntry, ProvenTransaction, Step, verify_bundle
from genesis.auditing import Auditing, find_storage, get_code
from genesis.document import Genesis
from genesis.file import read_genesis
from genesis.founders import anchor_of
from rpc import requests
from rpc.audit import collect_transaction
from rpc.client import Client
from rpc.lineage import Answer, Lineage
from rpc.requests import Request
from vm.abi import value_from
from vm.types import Field, RuntimeValue, Type

_IN_WORDS = {
    Step.FORM: "the file is an audit bundle",
    Step.GENESIS: "it is of this genesis document",
    Step.VALIDATORS: "the validators hand over",
    Step.BLOCK: "the block is decided by those who reign",
    Step.NEXT: "the next block follows it",
    Step.SENDER: "the sender signed the transaction",
    Step.TRANSACTION: "the transaction stands in the block",
    Step.RESULT: "the result stands in the next block",
    Step.CODE: "the contract runs this module",
    Step.KEY: "the words name this key",
    Step.ENTRY: "what stands at the key is proven",
    Step.RECORD: "the value is of the declared type",
}
_TRANSACTION_ID = re.compile("(?:0x)?([0-9a-fA-F]{64})")
GenesisOption = Annotated[Path, typer.Option(help="The network's genesis document.")]


def audit(
    record: Annotated[str, typer.Argument(help="A transaction's id, or the contract of a state entry.")],
    words: Annotated[
        list[str] | None,
        typer.Argument(help="Of a state entry: a Var or Map of the contract's source, and the Map's keys."),
    ] = None,
    *,
    genesis: GenesisOption,
    output: Annotated[Path, typer.Option(help="Where to: CBOR, or JSON if its name ends with .json.")],
    node: NodesOption,
    height: Annotated[
        int | None,
        typer.Option(
            min=1, help="Of a state entry: after which block; else after the last that can be proven."
        ),
    ] = None,
) -> None:
    """Write a file that proves a transaction or an entry."""
    document = read_genesis(genesis)
    found = _TRANSACTION_ID.fullmatch(record)
    if found and (words or height is not None):
        raise NotDone("expected a transaction's id alone, got words or --height beside it")

    async def collect() -> Bundle:
        async with Client(node) as client:
            nodes = Nodes(client)
            if found:
                id_ = TxId(Digest(bytes.fromhex(found[1])))
                return await collect_transaction(nodes, lineage_of(document), id_)
            return await collect_named_entry(nodes, document, record, words or [], height)

    bundle = trio.run(collect)
    data = render_bundle(bundle).encode() if output.suffix == ".json" else encode_bundle(bundle)
    proven = _verify(data, document)
    output.write_bytes(data)
    _tell(proven.record)
    typer.echo(
        f"{len(data):,} bytes in {output}; whoever has the genesis document checks it with: terang verify"
    )


def verify(
    bundle: Annotated[Path, typer.Argument(help="A bundle, as terang audit writes it.")],
    genesis: GenesisOption,
) -> None:
    """Check a bundle step by step, without any network."""
    document = read_genesis(genesis)
    with bundle.open("rb") as file:
        data = file.read(BUNDLE_FILE_BYTES_MAX + 1)
    _tell(_verify(data, document, _say).record)


def _verify(data: bytes, document: Genesis, say: Callable[[str], None] = lambda _: None) -> Proven:
    try:
        proven = verify_bundle(data, document)
    except NotProven as failed:
        for step in failed.passed:
            say(f"holds   {_IN_WORDS[step.step]}: {step.shown}")
        say(f"FAILS   {_IN_WORDS[failed.step]}")
        raise NotDone(f"not proven, step {failed.step.value}: {plain(str(failed))}") from failed
    for step in proven.steps:
        say(f"holds   {_IN_WORDS[step.step]}: {step.shown}")
    return proven


# --- What to ask for ----------------------------------------------------------------------------------------------


class Nodes:
    """Nodes of one network, of which any may answer."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def call(self, request: Request[Answer]) -> Answer:
        """What one of them answers."""
        return await self._client.call(request)

    async def get_chain_id(self) -> str:
        """The network that they say they are of."""
        return (await self.call(requests.status())).node_info.network


def lineage_of(document: Genesis) -> Lineage:
    """What follows the validators from this document on."""
    return Lineage(anchor_of(document))


async def collect_named_entry(
    nodes: Nodes, document: Genesis, contract: str, words: list[str], height: int | None = None
) -> Bundle:
    """The bundle of an entry as people name it. Raises `Malformed` or `NotDone` for words that name none."""
    code = await get_code(nodes, contract)
    if not words:
        names = ", ".join(storage.name for storage in code.module.storage)
        raise NotDone(f"{contract}: expected a Var or Map, one of {names}")
    _, storage = find_storage(code, words[0])
    fields = [Field(name=f"key {place}", kind=kind) for place, kind in enumerate(storage.keys, 1)]
    keys = parse_arguments(f"{contract}.{words[0]}", fields, words[1:])
    auditing, lineage = Auditing(document), lineage_of(document)
    return await auditing.collect_entry(nodes, lineage, code, words[0], keys, height)


# --- What is proven -----------------------------------------------------------------------------------------------


def _tell(record: ProvenTransaction | ProvenEntry) -> None:
    for line in _lines_of(record):
        _say(line)


def _lines_of(record: ProvenTransaction | ProvenEntry) -> Iterator[str]:
    header = record.header
    if isinstance(record, ProvenTransaction):
        yield f"PROVEN  block {header.height} of {header.chain_id}, {format_time(header.time_ms)}"
        yield from _lines_of_transaction(record)
        return
    keys = ", ".join(_show(kind, key) for kind, key in zip(record.storage.keys, record.keys, strict=True))
    yield f"PROVEN  {record.contract}.{record.storage.name}[{keys}] after block {header.height - 1}"
    if record.value is None:
        yield "        there is no such entry"
    else:
        yield from _show(record.storage.value, record.value, indent=2).splitlines()


def _lines_of_transaction(found: ProvenTransaction) -> Iterator[str]:
    transaction, result = found.checked.transaction, found.result
    yield f"        from {format_address(transaction.sender_address)}"
    for call in transaction.calls:
        yield f"        {call.contract}.{call.method}{render_value(call.arguments)}"
    yield f"        {result.code.name}{f': {render(result.trap)}' if result.trap else ''}"
    for event in result.events:
        fields = ", ".join(f"{name}={render_value(value)}" for name, value in event.fields)
        yield f"        {event.contract}.{event.name}({fields})"


def _show(kind: Type, value: RuntimeValue, indent: int | None = None) -> str:
    return json.dumps(show_typed(kind, value_from(kind, value)), indent=indent, ensure_ascii=False)


def _say(line: str) -> None:
    typer.echo(plain(line))


def plain(line: str) -> str:
    """A line without signs that a terminal obeys: what is proven may hold any text, and must not overwrite what is said of it."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in line)
